//! An OCI with usage, a topic and a bucket, and monitors in it.

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Body;
use causeway_adapters::Connected;
use causeway_cloud::Ports;
use causeway_cloud::state::{Clock, Documents};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{HttpClient, SystemFiles, SystemRandom};
use causeway_oci_emulator::{Emulator, Options, Resource};
use causeway_runtime::{Budget, Context, Handler, Kind, Settings, Vars};
use egress_monitor::{Config, EgressMonitor, Parts};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::harness::{Function, Hurried, Request, Spec, programs};
use tokio::runtime::Runtime;

use crate::front::Front;
use crate::rows::{day_of, later};
use crate::script::Script;

pub(crate) const BUCKET: &str = "egress";
/// Pauses between tries are so many times shorter in monitors of this process.
const HURRY: u32 = 50;

/// It ends with this value.
pub(crate) struct Cloud {
    pub(crate) emulator: Emulator,
    pub(crate) front: Arc<Front>,
    pub(crate) script: Arc<Script>,
    runtime: Runtime,
    variables: HashMap<String, String>,
    files: TempDir,
}

/// The time of a monitor of this process.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst).try_into().unwrap())
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time / HURRY).boxed()
    }
}

impl Cloud {
    pub(crate) fn start() -> Self {
        let emulator = Emulator::open(Options::default()).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (front, script) = (Arc::<Front>::default(), Arc::<Script>::default());
        let (way, says, services) = (Arc::clone(&front), Arc::clone(&script), emulator.clone());
        let routes = Router::new().fallback(move |request: axum::extract::Request| {
            let (way, says, services) = (Arc::clone(&way), Arc::clone(&says), services.clone());
            async move {
                match says.take(request).await {
                    Ok(answer) => answer,
                    Err(request) => way.handle(&services, request).await,
                }
            }
        });
        runtime.spawn(async move { axum::serve(listener, routes).await });
        let files = tempfile::tempdir().unwrap();
        let variables = variables(&emulator, &files, &url);
        let mut cloud = Self { emulator, front, script, runtime, variables, files };
        let compartment = cloud.emulator.default_compartment();
        let bucket = json!({ "name": BUCKET, "compartmentId": compartment });
        cloud.admin("POST", &format!("oci/n/{}/b", cloud.namespace()), &bucket);
        let topic = json!({ "name": "alerts", "compartmentId": compartment });
        let topic = cloud.admin("POST", "oci/20181201/topics", &topic);
        cloud.set("CAUSEWAY_TOPIC", topic["topicId"].as_str().unwrap());
        cloud
    }

    fn namespace(&self) -> String {
        self.emulator.namespace_of(self.emulator.tenancy())
    }

    /// A variable of the monitors that come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn files(&self) -> &std::path::Path {
        self.files.path()
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
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

    /// Messages of the topic.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let route = format!("topics/{}/messages", self.variables["CAUSEWAY_TOPIC"]);
        self.admin("GET", &route, &Value::Null).as_array().cloned().unwrap_or_default()
    }

    /// Names of objects below a prefix.
    pub(crate) fn objects(&self, prefix: &str) -> Vec<String> {
        let route = format!("oci/n/{}/b/{BUCKET}/o?prefix={prefix}&limit=1000", self.namespace());
        let listed = self.admin("GET", &route, &Value::Null);
        let names = listed["objects"].as_array().unwrap().iter();
        names.map(|object| object["name"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn object(&self, name: &str) -> String {
        let route = format!("oci/n/{}/b/{BUCKET}/o/{}", self.namespace(), name.replace('/', "%2F"));
        let (status, text) = self.ask("GET", &route, String::new());
        assert_eq!(status, 200, "{name}: {text}");
        text
    }

    /// An admin route; its answer, which must be a success.
    pub(crate) fn admin(&self, method: &str, route: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, text) = self.ask(method, route, body);
        assert!((200..300).contains(&status), "{method} {route}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn ask(&self, method: &str, route: &str, body: String) -> (u16, String) {
        let request = http::Request::builder().method(method).uri(format!("/_causeway/{route}"));
        let request = request.header("content-type", "application/json").header("content-length", body.len());
        let request = request.body(Body::from(body)).unwrap();
        self.runtime.block_on(async {
            let response = self.emulator.handle(request).await;
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(response.into_body(), 1 << 30).await.unwrap();
            (status, String::from_utf8_lossy(&body).into_owned())
        })
    }

    /// A process behind its socket.
    pub(crate) fn process(&self) -> Function {
        let spec = Spec::new(&programs::function("egress-monitor"));
        self.variables.iter().fold(spec, |spec, (name, value)| spec.env(name, value)).start()
    }

    /// The program on the command line, or behind another platform.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs::function("egress-monitor").path);
        command.args(arguments).env_clear().envs(&self.variables);
        command
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
        let reply = self.runtime.block_on(monitor.handle(request, &Context::new(Kind::Tick, "test", budget)));
        let reply = reply.unwrap_or_else(|error| panic!("{error}: {}", error.log_text()));
        serde_json::to_value(&reply).unwrap()
    }

    fn monitor(&self, moment: Timestamp) -> EgressMonitor {
        let clock = Arc::new(Hands(AtomicI64::new(moment.as_millisecond())));
        let network = HttpClient::new(&self.variables, &SystemFiles).unwrap();
        let effects = Effects {
            environment: Arc::new(self.variables.clone()),
            files: Arc::new(SystemFiles),
            http: Arc::new(network.clone()),
            clock: Arc::new(Hurried { by: HURRY }),
            random: Arc::new(SystemRandom),
        };
        let ports = Connected::new(effects, network).unwrap();
        let objects = ports.objects().unwrap();
        let documents = |name: &str| {
            Documents::new(Arc::clone(&objects), format!("causeway-state/{name}"), Arc::clone(&clock) as Arc<dyn Clock>)
        };
        let parts = Parts {
            usage: Ok(ports.usage().unwrap()),
            beside: Err("there is none here".to_owned()),
            metrics: Ok(ports.metrics().unwrap()),
            documents: documents("egress-monitor"),
            objects: Arc::clone(&objects),
            notifier: Some(ports.notifier().unwrap()),
            told: documents("egress-monitor-alerts"),
            principal: ports.principal().unwrap(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: fastrand::f64,
        };
        let settings = self.variables.iter().filter(|(name, _)| name.starts_with("EGRESS_"));
        let mut vars = Vars::new(settings.map(|(name, value)| (name.clone(), value.clone())));
        let config = Config::read(&mut vars);
        assert!(vars.problems().is_empty(), "{:?}", vars.problems());
        EgressMonitor::new(parts, config)
    }
}

fn variables(emulator: &Emulator, files: &TempDir, url: &str) -> HashMap<String, String> {
    let resource = Resource {
        id: "ocid1.fnfunc.oc1.iad.egress".to_owned(),
        kind: "fnfunc".to_owned(),
        compartment: emulator.default_compartment(),
        lifetime: None,
    };
    let principal = emulator.mint_principal(files.path(), &resource).unwrap();
    let own = [
        ("CAUSEWAY_CLOUD", "oci".to_owned()),
        ("CAUSEWAY_OCI_ENDPOINT", url.to_owned()),
        ("CAUSEWAY_COMPARTMENT", emulator.default_compartment()),
        ("CAUSEWAY_BUCKET", BUCKET.to_owned()),
        ("FN_MEMORY", "256".to_owned()),
    ];
    principal.environment().into_iter().chain(own).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A tick over the socket, that has so many seconds; the reply, which must be 200.
pub(crate) fn tick(function: &Function, seconds: i64) -> Value {
    let mut connection = function.connect();
    connection.set_patience(Duration::from_secs(u64::try_from(seconds).unwrap() + 60));
    let request = Request::call("{\"kind\":\"tick\"}").header("Content-Type", "application/json");
    let reply = connection.call(&request.deadline_in(seconds));
    assert_eq!(reply.status, 200, "{}: {}", reply.text(), function.stderr());
    reply.json()
}

/// Keys of alerts with what became of them.
pub(crate) fn published(reply: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = reply["published"].as_array().into_iter().flatten();
    all.map(|one| (text(&one["key"]), text(&one["outcome"]))).collect()
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
    assert_eq!((&report["contributors"], &report["scopes"]), (&json!([]), &json!([])));
    assert!(!codes(report).is_empty());
}
