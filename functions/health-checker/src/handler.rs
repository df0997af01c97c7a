//! The checker as a function.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use causeway_cloud::breaker::Breakers;
use causeway_cloud::side::OF_SECOND;
use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{Alerts, Metrics, Notifier, Objects, Ports, Principal, PrincipalCheck, Problem, Secrets, Vantage};
use causeway_runtime::schema::printed;
use causeway_runtime::{Context, Error, Event, Handler, StartedTool, Tool};
use rustls::ClientConfig;
use serde_json::{Value, json};

use crate::probe::{Resolve, System, roots};
use crate::reply::Answer;
use crate::request::{Kind, Request};
use crate::settings::{BREAKER_ROOTS, BreakerFolder};
use crate::tick::Alone;
use crate::{Config, SettingsFrom, commands, schemas};

/// How long a message that was sent is remembered: its key has an epoch in it, which does not come again, because epochs
/// begin at the time.
const TOLD_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The checker of one deployment.
pub struct HealthChecker {
    pub(crate) documents: Documents,
    /// Where the storage has two sides: the documents of the first.
    pub(crate) first_side: Option<Documents>,
    pub(crate) objects: Objects,
    pub(crate) metrics: Result<Arc<dyn Metrics>, String>,
    pub(crate) secrets: Result<Arc<dyn Secrets>, String>,
    pub(crate) vantage: Result<Arc<dyn Vantage>, String>,
    pub(crate) breakers: BreakerFolders,
    pub(crate) alerts: Option<Alerts>,
    pub(crate) alone: Alone,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) resolver: Box<dyn Resolve>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) config: Config,
    principal: Arc<dyn Principal>,
}

/// Folders of circuit breakers, and those that are in use.
pub(crate) struct BreakerFolders {
    pub(crate) folders: BTreeMap<&'static str, Documents>,
    pub(crate) held: Mutex<Vec<(BreakerFolder, Breakers)>>,
    /// Tests have a clock that no store knows.
    pub(crate) asks_store_for_time: bool,
}

/// What the checker works with.
pub struct Parts {
    /// The state.
    pub documents: Documents,
    /// Where the storage has two sides: documents of the first, under which the state was while there was no second. Its
    /// state is taken over once.
    pub first_side: Option<Documents>,
    /// The page, and objects that are checked.
    pub objects: Objects,
    /// Measurements, or why there are none.
    pub metrics: Result<Arc<dyn Metrics>, String>,
    /// The vault, or why there is none.
    pub secrets: Result<Arc<dyn Secrets>, String>,
    /// Monitors of the cloud, or why there are none.
    pub vantage: Result<Arc<dyn Vantage>, String>,
    /// Circuit breakers of the deployment, by folder.
    pub breakers: BTreeMap<&'static str, Documents>,
    /// Where messages go; only into the log without one.
    pub notifier: Option<Arc<dyn Notifier>>,
    /// Messages that were sent.
    pub told: Documents,
    /// Who the function is.
    pub principal: Arc<dyn Principal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl HealthChecker {
    /// One with these parts.
    ///
    /// # Errors
    /// The file of certificate authorities cannot be used.
    pub fn new(parts: Parts, config: Config) -> Result<Self, Problem> {
        let Parts { documents, first_side, objects, metrics, secrets, vantage, breakers, notifier, told, .. } = parts;
        let (principal, clock) = (parts.principal, parts.clock);
        let breakers = BreakerFolders { folders: breakers, held: Mutex::default(), asks_store_for_time: true };
        let alone = Alone::new(notifier.clone());
        let alerts = notifier.map(|notifier| Alerts::new(notifier, told, TOLD_KEPT));
        let tls = roots(config.ca_file.as_deref())?;
        let resolver = Box::new(System);
        Ok(Self {
            documents,
            first_side,
            objects,
            metrics,
            secrets,
            vantage,
            breakers,
            alerts,
            alone,
            clock,
            resolver,
            tls,
            config,
            principal,
        })
    }

    /// Takes the deployment's ports. Without metrics or a vault it looks at everything else. Where the storage has two
    /// sides, state, signals and what was told lie on the second: they are needed most while the first is out.
    ///
    /// # Errors
    /// There is no bucket, or the file of certificate authorities cannot be used.
    pub fn connect(config: Config, ports: &impl Ports, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let is_sided = ports.has_second_side();
        let documents = |name: &str| match is_sided {
            true => ports.documents(&format!("{OF_SECOND}{name}")),
            false => ports.documents(name),
        };
        let parts = Parts {
            documents: documents(Self::NAME)?,
            first_side: is_sided.then(|| ports.documents(Self::NAME)).transpose()?,
            objects: ports.objects()?,
            metrics: ports.metrics().map_err(|problem| problem.to_string()),
            secrets: ports.secrets().map_err(|problem| problem.to_string()),
            vantage: ports.vantage().map_err(|problem| problem.to_string()),
            breakers: BREAKER_ROOTS
                .into_iter()
                .map(|root| Ok((root, ports.documents(root)?)))
                .collect::<Result<_, Problem>>()?,
            notifier: ports.notifier().inspect_err(|problem| tracing::info!(%problem, "alerts go into the log")).ok(),
            told: documents("health-checker-alerts")?,
            principal: ports.principal()?,
            clock,
        };
        Self::new(parts, config)
    }
}

impl Handler for HealthChecker {
    const NAME: &'static str = "health-checker";
    const ABOUT: &'static str = "Tells whether services work, and whether traffic has to go back to the other cloud.";
    type Config = Config;
    type Request = Request;
    type Reply = Answer;

    async fn handle(&self, request: Request, context: &Context) -> Result<Answer, Error> {
        request.check()?;
        let deadline = context.budget.deadline();
        match request.kind {
            Some(Kind::Breaker) => self.operate(&request, deadline).await.map(Answer::Breakers),
            Some(Kind::Tick) | None => {
                let reply = self.tick(request.dry_run, deadline).await?;
                Ok(Answer::Tick(Box::new(reply)))
            }
        }
    }

    /// The message of an alarm is a tick.
    fn request_of_event(&self, event: Event) -> Result<Request, Error> {
        if event.is_alarm() { self.request_of_tick() } else { Err(event.unsupported(Self::NAME)) }
    }

    fn schemas() -> String {
        printed(schemas::CALL)
    }

    fn tools() -> Vec<Tool> {
        commands::all()
    }

    fn started_tools() -> Vec<StartedTool<Self>> {
        vec![StartedTool { command: commands::breaker::command, run: commands::breaker::run }]
    }

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn capabilities(&self) -> Value {
        let checks = match &self.config.settings {
            SettingsFrom::Here(settings) => json!(settings.checks.len()),
            SettingsFrom::Object(_) => Value::Null,
        };
        json!({
            "checks": checks,
            "metrics": self.metrics.is_ok(),
            "secrets": self.secrets.is_ok(),
            "monitors": self.vantage.is_ok(),
            "alerts": self.alerts.is_some(),
            "stop_after_seconds": self.config.stop_after.as_secs(),
        })
    }
}
