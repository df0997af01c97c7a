//! Calls that are carried out once, for handlers that name them.

use causeway_resilience::ledger::Ledger;
use serde::Serialize;

/// What makes a call the same as another one, and where calls are remembered.
///
/// The first call with a key does the work, and its reply is kept. A repetition gets that reply. One that comes while
/// the first is at work is answered 409 `in_progress`, which counts as worth repeating; the same key with another
/// payload is answered 422 `key_reused`. A call that failed, or whose reply is a client error, frees its key; one that
/// died or ran out of time holds it until its deadline.
pub struct Idempotency<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) key: String,
    pub(crate) payload: String,
}

impl<'a> Idempotency<'a> {
    /// A call with this key: a message's id, a client's `Idempotency-Key`, whatever repetitions have in common. Keys of
    /// one function are its own. `payload` is all that the work depends on, usually the request.
    ///
    /// # Errors
    /// The payload cannot be written as JSON.
    pub fn new(
        ledger: &'a dyn Ledger,
        key: impl Into<String>,
        payload: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        // Through a value, so that the order of members does not matter.
        let payload = serde_json::to_value(payload)?.to_string();
        Ok(Self { ledger, key: key.into(), payload })
    }
}
