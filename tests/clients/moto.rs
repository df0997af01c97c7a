//! Runs moto, which plays AWS.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A moto server with nothing in it; it ends with this value.
pub(crate) struct Moto {
    process: Child,
    pub(crate) port: u16,
}

impl Moto {
    /// `None` when moto is not installed (`.ci/test-tools` does that).
    pub(crate) fn start() -> Option<Self> {
        let program = program()?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto starts");
        let moto = Self { process, port };
        let limit = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < limit, "moto does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(moto)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    let program = installed("moto_server");
    if program.exists() {
        return Some(program);
    }
    tests::harness::skip("the adapters of AWS", &format!("{} is not there", program.display()));
    None
}

/// The interpreter that has moto and boto3.
pub(crate) fn python() -> PathBuf {
    installed("python")
}

fn installed(program: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace root");
    root.join("target/tools/aws-python/bin").join(program)
}
