//! An emulator and the official command line set up for it.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tests::harness::OciCloud;

/// An emulator, and Oracle's command line set up for it.
pub(crate) struct Cloud {
    cloud: OciCloud,
    /// Scratch space; `config` and `key.pem` of the command line are in it.
    pub(crate) folder: TempDir,
    program: PathBuf,
}

impl Deref for Cloud {
    type Target = OciCloud;

    fn deref(&self) -> &OciCloud {
        &self.cloud
    }
}

impl Cloud {
    /// `None` when the command line is not installed (`.ci/test-tools` does that).
    pub(crate) fn start() -> Option<Self> {
        let program = program()?;
        let cloud = OciCloud::start();
        let folder = tempfile::tempdir().unwrap();
        cloud.emulator.write_cli_config(folder.path()).expect("a configuration");
        Some(Self { cloud, folder, program })
    }

    pub(crate) fn compartment(&self) -> String {
        self.emulator.default_compartment()
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// The command line with `arguments`, words split at spaces; words in `more` are taken whole.
    pub(crate) fn command(&self, arguments: &str, more: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments.split_whitespace()).args(more).current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path()).env("LC_ALL", "C.UTF-8");
        command.env("OCI_CLI_CONFIG_FILE", self.folder.path().join("config")).env("OCI_CLI_ENDPOINT", &self.url);
        command.env("OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING", "True").env("SUPPRESS_LABEL_WARNING", "True");
        command
    }

    /// Runs a command that must succeed; what it printed as JSON, `null` for nothing.
    pub(crate) fn oci(&self, arguments: &str, more: &[&str]) -> Value {
        let output = self.command(arguments, more).output().expect("the command line runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "oci {arguments} {more:?}: {printed}{}", shown(&output.stderr));
        if printed.trim().is_empty() { Value::Null } else { serde_json::from_str(&printed).expect("JSON") }
    }

    /// Runs a command that must fail; the service's error as the command line shows it.
    pub(crate) fn refused(&self, arguments: &str, more: &[&str]) -> Value {
        let output = self.command(arguments, more).output().expect("the command line runs");
        refusal(&output)
    }
}

/// The `ServiceError` that a failed command printed.
pub(crate) fn refusal(output: &Output) -> Value {
    let text = shown(&output.stderr);
    assert!(!output.status.success(), "it succeeded: {}", String::from_utf8_lossy(&output.stdout));
    let start = text.find("ServiceError:").and_then(|at| text[at..].find('{').map(|brace| at + brace));
    let error = start.and_then(|at| serde_json::Deserializer::from_str(&text[at..]).into_iter().next());
    error.unwrap_or_else(|| panic!("no service error: {text}")).expect("JSON")
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn program() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace root");
    let program = root.join("target/tools/oci-python/bin/oci");
    if program.exists() {
        return Some(program);
    }
    tests::harness::skip("Oracle's command line", &format!("{} is not there", program.display()));
    None
}
