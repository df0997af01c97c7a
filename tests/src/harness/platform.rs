//! A small OCI with functions: the emulator, the functions' executables as its principals, and a process for each call
//! at a time. What goes between them can be caught on its way, and every process can be killed.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use causeway_oci_emulator::{Emulator, Options, Resource};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::deployed::{Called, Deployed};
use super::emulated::past_the_socket;
use super::{Function, Gate, Spec, programs};

/// Bucket of the functions.
pub const BUCKET: &str = "causeway";
const STATE_BUCKET: &str = "causeway-state";
/// Bucket of the built-in flow's results.
pub const RESULTS_BUCKET: &str = "decisioning-results";

/// The decisioning agents.
pub const AGENTS: [&str; 5] =
    ["discovery-agent", "intelligence-agent", "strategy-agent", "decision-agent", "visualization-agent"];
/// The function that calls them.
pub const FLOW: &str = "decisioning-flow";

/// It ends with this value, processes included.
pub struct Platform {
    /// For what tests do behind the services' backs.
    pub emulator: Emulator,
    /// The way between functions and services.
    pub gate: Arc<Gate>,
    url: String,
    functions: Deployed,
    runtime: Runtime,
    files: TempDir,
}

impl Platform {
    /// One with the decisioning flow, its agents and their buckets. All have these settings besides.
    ///
    /// # Panics
    /// When there is no port, or a program cannot be built.
    #[must_use]
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let functions = Deployed::default();
        let options = Options { invoker: Some(Arc::new(functions.clone())), ..Options::default() };
        let emulator = Emulator::open(options).expect("an emulator");
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let gate = Arc::new(Gate::default());
        let (way, services) = (Arc::clone(&gate), emulator.clone());
        let routes = Router::new().fallback(move |request: axum::extract::Request| {
            let (way, services) = (Arc::clone(&way), services.clone());
            async move { way.handle(&services, request).await }
        });
        runtime.spawn(async move { axum::serve(listener, routes).await });
        let files = tempfile::tempdir().expect("a directory");
        let platform = Self { emulator, gate, url, functions, runtime, files };
        for bucket in [BUCKET, STATE_BUCKET, RESULTS_BUCKET] {
            let details = json!({ "name": bucket, "compartmentId": platform.emulator.default_compartment() });
            platform.admin("POST", "", "application/json", details.to_string().into());
        }
        let specs = AGENTS.iter().chain([&FLOW]).map(|name| ((*name).to_owned(), platform.spec(name, settings)));
        platform.functions.deploy(specs.collect());
        platform
    }

    fn spec(&self, name: &str, settings: &[(&str, &str)]) -> Spec {
        let resource = Resource {
            id: self.emulator.function_ocid(name),
            kind: "fnfunc".to_owned(),
            compartment: self.emulator.default_compartment(),
            lifetime: None,
        };
        let files = self.emulator.mint_principal(&self.files.path().join(name), &resource).expect("a principal");
        self.gate.know(name, std::fs::read_to_string(&files.token).expect("a token"));
        let shared = [
            ("CAUSEWAY_CLOUD", "oci"),
            ("CAUSEWAY_OCI_ENDPOINT", &self.url),
            ("CAUSEWAY_COMPARTMENT", &self.emulator.default_compartment()),
            ("CAUSEWAY_BUCKET", BUCKET),
            ("CAUSEWAY_STATE_BUCKET", STATE_BUCKET),
            ("FN_MEMORY", "512"),
        ];
        let mut spec = Spec::new(&programs::function(name));
        for (variable, value) in files.environment() {
            spec = spec.env(variable, &value);
        }
        shared.iter().chain(settings).fold(spec, |spec, (name, value)| spec.env(name, value))
    }

    /// Puts an object into the functions' bucket.
    pub fn put(&self, object: &str, content: impl Into<Bytes>) {
        self.admin("PUT", &format!("/{BUCKET}/o/{object}"), "text/csv", content.into());
    }

    /// An object of a bucket, if it is there.
    #[must_use]
    pub fn object(&self, bucket: &str, object: &str) -> Option<Bytes> {
        let (status, body) = self.ask("GET", &format!("/{bucket}/o/{object}"), "", Bytes::new());
        (status != 404).then_some(body)
    }

    fn admin(&self, method: &str, path: &str, content_type: &str, body: Bytes) {
        let (status, body) = self.ask(method, path, content_type, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {body:?}");
    }

    /// As an administrator, past the gate.
    fn ask(&self, method: &str, path: &str, content_type: &str, body: Bytes) -> (u16, Bytes) {
        let namespace = self.emulator.namespace_of(self.emulator.tenancy());
        let request = http::Request::builder().method(method).uri(format!("/_causeway/oci/n/{namespace}/b{path}"));
        let request = request.header("content-type", content_type).header("content-length", body.len());
        let request = request.body(Body::from(body)).expect("a request");
        past_the_socket(&self.runtime, &self.emulator, request)
    }

    /// A process of this function, outside the service: the caller is its platform.
    #[must_use]
    pub fn process(&self, name: &str) -> Function {
        self.functions.spec(name).start()
    }

    /// Calls of functions through the service so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Called> {
        self.functions.calls()
    }

    /// Processes of this function that wait for a call.
    #[must_use]
    pub fn idle(&self, name: &str) -> Vec<u32> {
        self.functions.idle(name)
    }

    /// Starts a process of each agent, so that the first call finds one.
    pub fn warm_up(&self) {
        for name in AGENTS {
            self.functions.keep(name, self.process(name));
        }
    }

    /// The next call of this function is sent to its process, and the process does not see it before it goes on.
    pub fn stop_at(&self, name: &str) {
        self.functions.stop_at(name);
    }

    /// The process that has such a call.
    ///
    /// # Panics
    /// When no call comes.
    #[must_use]
    pub fn wait_stopped(&self) -> u32 {
        self.functions.wait_stopped()
    }

    /// The process that is at work for this function.
    ///
    /// # Panics
    /// When there is none for long.
    #[must_use]
    pub fn busy(&self, name: &str) -> u32 {
        self.functions.wait_busy(name)
    }

    /// Waits until no agent is at work.
    ///
    /// # Panics
    /// When one is for long.
    pub fn wait_quiet(&self) {
        self.functions.wait_quiet();
    }
}
