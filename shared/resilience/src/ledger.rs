//! Where calls are remembered, so that one that is delivered twice is carried out once.
//!
//! The trait stands here because the host that asks and the store that remembers must not know each other.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::ServiceFailure;

/// What a ledger is doing.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, ServiceFailure>> + Send + 'a>>;

/// A memory of calls by key.
pub trait Ledger: Send + Sync {
    /// Claims `key` for the work on `payload`, which has `left` until the invocation's deadline. An error means that
    /// nothing may be done: whether somebody else has the claim is unknown.
    fn begin<'a>(&'a self, key: &'a str, payload: &'a str, left: Duration) -> Pending<'a, Begun<'a>>;
}

/// What to do with a call.
pub enum Begun<'a> {
    /// The work.
    Work(Box<dyn Claim<'a> + 'a>),
    /// Nothing: it is done, and this was the reply.
    Done(String),
    /// Nothing: it is done, and there is no reply any more.
    DoneWithoutReply,
    /// Nothing: somebody is at it, and counts as dead after this time.
    InProgress {
        /// Time until then.
        left: Duration,
    },
    /// Refuse: the key was used for something else.
    OtherPayload,
}

/// A ledger behind a reference is one too.
impl<L: Ledger + ?Sized> Ledger for &L {
    fn begin<'a>(&'a self, key: &'a str, payload: &'a str, left: Duration) -> Pending<'a, Begun<'a>> {
        (**self).begin(key, payload, left)
    }
}

/// The right to do the work of one key. Dropped, it ends with the deadline that it was claimed with, or when its next
/// renewal would have been due for long.
pub trait Claim<'a>: Send {
    /// How often it must be renewed while the work goes on; `None` when it holds until the deadline.
    fn beat(&self) -> Option<Duration> {
        None
    }

    /// Holds it for some more beats; `false` when it was lost, as somebody else took it for dead.
    fn renew(&mut self) -> Pending<'_, bool> {
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Stores the reply of the finished work.
    fn complete(self: Box<Self>, reply: String) -> Pending<'a, ()>;

    /// Frees the key after work that failed, so that a repetition may try again at once.
    fn abandon(self: Box<Self>) -> Pending<'a, ()>;
}

impl fmt::Debug for Begun<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Work(_) => "Work",
            Self::Done(_) => "Done",
            Self::DoneWithoutReply => "DoneWithoutReply",
            Self::InProgress { .. } => "InProgress",
            Self::OtherPayload => "OtherPayload",
        })
    }
}
