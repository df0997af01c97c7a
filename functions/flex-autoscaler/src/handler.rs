//! The autoscaler as a function.

use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{Alerts, Fleet, Metrics, Notifier, Objects, Ports, Principal, PrincipalCheck, Problem};
use causeway_resilience::ServiceFailure;
use causeway_runtime::schema::printed;
use causeway_runtime::{Context, Error, Event, Handler, Tool};
use serde_json::{Value, json};

use crate::config::PolicyFrom;
use crate::reply::Reply;
use crate::request::Request;
use crate::{Config, commands, schemas};

/// How long an alert that was sent is remembered; its key has the moment in it.
const ALERTS_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// The autoscaler of one fleet.
pub struct FlexAutoscaler {
    /// Or why there are none.
    services: Result<Services, String>,
    pub(crate) documents: Documents,
    pub(crate) objects: Objects,
    pub(crate) alerts: Option<Alerts>,
    principal: Arc<dyn Principal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: fn() -> f64,
    pub(crate) config: Config,
}

/// The cloud whose machines are looked at.
pub struct Services {
    /// Machines.
    pub fleet: Arc<dyn Fleet>,
    /// Their measurements.
    pub metrics: Arc<dyn Metrics>,
}

/// What the autoscaler works with.
pub struct Parts {
    /// The cloud, or why there is none.
    pub services: Result<Services, String>,
    /// The state and the lease.
    pub documents: Documents,
    /// Audit and policy.
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

impl FlexAutoscaler {
    /// One with these parts.
    #[must_use]
    pub fn new(parts: Parts, config: Config) -> Self {
        let Parts { services, documents, objects, notifier, told, principal, clock, random } = parts;
        let alerts = notifier.map(|notifier| Alerts::new(notifier, told, ALERTS_KEPT));
        Self { services, documents, objects, alerts, principal, clock, random, config }
    }

    /// Takes the deployment's ports. Without a cloud it starts all the same, answers its probes and refuses to tick.
    ///
    /// # Errors
    /// There is no bucket, or its state cannot be named.
    pub fn connect(config: Config, ports: &impl Ports, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let parts = Parts {
            services: services(ports).map_err(|problem| problem.to_string()),
            documents: ports.documents(Self::NAME)?,
            objects: ports.objects()?,
            notifier: ports.notifier().inspect_err(|problem| tracing::info!(%problem, "alerts go into the log")).ok(),
            told: ports.documents("flex-autoscaler-alerts")?,
            principal: ports.principal()?,
            clock,
            random: rand::random::<f64>,
        };
        Ok(Self::new(parts, config))
    }

    pub(crate) fn services(&self) -> Result<&Services, Error> {
        let missing = |reason: &String| ServiceFailure::not_configured("fleet", reason.clone());
        Ok(self.services.as_ref().map_err(missing)?)
    }
}

fn services(ports: &impl Ports) -> Result<Services, Problem> {
    Ok(Services { fleet: ports.fleet()?, metrics: ports.metrics()? })
}

impl Handler for FlexAutoscaler {
    const NAME: &'static str = "flex-autoscaler";
    const ABOUT: &'static str = "Keeps virtual machines of flexible shapes at the size that their load asks for.";
    type Config = Config;
    type Request = Request;
    type Reply = Reply;

    async fn handle(&self, request: Request, context: &Context) -> Result<Reply, Error> {
        self.tick(&request, context).await
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

    async fn check_auth(&self) -> PrincipalCheck {
        self.principal.check().await
    }

    fn capabilities(&self) -> Value {
        json!({
            "mode": self.config.mode,
            "policy": match &self.config.policy {
                PolicyFrom::Here(policy) => policy.hash(),
                PolicyFrom::Object(name) => name.clone(),
            },
            "cloud": self.services.is_ok(),
            "alerts": self.alerts.is_some(),
            "lease_seconds": self.config.lease.as_secs(),
            "stop_after_seconds": self.config.stop_after.as_secs(),
        })
    }
}
