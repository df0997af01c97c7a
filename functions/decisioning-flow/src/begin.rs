//! Which run a call is about, and by which flow it goes.

use causeway_cloud::object_path;
use causeway_cloud::object_store::{Error as StoreError, ObjectStoreExt};
use causeway_cloud::side::OF_SECOND;
use causeway_cloud::state::{StateError, Version};
use causeway_resilience::fallback::{Link, ServedBy};
use causeway_runtime::{Context, Error};
use jiff::Timestamp;

use crate::failure::of_state;
use crate::flow::{DEFAULT_FLOW, Flow};
use crate::request::sha256;
use crate::run::{Asked, RunState};
use crate::time::Time;
use crate::{DecisioningFlow, FlowFrom, Request};

/// Largest object with a flow that is read, in bytes.
const MAX_FLOW: u64 = 256 << 10;
/// Runs of one analysis that can begin in one second without a name.
const MAX_UNNAMED: u32 = 100;

/// A run that can be carried out; nothing of it is written down yet.
pub(crate) struct Beginning {
    asked: Asked,
    /// The text of its flow.
    flow: String,
    /// Days that its flow keeps results.
    pub(crate) retention_days: u32,
    degraded: Option<String>,
}

/// A flow as it was read.
struct ReadFlow {
    text: String,
    flow: Flow,
    /// Why it may not be the one that is kept by now.
    degraded: Option<String>,
}

impl Beginning {
    /// It begins now.
    pub(crate) fn state(self, run_id: &str, time: &Time) -> RunState {
        let begun = RunState::begin(run_id.to_owned(), self.asked, self.flow, time.unix_millis());
        RunState { degraded: self.degraded, ..begun }
    }
}

/// A run as it is stored; without a version it is new.
pub(crate) struct Found {
    pub(crate) state: RunState,
    pub(crate) version: Option<Version>,
}

impl DecisioningFlow {
    /// A name for a run that has none: its analysis and the second, `-2` and so on when that second has several.
    pub(crate) async fn new_name(&self, request: &Request, context: &Context, time: &Time) -> Result<String, Error> {
        let now = i64::try_from(time.unix_millis()).ok().and_then(|now| Timestamp::from_millisecond(now).ok());
        let stamp = now.unwrap_or(Timestamp::UNIX_EPOCH).strftime("%Y%m%d_%H%M%S");
        let name = format!("{}_{stamp}", request.analysis().name());
        let free = match self.free_name(&name, context).await {
            // What begins now need not wait for the first side: a name of the second is nobody else's either.
            Err(StateError::Store(error)) if self.has_second_side => {
                tracing::warn!(%error, "the storage of the state is out: the run begins on its second side");
                self.free_name(&format!("{OF_SECOND}{name}"), context).await
            }
            other => other,
        };
        let none = || Error::client(429, "too_many_runs", "too many runs without a run_id began in this second");
        free.map_err(of_state)?.ok_or_else(none)
    }

    async fn free_name(&self, name: &str, context: &Context) -> Result<Option<String>, StateError> {
        for number in 1..=MAX_UNNAMED {
            let candidate = if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
            if self.store.reserve(&candidate, &context.request_id).await? {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }

    /// What is stored of the run, if it is the run that the request means.
    ///
    /// # Errors
    /// 404 for a continuation of nothing, 422 for another request under the same name.
    pub(crate) async fn known(&self, request: &Request, run_id: &str) -> Result<Option<Found>, Error> {
        let Some((state, version)) = self.store.state(run_id).await.map_err(of_state)? else {
            let text = format!("there is no run {run_id}");
            return if request.is_continuation { Err(Error::client(404, "no_such_run", text)) } else { Ok(None) };
        };
        if !request.is_continuation {
            // A deployment may have another flow by now; the run keeps its own.
            let flow = match &request.flow {
                Some(from) => self.flow(Some(from)).await?.0,
                None => state.flow.clone(),
            };
            if !self.is_asked(request, &flow, &state.asked) {
                let text = format!("the run {run_id} was begun with another request; expected the same, or continue");
                return Err(Error::client(422, "run_id_reused", text).at("run_id"));
            }
        }
        Ok(Some(Found { state, version: Some(version) }))
    }

    /// What a new run is to be.
    ///
    /// # Errors
    /// A flow that cannot be used, or a request that does not fit it.
    pub(crate) async fn begin(&self, request: &Request) -> Result<Beginning, Error> {
        let ReadFlow { text, flow, degraded } = self.read_flow(request.flow.as_ref()).await?;
        request.check_config(&flow)?;
        part(&flow, request)?;
        let asked = self.asked(request, &text);
        Ok(Beginning { asked, flow: text, retention_days: flow.retention_days, degraded })
    }

    fn asked(&self, request: &Request, flow: &str) -> Asked {
        let has_default_sources = request.data_sources.is_empty();
        let data_sources = if has_default_sources { &self.config.data_sources } else { &request.data_sources };
        Asked {
            analysis_type: request.analysis(),
            data_sources: data_sources.clone(),
            has_default_sources,
            as_of: request.as_of,
            config: request.config.clone(),
            flow_sha256: sha256(flow),
        }
    }

    /// Whether this is the request that the run was begun with. The deployment may have other sources by now; a run
    /// that took them keeps those that it took.
    fn is_asked(&self, request: &Request, flow: &str, stored: &Asked) -> bool {
        let mut asked = self.asked(request, flow);
        if asked.has_default_sources && stored.has_default_sources {
            asked.data_sources.clone_from(&stored.data_sources);
        }
        asked.has_default_sources = stored.has_default_sources;
        asked == *stored
    }

    /// The text of a flow, and what it says: the request's, else the deployment's, else the built-in one.
    pub(crate) async fn flow(&self, from: Option<&FlowFrom>) -> Result<(String, Flow), Error> {
        self.read_flow(from).await.map(|read| (read.text, read.flow))
    }

    async fn read_flow(&self, from: Option<&FlowFrom>) -> Result<ReadFlow, Error> {
        let (text, degraded) = match (from, &self.config.definition) {
            (Some(FlowFrom::Yaml(text)), _) => (text.clone(), None),
            (Some(FlowFrom::Object(name)), _) => {
                self.flow_object(name).await.map_err(|error| error.at("flow.object"))?
            }
            (None, Some(name)) => self.flow_object(name).await?,
            (None, None) => (DEFAULT_FLOW.to_owned(), None),
        };
        let flow = Flow::read(&text).map_err(|error| {
            let wrong = Error::client(422, "invalid_flow", format!("the flow cannot be used: {error}"));
            if from.is_some() { wrong.at("flow") } else { wrong }
        })?;
        if self.config.results.objects && flow.bucket != self.config.results.bucket {
            let text = format!(
                "the flow keeps its results in the bucket {}, this deployment in {}",
                flow.bucket, self.config.results.bucket
            );
            return Err(Error::client(422, "other_bucket", text));
        }
        Ok(ReadFlow { text, flow, degraded })
    }

    /// The text of an object, and how old it is where no side of the storage has answered.
    async fn flow_object(&self, name: &str) -> Result<(String, Option<String>), Error> {
        let path = object_path(name).map_err(|error| Error::invalid_request(error.to_string()))?;
        let missing = || Error::client(422, "no_such_flow", format!("there is no object {name}"));
        let found = match self.objects.get(&path).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. }) => return Err(missing()),
            Err(other) => return Err(of_state(StateError::Store(other))),
        };
        if found.meta.size > MAX_FLOW {
            return Err(Error::client(422, "invalid_flow", format!("a flow has at most {MAX_FLOW} bytes")));
        }
        let degraded = found.extensions.get::<ServedBy>().and_then(|served_by| instead(name, served_by));
        let bytes = found.bytes().await.map_err(|error| of_state(StateError::Store(error)))?;
        let wrong = |_| Error::client(422, "invalid_flow", format!("the object {name} is no UTF-8 text"));
        String::from_utf8(bytes.to_vec()).map_err(wrong).map(|text| (text, degraded))
    }
}

/// Where a flow is from, when the side of the storage that has it did not answer.
fn instead(name: &str, served_by: &ServedBy) -> Option<String> {
    match served_by.link {
        Link::Primary => None,
        Link::Secondary => Some(format!(
            "the flow {name} is from the copy at {}, which may be older: the first side of the storage did not answer",
            served_by.name
        )),
        Link::Cached | Link::Degraded => {
            let seconds = served_by.age_ms.unwrap_or_default() / 1_000;
            Some(format!(
                "the flow {name} is as it was {seconds} s before the run began: no side of the storage answered"
            ))
        }
    }
}

/// The part of the flow that the analysis needs.
pub(crate) fn part(flow: &Flow, request: &Request) -> Result<Flow, Error> {
    flow.for_analysis(request.analysis()).ok_or_else(|| {
        let text = "no agent of this flow belongs to this analysis";
        Error::client(422, "nothing_to_run", text).at("analysis_type")
    })
}
