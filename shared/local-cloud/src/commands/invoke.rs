//! `causeway invoke`: one call through the socket.

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::print;
use crate::arguments::Invoke;
use crate::cli::{CliError, Signals};
use crate::cloud::{Cloud, Options};
use crate::failure::{Failure, FailureKind};
use crate::functions;
use crate::ids;
use crate::logs::Echo;
use crate::programs::{Data, programs};
use crate::supervisor::fn_worker::{FnReply, FnRequest};

/// The function refused the request (`EX_DATAERR`).
const EXIT_CLIENT: u8 = 65;
/// It failed (`EX_SOFTWARE`).
const EXIT_FAILED: u8 = 70;
/// Time ran out (`EX_TEMPFAIL`).
const EXIT_TIMEOUT: u8 = 75;

pub(crate) async fn run(args: Invoke) -> Result<ExitCode, CliError> {
    if functions::find(&args.function).is_none() {
        let text = format!("there is no function {:?}; there are: {}", args.function, functions::names());
        return Err(CliError::usage(text));
    }
    let root = args.bounds.root()?;
    let body = read_request(&args)?;
    let options =
        Options { limits: args.bounds.limits(), log_directory: args.bounds.log_dir.clone(), echo: Echo::Plain };
    let mut signals = Signals::listen()?;
    let cloud = Cloud::new(programs(&Data::Directory(root))?, &options)
        .map_err(|error| CliError::io("cannot start", &error))?;
    let work = async {
        let reply = call(&cloud, &args.function, body).await.map_err(|failure| failed(&failure))?;
        print(&line(&reply.body))?;
        Ok(ExitCode::from(if is_client_error(&reply.body) { EXIT_CLIENT } else { 0 }))
    };
    let outcome = signals.unless(work).await;
    cloud.shutdown().await;
    outcome
}

async fn call(cloud: &Cloud, function: &str, body: Bytes) -> Result<FnReply, Failure> {
    let Some(function) = cloud.get(function) else { return Err(FailureKind::NotStarted.into()) };
    function.fn_process().await?.run(json_request(body)).await
}

/// A direct call with JSON.
pub(crate) fn json_request(body: Bytes) -> FnRequest {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("accept", HeaderValue::from_static("application/json"));
    FnRequest { call_id: ids::call_id(), headers, body }
}

pub(super) fn failed(failure: &Failure) -> CliError {
    let exit = if failure.kind.status() == 504 { EXIT_TIMEOUT } else { EXIT_FAILED };
    CliError { text: failure.to_string(), exit }
}

/// A top-level `error` object is what no successful reply has.
pub(crate) fn is_client_error(body: &[u8]) -> bool {
    let value: Result<Value, _> = serde_json::from_slice(body);
    value.is_ok_and(|value| value["error"].get("kind").is_some())
}

fn line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.is_empty() || text.ends_with('\n') { text.into_owned() } else { format!("{text}\n") }
}

/// Nothing on a terminal means an empty request: nobody wants to be waited for.
fn read_request(args: &Invoke) -> Result<Bytes, CliError> {
    match (&args.data, &args.file) {
        (Some(data), _) => Ok(data.clone().into()),
        (None, Some(file)) => std::fs::read(file)
            .map(Bytes::from)
            .map_err(|error| CliError::usage(format!("{}: {error}", file.display()))),
        (None, None) if io::stdin().is_terminal() => Ok(Bytes::new()),
        (None, None) => {
            let mut body = Vec::new();
            let read = io::stdin().read_to_end(&mut body);
            read.map(|_| body.into()).map_err(|error| CliError::io("standard input", &error))
        }
    }
}
