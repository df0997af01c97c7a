//! A running emulator, and a client with a resource principal as a function has it.

use std::collections::HashMap;
use std::sync::Arc;

use causeway_oci_auth::effects::{HttpClient, SystemClock, SystemFiles, SystemRandom};
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::{Chain, Effects};
use causeway_oci_client::Client;
use causeway_oci_client::object_storage::CreateBucket;
use causeway_oci_client::store::Bucket;
use causeway_oci_emulator::{Emulator, Options, Resource};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) struct Cloud {
    pub(crate) emulator: Emulator,
    pub(crate) client: Client,
    address: String,
    network: reqwest::Client,
    server: tokio::task::JoinHandle<()>,
    _files: TempDir,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Cloud {
    pub(crate) async fn new() -> Self {
        Self::start(Options { step_ms: 5, ..Options::default() }).await
    }

    pub(crate) async fn start(options: Options) -> Self {
        let emulator = Emulator::open(options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = emulator.clone();
        let server = tokio::spawn(async move { serving.serve(listener, std::future::pending()).await.unwrap() });
        let files = tempfile::tempdir().unwrap();
        let resource = Resource {
            id: "ocid1.fnfunc.oc1.iad.tester".to_owned(),
            kind: "fnfunc".to_owned(),
            compartment: emulator.default_compartment(),
            lifetime: None,
        };
        let principal = emulator.mint_principal(files.path(), &resource).unwrap();
        let variables = principal.environment().into_iter().map(|(name, value)| (name.to_owned(), value));
        let endpoint = ("CAUSEWAY_OCI_ENDPOINT".to_owned(), address.clone());
        let environment: Arc<HashMap<_, _>> = Arc::new(variables.chain([endpoint]).collect());
        let network = HttpClient::new(environment.as_ref(), &SystemFiles).unwrap();
        let services = network.services();
        let transport = Arc::new(services.clone());
        let effects = Effects {
            environment,
            files: Arc::new(SystemFiles),
            http: Arc::new(network),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        };
        let provider = Arc::new(Chain::from_environment(effects.clone()).unwrap());
        let endpoints = Endpoints::new(effects.clone()).unwrap();
        let client = Client::new(effects, provider, endpoints, transport);
        Self { emulator, client, address, network: services, server, _files: files }
    }

    /// Puts something there by an admin route.
    pub(crate) async fn seed(&self, route: &str, body: &Value) -> Value {
        let url = format!("{}/_causeway/{route}", self.address);
        let post = self.network.post(url).header("content-type", "application/json").body(body.to_string());
        let answer = post.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{route}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn bucket(&self, new: CreateBucket) -> Bucket {
        let storage = self.client.object_storage();
        let new = CreateBucket { compartment_id: self.emulator.default_compartment(), ..new };
        let made = storage.create_bucket(&new).await.unwrap();
        Bucket::new(storage, &made.name)
    }

    /// With an empty bucket `bk`.
    pub(crate) async fn with_bucket() -> (Self, Bucket) {
        let cloud = Self::new().await;
        let bucket = cloud.bucket(CreateBucket { name: "bk".to_owned(), ..CreateBucket::default() }).await;
        (cloud, bucket)
    }
}
