//! A local cloud inside the test, the programs that it supervises, and a plain HTTP client.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_local_cloud::{Cloud, Limits, Options, Program, router};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const CAUSEWAY: &str = env!("CARGO_BIN_EXE_causeway");
/// Every wait of the tests ends here; on a loaded machine little else is certain.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A program from `examples/`; `cargo test` builds these, unless it is told to build single targets only.
fn example(name: &str) -> PathBuf {
    let path = Path::new(CAUSEWAY).with_file_name("examples").join(name);
    assert!(path.exists(), "{} is missing: run `cargo build -p causeway-local-cloud --examples`", path.display());
    path
}

fn program(name: &str, example_name: &str, arguments: &[&str]) -> Program {
    Program {
        name: name.to_owned(),
        about: "test".to_owned(),
        executable: example(example_name),
        arguments: arguments.iter().map(OsString::from).collect(),
        environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned()), ("LOG_LEVEL".to_owned(), "info".to_owned())],
    }
}

/// Does what it is told, on Fn and on Lambda.
pub(crate) fn probe() -> Program {
    program("probe", "local-cloud-probe", &[])
}

/// The same with an argument that spoils its start.
pub(crate) fn spoiled(argument: &str) -> Program {
    program("probe", "local-cloud-probe", &[argument])
}

/// Does what it is told with the headers and statuses of Fn.
pub(crate) fn fdk_probe() -> Program {
    program("fdk-probe", "local-cloud-fdk-probe", &[])
}

pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A running cloud with its API.
pub(crate) struct Local {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) address: SocketAddr,
}

impl Local {
    pub(crate) async fn start(programs: Vec<Program>, limits: Limits) -> Self {
        let cloud = Arc::new(Cloud::new(programs, &Options { limits, ..Options::default() }).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = router(Arc::clone(&cloud), address, false);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { cloud, address }
    }

    pub(crate) async fn probe() -> Self {
        Self::start(vec![probe()], Limits::default()).await
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        send(self.address, request).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Response<Bytes> {
        self.send(post(path, body)).await
    }

    /// A direct call on Fn.
    pub(crate) async fn invoke(&self, body: Value) -> Response<Bytes> {
        self.post("/invoke/probe", body.to_string()).await
    }

    /// Everything in the probe's log, without the process numbers.
    pub(crate) async fn log(&self) -> Vec<String> {
        let request = Request::get("/logs/probe").header("host", "localhost").body(Full::default()).unwrap();
        let text = String::from_utf8(self.send(request).await.body().to_vec()).unwrap();
        text.lines().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect()
    }

    /// The supervisor's own lines about something.
    pub(crate) async fn told(&self, prefix: &str) -> Vec<Value> {
        let lines = self.log().await.into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        lines.filter(|line| line["message"].as_str().is_some_and(|message| message.starts_with(prefix))).collect()
    }

    /// Process that answers a direct call.
    pub(crate) async fn pid(&self) -> u64 {
        let response = self.invoke(json!({ "op": "pid" })).await;
        value(&response)["pid"].as_u64().unwrap_or_else(|| panic!("{response:?}"))
    }
}

pub(crate) fn post(path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let request = Request::post(path).header("content-type", "application/json").header("host", "localhost:8080");
    request.body(Full::from(body.into())).unwrap()
}

/// One request on a connection of its own.
pub(crate) async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let response = tokio::time::timeout(PATIENCE, sender.send_request(request)).await.expect("in time").unwrap();
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

pub(crate) fn value(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|error| panic!("{error}: {response:?}"))
}

pub(crate) fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Whether the process exists and is more than an entry for its parent to read.
pub(crate) fn is_running(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

pub(crate) fn kill(signal: &str, pid: u64) {
    let status = std::process::Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill {signal} {pid}");
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
