//! An OCI with a bucket, a topic and a model whose answers are written down; processes of the vision tool in it.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request as HttpRequest;
use causeway_oci_emulator::{Emulator, Options, Resource};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::harness::{Function, Request, Spec, programs};
use tokio::runtime::Runtime;

pub(crate) const BUCKET: &str = "photos";
pub(crate) const COFFEE: &[u8] = include_bytes!("../../shared/local-cloud/data/pictures/coffee.jpg");
pub(crate) const ASTRONAUT: &[u8] = include_bytes!("../../shared/local-cloud/data/pictures/astronaut.jpg");
const MODEL: &str = "meta.llama-3.2-90b-vision-instruct";
/// Bound on waiting for what has to come; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// Questions on their way to the model.
#[derive(Default)]
struct Asked {
    total: usize,
    under_way: usize,
    most: usize,
}

/// The model's door: questions are counted, and answered after a while.
#[derive(Default)]
pub(crate) struct Door {
    asked: Mutex<Asked>,
    changed: Condvar,
    delay: Mutex<Duration>,
    /// No question is answered before so many have been under way together.
    together: AtomicUsize,
}

impl Door {
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wait_for(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    pub(crate) fn wait_for_company(&self, number: usize) {
        self.together.store(number, Ordering::SeqCst);
    }

    /// Questions so far.
    pub(crate) fn total(&self) -> usize {
        self.lock().total
    }

    /// The most that were under way together.
    pub(crate) fn most(&self) -> usize {
        self.lock().most
    }

    /// Waits until somebody has asked.
    pub(crate) fn wait_asked(&self) {
        let limit = Instant::now() + PATIENCE;
        let mut asked = self.lock();
        while asked.total == 0 {
            let left = limit.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nobody asks");
            asked = self.changed.wait_timeout(asked, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    async fn pass(&self, emulator: &Emulator, request: HttpRequest) -> axum::response::Response {
        if !request.uri().path().ends_with("/actions/chat") {
            return emulator.handle(request).await;
        }
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        {
            let mut asked = self.lock();
            (asked.total, asked.under_way) = (asked.total + 1, asked.under_way + 1);
            asked.most = asked.most.max(asked.under_way);
        }
        self.changed.notify_all();
        let (delay, limit) = (*self.delay.lock().unwrap(), Instant::now() + PATIENCE);
        while self.most() < self.together.load(Ordering::SeqCst) && Instant::now() < limit {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(delay).await;
        let answer = emulator.handle(HttpRequest::from_parts(parts, body.into())).await;
        self.lock().under_way -= 1;
        answer
    }
}

/// It ends with this value.
pub(crate) struct Cloud {
    pub(crate) door: Arc<Door>,
    emulator: Emulator,
    runtime: Runtime,
    variables: BTreeMap<String, String>,
    scripts: AtomicUsize,
    _files: TempDir,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        // Building takes longer than any wait below has patience.
        let _ = programs::function("vision");
        let emulator = Emulator::open(Options::default()).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let door = Arc::<Door>::default();
        let (way, services) = (Arc::clone(&door), emulator.clone());
        let routes = Router::new().fallback(move |request: HttpRequest| {
            let (way, services) = (Arc::clone(&way), services.clone());
            async move { way.pass(&services, request).await }
        });
        runtime.spawn(async move { axum::serve(listener, routes).await });
        let files = tempfile::tempdir().unwrap();
        let variables = variables(&emulator, &files, &url);
        let mut cloud = Self { door, emulator, runtime, variables, scripts: AtomicUsize::new(0), _files: files };
        let compartment = cloud.emulator.default_compartment();
        let bucket = json!({ "name": BUCKET, "compartmentId": compartment });
        cloud.admin("POST", &format!("oci/n/{}/b", cloud.namespace()), "application/json", bucket.to_string().into());
        let topic = json!({ "name": "alerts", "compartmentId": compartment }).to_string();
        let topic = cloud.admin("POST", "oci/20181201/topics", "application/json", topic.into());
        cloud.set("CAUSEWAY_TOPIC", topic["topicId"].as_str().unwrap());
        cloud.model_says(&[answer("none")]);
        cloud
    }

    fn namespace(&self) -> String {
        self.emulator.namespace_of(self.emulator.tenancy())
    }

    /// A variable of the processes that come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// What the model says from now on, the last of it for ever.
    pub(crate) fn model_says(&self, answers: &[Value]) {
        self.model_replies(&answers.iter().map(|answer| json!({ "json": answer })).collect::<Vec<_>>());
    }

    /// The same in the words of the emulator: a text or a refusal, too.
    pub(crate) fn model_replies(&self, replies: &[Value]) {
        // The lowest number answers.
        let order = -i64::try_from(self.scripts.fetch_add(1, Ordering::SeqCst)).unwrap() - 1;
        let script = json!([{ "replies": replies, "order": order }]);
        self.admin("POST", "chat", "application/json", script.to_string().into());
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.admin("PUT", &self.route(name), "image/jpeg", bytes.to_vec());
    }

    /// An object's JSON; `None` when it is not there.
    pub(crate) fn stored(&self, name: &str) -> Option<Value> {
        let (status, body) = self.ask("GET", &self.route(name), "", Vec::new());
        (status == 200).then(|| serde_json::from_slice(&body).unwrap())
    }

    pub(crate) fn is_there(&self, name: &str) -> bool {
        self.ask("GET", &self.route(name), "", Vec::new()).0 == 200
    }

    /// Messages of the topic.
    pub(crate) fn messages(&self) -> usize {
        let route = format!("topics/{}/messages", self.variables["CAUSEWAY_TOPIC"]);
        self.admin("GET", &route, "", Vec::new()).as_array().map_or(0, Vec::len)
    }

    fn route(&self, name: &str) -> String {
        format!("oci/n/{}/b/{BUCKET}/o/{}", self.namespace(), name.replace('/', "%2F"))
    }

    fn admin(&self, method: &str, route: &str, content_type: &str, body: Vec<u8>) -> Value {
        let (status, body) = self.ask(method, route, content_type, body);
        assert!((200..300).contains(&status), "{method} {route}: {status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    fn ask(&self, method: &str, route: &str, content_type: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
        let request = http::Request::builder().method(method).uri(format!("/_causeway/{route}"));
        let request = request.header("content-type", content_type).header("content-length", body.len());
        let request = request.body(Body::from(body)).unwrap();
        self.runtime.block_on(async {
            let response = self.emulator.handle(request).await;
            let status = response.status().as_u16();
            (status, axum::body::to_bytes(response.into_body(), 1 << 30).await.unwrap().to_vec())
        })
    }

    /// A process behind its socket.
    pub(crate) fn vision(&self) -> Function {
        let spec = Spec::new(&programs::function("vision"));
        self.variables.iter().fold(spec, |spec, (name, value)| spec.env(name, value)).start()
    }

    /// The program on the command line.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs::function("vision").path);
        command.args(arguments).env_clear().envs(&self.variables).env("PATH", "/usr/bin:/bin");
        command
    }
}

fn variables(emulator: &Emulator, files: &TempDir, url: &str) -> BTreeMap<String, String> {
    let resource = Resource {
        id: "ocid1.fnfunc.oc1.iad.vision".to_owned(),
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
        ("CAUSEWAY_CHAT_MODEL", MODEL.to_owned()),
        ("FN_MEMORY", "512".to_owned()),
    ];
    principal.environment().into_iter().chain(own).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A call over the socket; the reply, which must be 200.
pub(crate) fn call(function: &Function, request: &Value) -> Value {
    let mut connection = function.connect();
    connection.set_patience(Duration::from_secs(300));
    let request = Request::call(request.to_string()).header("Content-Type", "application/json").deadline_in(300);
    let reply = connection.call(&request);
    assert_eq!(reply.status, 200, "{}: {}", reply.text(), function.stderr());
    reply.json()
}

/// The most memory that a process has had, in MB (proc(5)).
pub(crate) fn peak_mb(function: &Function) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", function.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
}

/// What a model says of a parcel whose leak is of this severity.
pub(crate) fn answer(severity: &str) -> Value {
    let place = json!({ "cell": "center", "box": [200, 200, 800, 800] });
    let finding = |severity: &str| {
        let is_there = severity != "none";
        json!({
            "evidence_visible": true, "present": if is_there { "yes" } else { "no" }, "severity": severity,
            "item": "item1", "where": place, "evidence": if is_there { "a dark wet patch" } else { "" },
        })
    };
    let score = if severity == "severe" { 0.95 } else { 0.05 };
    json!({
        "scene": {
            "sceneType": "delivery", "packageVisible": "yes", "packageDescription": "a brown box",
            "location": { "type": "doorstep", "description": "on a mat" },
            "environment": { "weather": "clear", "timeOfDay": "afternoon", "conditions": "bright" },
            "safetyAssessment": { "protected": "yes", "visible": "no", "secure": "yes", "notes": "" },
            "overallDescription": "A brown box on a doorstep.",
        },
        "items": [{ "id": "item1", "kind": "box", "description": "a brown box", "where": place }],
        "damage": {
            "packageVisible": "yes",
            "overall": { "severity": severity, "score": score, "rationale": "what can be seen" },
            "indicators": {
                "boxDeformation": finding("none"), "cornerDamage": finding("none"),
                "leakage": finding(severity), "packagingIntegrity": finding("none"),
            },
            "uncertainties": "", "stated_confidence": 0.9,
        },
    })
}
