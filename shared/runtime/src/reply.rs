//! What a handler's result becomes before a host sends it.

use serde_json::Value;
use serde_json::value::RawValue;

/// A successful answer.
#[derive(Debug)]
pub struct Reply {
    pub(crate) body: Box<RawValue>,
    /// Ids of batch messages that failed and must be delivered again.
    pub(crate) failed_items: Vec<String>,
    /// Whether the sender learns of failed messages one by one.
    pub(crate) reports_items: bool,
}

impl Reply {
    /// Makes a reply of anything that serialises.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn json(value: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { body: serde_json::value::to_raw_value(value)?, failed_items: Vec::new(), reports_items: false })
    }

    /// A reply that was JSON text all along.
    pub(crate) fn of_text(text: String) -> Result<Self, serde_json::Error> {
        Ok(Self { body: RawValue::from_string(text)?, failed_items: Vec::new(), reports_items: false })
    }

    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.body.get()
    }

    /// The body as a value.
    ///
    /// # Errors
    /// Never for a reply made by [`Reply::json`].
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// Ids of batch messages that failed.
    #[must_use]
    pub fn failed_items(&self) -> &[String] {
        &self.failed_items
    }

    /// Whether only a failed call makes the sender repeat what was not done.
    pub(crate) fn fails_call(&self) -> bool {
        !self.reports_items && !self.failed_items.is_empty()
    }
}
