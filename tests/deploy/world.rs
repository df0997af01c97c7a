//! A cloud to deploy to: the emulator for Object Storage and Notifications, `services.py` for all others.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tests::harness::OciCloud;

use crate::path;

/// What a run of the script said.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` for one that was killed.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Names after a word that begins lines, such as `created`.
    pub(crate) fn of(&self, word: &str) -> Vec<String> {
        let lines = self.stdout.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix("  "));
        lines.map(|rest| rest.trim().to_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }
}

/// The cloud, and a folder that is the script's home.
pub(crate) struct World {
    emulator: OciCloud,
    services: Child,
    services_url: String,
    pub(crate) folder: TempDir,
    tools: PathBuf,
}

impl World {
    /// `None` when Oracle's command line is not installed (`.ci/test-tools` does that).
    pub(crate) fn start(test: &str) -> Option<Self> {
        let tools = path("target/tools/oci-python/bin");
        if !tools.join("oci").exists() {
            tests::harness::skip(test, &format!("{} is not there", tools.join("oci").display()));
            return None;
        }
        let emulator = OciCloud::start();
        let folder = tempfile::tempdir().unwrap();
        emulator.emulator.write_cli_config(folder.path()).expect("a configuration");
        let mut services = Command::new(tools.join("python"));
        let mut services = services.arg(path("tests/deploy/services.py")).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(services.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let services_url = format!("http://127.0.0.1:{}", port.trim());
        Some(Self { emulator, services, services_url, folder, tools })
    }

    /// The script, with everything that it needs in its environment.
    pub(crate) fn script(&self, arguments: &[&str]) -> Command {
        let mut command = bare();
        let home = self.folder.path();
        command.args(arguments).current_dir(home).env("HOME", home).env("TMPDIR", home);
        command.env("PATH", format!("{}:/usr/bin:/bin", path("tests/deploy").display()));
        command.env("REAL_OCI", self.tools.join("oci")).env("CAUSEWAY_PYTHON", self.tools.join("python"));
        command.env("EMULATOR", &self.emulator.url).env("SERVICES", &self.services_url);
        command.env("CALLS", home.join("calls")).env("OCI_CLI_CONFIG_FILE", home.join("config"));
        command.env("OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING", "True").env("SUPPRESS_LABEL_WARNING", "True");
        command.env("CAUSEWAY_TENANCY", self.emulator.emulator.tenancy());
        command.env("CAUSEWAY_COMPARTMENT", self.emulator.emulator.default_compartment());
        command.envs(SITE.iter().copied());
        command
    }

    pub(crate) fn deploy(&self, arguments: &[&str]) -> Ran {
        ran(self.script(arguments).output().expect("bash"))
    }

    /// Kills the script and what it has started after so many changes.
    pub(crate) fn deploy_and_die(&self, changes: usize) -> Ran {
        ran(self.script(&[]).env("DIE_AFTER", changes.to_string()).process_group(0).output().expect("bash"))
    }

    /// Everything that the services have, by collection and id.
    pub(crate) fn state(&self) -> Value {
        self.ask("GET", "/_/state", "")
    }

    /// How often a service was told to change something.
    pub(crate) fn changes(&self) -> usize {
        self.ask("GET", "/_/changes", "").as_array().unwrap().len()
    }

    /// One of a collection, by its name.
    pub(crate) fn one(&self, collection: &str, name: &str) -> Value {
        let state = self.state();
        let all = state[collection].as_object().unwrap().values();
        let mut named = all.filter(|one| one["displayName"] == name || one["name"] == name);
        let found = named.next().unwrap_or_else(|| panic!("no {name} in {collection}")).clone();
        assert!(named.next().is_none(), "{name} is in {collection} twice");
        found
    }

    /// Somebody changes something by hand.
    pub(crate) fn meddle(&self, collection: &str, name: &str, body: &str) {
        let id = self.one(collection, name)["id"].as_str().unwrap().to_owned();
        self.ask("PUT", &format!("/20181201/{collection}/{id}"), body);
    }

    /// Oracle's command line itself.
    pub(crate) fn oci(&self, arguments: &[&str]) -> Value {
        let script = self.script(&[]);
        let mut command = Command::new(path("tests/deploy/oci"));
        let environment = script.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let output = command.envs(environment).args(arguments).output().expect("the command line");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Commands that were run so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// What the services say to a creation that nobody has checked before.
    pub(crate) fn creation(&self, collection: &str, body: &Value) -> (String, String) {
        let url = format!("{}/20181201/{collection}", self.services_url);
        let body = body.to_string();
        let output =
            Command::new("curl").args(["-sS", "-w", "\n%{http_code}", "-X", "POST", &url, "-d", &body]).output();
        let output = String::from_utf8(output.expect("curl").stdout).expect("UTF-8");
        let (answer, status) = output.rsplit_once('\n').expect("a status");
        (status.to_owned(), answer.to_owned())
    }

    /// Something that is there before the script comes; its id.
    pub(crate) fn place(&self, collection: &str, body: &Value) -> String {
        let (status, answer) = self.creation(collection, body);
        assert_eq!(status, "200", "{answer}");
        let made: Value = serde_json::from_str(&answer).unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn tenancy(&self) -> &str {
        self.emulator.emulator.tenancy()
    }

    pub(crate) fn compartment(&self) -> String {
        self.emulator.emulator.default_compartment()
    }

    /// The script with a file of the site's settings, and other variables.
    pub(crate) fn deploy_with(&self, arguments: &[&str], site: &str, variables: &[(&str, &str)]) -> Ran {
        let file = self.folder.path().join("site.yaml");
        fs::write(&file, site).expect("written");
        let mut script = self.script(arguments);
        if !site.is_empty() {
            script.env("CAUSEWAY_SITE", file);
        }
        ran(script.envs(variables.iter().copied()).output().expect("bash"))
    }

    fn ask(&self, method: &str, route: &str, body: &str) -> Value {
        let url = format!("{}{route}", self.services_url);
        let output = Command::new("curl").args(["-sSf", "-X", method, &url, "-d", body]).output().expect("curl");
        assert!(output.status.success(), "{route}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.services.kill();
        let _ = self.services.wait();
    }
}

/// What a site says of itself.
const SITE: &[(&str, &str)] = &[
    ("CAUSEWAY_REGION", "us-ashburn-1"),
    ("CAUSEWAY_SUBNET", "ocid1.subnet.oc1.iad.aaaasubnet"),
    ("CAUSEWAY_IMAGES", "iad.ocir.io/example/causeway"),
    ("CAUSEWAY_JWT_ISSUER", "https://identity.dec.example/"),
    ("CAUSEWAY_JWT_AUDIENCE", "causeway"),
    ("CAUSEWAY_JWKS_URL", "https://identity.dec.example/admin/v1/SigningCert/jwk"),
    ("CAUSEWAY_CORS_ORIGIN", "https://app.dec.example"),
];

/// The script with nothing in its environment.
pub(crate) fn bare() -> Command {
    let mut command = Command::new("bash");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command.arg(path("func-yaml/deploy"));
    command
}

pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
