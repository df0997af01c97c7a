//! A running emulator, and the ports of a function on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use causeway_adapters::{Cloud, Connected};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{HttpClient, SystemClock, SystemFiles, SystemRandom};
use causeway_oci_emulator::{
    Emulator, FunctionCall, FunctionInfo, FunctionReply, InvokeFailure, Invoker, Options, Resource,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Name of the bucket, and of the topic.
pub(crate) const BUCKET: &str = "bk";
pub(crate) const MODEL: &str = "meta.llama-4-maverick-17b-128e-instruct-fp8";

pub(crate) struct Oci {
    pub(crate) emulator: Emulator,
    pub(crate) deployed: Arc<Deployed>,
    pub(crate) topic: String,
    variables: HashMap<String, String>,
    address: String,
    network: reqwest::Client,
    server: tokio::task::JoinHandle<()>,
    _files: TempDir,
}

impl Drop for Oci {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Oci {
    /// With a bucket and a topic.
    pub(crate) async fn start() -> Self {
        let deployed = Arc::<Deployed>::default();
        let invoker = Some(Arc::clone(&deployed) as Arc<dyn Invoker>);
        let emulator = Emulator::open(Options { step_ms: 5, invoker, ..Options::default() }).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = emulator.clone();
        let server = tokio::spawn(async move { serving.serve(listener, std::future::pending()).await.unwrap() });
        let files = tempfile::tempdir().unwrap();
        let variables = principal(&emulator, &files);
        let network = network().services();
        let topic = String::new();
        let mut oci = Self { emulator, deployed, topic, variables, address, network, server, _files: files };
        oci.prepare().await;
        oci
    }

    async fn prepare(&mut self) {
        let compartment = self.emulator.default_compartment();
        let about = self.ask("about").await;
        let namespace = about["namespace"].as_str().unwrap();
        let bucket = json!({ "name": BUCKET, "compartmentId": compartment });
        self.seed(&format!("oci/n/{namespace}/b"), &bucket).await;
        let topic = self.seed("oci/20181201/topics", &json!({ "name": "alerts", "compartmentId": compartment })).await;
        self.topic = topic["topicId"].as_str().unwrap().to_owned();
        self.set("CAUSEWAY_OCI_ENDPOINT", &self.address.clone());
        self.set("CAUSEWAY_BUCKET", BUCKET);
        self.set("CAUSEWAY_TOPIC", &self.topic.clone());
        self.set("CAUSEWAY_CHAT_MODEL", MODEL);
    }

    /// Changes a variable of the deployments that come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Takes over the principal of another cloud, which this one does not know.
    pub(crate) fn impersonate(&mut self, other: &Self) {
        let theirs = other.variables.iter().filter(|(name, _)| name.starts_with("OCI_"));
        self.variables.extend(theirs.map(|(name, value)| (name.clone(), value.clone())));
    }

    /// The ports of a function with these variables.
    pub(crate) fn ports(&self) -> Connected {
        let network = network();
        let effects = Effects {
            environment: Arc::new(self.variables.clone()),
            files: Arc::new(SystemFiles),
            http: Arc::new(network.clone()),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        };
        let connected = Connected::new(effects, network).unwrap();
        assert_eq!(connected.cloud(), Cloud::Oci);
        connected
    }

    /// Puts something there by an admin route.
    pub(crate) async fn seed(&self, route: &str, body: &Value) -> Value {
        let url = format!("{}/_causeway/{route}", self.address);
        let post = self.network.post(url).header("content-type", "application/json").body(body.to_string());
        read(route, post).await
    }

    pub(crate) async fn ask(&self, route: &str) -> Value {
        read(route, self.network.get(format!("{}/_causeway/{route}", self.address))).await
    }
}

async fn read(route: &str, request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{route}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

fn principal(emulator: &Emulator, files: &TempDir) -> HashMap<String, String> {
    let resource = Resource {
        id: "ocid1.fnfunc.oc1.iad.tester".to_owned(),
        kind: "fnfunc".to_owned(),
        compartment: emulator.default_compartment(),
        lifetime: None,
    };
    let principal = emulator.mint_principal(files.path(), &resource).unwrap();
    principal.environment().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn network() -> HttpClient {
    HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap()
}

/// Two functions: `echo` answers with what it gets, `fail` fails.
#[derive(Default)]
pub(crate) struct Deployed {
    pub(crate) ran: Mutex<Vec<Bytes>>,
}

impl Invoker for Deployed {
    fn functions(&self) -> Vec<FunctionInfo> {
        let function = |name: &str| FunctionInfo {
            name: name.to_owned(),
            image: format!("iad.ocir.io/ns/{name}:1"),
            memory_mb: 128,
            timeout_seconds: 30,
            config: std::collections::BTreeMap::new(),
        };
        vec![function("echo"), function("fail")]
    }

    fn invoke(&self, call: FunctionCall) -> BoxFuture<'_, Result<FunctionReply, InvokeFailure>> {
        if call.function == "fail" {
            return async { Err(InvokeFailure::ExecutionFailed) }.boxed();
        }
        self.ran.lock().unwrap().push(call.body.clone());
        let reply = FunctionReply {
            body: call.body,
            content_type: call.content_type,
            status: Some(200),
            call_id: Some("call-1".to_owned()),
        };
        async { Ok(reply) }.boxed()
    }
}
