//! The checker as a function.

use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{Alerts, Metrics, Notifier, Objects, Ports, Principal, PrincipalCheck, Problem, Secrets};
use causeway_runtime::{Context, Error, Event, Handler, Tool};
use rustls::ClientConfig;
use serde_json::{Value, json};

use crate::probe::{Resolve, System, roots};
use crate::reply::Reply;
use crate::request::Request;
use crate::{Config, SettingsFrom, commands};

/// How long a message that was sent is remembered: its key has an epoch in it, which does not come again.
const TOLD_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The checker of one deployment.
pub struct HealthChecker {
    pub(crate) documents: Documents,
    pub(crate) objects: Objects,
    pub(crate) metrics: Result<Arc<dyn Metrics>, String>,
    pub(crate) secrets: Result<Arc<dyn Secrets>, String>,
    pub(crate) alerts: Option<Alerts>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) resolver: Box<dyn Resolve>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) config: Config,
    principal: Arc<dyn Principal>,
}

/// What the checker works with.
pub struct Parts {
    /// The state.
    pub documents: Documents,
    /// The page, and objects that are checked.
    pub objects: Objects,
    /// Measurements, or why there are none.
    pub metrics: Result<Arc<dyn Metrics>, String>,
    /// The vault, or why there is none.
    pub secrets: Result<Arc<dyn Secrets>, String>,
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
        let Parts { documents, objects, metrics, secrets, notifier, told, principal, clock } = parts;
        let alerts = notifier.map(|notifier| Alerts::new(notifier, told, TOLD_KEPT));
        let tls = roots(config.ca_file.as_deref())?;
        let resolver = Box::new(System);
        Ok(Self { documents, objects, metrics, secrets, alerts, clock, resolver, tls, config, principal })
    }

    /// Takes the deployment's ports. Without metrics or a vault it looks at everything else.
    ///
    /// # Errors
    /// There is no bucket, or the file of certificate authorities cannot be used.
    pub fn connect(config: Config, ports: &dyn Ports, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let parts = Parts {
            documents: ports.documents(Self::NAME)?,
            objects: ports.objects()?,
            metrics: ports.metrics().map_err(|problem| problem.to_string()),
            secrets: ports.secrets().map_err(|problem| problem.to_string()),
            notifier: ports.notifier().inspect_err(|problem| tracing::info!(%problem, "alerts go into the log")).ok(),
            told: ports.documents("health-checker-alerts")?,
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
    type Reply = Reply;

    async fn handle(&self, request: Request, context: &Context) -> Result<Reply, Error> {
        self.tick(request.dry_run, context.budget.deadline()).await
    }

    /// The message of an alarm is a tick.
    fn request_of_event(&self, event: Event) -> Result<Request, Error> {
        if event.is_alarm() { self.request_of_tick() } else { Err(event.unsupported(Self::NAME)) }
    }

    fn tools() -> Vec<Tool> {
        commands::all()
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
            "alerts": self.alerts.is_some(),
            "stop_after_seconds": self.config.stop_after.as_secs(),
        })
    }
}
