//! Language models: a list of providers, asked one after the other until one answers.
//!
//! ```text
//! setting   which providers there are            list    the providers in order; what each try cost
//! wire      what a provider does: one request    turn    the tries of one provider; simpler forms of the answer
//! watch     one exchange: bounded, logged        gate    the breakers of the providers
//! replay    answers that were recorded           record  keeps answers for that
//! ```

pub(crate) mod gate;
mod key;
mod list;
mod record;
mod refused;
mod replay;
mod setting;
mod turn;
mod watch;
mod wire;
mod words;

pub(crate) use key::Key;
pub(crate) use list::{List, NoModel};
pub(crate) use record::Recorder;
pub(crate) use refused::{Refused, Said, Where, code};
pub(crate) use replay::Replay;
pub(crate) use setting::{Bare, Entry, Spec, keys, read};
pub(crate) use turn::{Rules, TRY};
pub(crate) use watch::{Watch, notices, request_id};
pub(crate) use wire::Wire;
pub(crate) use words::instructions;

/// Largest answer of a model, in bytes. The longest that a question here asks for have some ten thousand tokens.
pub(crate) const MAX_ANSWER: usize = 1 << 20;
