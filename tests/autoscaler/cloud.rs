//! An OCI with machines and their measurements, and autoscalers in it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use causeway_oci_emulator::{Emulator, Options, Resource};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tests::harness::{Function, Request, Spec, programs};
use tokio::runtime::Runtime;

use crate::front::Front;

pub(crate) const BUCKET: &str = "autoscaler";
const SHAPE: &str = "VM.Standard.E5.Flex";
/// Machines whose points go in one seed.
const BATCH: usize = 40;
const HISTORY_MINUTES: i64 = 180;

/// It ends with this value.
pub(crate) struct Cloud {
    pub(crate) emulator: Emulator,
    pub(crate) front: Arc<Front>,
    runtime: Runtime,
    variables: HashMap<String, String>,
    domain: String,
    _files: TempDir,
}

/// A machine that is to be there.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
    pub(crate) tags: BTreeMap<String, String>,
    /// Members of its record beside the usual ones.
    pub(crate) more: Map<String, Value>,
}

impl Machine {
    /// One of 16 OCPUs with this load for three hours.
    pub(crate) fn new(number: usize, cpu: f64) -> Self {
        Self {
            id: format!("ocid1.instance.oc1.iad.m{number:04}"),
            cpu,
            memory: 50.0,
            tags: BTreeMap::new(),
            more: Map::new(),
        }
    }
}

impl Cloud {
    /// One where sizes change without a restart.
    pub(crate) fn start() -> Self {
        Self::with(Options { resize_without_reboot: true, step_ms: 1, ..Options::default() })
    }

    pub(crate) fn with(options: Options) -> Self {
        // Building takes longer than any wait below has patience.
        let _ = programs::function("flex-autoscaler");
        let emulator = Emulator::open(options).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let front = Arc::<Front>::default();
        let (way, services) = (Arc::clone(&front), emulator.clone());
        let routes = Router::new().fallback(move |request: axum::extract::Request| {
            let (way, services) = (Arc::clone(&way), services.clone());
            async move { way.handle(&services, request).await }
        });
        runtime.spawn(async move { axum::serve(listener, routes).await });
        let files = tempfile::tempdir().unwrap();
        let variables = variables(&emulator, &files, &url);
        let mut cloud = Self { emulator, front, runtime, variables, domain: String::new(), _files: files };
        cloud.prepare();
        cloud
    }

    fn prepare(&mut self) {
        let compartment = self.emulator.default_compartment();
        self.admin(
            "POST",
            &format!("oci/n/{}/b", self.namespace()),
            &json!({ "name": BUCKET, "compartmentId": compartment }),
        );
        let topic =
            self.admin("POST", "oci/20181201/topics", &json!({ "name": "alerts", "compartmentId": compartment }));
        self.set("CAUSEWAY_TOPIC", topic["topicId"].as_str().unwrap());
        let domains =
            self.admin("GET", &format!("oci/20160918/availabilityDomains?compartmentId={compartment}"), &Value::Null);
        self.domain = domains[0]["name"].as_str().unwrap().to_owned();
        let cores = json!({
            "service": "compute", "name": "standard-e5-core-count", "scopeType": "AD",
            "availabilityDomain": self.domain, "value": 1_000_000,
        });
        self.admin("POST", "limits", &cores);
    }

    fn namespace(&self) -> String {
        self.emulator.namespace_of(self.emulator.tenancy())
    }

    /// A variable of the autoscalers that come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Takes a variable back.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// The variables of an autoscaler.
    pub(crate) fn variables(&self) -> &HashMap<String, String> {
        &self.variables
    }

    /// Machines, with what was measured of them in the last three hours.
    pub(crate) fn add(&self, machines: &[Machine]) {
        self.create(machines);
        self.measure(machines, HISTORY_MINUTES);
    }

    /// Machines of which nothing was measured.
    pub(crate) fn create(&self, machines: &[Machine]) {
        for machine in machines {
            let mut body = json!({
                "id": machine.id, "displayName": machine.id, "shape": SHAPE, "availabilityDomain": self.domain,
                "shapeConfig": { "ocpus": 16, "memoryInGBs": 256 }, "freeformTags": machine.tags,
            });
            body.as_object_mut().unwrap().extend(machine.more.clone());
            self.admin("POST", "compute/instances", &body);
        }
    }

    /// Gives a machine another size, as somebody at a console does.
    pub(crate) fn edit(&self, machine: &Machine, ocpus: u32) {
        let size = json!({ "shapeConfig": { "ocpus": ocpus, "memoryInGBs": ocpus * 16 } });
        self.admin("PUT", &format!("oci/20160918/instances/{}", machine.id), &size);
        let limit = Instant::now() + Duration::from_secs(60);
        while (self.ocpus(machine) - f64::from(ocpus)).abs() > 0.1 {
            assert!(Instant::now() < limit, "{} has not changed", machine.id);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Points of the last minutes.
    pub(crate) fn measure(&self, machines: &[Machine], minutes: i64) {
        let now = self.emulator.clock().now();
        let moments: Vec<Timestamp> =
            (0..minutes).map(|minute| now - SignedDuration::from_mins(minutes - minute)).collect();
        for batch in machines.chunks(BATCH) {
            let metrics: Vec<Value> = batch
                .iter()
                .flat_map(|machine| {
                    [("CpuUtilization", machine.cpu), ("MemoryUtilization", machine.memory)]
                        .map(|(name, value)| self.metric(machine, name, value, &moments))
                })
                .collect();
            let answer = self.admin("POST", "metrics", &json!({ "metricData": metrics }));
            assert_eq!(answer["failedMetricsCount"], 0, "{answer}");
        }
    }

    fn metric(&self, machine: &Machine, name: &str, value: f64, moments: &[Timestamp]) -> Value {
        let points: Vec<Value> = moments.iter().map(|at| json!({ "timestamp": at, "value": value })).collect();
        json!({
            "namespace": "oci_computeagent", "compartmentId": self.emulator.default_compartment(), "name": name,
            "dimensions": { "resourceId": machine.id, "availabilityDomain": self.domain, "shape": SHAPE },
            "datapoints": points,
        })
    }

    /// How often the size of a machine was changed: its accepted updates.
    pub(crate) fn changes(&self, machine: &Machine) -> usize {
        let compartment = self.emulator.default_compartment();
        let route =
            format!("oci/20160918/workRequests?compartmentId={compartment}&resourceId={}&limit=1000", machine.id);
        let works = self.admin("GET", &route, &Value::Null);
        works.as_array().unwrap().iter().filter(|work| work["operationType"] == "UpdateInstance").count()
    }

    /// OCPUs of a machine.
    pub(crate) fn ocpus(&self, machine: &Machine) -> f64 {
        let shown = self.admin("GET", &format!("oci/20160918/instances/{}", machine.id), &Value::Null);
        shown["shapeConfig"]["ocpus"].as_f64().unwrap()
    }

    /// Messages of the topic.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let messages =
            self.admin("GET", &format!("topics/{}/messages", self.variables["CAUSEWAY_TOPIC"]), &Value::Null);
        messages.as_array().cloned().unwrap_or_default()
    }

    /// Names of objects below a prefix.
    pub(crate) fn objects(&self, prefix: &str) -> Vec<String> {
        let route = format!("oci/n/{}/b/{BUCKET}/o?prefix={prefix}&limit=1000", self.namespace());
        let listed = self.admin("GET", &route, &Value::Null);
        let names = listed["objects"].as_array().unwrap().iter();
        names.map(|object| object["name"].as_str().unwrap().to_owned()).collect()
    }

    /// An object's text.
    pub(crate) fn object(&self, name: &str) -> String {
        let (status, text) = self.ask("GET", &self.object_route(name), String::new());
        assert_eq!(status, 200, "{name}: {text}");
        text
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        let (status, answer) = self.ask("PUT", &self.object_route(name), text.to_owned());
        assert_eq!(status, 200, "{name}: {answer}");
    }

    pub(crate) fn delete(&self, name: &str) {
        let (status, answer) = self.ask("DELETE", &self.object_route(name), String::new());
        assert!((200..300).contains(&status), "{name}: {answer}");
    }

    fn object_route(&self, name: &str) -> String {
        format!("oci/n/{}/b/{BUCKET}/o/{name}", self.namespace())
    }

    /// Makes the lease run out at once, as 330 s would.
    pub(crate) fn expire_lease(&self) {
        let name = "causeway-state/flex-autoscaler/lease.json";
        let mut lease: Value = serde_json::from_str(&self.object(name)).unwrap();
        lease["value"]["expires_unix_ms"] = json!(0);
        self.put(name, &lease.to_string());
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

    /// A process of the autoscaler.
    pub(crate) fn autoscaler(&self) -> Autoscaler {
        let spec = Spec::new(&programs::function("flex-autoscaler"));
        let spec = self.variables.iter().fold(spec, |spec, (name, value)| spec.env(name, value));
        Autoscaler { function: spec.start() }
    }
}

fn variables(emulator: &Emulator, files: &TempDir, url: &str) -> HashMap<String, String> {
    let resource = Resource {
        id: "ocid1.fnfunc.oc1.iad.autoscaler".to_owned(),
        kind: "fnfunc".to_owned(),
        compartment: emulator.default_compartment(),
        lifetime: None,
    };
    let principal = emulator.mint_principal(files.path(), &resource).unwrap();
    let own = [
        ("CAUSEWAY_CLOUD", "oci".to_owned()),
        ("CAUSEWAY_OCI_ENDPOINT", url.to_owned()),
        ("CAUSEWAY_BUCKET", BUCKET.to_owned()),
        ("FLEX_AUTOSCALER_MODE", "enforce".to_owned()),
        // Intentions are sent again at once and not after a tick.
        ("FLEX_AUTOSCALER_POLICY", "{\"in_flight\":{\"resend_after_minutes\":0}}".to_owned()),
        ("FN_MEMORY", "256".to_owned()),
    ];
    let all = principal.environment().into_iter().chain(own);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A process.
pub(crate) struct Autoscaler {
    pub(crate) function: Function,
}

/// A reply and how long it took.
pub(crate) struct Ticked {
    pub(crate) reply: Value,
    pub(crate) took: Duration,
}

impl Autoscaler {
    pub(crate) fn tick(&self) -> Ticked {
        self.call(&json!({ "kind": "tick" }))
    }

    pub(crate) fn call(&self, request: &Value) -> Ticked {
        let mut connection = self.function.connect();
        connection.set_patience(Duration::from_secs(300));
        let request = Request::call(request.to_string()).header("Content-Type", "application/json").deadline_in(300);
        let start = Instant::now();
        let reply = connection.call(&request);
        let took = start.elapsed();
        assert_eq!(reply.status, 200, "{}: {}", reply.text(), self.function.stderr());
        Ticked { reply: reply.json(), took }
    }

    /// The most memory that the process has had, in MB (proc(5)).
    pub(crate) fn peak_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.function.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
        line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
    }
}

impl Ticked {
    /// How many machines got a decision.
    pub(crate) fn count(&self, decision: &str) -> u64 {
        self.reply["counts"][decision].as_u64().unwrap_or(0)
    }

    /// Ids of machines that the tick did not get to.
    pub(crate) fn deferred(&self) -> Vec<String> {
        self.reply["deferred"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// Ids of machines whose change was accepted.
    pub(crate) fn accepted(&self) -> Vec<String> {
        let resizes = self.reply["resizes"].as_array().unwrap().iter();
        let accepted = resizes.filter(|resize| resize["answer"] == "accepted");
        accepted.map(|resize| resize["id"].as_str().unwrap().to_owned()).collect()
    }
}
