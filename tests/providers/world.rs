//! Ports whose language models are played, and a clock that does not wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use causeway_adapters::Connected;
use causeway_adapters::aws::{Session, http_client};
use causeway_cloud::chat::{AttemptOutcome, Attempts, ChatReply};
use causeway_cloud::{ChatModel, Ports};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{Clock, HttpClient, SystemFiles, SystemRandom};
use causeway_oci_emulator::Resource;
use causeway_resilience::{Deadline, ServiceFailure};
use tempfile::TempDir;
use tests::harness::{ModelServer, OciCloud};

/// Throw-away keys; they open nothing.
pub(crate) const AWS_KEY: (&str, &str) = ("AKTHROWAWAY", "throw-away");
pub(crate) const BEARER: &str = "throw-away-bearer";

/// Goes on by what is slept, at once.
#[derive(Default)]
pub(crate) struct Skipping {
    slept: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Clock for Skipping {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.slept.lock().unwrap().iter().sum::<Duration>()
    }

    async fn sleep(&self, time: Duration) {
        self.slept.lock().unwrap().push(time);
        tokio::task::yield_now().await;
    }
}

impl Skipping {
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    pub(crate) fn go_on(&self, time: Duration) {
        self.slept.lock().unwrap().push(time);
    }
}

/// Variables and clock of one deployment.
pub(crate) struct World {
    variables: HashMap<String, String>,
    pub(crate) clock: Arc<Skipping>,
    _files: TempDir,
}

impl World {
    /// A deployment on OCI with a principal that signs.
    pub(crate) fn of(cloud: &OciCloud) -> Self {
        let files = tempfile::tempdir().unwrap();
        let resource = Resource {
            id: "ocid1.fnfunc.oc1.iad.providers".to_owned(),
            kind: "fnfunc".to_owned(),
            compartment: cloud.emulator.default_compartment(),
            lifetime: None,
        };
        let principal = cloud.emulator.mint_principal(files.path(), &resource).unwrap();
        let variables = principal.environment().into_iter().map(|(name, value)| (name.to_owned(), value));
        let mut world = Self { variables: variables.collect(), clock: Arc::default(), _files: files };
        world.set("CAUSEWAY_CLOUD", "oci");
        world.set("CAUSEWAY_OCI_ENDPOINT", &cloud.url);
        world
    }

    /// A deployment without a cloud.
    pub(crate) fn bare() -> Self {
        Self { variables: HashMap::new(), clock: Arc::default(), _files: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// The ports; AWS's calls go to `aws`.
    pub(crate) fn ports(&self, aws: Option<&ModelServer>) -> Connected {
        let network = HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap();
        let effects = Effects {
            environment: Arc::new(self.variables.clone()),
            files: Arc::new(SystemFiles),
            http: Arc::new(network.clone()),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::new(SystemRandom),
        };
        let connected = Connected::new(effects, network.clone()).unwrap();
        match aws {
            Some(server) => connected.with_aws(session(&server.url, &network)),
            None => connected,
        }
    }

    /// The language model of a list.
    pub(crate) fn model(&mut self, list: &str) -> Arc<dyn ChatModel> {
        self.set("CAUSEWAY_CHAT_MODEL", list);
        self.ports(None).chat_model().unwrap_or_else(|problem| panic!("{list}: {problem}"))
    }
}

fn session(url: &str, network: &HttpClient) -> Session {
    let credentials = Credentials::new(AWS_KEY.0, AWS_KEY.1, None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client(network.services()));
    Session::of(config.build())
}

/// An entry for an OpenAI-compatible server.
pub(crate) fn openai(server: &ModelServer) -> String {
    format!("openai:m@{}", server.url)
}

pub(crate) fn soon() -> Deadline {
    within(Duration::from_secs(60))
}

pub(crate) fn within(time: Duration) -> Deadline {
    Deadline::at(Instant::now() + time)
}

/// Who was asked and how it ended, of an answer or a failure.
pub(crate) fn tried(asked: &Result<ChatReply, ServiceFailure>) -> Vec<(String, &'static str)> {
    let attempts = match asked {
        Ok(reply) => reply.attempts.as_slice(),
        Err(failure) => Attempts::of(failure),
    };
    attempts.iter().map(|one| (one.provider.clone(), AttemptOutcome::name(one.outcome))).collect()
}

/// The same without the names.
pub(crate) fn outcomes(asked: &Result<ChatReply, ServiceFailure>) -> Vec<&'static str> {
    tried(asked).into_iter().map(|(_, outcome)| outcome).collect()
}
