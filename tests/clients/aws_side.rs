//! The other side of the ports on AWS: moto with a front, what tests prepare there, and ports that reach it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use causeway_adapters::aws::{Session, http_client};
use causeway_adapters::{Cloud, Connected};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{HttpClient, SystemEnvironment, SystemFiles};
use serde_json::{Value, json};

use crate::moto::{Moto, python};

/// What the names of the front's functions begin with.
pub(crate) const PREFIX: &str = "tests-dev-";
/// The bucket of the function; S3 wants names of three letters or more.
pub(crate) const BUCKET: &str = "tests-bucket";
/// The access key that the front and moto know; it opens nothing.
pub(crate) const KNOWN_KEY: &str = "throw-away";

/// moto and its front; both end with this value.
pub(crate) struct AwsSide {
    front: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    pub(crate) url: String,
    _moto: Moto,
}

impl AwsSide {
    /// `None` when moto is not installed.
    pub(crate) fn start() -> Option<Self> {
        let moto = Moto::start()?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/aws_front.py");
        let mut front = Command::new(python())
            .args([script, &moto.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the front starts");
        let input = front.stdin.take().expect("a pipe");
        let mut output = BufReader::new(front.stdout.take().expect("a pipe"));
        let mut port = String::new();
        output.read_line(&mut port).expect("the port of the front");
        let url = format!("http://127.0.0.1:{}", port.trim());
        Some(Self { front, pipes: Mutex::new((input, output)), url, _moto: moto })
    }

    /// Has the front carry a command out.
    pub(crate) fn ask(&self, command: &Value) -> Value {
        let mut pipes = self.pipes.lock().unwrap();
        writeln!(pipes.0, "{command}").expect("the front listens");
        let mut answer = String::new();
        pipes.1.read_line(&mut answer).expect("the front answers");
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{command} gave {answer:?}"))
    }

    /// The text that a command gives.
    pub(crate) fn text(&self, command: &Value) -> String {
        self.ask(command).as_str().expect("a text").to_owned()
    }

    /// A topic with a subscription that can be read.
    pub(crate) fn topic(&self, name: &str) -> String {
        self.text(&json!(["topic", name]))
    }
}

impl Drop for AwsSide {
    fn drop(&mut self) {
        let _ = self.front.kill();
        let _ = self.front.wait();
    }
}

/// The ports of a function with these variables, whose AWS is at `url`.
pub(crate) fn ports(url: &str, key: &str, variables: &[(&str, &str)]) -> Connected {
    let given = [("CAUSEWAY_CLOUD", "aws"), ("CAUSEWAY_FUNCTION_PREFIX", PREFIX), ("CAUSEWAY_BUCKET", BUCKET)];
    let pairs = given.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment: Arc<HashMap<String, String>> = Arc::new(pairs.collect());
    let network = HttpClient::new(&SystemEnvironment, &SystemFiles).expect("a client");
    let credentials = Credentials::new(key, "throw-away", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(20)))
        .http_client(http_client(network.services()))
        .build();
    let effects = Effects { environment, ..Effects::default() };
    let connected = Connected::new(effects, network).expect("variables").with_aws(Session::of(config));
    assert_eq!(connected.cloud(), Cloud::Aws);
    connected
}
