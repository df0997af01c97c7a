//! An OpenAI-compatible server.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::chat::{ChatQuestion, ChatReply, StructuredOutput};
use causeway_oci_auth::Effects;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use http::Request;
use tokio::time::Instant;

use super::{exchange, form};
use crate::chat::{Key, Refused, Where, Wire};

/// What failures and logs call it.
const WHERE: Where = Where { service: "openai", operation: "ChatCompletions" };

/// One model of one server.
pub(crate) struct Server {
    effects: Effects,
    name: String,
    model: String,
    url: String,
    key: Option<Key>,
}

impl Server {
    /// `base` is the URL before `/chat/completions`.
    pub(crate) fn new(effects: Effects, model: String, base: &str, key: Option<Key>) -> Self {
        Self { effects, name: format!("openai/{model}"), url: format!("{base}/chat/completions"), model, key }
    }

    fn request(&self, question: &ChatQuestion, how: Option<StructuredOutput>) -> Result<Request<Bytes>, Refused> {
        let body = Bytes::from(form::request(question, &self.model, how).to_string());
        let malformed = |_| WHERE.fails(Kind::Invalid, "the URL is malformed");
        Ok(exchange::head(&self.url).body(body).map_err(malformed)?)
    }
}

#[async_trait]
impl Wire for Server {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &'static str {
        WHERE.service
    }

    async fn once(
        &self,
        question: &ChatQuestion,
        form: Option<StructuredOutput>,
        time: Duration,
    ) -> Result<ChatReply, Refused> {
        let deadline = Deadline::within(Instant::now().into_std(), Some(time));
        let request = self.request(question, form)?;
        let answer = exchange::send(&self.effects, request, self.key.as_ref(), time, deadline, WHERE).await;
        exchange::read(answer, &self.model, WHERE)
    }
}
