//! A running `causeway up`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use super::programs;

/// It ends with this value, and its functions with it.
pub struct LocalCloud {
    /// The process.
    pub process: Child,
    /// Where it listens, as host and port.
    pub address: String,
}

impl LocalCloud {
    /// One that keeps its state in the directory `state`, on a port of its own; its temporary files lie beside. Calls have
    /// so many seconds. `variables` are those of its functions.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(state: &Path, seconds: u32, variables: &[(&str, &str)]) -> Self {
        let mut command = command(state, seconds);
        command.arg("--data").arg(state).envs(variables.iter().copied());
        Self::up(command)
    }

    /// One whose functions share the directory `root`, with OCI's services beside it or without them.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn on_directory(root: &Path, seconds: u32, has_oci: bool) -> Self {
        let mut command = command(root, seconds);
        command.arg("--root").arg(root).args((!has_oci).then_some("--no-oci"));
        Self::up(command)
    }

    fn up(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("causeway starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("causeway is up on")).expect("it is up");
        // A full pipe would stop it.
        thread::spawn(move || lines.for_each(drop));
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(',').next()).expect("an address");
        Self { process, address: address.to_owned() }
    }
}

/// Its temporary files lie beside the directory.
fn command(directory: &Path, seconds: u32) -> Command {
    let mut command = Command::new(programs::causeway());
    command.args(["up", "--port", "0", "--quiet", "--timeout", &seconds.to_string()]);
    let above = directory.parent().expect("a folder above");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TMPDIR", above);
    command
}

impl Drop for LocalCloud {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
