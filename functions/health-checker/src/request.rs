//! What a caller may ask for.

use causeway_runtime::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request. The empty object is a tick, as a schedule sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// What is asked for; a tick when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Of a tick: everything is looked at, nothing is written anywhere and nobody is told.
    pub dry_run: bool,
    /// Of a breaker: what is to be done. Default `list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Of a breaker: name of its dependency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of a breaker: whose dependency, where one name has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Of a breaker: folder of its document, where several have one of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Of an order: who gives it, up to 200 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Of an order: for how long, such as `2h`, `90m` or `1d`; a week at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Of an order: why, up to 500 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Look at everything that is due.
    Tick,
    /// List circuit breakers, or give one an order.
    Breaker,
}

/// What is to be done with a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Show them.
    List,
    /// Let no call through.
    ForceOpen,
    /// Let all calls through, and count them.
    ForceClosed,
    /// Let all calls through, and count none.
    Disable,
    /// Let all calls through, and tell when it would have opened.
    MetricsOnly,
    /// Take the order back.
    Clear,
}

impl Request {
    /// # Errors
    /// A tick that has what only a breaker has, or the reverse.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let of_breakers = [
            ("action", self.action.is_some()),
            ("name", self.name.is_some()),
            ("tenant", self.tenant.is_some()),
            ("folder", self.folder.is_some()),
            ("author", self.author.is_some()),
            ("expires", self.expires.is_some()),
            ("reason", self.reason.is_some()),
        ];
        let wrong = match self.kind {
            Some(Kind::Breaker) => self.dry_run.then_some("dry_run"),
            Some(Kind::Tick) | None => of_breakers.iter().find(|(_, is_there)| *is_there).map(|(name, _)| *name),
        };
        wrong.map_or(Ok(()), |name| Err(Error::invalid_request(format!("{name} is not for this kind")).at(name)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn members_belong_to_their_kind() {
        let check = |text: &str, wrong: Option<&str>| {
            let request: Request = serde_json::from_str(text).unwrap();
            let found = request.check().err().map(|error| error.path().unwrap_or_default().to_owned());
            assert_eq!(found.as_deref(), wrong, "{text}");
        };
        check("{}", None);
        check(r#"{"kind":"tick","dry_run":true}"#, None);
        check(r#"{"kind":"breaker"}"#, None);
        check(r#"{"kind":"breaker","dry_run":true}"#, Some("dry_run"));
        check(r#"{"action":"force_open","name":"a"}"#, Some("action"));
        check(r#"{"kind":"tick","author":"oncall"}"#, Some("author"));
    }
}
