//! OpenAI's chat completions, which llama.cpp, Ollama, vLLM and OCI speak as well.

mod chat;
pub(crate) mod exchange;
pub(crate) mod form;

pub(crate) use chat::Server;
