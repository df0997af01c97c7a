//! An emulator and the official command line set up for it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use causeway_oci_emulator::Options;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::harness::OciCloud;

use super::commands::{Scenario, scenario};

/// An emulator, and Oracle's command line set up for it.
pub(crate) struct Cloud {
    server: OciCloud,
    /// Scratch space; `config` and `key.pem` of the command line are in it.
    pub(crate) folder: TempDir,
    program: PathBuf,
    scenario: &'static Scenario,
    ran: RefCell<BTreeSet<String>>,
    runs: RefCell<usize>,
}

impl Deref for Cloud {
    type Target = OciCloud;

    fn deref(&self) -> &OciCloud {
        &self.server
    }
}

impl Cloud {
    /// For the scenario of this name in the list of commands, which must run exactly what the list says.
    /// `None` when the command line is not installed (`.ci/test-tools` does that).
    pub(crate) fn start(name: &str) -> Option<Self> {
        Self::with(name, Options::default())
    }

    pub(crate) fn with(name: &str, options: Options) -> Option<Self> {
        let program = program("oci")?;
        let server = OciCloud::with(options);
        let folder = tempfile::tempdir().unwrap();
        server.emulator.write_cli_config(folder.path()).expect("a configuration");
        let (ran, runs) = (RefCell::default(), RefCell::default());
        Some(Self { server, folder, program, scenario: scenario(name), ran, runs })
    }

    pub(crate) fn compartment(&self) -> String {
        self.emulator.default_compartment()
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.file(name), content).unwrap();
    }

    /// A line of the command line's configuration, such as `user`.
    pub(crate) fn setting(&self, name: &str) -> String {
        let config = fs::read_to_string(self.file("config")).unwrap();
        let line = config.lines().find_map(|line| line.split_once('=').filter(|(key, _)| key.trim() == name));
        line.unwrap_or_else(|| panic!("no {name} in the configuration")).1.trim().to_owned()
    }

    /// The command line with `arguments`, words split at spaces; words in `more` are taken whole.
    pub(crate) fn command(&self, arguments: &str, more: &[&str]) -> Command {
        let name: Vec<&str> = arguments.split_whitespace().take_while(|word| !word.starts_with('-')).collect();
        self.ran.borrow_mut().insert(name.join(" "));
        *self.runs.borrow_mut() += 1;
        let mut command = self.bare(&self.program);
        command.args(arguments.split_whitespace()).args(more);
        command.env("OCI_CLI_CONFIG_FILE", self.file("config"));
        // It names the whole target itself and refuses an endpoint.
        if !arguments.starts_with("raw-request") {
            command.env("OCI_CLI_ENDPOINT", &self.url);
        }
        command.env("OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING", "True").env("SUPPRESS_LABEL_WARNING", "True");
        command
    }

    /// A program in the scratch folder that knows of no configuration.
    pub(crate) fn bare(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path()).env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a command that must succeed; what it printed as JSON, `null` for nothing.
    pub(crate) fn oci(&self, arguments: &str, more: &[&str]) -> Value {
        printed(&self.command(arguments, more).output().expect("the command line runs"), arguments)
    }

    /// Runs a command that must fail; the service's error as the command line shows it. Some errors, such as
    /// a wrong state, would be tried again for minutes.
    pub(crate) fn refused(&self, arguments: &str, more: &[&str]) -> Value {
        let output = self.command(arguments, more).arg("--no-retry").output().expect("the command line runs");
        refusal(&output)
    }

    /// Runs a command that the service must refuse in this way; gives the message.
    pub(crate) fn fails(&self, (status, code): (u16, &str), arguments: &str, more: &[&str]) -> String {
        let error = self.refused(arguments, more);
        assert_eq!((&error["status"], &error["code"]), (&json!(status), &json!(code)), "oci {arguments}: {error}");
        error["message"].as_str().expect("a message").to_owned()
    }

    /// Calls an admin route of the emulator.
    pub(crate) fn admin(&self, method: &str, route: &str, body: &Value) -> Value {
        let url = format!("{}/_causeway/{route}", self.url);
        let output = Command::new("curl").args(["-sS", "-X", method, &url, "-d", &body.to_string()]).output();
        let output = output.expect("curl");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{route}: {error}: {}", shown(&output)))
    }

    /// Sets the clock of the services and stops it.
    pub(crate) fn stop_clock(&self, now: &str) {
        self.emulator.clock().set(now.parse().expect("a time"), true);
    }
}

impl Drop for Cloud {
    /// The list of commands tells what has run.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let listed: BTreeSet<String> = self.scenario.commands.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(*self.ran.borrow(), listed, "the commands of {} are not those of its list", self.scenario.name);
            let (runs, commands) = (self.runs.borrow(), listed.len());
            tests::harness::notice(&format!("oci {}: {commands} commands, {runs} runs", self.scenario.name));
        }
    }
}

/// What a command printed as JSON, `null` for nothing; it must have succeeded.
pub(crate) fn printed(output: &Output, command: &str) -> Value {
    assert!(output.status.success(), "{command}: {}", shown(output));
    let text = String::from_utf8_lossy(&output.stdout);
    if text.trim().is_empty() {
        return Value::Null;
    }
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{command}: {error}: {text}"))
}

/// The `ServiceError` that a failed command printed.
pub(crate) fn refusal(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it succeeded: {}", shown(output));
    let start = text.find("ServiceError:").and_then(|at| text[at..].find('{').map(|brace| at + brace));
    let error = start.and_then(|at| serde_json::Deserializer::from_str(&text[at..]).into_iter().next());
    error.unwrap_or_else(|| panic!("no service error: {text}")).expect("JSON")
}

/// Asserts values by their JSON pointers; what is absent is `null`.
#[track_caller]
pub(crate) fn check<const N: usize>(value: &Value, expected: [(&str, Value); N]) {
    for (pointer, expected) in expected {
        assert_eq!(value.pointer(pointer).unwrap_or(&Value::Null), &expected, "{pointer} of {value:#}");
    }
}

/// A member of every entry of `data`, or of `data.items`.
#[track_caller]
pub(crate) fn each<'a>(value: &'a Value, member: &str) -> Vec<&'a str> {
    if value.is_null() {
        return Vec::new();
    }
    let list = value["data"].as_array().or(value["data"]["items"].as_array());
    let list = list.unwrap_or_else(|| panic!("no list: {value:#}"));
    list.iter().map(|one| one[member].as_str().unwrap_or_else(|| panic!("no {member}: {one:#}"))).collect()
}

/// A text by its JSON pointer.
#[track_caller]
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}: {value:#}")).to_owned()
}

fn shown(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A program of the virtual environment with Oracle's command line.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace root");
    let program = root.join("target/tools/oci-python/bin").join(name);
    if program.exists() {
        return Some(program);
    }
    tests::harness::skip("Oracle's command line", &format!("{} is not there", program.display()));
    None
}
