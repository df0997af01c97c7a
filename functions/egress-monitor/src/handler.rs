//! The monitor as a function.

use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{Alerts, Metrics, Notifier, Objects, Ports, Principal, PrincipalCheck, Problem, Usage};
use causeway_runtime::schema::printed;
use causeway_runtime::{Context, Error, Handler, StartedTool, Tool};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request::Request;
use crate::{Config, commands, schemas};

/// How long an alert that was sent is remembered: its key has the month in it.
const ALERTS_KEPT: Duration = Duration::from_secs(70 * 24 * 3600);

/// The monitor of one tenancy.
pub struct EgressMonitor {
    pub(crate) usage: Result<Arc<dyn Usage>, String>,
    pub(crate) beside: Result<Arc<dyn Usage>, String>,
    pub(crate) metrics: Result<Arc<dyn Metrics>, String>,
    pub(crate) documents: Documents,
    pub(crate) objects: Objects,
    pub(crate) alerts: Option<Alerts>,
    principal: Arc<dyn Principal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: fn() -> f64,
    pub(crate) config: Config,
}

/// What the monitor works with.
pub struct Parts {
    /// The record of usage, or why there is none.
    pub usage: Result<Arc<dyn Usage>, String>,
    /// That of AWS, for the time in which both clouds are in use, or why there is none.
    pub beside: Result<Arc<dyn Usage>, String>,
    /// Measurements, or why there are none.
    pub metrics: Result<Arc<dyn Metrics>, String>,
    /// The state.
    pub documents: Documents,
    /// The history.
    pub objects: Objects,
    /// Where alerts go; only into the log without one.
    pub notifier: Option<Arc<dyn Notifier>>,
    /// Alerts that were sent.
    pub told: Documents,
    /// Who the function is.
    pub principal: Arc<dyn Principal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// A number from 0 to 1, drawn anew at each call.
    pub random: fn() -> f64,
}

impl EgressMonitor {
    /// One with these parts.
    #[must_use]
    pub fn new(parts: Parts, config: Config) -> Self {
        let Parts { usage, beside, metrics, documents, objects, notifier, told, principal, clock, random } = parts;
        let patient = |alerts: Alerts| alerts.patient(Arc::clone(&clock), random);
        let alerts = notifier.map(|notifier| patient(Alerts::new(notifier, told, ALERTS_KEPT)));
        Self { usage, beside, metrics, documents, objects, alerts, principal, clock, random, config }
    }

    /// Takes the deployment's ports. Without a record of usage it starts all the same, and its runs say that usage
    /// cannot be read.
    ///
    /// # Errors
    /// There is no bucket, or its state cannot be named.
    pub fn connect(config: Config, ports: &impl Ports, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let beside = match config.aws {
            Some(_) => ports.usage_beside().map_err(|problem| problem.to_string()),
            None => Err("it is switched off".to_owned()),
        };
        let parts = Parts {
            usage: ports.usage().map_err(|problem| problem.to_string()),
            beside,
            metrics: ports.metrics().map_err(|problem| problem.to_string()),
            documents: ports.documents(Self::NAME)?,
            objects: ports.objects()?,
            notifier: ports.notifier().inspect_err(|problem| tracing::info!(%problem, "alerts go into the log")).ok(),
            told: ports.documents("egress-monitor-alerts")?,
            principal: ports.principal()?,
            clock,
            random: rand::random::<f64>,
        };
        Ok(Self::new(parts, config))
    }
}

impl Handler for EgressMonitor {
    const NAME: &'static str = "egress-monitor";
    const ABOUT: &'static str = "Tells how much of the free outbound data transfer is left, and when it ends.";
    type Config = Config;
    type Request = Request;
    type Reply = Reply;

    async fn handle(&self, request: Request, context: &Context) -> Result<Reply, Error> {
        self.tick(&request, context).await
    }

    fn schemas() -> String {
        printed(schemas::CALL)
    }

    fn tools() -> Vec<Tool> {
        commands::all()
    }

    fn started_tools() -> Vec<StartedTool<Self>> {
        commands::started()
    }

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn capabilities(&self) -> Value {
        json!({
            "usage": self.usage.is_ok(),
            "aws": self.config.aws.is_some() && self.beside.is_ok(),
            "traffic": self.config.traffic.is_some() && self.metrics.is_ok(),
            "alerts": self.alerts.is_some(),
            "allowance_gb": self.config.settings.tariff.allowance_gb.to_string(),
            "allowance_scope": self.config.settings.tariff.allowance_scope,
            "gb_meaning": self.config.settings.gb_meaning,
            "stop_after_seconds": self.config.stop_after.as_secs(),
        })
    }
}
