//! The vision tool as a function.

use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::local::Store;
use causeway_cloud::state::once::Once;
use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{Alerts, ChatModel, Metrics, Notifier, Objects, Ports, Principal, PrincipalCheck, Problem, chat};
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Context, Error, Event, Handler, StartedTool, Turns};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::{Config, Keeping};
use crate::measure::{self, Counts};
use crate::names::Role;
use crate::port::Port;
use crate::reply::{Answer, Ignored, Reply};
use crate::report::question::{Question, question};
use crate::request::{Operation, Request, Target, checked};
use crate::run::lanes::Lanes;
use crate::run::object::source_of;
use crate::run::{Job, Looked, Options};
use crate::{batch, inline, unread};

/// How long an alert that was sent is remembered: longer than anybody looks at the same version of an object again.
const ALERTS_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);
/// Lambda repeats an event after a minute and after two: a message whose fate is unknown must be free again by then.
const ALERT_CLAIM: Duration = Duration::from_secs(60);
/// How long a claim's record is of use; it is given back when the look ends.
const CLAIMS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// Answers that one request may ask a model for.
const MAX_SAMPLES: u32 = 5;
/// Folder of the answers about pictures that came with their request, below that of the claims.
const INLINE: &str = "inline";
/// Folder of claims and alerts in a directory.
const STATE: &str = "causeway-state";

/// The vision tool over one bucket.
pub struct Vision {
    /// Or why there are none.
    objects: Result<Objects, String>,
    pub(crate) model: Port<Arc<dyn ChatModel>>,
    pub(crate) claims: Once,
    /// Answers about pictures that came with their request; without a bucket there is no place for them.
    pub(crate) inline: Option<Once>,
    pub(crate) alerts: Port<Alerts>,
    metrics: Option<Arc<dyn Metrics>>,
    principal: Arc<dyn Principal>,
    clock: Arc<dyn Clock>,
    pub(crate) lanes: Lanes,
    pub(crate) turns: Turns,
    pub(crate) question: Question,
    pub(crate) config: Config,
}

/// What the vision tool works with.
pub struct Parts {
    /// The pictures, or why there are none.
    pub objects: Result<Objects, String>,
    /// Who looks, or why nobody does.
    pub model: Port<Arc<dyn ChatModel>>,
    /// Claims of pictures that are looked at, and answers about those that came with their request.
    pub documents: Documents,
    /// Where alerts go; only into the log when none is set.
    pub notifier: Port<Arc<dyn Notifier>>,
    /// Alerts that were sent.
    pub told: Documents,
    /// Where custom metrics go.
    pub metrics: Option<Arc<dyn Metrics>>,
    /// Who the function is.
    pub principal: Arc<dyn Principal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Vision {
    /// One with these parts.
    #[must_use]
    pub fn new(parts: Parts, config: Config) -> Self {
        let Parts { objects, model, documents, notifier, told, metrics, principal, clock } = parts;
        let model = match model {
            Port::Ready(model) if model.name() == chat::NONE => Port::NotSet("the deployment has none".to_owned()),
            other => other,
        };
        let Keeping { claim, inline, .. } = config.keeping;
        let inline = inline.filter(|_| objects.is_ok());
        Self {
            objects,
            model,
            inline: inline.map(|kept| Once::new(documents.below(INLINE), kept).renewed(claim)),
            claims: Once::new(documents, CLAIMS_KEPT).renewed(claim),
            alerts: notifier.map(|notifier| Alerts::new(notifier, told, ALERTS_KEPT).claimed_for(ALERT_CLAIM)),
            metrics,
            principal,
            clock,
            lanes: Lanes::new(),
            turns: Turns::new(config.concurrency),
            question: question(&config.report),
            config,
        }
    }

    /// Takes the deployment's ports. Without a bucket or a model it starts all the same, answers its probes and says what
    /// is missing.
    ///
    /// # Errors
    /// A setting that can never work, such as a directory that is none.
    pub fn connect(config: Config, ports: &impl Ports, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let objects = objects(&config, ports)?;
        let documents = |name: &str| match (&objects, &config.local_root) {
            // A directory of the original's has no other place for state.
            (Ok(objects), Some(_)) => {
                Ok(Documents::new(Arc::clone(objects), format!("{STATE}/{name}"), Arc::clone(&clock)))
            }
            _ => ports.documents(name),
        };
        let (claims, told) = (documents("vision")?, documents("vision-alerts")?);
        let wants_metrics = config.published_namespace.is_some();
        let model = ports.chat_model().map_err(|problem| problem.to_string());
        let notifier = ports.notifier().map_err(|problem| problem.to_string());
        let parts = Parts {
            model: warned("model", Port::of(model, config.is_model_set)),
            documents: claims,
            notifier: warned("topic", Port::of(notifier, config.is_topic_set)),
            told,
            metrics: if wants_metrics { Some(ports.metrics()?) } else { None },
            principal: ports.principal()?,
            clock,
            objects,
        };
        Ok(Self::new(parts, config))
    }

    /// # Errors
    /// There are none: what has to be set is for the log.
    pub(crate) fn objects(&self) -> Result<&Objects, Error> {
        let missing = |reason: &String| ServiceFailure::not_configured("objects", reason.clone());
        Ok(self.objects.as_ref().map_err(missing)?)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    async fn answered(&self, request: &Request, context: &Context) -> Result<(Reply, Counts), Error> {
        let deadline = context.budget.deadline();
        let nothing = Counts::default();
        match (request.operation(), request.target(self.config.max_objects)?) {
            (Operation::Assess, Target::Object(name)) => {
                let looked = self.look(&self.job(request, &name)?, deadline).await?;
                Ok((Reply::Report(answer(&looked)), Counts::of(&looked)))
            }
            (Operation::Assess, Target::Inline(text)) => {
                let looked = inline::assess(self, request, &text, deadline).await?;
                Ok((Reply::Report(answer(&looked)), Counts::of(&looked)))
            }
            (Operation::Assess, Target::Objects(names)) => batch::reply(self, request, names, None, deadline).await,
            (Operation::Assess, Target::Prefix(prefix, after)) => {
                let listed = batch::list(self, &prefix, after.as_deref(), self.config.max_objects).await?;
                batch::reply(self, request, listed.names, listed.left_out, deadline).await
            }
            (Operation::Extract, Target::Object(name)) => {
                Ok((Reply::Extracted(self.extract(&name, request.include_gps, deadline).await?), nothing))
            }
            (Operation::Extract, Target::Inline(text)) => {
                Ok((Reply::Extracted(inline::extract(self, request, &text, deadline).await?), nothing))
            }
            (Operation::Blur, Target::Object(name)) => Ok((Reply::Blurred(self.blur(&name, deadline).await?), nothing)),
            _ => Err(Error::invalid_request("this operation works on one picture").at("operation")),
        }
    }

    /// What a request asks of one object.
    ///
    /// # Errors
    /// 400 with the member that is wrong, 422 for what this function wrote itself.
    pub(crate) fn job(&self, request: &Request, name: &str) -> Result<Job, Error> {
        if let Some(reference) = &request.reference_object_name {
            checked(reference, "reference_object_name")?;
        }
        let samples = request.samples.unwrap_or(self.config.samples);
        if !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(Error::invalid_request(format!("expected 1 to {MAX_SAMPLES}")).at("samples"));
        }
        let role = self.config.names.role(name);
        if matches!(role, Role::Result | Role::Blurred) {
            let text = "this object was written by the vision tool; name the picture that it is about";
            return Err(Error::client(422, role.word(), text).at("object_name"));
        }
        let options = Options {
            include_gps: request.include_gps,
            scoring: request.scoring.unwrap_or(self.config.report.scoring),
            samples,
            overwrite: request.overwrite,
            thumbnail: false,
        };
        let reference = request.reference_object_name.clone();
        let (expectations, happened) = (request.expected()?, request.happened()?);
        Ok(Job { name: name.to_owned(), expectations, happened, reference, options })
    }

    /// Who looks, or why nobody does.
    fn model_facts(&self) -> Value {
        let reason = |problem: &str| json!({ "name": chat::NONE, "reason": problem });
        self.model.ready().map_or_else(reason, |model| json!({ "name": model.name() }))
    }

    /// Custom metrics, where a namespace for them is set.
    pub(crate) async fn publish(&self, counts: &Counts, deadline: Deadline) {
        if let (Some(metrics), Some(namespace)) = (&self.metrics, &self.config.published_namespace) {
            let published = measure::publish(metrics.as_ref(), namespace, counts, self.now(), deadline).await;
            if let Err(text) = published {
                tracing::warn!(text, "custom metrics are missing");
            }
        }
    }
}

fn answer(looked: &Looked) -> Answer {
    Answer {
        document: looked.document.clone(),
        result_object: looked.result_object.clone(),
        replayed: looked.replayed,
        alert: looked.alert,
    }
}

/// Where the pictures are. A store that fails is never replaced by files, and a directory serves as bucket only where it
/// is named.
fn objects(config: &Config, ports: &impl Ports) -> Result<Result<Objects, String>, Problem> {
    if let Some(root) = &config.local_root {
        return Ok(Ok(Arc::new(Store::open(root)?)));
    }
    Ok(match ports.objects() {
        Ok(objects) if source_of(&objects) == "local" && !config.is_local => {
            Err("neither a bucket nor a directory is named: set CAUSEWAY_BUCKET or CAUSEWAY_LOCAL_ROOT".to_owned())
        }
        other => other.map_err(|problem| problem.to_string()),
    })
}

/// The log says at the start what is set and cannot work.
fn warned<T>(what: &str, port: Port<T>) -> Port<T> {
    match &port {
        Port::Wrong(problem) => tracing::error!(problem, "the {what} that is set cannot be used"),
        Port::NotSet(problem) => tracing::info!(problem, "there is no {what}"),
        Port::Ready(_) => {}
    }
    port
}

impl Handler for Vision {
    const NAME: &'static str = "vision";
    const ABOUT: &'static str = "Describes delivery photographs and reports damage; what cannot be seen is never good.";
    type Config = Config;
    type Request = Request;
    type Reply = Reply;

    async fn handle(&self, request: Request, context: &Context) -> Result<Reply, Error> {
        if let Some(reason) = request.ignored {
            return Ok(Reply::Ignored(Ignored { ignored: true, reason }));
        }
        let answered = self.answered(&request, context).await;
        let (reply, counts) = answered.map_err(|error| unread::raised(error, context))?;
        measure::record(&context.metrics, &counts);
        self.publish(&counts, context.budget.deadline()).await;
        unread::fails(&counts, context)?;
        Ok(reply)
    }

    fn request_of_event(&self, event: Event) -> Result<Request, Error> {
        Request::of_event(event, &self.config.names, self.config.place.bucket.as_deref())
    }

    fn started_tools() -> Vec<StartedTool<Self>> {
        vec![StartedTool { command: batch::command::command, run: batch::command::run }]
    }

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn configured(&self) -> Value {
        json!({ "model": self.model_facts() })
    }

    fn capabilities(&self) -> Value {
        json!({
            "model": self.model_facts(),
            "source": self.objects.as_ref().map_or("none", source_of),
            "formats": ["jpeg", "png", "webp", "gif"],
            "prompt": self.question.identity.version,
            "schema": self.question.identity.schema_version,
            "samples": self.config.samples,
            "faces": self.config.picture.faces,
            "alerts": self.alerts.ready().is_ok(),
            "max_objects": self.config.max_objects,
        })
    }
}
