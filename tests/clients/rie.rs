//! Runs a function under the AWS runtime interface emulator, which is part of the AWS SAM CLI.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tests::harness::{listens, unshared};

/// Bound on the emulator's start; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// An emulator with one function; it starts the function at the first call. Calls must come one by one:
/// the emulator crashes on concurrent ones.
pub(crate) struct Emulator {
    process: Child,
    address: SocketAddrV4,
    log: Arc<Mutex<String>>,
}

/// Status and body of an invocation.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// What the emulator and the function have written by then.
    log: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        let Self { status, body, log } = self;
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {status} {body:?}: {log}"))
    }
}

impl Emulator {
    /// `None` when the emulator is not installed (`.ci/test-tools` does that).
    pub(crate) fn start(function: &Path, settings: &[(&str, &str)]) -> Option<Self> {
        let emulator = emulator()?;
        let (address, api) = (unshared(), unshared());
        let mut process = Command::new(emulator)
            .args(["--runtime-interface-emulator-address", &address.to_string()])
            .args(["--runtime-api-address", &api.to_string(), "--log-level", "info"])
            .arg(function)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("AWS_LAMBDA_FUNCTION_NAME", "function"), ("AWS_REGION", "eu-west-1")])
            .envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"), ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")])
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "5")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let log = Arc::new(Mutex::new(String::new()));
        collect(process.stdout.take().expect("piped"), Arc::clone(&log));
        collect(process.stderr.take().expect("piped"), Arc::clone(&log));
        let mut emulator = Self { process, address, log };
        // It takes invocations without waiting for its Runtime API; a function that finds nobody there ends, and the
        // invocation is answered with 502 and nothing.
        for place in [api, address] {
            let listens = listens(&mut emulator.process, place, PATIENCE);
            listens.unwrap_or_else(|problem| panic!("the emulator: {problem}: {}", emulator.log()));
        }
        Some(emulator)
    }

    pub(crate) fn invoke(&self, payload: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("emulator");
        write!(
            stream,
            "POST /2015-03-31/functions/function/invocations HTTP/1.0\r\nHost: localhost\r\n\
             Content-Length: {}\r\n\r\n{payload}",
            payload.len()
        )
        .expect("request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answer");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {}", self.log()));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("status");
        Answer { status, body: body.to_owned(), log: self.log() }
    }

    /// Everything that the emulator and the function have written.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("log").clone()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The function dies with the emulator's end of the Runtime API.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn collect(stream: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            log.lock().expect("log").push_str(&format!("{line}\n"));
        }
    });
}

fn emulator() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace");
    let path = root.join("target/tools/aws-lambda-rie");
    if path.is_file() {
        return Some(path);
    }
    tests::harness::skip(
        "lambda_emulator",
        "the AWS runtime interface emulator is missing; .ci/test-tools installs it",
    );
    None
}
