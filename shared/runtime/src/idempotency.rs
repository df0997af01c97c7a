//! Calls that are carried out once, for handlers that name them.

use causeway_resilience::ledger::Ledger;
use serde::Serialize;

use crate::Error;

/// What makes a call the same as another one, and where calls are remembered.
///
/// The first call with a key does the work, and its reply is kept. A repetition gets that reply. One that comes while
/// the first is at work is answered 409 `in_progress`, which counts as worth repeating; the same key with another
/// payload is answered 422 `key_reused`. A call that failed, or whose reply is a client error, frees its key; one that
/// died or ran out of time holds it until its deadline, or where the ledger's claims are renewed, a little longer than
/// it lived.
pub struct Idempotency<'a> {
    pub(crate) ledger: Box<dyn Ledger + 'a>,
    pub(crate) key: String,
    pub(crate) payload: String,
    /// Whether the work is done also where the ledger does not answer.
    pub(crate) is_harmless: bool,
}

impl<'a> Idempotency<'a> {
    /// A call with this key: a message's id, a client's `Idempotency-Key`, whatever repetitions have in common. Keys of
    /// one function are its own. `payload` is all that the work depends on, usually the request.
    ///
    /// # Errors
    /// The payload cannot be written as JSON.
    pub fn new(
        ledger: impl Ledger + 'a,
        key: impl Into<String>,
        payload: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        // Through a value, so that the order of members does not matter.
        let payload = serde_json::to_value(payload)?.to_string();
        Ok(Self { ledger: Box::new(ledger), key: key.into(), payload, is_harmless: false })
    }

    /// A call whose repetition costs time and does no harm. The same key with another payload is another call, and
    /// where the ledger fails the work is done without it.
    ///
    /// # Errors
    /// An internal one when the payload cannot be written as JSON.
    pub fn harmless(ledger: impl Ledger + 'a, key: &str, payload: &impl Serialize) -> Result<Self, Error> {
        let once = Self::new(ledger, key, payload).map_err(|error| Error::internal("payload", error.to_string()))?;
        Ok(Self { key: format!("{key}#{}", once.payload), is_harmless: true, ..once })
    }
}
