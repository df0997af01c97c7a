//! An OCI with a topic and a bucket, and checkers in it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use causeway_adapters::{Connected, SystemClock};
use causeway_cloud::Ports;
use causeway_cloud::breaker::{Breakers, Sharing};
use causeway_cloud::state::{Clock, Documents};
use causeway_oci_emulator::Options;
use causeway_resilience::breaker::Config as Rules;
use causeway_runtime::{Budget, Context, Handler, Kind, Settings, Vars};
use health_checker::{Config, HealthChecker, Parts};
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::harness::{Emulated, Front, Function, Standing};

use crate::target::{Server, Way};

pub(crate) const BUCKET: &str = "health";
/// Pauses between tries are so many times shorter in checkers of this process.
const HURRY: u32 = 50;

/// It ends with this value.
pub(crate) struct Cloud {
    pub(crate) front: Arc<Front>,
    /// While it is set, Object Storage answers nothing but 503.
    pub(crate) has_no_storage: Arc<AtomicBool>,
    oci: Emulated,
}

impl Deref for Cloud {
    type Target = Emulated;

    fn deref(&self) -> &Emulated {
        &self.oci
    }
}

impl Cloud {
    pub(crate) fn start() -> Self {
        let front = Arc::<Front>::default();
        let has_no_storage = Arc::<AtomicBool>::default();
        let (way, is_out) = (Arc::clone(&front), Arc::clone(&has_no_storage));
        let mut oci = Emulated::start(Options::default(), "health-checker", BUCKET, move |services, request| {
            let (way, is_out) = (Arc::clone(&way), is_out.load(Ordering::SeqCst));
            async move {
                match is_out && request.uri().path().starts_with("/n/") {
                    true => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                    false => way.handle(&services, request).await,
                }
            }
        });
        let compartment = oci.emulator.default_compartment();
        oci.set("CAUSEWAY_COMPARTMENT", &compartment);
        oci.set("FN_MEMORY", "256");
        Self { front, has_no_storage, oci }
    }

    /// A server of this machine.
    pub(crate) fn serve(&self, way: Way) -> Server {
        Server::start(self.runtime(), way)
    }

    /// A variable of the checkers that come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.oci.set(name, value);
    }

    /// The settings of the checkers that come.
    pub(crate) fn settings(&mut self, settings: &Value) {
        self.oci.set("HEALTH_CHECKER_SETTINGS", &settings.to_string());
    }

    /// Breakers as another function of the deployment has them.
    pub(crate) fn breakers(&self, rules: Rules) -> Breakers {
        self.breakers_in("breakers", rules)
    }

    /// The same in another folder.
    pub(crate) fn breakers_in(&self, folder: &str, rules: Rules) -> Breakers {
        let documents = self.ports().documents(folder).unwrap();
        // A machine that is slow is no store that is away.
        let sharing = Sharing { store_timeout_ms: 60_000, alert_timeout_ms: 60_000, ..Sharing::default() };
        Breakers::shared(documents, rules, sharing).unwrap()
    }

    fn ports(&self) -> Connected {
        let (effects, network) = self.effects(HURRY);
        Connected::new(effects, network).unwrap()
    }

    /// A tick of a checker of this process at a moment that the services do not share.
    pub(crate) fn tick_at(&self, moment: Timestamp) -> Value {
        let clock: Arc<dyn Clock> = Arc::new(Standing { at: moment, by: HURRY });
        let ports = self.ports();
        let objects = ports.objects().unwrap();
        let documents =
            |name: &str| Documents::new(Arc::clone(&objects), format!("causeway-state/{name}"), Arc::clone(&clock));
        let parts = Parts {
            documents: documents("health-checker"),
            first_side: None,
            objects: Arc::clone(&objects),
            metrics: Err("none here".to_owned()),
            secrets: Err("none here".to_owned()),
            vantage: Err("none here".to_owned()),
            breakers: [("breakers", documents("breakers")), ("chat-breakers", documents("chat-breakers"))].into(),
            notifier: Some(ports.notifier().unwrap()),
            told: documents("health-checker-alerts"),
            principal: ports.principal().unwrap(),
            clock: Arc::clone(&clock),
        };
        let settings = self.variables().iter().filter(|(name, _)| name.starts_with("HEALTH_"));
        let mut vars = Vars::new(settings.map(|(name, value)| (name.clone(), value.clone())));
        let config = Config::read(&mut vars);
        assert!(vars.problems().is_empty(), "{:?}", vars.problems());
        let checker = HealthChecker::new(parts, config).unwrap();
        let request = serde_json::from_value(json!({})).unwrap();
        let budget = Budget::of(Instant::now(), Duration::from_secs(120));
        let reply = self.runtime().block_on(checker.handle(request, &Context::new(Kind::Tick, "test", budget)));
        serde_json::to_value(reply.unwrap_or_else(|error| panic!("{error}: {}", error.log_text()))).unwrap()
    }

    /// The clock of this machine, for what has to be known before it is asked.
    pub(crate) fn now() -> Timestamp {
        SystemClock.now().try_into().unwrap()
    }
}

/// A tick of a process.
pub(crate) fn tick(function: &Function) -> Value {
    function.answer(&json!({ "kind": "tick" }), 60)
}

/// What a reply says of one check.
pub(crate) fn last<'a>(reply: &'a Value, check: &str) -> &'a Value {
    let checks = reply["checks"].as_array().unwrap();
    &checks.iter().find(|one| one["id"] == check).unwrap_or_else(|| panic!("no {check} in {reply}"))["last"]
}
