//! `causeway up` as a process, with OCI beside the functions, and callers that sign.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use causeway_oci_auth::effects::{HttpClient, SystemClock, SystemFiles, SystemRandom};
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::{Chain, Effects};
use causeway_oci_client::Client;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{CAUSEWAY, send, value};

/// Variables of whoever runs the tests must not choose another cloud.
const OTHER: [&str; 8] = [
    "CAUSEWAY_LOCAL_ROOT",
    "CAUSEWAY_CLOUD",
    "CAUSEWAY_BUCKET",
    "CAUSEWAY_COMPARTMENT",
    "CAUSEWAY_OCI_AUTH",
    "CAUSEWAY_OCI_ENDPOINT",
    "OCI_CLI_AUTH",
    "OCI_CLI_CONFIG_FILE",
];

pub(crate) fn causeway(arguments: &[&str]) -> Command {
    let mut command = Command::new(CAUSEWAY);
    command.args(arguments).stdin(Stdio::null());
    for name in OTHER {
        command.env_remove(name);
    }
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running `causeway up` with a temporary directory of its own.
pub(crate) struct Up {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) temporary: TempDir,
}

/// A failed test must not leave it running.
impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Up {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let temporary = tempfile::Builder::new().prefix("t").tempdir_in("/tmp").unwrap();
        let mut command = causeway(&["up", "--port", "0", "--quiet"]);
        command.args(arguments).env("TMPDIR", temporary.path()).envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = stdout.lines();
        let line = lines.by_ref().map(Result::unwrap).find(|line| line.contains("causeway is up")).expect("it starts");
        // The rest is read too: a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(',').next()).expect(&line);
        Self { child, address: address.parse().unwrap(), temporary }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs another command against it.
    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Output {
        let mut command = causeway(&[command, "--endpoint", &self.url()]);
        command.args(arguments).current_dir(self.temporary.path()).output().unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        send(self.address, request).await
    }

    /// An admin route's answer.
    pub(crate) async fn admin(&self, path: &str) -> Value {
        let request = Request::get(format!("/_causeway/{path}")).header("host", "localhost");
        let response = self.send(request.body(Full::default()).unwrap()).await;
        assert!(response.status().is_success(), "{path}: {response:?}");
        value(&response)
    }

    /// What `causeway env` says.
    pub(crate) fn env(&self) -> HashMap<String, String> {
        let directory = self.temporary.path().join("profile");
        let output = self.run("env", &["--json", "--dir", directory.to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A client with the profile of `causeway env`; Functions in this version of its API.
    pub(crate) fn client(&self, functions_version: &str) -> Client {
        let mut environment = self.env();
        environment.insert("CAUSEWAY_OCI_ENDPOINT".to_owned(), self.url());
        environment.insert("CAUSEWAY_OCI_FUNCTIONS_API_VERSION".to_owned(), functions_version.to_owned());
        let environment = Arc::new(environment);
        let network = HttpClient::new(environment.as_ref(), &SystemFiles).unwrap();
        let transport = Arc::new(network.services());
        let effects = Effects {
            environment,
            files: Arc::new(SystemFiles),
            http: Arc::new(network),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        };
        let provider = Arc::new(Chain::from_environment(effects.clone()).unwrap());
        let endpoints = Endpoints::new(effects.clone()).unwrap();
        Client::new(effects, provider, endpoints, transport)
    }

    /// Directories with the functions' keys.
    pub(crate) fn principals(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.temporary.path()).unwrap().flatten();
        entries.map(|entry| entry.path()).filter(|path| is_named(path, "causeway-oci-")).collect()
    }
}

fn is_named(path: &Path, prefix: &str) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix))
}

/// The question who a function is.
pub(crate) fn auth() -> String {
    json!({ "test_type": "auth" }).to_string()
}
