//! Figures of earlier results, with steps that find a list's element by a member.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::strategy::previous::{Figures, Missing, Reply};

/// An agent whose result is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// The discovery agent.
    Discovery,
    /// The intelligence agent.
    Intelligence,
    /// The strategy agent.
    Strategy,
}

impl Agent {
    /// All, in the order of the flow.
    pub const ALL: [Self; 3] = [Self::Discovery, Self::Intelligence, Self::Strategy];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Intelligence => "intelligence",
            Self::Strategy => "strategy",
        }
    }
}

/// The results that there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Replies<'a> {
    /// Of the discovery agent.
    pub discovery: Option<&'a Reply>,
    /// Of the intelligence agent.
    pub intelligence: Option<&'a Reply>,
    /// Of the strategy agent.
    pub strategy: Option<&'a Reply>,
}

impl<'a> Replies<'a> {
    pub(super) fn reply(&self, agent: Agent) -> Option<&'a Reply> {
        match agent {
            Agent::Discovery => self.discovery,
            Agent::Intelligence => self.intelligence,
            Agent::Strategy => self.strategy,
        }
    }

    pub(super) fn figures(&self, agent: Agent) -> Figures<'a> {
        Figures::of(agent.name(), self.reply(agent))
    }

    /// How far an agent's result can be relied on.
    pub(super) fn confidence(&self, agent: Agent) -> Option<f64> {
        let score = self.reply(agent)?.confidence_score?;
        score.is_finite().then(|| score.clamp(0.0, 1.0))
    }

    /// The number at a pointer, and the pointer with every step written out.
    pub(super) fn number(&self, agent: Agent, pointer: &str) -> Result<(f64, String), Missing> {
        let figures = self.figures(agent);
        let plain = self.plain(agent, pointer)?;
        let number = figures.number(&plain)?;
        Ok((number, figures.source(&plain)))
    }

    /// The text at a pointer, and the pointer with every step written out.
    pub(super) fn text(&self, agent: Agent, pointer: &str) -> Result<(&'a str, String), Missing> {
        let figures = self.figures(agent);
        let plain = self.plain(agent, pointer)?;
        let text = figures.text(&plain).ok_or_else(|| figures.missing(&plain))?;
        Ok((text, figures.source(&plain)))
    }

    /// Replaces steps such as `[id=x]` by the place in the list.
    fn plain<'p>(&self, agent: Agent, pointer: &'p str) -> Result<Cow<'p, str>, Missing> {
        if !pointer.contains("/[") {
            return Ok(Cow::Borrowed(pointer));
        }
        let figures = self.figures(agent);
        let mut plain = String::new();
        for step in pointer.split('/').skip(1) {
            let wanted = step.strip_prefix('[').and_then(|step| step.strip_suffix(']')?.split_once('='));
            match wanted {
                None => plain.push_str(&format!("/{step}")),
                Some((member, value)) => {
                    let has = |entry: &Value| entry.get(member).and_then(Value::as_str) == Some(value);
                    let place = figures.list(&plain).iter().position(has);
                    let place = place.ok_or_else(|| missing(figures, value))?;
                    plain.push_str(&format!("/{place}"));
                }
            }
        }
        Ok(Cow::Owned(plain))
    }
}

/// Why a list has no entry of this name, in the words of the agent's coverage.
fn missing(figures: Figures<'_>, name: &str) -> Missing {
    let unknown = |reason: String| Missing::Unknown(reason);
    if !figures.is_there() {
        return figures.missing("/");
    }
    let is_it = |metric: &&Value| {
        let full = metric.get("metric").and_then(Value::as_str).unwrap_or_default();
        full.split_once('.').is_some_and(|(_, rest)| rest == name)
    };
    let Some(metric) = figures.list("/coverage/metrics").iter().find(is_it) else {
        return unknown(format!("{} does not tell of {name}", figures.agent));
    };
    let reason = metric.get("reason").and_then(Value::as_str).unwrap_or("it gives no reason").to_owned();
    let reason = format!("{}: {reason}", figures.agent);
    match metric.get("status").and_then(Value::as_str) {
        Some("not_applicable") => Missing::NotApplicable(reason),
        _ => Missing::Unknown(reason),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_by_member() {
        let data = json!({
            "risks": [{"id": "a", "score": 1.0}, {"id": "b", "score": 2.0}],
            "coverage": {"metrics": [
                {"metric": "risk.c", "status": "not_applicable", "reason": "none"},
                {"metric": "risk.d", "status": "absent", "reason": "no column"}]},
        });
        let reply = Reply { status: None, data, confidence_score: Some(7.0) };
        let replies = Replies { strategy: Some(&reply), ..Replies::default() };
        let number = |pointer: &str| replies.number(Agent::Strategy, pointer);
        assert_eq!(number("/risks/[id=b]/score"), Ok((2.0, "strategy#/risks/1/score".to_owned())));
        assert_eq!(number("/risks/[id=c]/score"), Err(Missing::NotApplicable("strategy: none".to_owned())));
        assert_eq!(number("/risks/[id=d]/score"), Err(Missing::Unknown("strategy: no column".to_owned())));
        assert_eq!(number("/risks/[id=e]/score"), Err(Missing::Unknown("strategy does not tell of e".to_owned())));
        let none = replies.number(Agent::Discovery, "/risks/[id=b]/score");
        assert_eq!(none, Err(Missing::Unknown("there is no result of discovery".to_owned())));
        assert_eq!((replies.confidence(Agent::Strategy), replies.confidence(Agent::Discovery)), (Some(1.0), None));
    }
}
