//! What a caller may ask of the flow.

use std::collections::BTreeMap;

use causeway_cloud::object_path;
use causeway_runtime::{Context, Error};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::flow::{Analysis, Flow, OWN_MEMBERS};

/// Longest name of a run.
const MAX_RUN_ID: usize = 100;

/// A request; an empty object runs all agents over the configured sources.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// Name of the run: a second call with it resumes the run, or gets its result. Up to 100 letters, digits, `.`, `_`
    /// and `-`. Without one the run is named by its analysis and the time.
    pub run_id: Option<String>,
    /// Which agents run; all when absent.
    pub analysis_type: Option<Analysis>,
    /// Objects or prefixes relative to the bucket.
    pub data_sources: Vec<String>,
    /// The day against which the data are judged, `YYYY-MM-DD`.
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Date>,
    /// Members of the requests of single agents, by the agent's name. What `intelligence` is given as `roles` and `currency`
    /// holds for `strategy` too, unless that has its own.
    pub config: BTreeMap<String, Map<String, Value>>,
    /// Another flow than the deployment's.
    pub flow: Option<FlowFrom>,
    /// Resumes the run `run_id`, whatever it was asked for; everything else must be absent.
    #[serde(rename = "continue")]
    pub is_continuation: bool,
    /// Looks for runs that nobody carries on and has them carried on. Begins nothing; everything else must be absent.
    pub sweep: bool,
    /// Makes the places of the results ready: tables, and the rule by which old objects go. Runs nothing.
    pub setup: bool,
    /// With `setup`: only say what would be done. True unless it is false.
    pub dry_run: Option<bool>,
}

/// Where a flow is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowFrom {
    /// Its text.
    Yaml(String),
    /// An object relative to the bucket.
    Object(String),
}

impl Request {
    /// Checks what can be checked without a flow.
    ///
    /// # Errors
    /// 400 with the path of the first thing that is wrong.
    pub fn check(&self) -> Result<(), Error> {
        if self.run_id.as_ref().is_some_and(|run_id| !is_run_id(run_id)) {
            let text = format!("expected 1 to {MAX_RUN_ID} letters, digits, . _ or -, not beginning with a dot");
            return Err(Error::invalid_request(text).at("run_id"));
        }
        if let Some((index, error)) = self.wrong_source() {
            return Err(Error::invalid_request(error).at(format!("data_sources[{index}]")));
        }
        let rest = Self { run_id: None, is_continuation: false, setup: false, dry_run: None, ..self.clone() };
        if self.is_continuation && (self.run_id.is_none() || self.setup || rest != Self::default()) {
            let text = "a continuation has a run_id and nothing else";
            return Err(Error::invalid_request(text).at("continue"));
        }
        if self.sweep && *self != (Self { sweep: true, ..Self::default() }) {
            return Err(Error::invalid_request("a sweep has nothing beside it").at("sweep"));
        }
        if self.setup && (self.run_id.is_some() || rest != Self::default()) {
            return Err(Error::invalid_request("a setup runs nothing: expected dry_run and nothing else").at("setup"));
        }
        if self.dry_run.is_some() && !self.setup {
            return Err(Error::invalid_request("has a meaning with setup only").at("dry_run"));
        }
        Ok(())
    }

    fn wrong_source(&self) -> Option<(usize, String)> {
        let wrong = |(index, text): (usize, &String)| Some((index, object_path(text).err()?.to_string()));
        self.data_sources.iter().enumerate().find_map(wrong)
    }

    /// Checks what depends on the flow.
    ///
    /// # Errors
    /// 400 for a member of an agent that the flow does not have, or that the flow sets itself.
    pub fn check_config(&self, flow: &Flow) -> Result<(), Error> {
        for (agent, members) in &self.config {
            let Some(known) = flow.agents.get(agent) else {
                return Err(Error::invalid_request("this flow has no such agent").at(format!("config.{agent}")));
            };
            let taken = |member: &&String| OWN_MEMBERS.contains(&member.as_str()) || known.inputs.contains_key(*member);
            if let Some(member) = members.keys().find(taken) {
                let text = "this member is set by the flow";
                return Err(Error::invalid_request(text).at(format!("config.{agent}.{member}")));
            }
        }
        Ok(())
    }

    /// The analysis that is asked for.
    #[must_use]
    pub fn analysis(&self) -> Analysis {
        self.analysis_type.unwrap_or_default()
    }

    /// The name of the run, if the call has one: its own, or one made of the id of the message that brought it, so that
    /// a repeated delivery is the same run.
    #[must_use]
    pub fn name(&self, context: &Context) -> Option<String> {
        let of_message = |id: &String| {
            let digest = sha256(id);
            format!("{}_{}", self.analysis().name(), &digest[..16])
        };
        self.run_id.clone().or_else(|| context.message_id.as_ref().map(of_message))
    }
}

fn is_run_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_RUN_ID).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(is_plain)
}

/// SHA-256 in hex.
pub(crate) fn sha256(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}
