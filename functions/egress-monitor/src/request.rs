//! What a caller may ask for.

use causeway_runtime::Error;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request. The empty object is a run of now, as a schedule sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// A run; the same as nothing.
    pub kind: Option<Kind>,
    /// What would be said at this moment, which must not be ahead. Rows are those of the days before its own, as they are
    /// now, corrected ones too. Nothing is written or sent then.
    pub as_of: Option<Timestamp>,
    /// Nothing is written anywhere and nobody is told: `alerts` are those that would be sent.
    pub dry_run: bool,
    /// The reply has the report as a page of HTML too.
    pub html: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Look at the month once.
    Tick,
}

impl Request {
    /// The moment that is asked about, at `now`.
    ///
    /// # Errors
    /// 400 for one that is ahead.
    pub(crate) fn moment(&self, now: Timestamp) -> Result<Timestamp, Error> {
        match self.as_of {
            Some(as_of) if as_of > now => Err(Error::invalid_request("must not be ahead of now").at("as_of")),
            Some(as_of) => Ok(as_of),
            None => Ok(now),
        }
    }

    /// Whether nothing may be written.
    pub(crate) fn is_dry(&self) -> bool {
        self.dry_run || self.as_of.is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn requests() {
        let now = at("2026-09-12T12:00:00Z");
        let check = |request: Value, expected: Result<(&str, bool), &str>| {
            let read: Request = serde_json::from_value(request.clone()).unwrap();
            let found = read.moment(now).map(|moment| (moment, read.is_dry()));
            let found = found.map_err(|error| error.path().unwrap_or_default().to_owned());
            assert_eq!(found, expected.map(|(text, dry)| (at(text), dry)).map_err(str::to_owned), "{request}");
        };
        check(json!({}), Ok(("2026-09-12T12:00:00Z", false)));
        check(json!({ "kind": "tick" }), Ok(("2026-09-12T12:00:00Z", false)));
        check(json!({ "kind": "tick", "dry_run": true, "html": true }), Ok(("2026-09-12T12:00:00Z", true)));
        check(json!({ "as_of": "2026-09-10T14:00:00+02:00" }), Ok(("2026-09-10T12:00:00Z", true)));
        check(json!({ "as_of": "2026-09-12T12:00:01Z" }), Err("as_of"));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for wrong in [json!({ "dryrun": true }), json!({ "kind": "tock" }), json!({ "as_of": "today" })] {
            assert!(serde_json::from_value::<Request>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
