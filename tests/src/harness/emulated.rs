//! One function in an OCI of its own: the emulator behind a socket, a bucket, a topic, and what its administrator asks.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::HttpClient;
use causeway_oci_emulator::{Emulator, Options, Resource};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::oci_client::effects;
use super::{Function, Hurried, Spec, programs};

/// It ends with this value.
pub struct Emulated {
    /// For what tests do behind the services' backs.
    pub emulator: Emulator,
    function: &'static str,
    bucket: &'static str,
    topic: String,
    runtime: Runtime,
    variables: HashMap<String, String>,
    files: TempDir,
}

impl Emulated {
    /// One with an empty bucket and a topic. Every request over the socket goes by `way`, which hands it on to the
    /// emulator, or does not.
    ///
    /// # Panics
    /// When the options cannot be used, or there is no port.
    pub fn start<Way, Answer>(options: Options, function: &'static str, bucket: &'static str, way: Way) -> Self
    where
        Way: Fn(Emulator, axum::extract::Request) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Response<Body>> + Send,
    {
        let emulator = Emulator::open(options).expect("an emulator");
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let services = emulator.clone();
        let routes = Router::new().fallback(move |request| way(services.clone(), request));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        let files = tempfile::tempdir().expect("a directory");
        let variables = variables(&emulator, function, &files, &url);
        let mut cloud = Self { emulator, function, bucket, topic: String::new(), runtime, variables, files };
        cloud.prepare();
        cloud
    }

    fn prepare(&mut self) {
        let compartment = self.emulator.default_compartment();
        self.add_bucket(self.bucket);
        let alerts = json!({ "name": "alerts", "compartmentId": compartment });
        let topic = self.admin("POST", "oci/20181201/topics", &alerts);
        topic["topicId"].as_str().expect("a topic").clone_into(&mut self.topic);
        let (topic, bucket) = (self.topic.clone(), self.bucket);
        self.set("CAUSEWAY_TOPIC", &topic);
        self.set("CAUSEWAY_BUCKET", bucket);
    }

    /// Makes a bucket beside that of the function.
    pub fn add_bucket(&self, name: &str) {
        let bucket = json!({ "name": name, "compartmentId": self.emulator.default_compartment() });
        self.admin("POST", &format!("oci/n/{}/b", self.namespace()), &bucket);
    }

    /// A variable of the processes that come.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Takes a variable back.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// The variables of a process.
    #[must_use]
    pub fn variables(&self) -> &HashMap<String, String> {
        &self.variables
    }

    /// A directory for files of the test.
    #[must_use]
    pub fn files(&self) -> &Path {
        self.files.path()
    }

    /// What carries the services.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Messages of the topic.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        let messages = self.admin("GET", &format!("topics/{}/messages", self.topic), &Value::Null);
        messages.as_array().cloned().unwrap_or_default()
    }

    /// Names of objects below a prefix.
    ///
    /// # Panics
    /// When there are more than one page.
    #[must_use]
    pub fn objects(&self, prefix: &str) -> Vec<String> {
        let route = format!("oci/n/{}/b/{}/o?prefix={prefix}&limit=1000", self.namespace(), self.bucket);
        let listed = self.admin("GET", &route, &Value::Null);
        assert!(listed["nextStartWith"].is_null(), "more than a page below {prefix:?}");
        let names = listed["objects"].as_array().expect("objects").iter();
        names.map(|object| object["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// An object, if it is there.
    ///
    /// # Panics
    /// When nobody can tell.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Bytes> {
        let (status, body) = self.ask("GET", &self.route(name), "", Bytes::new());
        assert!(matches!(status, 200 | 404), "{name}: {status} {body:?}");
        (status == 200).then_some(body)
    }

    /// The text of an object.
    ///
    /// # Panics
    /// When there is no such object.
    #[must_use]
    pub fn object(&self, name: &str) -> String {
        let content = self.find(name).unwrap_or_else(|| panic!("no object {name}"));
        String::from_utf8_lossy(&content).into_owned()
    }

    /// Writes an object.
    ///
    /// # Panics
    /// When it is refused.
    pub fn put(&self, name: &str, content_type: &str, content: impl Into<Bytes>) {
        let (status, answer) = self.ask("PUT", &self.route(name), content_type, content.into());
        assert_eq!(status, 200, "{name}: {answer:?}");
    }

    /// Removes an object.
    ///
    /// # Panics
    /// When there is none.
    pub fn delete(&self, name: &str) {
        self.admin("DELETE", &self.route(name), &Value::Null);
    }

    fn namespace(&self) -> String {
        self.emulator.namespace_of(self.emulator.tenancy())
    }

    fn route(&self, name: &str) -> String {
        format!("oci/n/{}/b/{}/o/{}", self.namespace(), self.bucket, name.replace('/', "%2F"))
    }

    /// The answer of an administrator's route, or `null` when it is none of JSON.
    ///
    /// # Panics
    /// When it is not a success.
    pub fn admin(&self, method: &str, route: &str, body: &Value) -> Value {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let (status, answer) = self.ask(method, route, "application/json", body);
        assert!((200..300).contains(&status), "{method} {route}: {status} {answer:?}");
        serde_json::from_slice(&answer).unwrap_or_default()
    }

    fn ask(&self, method: &str, route: &str, content_type: &str, body: Bytes) -> (u16, Bytes) {
        let request = http::Request::builder().method(method).uri(format!("/_causeway/{route}"));
        let request = request.header("content-type", content_type).header("content-length", body.len());
        let request = request.body(Body::from(body)).expect("a request");
        past_the_socket(&self.runtime, &self.emulator, request)
    }

    /// What a function of this process works with, and its way to the services; pauses are divided by `hurry`.
    #[must_use]
    pub fn effects(&self, hurry: u32) -> (Effects, HttpClient) {
        effects(self.variables.clone(), Arc::new(Hurried { by: hurry }))
    }

    /// A process of the function behind its socket.
    #[must_use]
    pub fn process(&self) -> Function {
        let spec = Spec::new(&programs::function(self.function));
        self.variables.iter().fold(spec, |spec, (name, value)| spec.env(name, value)).start()
    }

    /// The function's program on the command line, or behind another platform.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs::function(self.function).path);
        command.args(arguments).env_clear().envs(&self.variables);
        command
    }
}

/// The answer to a request that nobody in between sees.
pub(super) fn past_the_socket(runtime: &Runtime, emulator: &Emulator, request: http::Request<Body>) -> (u16, Bytes) {
    runtime.block_on(async {
        let response = emulator.handle(request).await;
        let status = response.status().as_u16();
        (status, axum::body::to_bytes(response.into_body(), 1 << 30).await.expect("a body"))
    })
}

/// Keys of the alerts that a reply tells of, with what became of them.
///
/// # Panics
/// When it tells of them in another form.
#[must_use]
pub fn published(reply: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let all = reply["published"].as_array().into_iter().flatten();
    all.map(|one| (text(&one["key"]), text(&one["outcome"]))).collect()
}

/// The most memory that a process has had, in MB (proc(5)).
///
/// # Panics
/// When it is gone.
#[must_use]
pub fn peak_mb(function: &Function) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", function.pid())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches("kB").trim().parse::<f64>().expect("kB") / 1024.0
}

fn variables(emulator: &Emulator, function: &str, files: &TempDir, url: &str) -> HashMap<String, String> {
    let resource = Resource {
        id: format!("ocid1.fnfunc.oc1.iad.{function}"),
        kind: "fnfunc".to_owned(),
        compartment: emulator.default_compartment(),
        lifetime: None,
    };
    let principal = emulator.mint_principal(files.path(), &resource).expect("a principal");
    let own = [("CAUSEWAY_CLOUD", "oci".to_owned()), ("CAUSEWAY_OCI_ENDPOINT", url.to_owned())];
    principal.environment().into_iter().chain(own).map(|(name, value)| (name.to_owned(), value)).collect()
}
