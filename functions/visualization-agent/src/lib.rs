//! Makes the dashboard of a run: a page that needs nothing else, its data, and sources for Analytics Cloud and APEX.
//!
//! Trigger: a direct or HTTP call with a [`Request`], which holds or names the results of the other agents. Needs read
//! and write access to the objects. The files go to `dashboards/<run_id>/`; a repeated delivery finds them there, byte
//! for byte, and writes nothing. The same run with other results is refused unless the request says `overwrite`. A flow
//! is told `written` of a file that an earlier try of the same stage wrote, where other callers are told `unchanged`.
//! Where it may write to the state, what a flow asks for is worked out once and kept with the run. The rules are in
//! `causeway-decisioning`.

use std::sync::Arc;

use causeway_cloud::state::Answers;
use causeway_cloud::{Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_decisioning::visualization::request::Format;
use causeway_decisioning::visualization::{Answer, Options, Request, VisualizeError, visualize};
use causeway_runtime::{Context, Error, Handler, Idempotency};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

mod config;

pub use config::Config;

/// The visualization agent over one bucket.
pub struct VisualizationAgent {
    objects: Objects,
    principal: Arc<dyn Principal>,
    answers: Option<Answers>,
    options: Options,
}

impl VisualizationAgent {
    /// An agent over the given objects, which acts as `principal`.
    #[must_use]
    pub fn new(objects: Objects, principal: Arc<dyn Principal>, config: Config) -> Self {
        Self { objects, principal, answers: None, options: config.options }
    }

    /// Takes the deployment's bucket, or the directory that stands in for it.
    ///
    /// # Errors
    ///
    /// There is neither, or the directory cannot be opened.
    pub fn connect(config: Config, ports: &impl Ports) -> Result<Self, Problem> {
        let answers = Answers::of(ports).map(|answers| answers.leased(config.answer_lease));
        Ok(Self { answers, ..Self::new(ports.objects()?, ports.principal()?, config) })
    }

    /// What an answer depends on, as another bucket has another one.
    fn asked(&self, request: &Request) -> impl Serialize {
        (request, self.objects.to_string())
    }
}

impl Handler for VisualizationAgent {
    const NAME: &'static str = "visualization-agent";
    const ABOUT: &'static str =
        "Makes the dashboard of a run: a page, its data, and sources for Analytics Cloud and APEX.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, request: Request, _: &Context) -> Result<Answer, Error> {
        let mut answer = visualize(&self.objects, &request, &self.options, &Timestamp::now).await.map_err(failed)?;
        if is_of_flow(&request) {
            own_files(&mut answer.data);
        }
        Ok(answer)
    }

    /// What a flow asks for is worked out once.
    fn idempotency(&self, request: &Request, _: &Context) -> Result<Option<Idempotency<'_>>, Error> {
        let (Some(answers), Some(run), Some(stage)) = (&self.answers, &request.run_id, &request.stage) else {
            return Ok(None);
        };
        Idempotency::harmless(answers.of_run(run), stage, &self.asked(request)).map(Some)
    }

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn capabilities(&self) -> Value {
        json!({
            "output_formats": Format::ALL,
            "inputs": ["discovery", "intelligence", "strategy", "decision"],
        })
    }
}

fn is_of_flow(request: &Request) -> bool {
    request.run_id.is_some() && request.stage.is_some()
}

/// Says of a file that is there byte for byte that it was written: the files have the times of the run's results in
/// them, so an earlier try of the same stage wrote them. A run whose agent died then ends with the same words as any
/// other.
fn own_files(data: &mut Value) {
    let files = data.get_mut("generated_artifacts").and_then(Value::as_array_mut);
    for state in files.into_iter().flatten().filter_map(|file| file.get_mut("state")) {
        if state == "unchanged" {
            *state = "written".into();
        }
    }
}

fn failed(error: VisualizeError) -> Error {
    match error {
        VisualizeError::Request(wrong) => Error::invalid_request(wrong.message).at(wrong.path),
        VisualizeError::Conflict { .. } => Error::client(409, "dashboard_exists", error.to_string()).at("run_id"),
        VisualizeError::Store { object, source } => Error::upstream("objects", None, "objects_failed")
            .with_detail(format!("the store failed on {object}"))
            .with_source(source),
    }
}

#[cfg(test)]
mod tests;
