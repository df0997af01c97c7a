//! An OCI with usage, a topic and a bucket, and monitors in it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_adapters::Connected;
use causeway_cloud::Ports;
use causeway_cloud::state::{Clock, Documents};
use causeway_oci_emulator::Options;
use causeway_runtime::{Budget, Context, Handler, Kind, Settings, Vars};
use egress_monitor::{Config, EgressMonitor, Parts};
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::harness::{Emulated, Front, Function, Standing};

use crate::rows::{day_of, later};
use crate::script::Script;

pub(crate) const BUCKET: &str = "egress";
/// Pauses between tries are so many times shorter in monitors of this process.
const HURRY: u32 = 50;

/// It ends with this value.
pub(crate) struct Cloud {
    pub(crate) front: Arc<Front>,
    pub(crate) script: Arc<Script>,
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
        let (front, script) = (Arc::<Front>::default(), Arc::<Script>::default());
        let (way, says) = (Arc::clone(&front), Arc::clone(&script));
        let mut oci = Emulated::start(Options::default(), "egress-monitor", BUCKET, move |services, request| {
            let (way, says) = (Arc::clone(&way), Arc::clone(&says));
            async move {
                match says.take(request).await {
                    Ok(answer) => answer,
                    Err(request) => way.handle(&services, request).await,
                }
            }
        });
        let compartment = oci.emulator.default_compartment();
        oci.set("CAUSEWAY_COMPARTMENT", &compartment);
        oci.set("FN_MEMORY", "256");
        Self { front, script, oci }
    }

    /// A variable of the monitors that come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.oci.set(name, value);
    }

    /// The month begins so many days ago, whatever day it is.
    pub(crate) fn begin_before(&mut self, days: i64) {
        let day = later(day_of(Timestamp::now()), -days).day();
        self.set("EGRESS_MONITOR_INVOICE_START_DAY", &day.to_string());
    }

    pub(crate) fn usage(&self, rows: &[Value]) {
        self.admin("POST", "usage", &json!(rows));
    }

    /// Sets the time of the services, which stands still then. They take nothing that is too old for them.
    pub(crate) fn stand_at(&self, moment: Timestamp) {
        self.emulator.clock().set(moment, true);
    }

    /// What an interface sent in each hour from `first` on.
    pub(crate) fn interface(&self, name: &str, first: Timestamp, bytes: &[f64]) {
        let point = |(hour, bytes): (i32, &f64)| json!({ "timestamp": first + jiff::SignedDuration::from_hours(hour.into()), "value": bytes });
        let metric = json!({
            "namespace": "oci_vcn", "name": "VnicToNetworkBytes",
            "compartmentId": self.emulator.default_compartment(), "dimensions": { "resourceId": name },
            "datapoints": (0..).zip(bytes).map(point).collect::<Vec<_>>(),
        });
        let answer = self.admin("POST", "metrics", &json!({ "metricData": [metric] }));
        assert_eq!(answer["failedMetricsCount"], 0, "{}", answer["failedMetrics"][0]["message"]);
    }

    /// A run of a monitor of this process at a moment, which is the services' as well.
    pub(crate) fn run_at(&self, moment: &str) -> Value {
        self.run_by(moment.parse().unwrap(), &json!({}))
    }

    pub(crate) fn run_by(&self, moment: Timestamp, request: &Value) -> Value {
        self.stand_at(moment);
        self.run_apart(moment, request)
    }

    /// A run at a moment that the services do not share.
    pub(crate) fn run_apart(&self, moment: Timestamp, request: &Value) -> Value {
        let monitor = self.monitor(moment);
        let request = serde_json::from_value(request.clone()).unwrap();
        let budget = Budget::of(Instant::now(), Duration::from_secs(120));
        let reply = self.runtime().block_on(monitor.handle(request, &Context::new(Kind::Tick, "test", budget)));
        let reply = reply.unwrap_or_else(|error| panic!("{error}: {}", error.log_text()));
        serde_json::to_value(&reply).unwrap()
    }

    fn monitor(&self, moment: Timestamp) -> EgressMonitor {
        let clock: Arc<dyn Clock> = Arc::new(Standing { at: moment, by: HURRY });
        let (effects, network) = self.effects(HURRY);
        let ports = Connected::new(effects, network).unwrap();
        let objects = ports.objects().unwrap();
        let documents =
            |name: &str| Documents::new(Arc::clone(&objects), format!("causeway-state/{name}"), Arc::clone(&clock));
        let parts = Parts {
            usage: Ok(ports.usage().unwrap()),
            beside: Err("there is none here".to_owned()),
            metrics: Ok(ports.metrics().unwrap()),
            documents: documents("egress-monitor"),
            objects: Arc::clone(&objects),
            notifier: Some(ports.notifier().unwrap()),
            told: documents("egress-monitor-alerts"),
            principal: ports.principal().unwrap(),
            clock: Arc::clone(&clock),
            random: fastrand::f64,
        };
        let settings = self.variables().iter().filter(|(name, _)| name.starts_with("EGRESS_"));
        let mut vars = Vars::new(settings.map(|(name, value)| (name.clone(), value.clone())));
        let config = Config::read(&mut vars);
        assert!(vars.problems().is_empty(), "{:?}", vars.problems());
        EgressMonitor::new(parts, config)
    }
}

/// A tick over the socket, that has so many seconds; the reply, which must be 200.
pub(crate) fn tick(function: &Function, seconds: u32) -> Value {
    function.answer(&json!({ "kind": "tick" }), seconds)
}

/// Codes of reasons.
pub(crate) fn codes(report: &Value) -> Vec<&str> {
    report["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

/// Numbers that are not known are `null`, and somebody says why.
pub(crate) fn claims_nothing(report: &Value) {
    for member in ["used_gb", "percent", "cost", "billed", "billed_amount", "nowcast", "forecast", "eta_100"] {
        assert_eq!(report[member], Value::Null, "{member} of {report}");
    }
    assert_eq!((&report["status"], &report["confidence"]), (&json!("error"), &json!("none")));
    assert_eq!((&report["contributors"], &report["scopes"]), (&Value::Null, &json!([])));
    assert!(!codes(report).is_empty());
    // What stands beside another report has no such member.
    assert_ne!(report["partial"], false, "{report}");
}
