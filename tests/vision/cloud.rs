//! An OCI with a bucket, a topic and a model whose answers are written down; processes of the vision tool in it.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::Request as HttpRequest;
use causeway_oci_emulator::{Emulator, Options};
use serde_json::{Value, json};
use tests::harness::{Emulated, Function, ModelServer, Says, programs};

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
    oci: Emulated,
    scripts: AtomicUsize,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        // Building takes longer than any wait below has patience.
        let _ = programs::function("vision");
        let door = Arc::<Door>::default();
        let way = Arc::clone(&door);
        let mut oci = Emulated::start(Options::default(), "vision", BUCKET, move |services, request| {
            let way = Arc::clone(&way);
            async move { way.pass(&services, request).await }
        });
        let compartment = oci.emulator.default_compartment();
        oci.set("CAUSEWAY_COMPARTMENT", &compartment);
        oci.set("CAUSEWAY_CHAT_MODEL", MODEL);
        oci.set("FN_MEMORY", "512");
        let cloud = Self { door, oci, scripts: AtomicUsize::new(0) };
        cloud.model_says(&[answer("none")]);
        cloud
    }

    /// A variable of the processes that come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.oci.set(name, value);
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
        self.oci.admin("POST", "chat", &script);
    }

    /// A model of its own behind OpenAI's route, which processes that come ask.
    pub(crate) fn model_server(&mut self, says: Says) -> ModelServer {
        let server = self.oci.runtime().block_on(ModelServer::start(says));
        self.oci.set("CAUSEWAY_CHAT_MODEL", &format!("openai:m@{}", server.url));
        server
    }

    /// A model of its own behind the route of Generative AI.
    pub(crate) fn generative_ai(&mut self, says: Says) -> ModelServer {
        let server = self.oci.runtime().block_on(ModelServer::start(says));
        self.oci.set("CAUSEWAY_OCI_ENDPOINT_GENERATIVE_AI", &server.url);
        server
    }

    /// What Monitoring has.
    pub(crate) fn metrics(&self, query: &Value) -> Value {
        let compartment = self.oci.emulator.default_compartment();
        let route = format!("oci/20180401/metrics/actions/summarizeMetricsData?compartmentId={compartment}");
        self.oci.admin("POST", &route, query)
    }

    /// From now on the emulator answers so.
    pub(crate) fn fault(&self, rule: &Value) {
        self.oci.admin("POST", "faults", rule);
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.oci.put(name, "image/jpeg", bytes.to_vec());
    }

    /// An object's JSON; `None` when it is not there.
    pub(crate) fn stored(&self, name: &str) -> Option<Value> {
        self.oci.find(name).map(|content| serde_json::from_slice(&content).unwrap())
    }

    pub(crate) fn is_there(&self, name: &str) -> bool {
        self.oci.find(name).is_some()
    }

    /// Messages of the topic.
    pub(crate) fn messages(&self) -> usize {
        self.oci.messages().len()
    }

    /// A process behind its socket.
    pub(crate) fn vision(&self) -> Function {
        self.oci.process()
    }

    /// The program on the command line.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.oci.command(arguments);
        command.env("PATH", "/usr/bin:/bin");
        command
    }
}

/// A call over the socket; the reply, which must be 200.
pub(crate) fn call(function: &Function, request: &Value) -> Value {
    function.answer(request, 300)
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
