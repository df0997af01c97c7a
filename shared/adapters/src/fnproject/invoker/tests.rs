//! A Fn server as its API has it, on a local port, and prepared answers where it must misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::{Instant, SystemTime};

use causeway_cloud::conformance::invoker as conformance;
use causeway_oci_auth::effects::{Clock, HttpClient, SystemFiles};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const TRACE: &str = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";

/// Time that passes at once.
struct NoWait;

#[async_trait]
impl Clock for NoWait {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {}
}

/// A request: its line, its other head lines in lower case, its body.
#[derive(Clone, Debug)]
struct Asked {
    line: String,
    head: String,
    body: Vec<u8>,
}

/// Status, further head lines, body.
type Said = (u16, &'static str, Vec<u8>);

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    /// Answers to calls that come before the usual ones; none is a connection that breaks.
    prepared: VecDeque<Option<Said>>,
    /// How often the functions have been deployed; their ids have the number in them.
    deployed: usize,
}

/// A server with the functions `echo` and `fail` in the app `causeway`.
#[derive(Clone)]
struct FnServer {
    address: String,
    state: Arc<StdMutex<State>>,
}

impl FnServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { address, state: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(connection).await });
            }
        });
        server
    }

    async fn serve(&self, mut connection: TcpStream) -> Option<()> {
        let asked = receive(&mut connection).await?;
        let (status, head, body) = self.answer(asked)?;
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{head}content-length: {length}\r\n\r\n");
        connection.write_all(head.as_bytes()).await.ok()?;
        connection.write_all(&body).await.ok()
    }

    fn answer(&self, asked: Asked) -> Option<Said> {
        let mut state = self.state.lock().unwrap();
        state.asked.push(asked.clone());
        let target = asked.line.split(' ').nth(1).unwrap();
        if target.starts_with("/invoke/")
            && let Some(prepared) = state.prepared.pop_front()
        {
            return prepared;
        }
        let (echo, fail) = (format!("/invoke/echo-{}", state.deployed), format!("/invoke/fail-{}", state.deployed));
        let id = "content-type: application/json\r\nfn-call-id: C1\r\n";
        Some(match target {
            _ if target == fail => (502, id, br#"{"message":"function failed"}"#.to_vec()),
            _ if target == echo && asked.head.contains("fn-invoke-type: detached") => (202, id, Vec::new()),
            _ if target == echo => (200, id, asked.body),
            _ if target.starts_with("/invoke/") => (404, id, br#"{"message":"Fn not found"}"#.to_vec()),
            "/v2/apps?name=causeway" => (200, "", listed(&[("app-1", "causeway")])),
            _ => {
                let name = target.strip_prefix("/v2/fns?app_id=app-1&name=").unwrap_or_default();
                let known = ["echo", "fail"].contains(&name);
                let function = known.then(|| (format!("{name}-{}", state.deployed), name));
                let function = function.iter().map(|(id, name)| (id.as_str(), *name)).collect::<Vec<_>>();
                (200, "", listed(&function))
            }
        })
    }

    fn prepare(&self, answers: impl IntoIterator<Item = Option<Said>>) {
        self.state.lock().unwrap().prepared.extend(answers);
    }

    /// What was asked since the last look.
    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// First lines of what was asked since the last look.
    fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line.replace(" HTTP/1.1", "")).collect()
    }

    fn functions(&self) -> Functions {
        functions(self.address.clone(), "causeway")
    }
}

#[async_trait]
impl conformance::Functions for FnServer {
    fn echo(&self) -> &str {
        "echo"
    }

    fn failing(&self) -> &str {
        "fail"
    }

    async fn ran(&self) -> Vec<Bytes> {
        let calls = self.asked().into_iter().filter(|asked| asked.line.starts_with("POST /invoke/echo-"));
        calls.map(|asked| asked.body.into()).collect()
    }
}

fn functions(base: String, application: &str) -> Functions {
    let http = HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap();
    let effects = Effects { http: Arc::new(http), clock: Arc::new(NoWait), ..Effects::default() };
    Functions::new(effects, base, application.to_owned())
}

fn listed(items: &[(&str, &str)]) -> Vec<u8> {
    let items: Vec<_> = items.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
    json!({ "items": items, "next_cursor": "" }).to_string().into()
}

async fn receive(connection: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let (line, head) = head.split_once("\r\n").unwrap();
            let head = head.to_lowercase();
            let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next());
            let whole = end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
            if bytes.len() >= whole {
                return Some(Asked { line: line.to_owned(), head, body: bytes[end + 4..whole].to_vec() });
            }
        }
        let mut buffer = [0; 4096];
        let read = connection.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
}

fn deadline() -> Deadline {
    Deadline::at(Instant::now() + Duration::from_secs(60))
}

fn call(is_idempotent: bool) -> Call {
    Call { payload: Bytes::from_static(b"{\"a\":1}"), is_idempotent, ..Call::default() }
}

fn said(status: u16, head: &'static str, body: &str) -> Option<Said> {
    Some((status, head, body.into()))
}

#[tokio::test]
async fn the_invoker_keeps_its_promises() {
    let server = FnServer::start().await;
    conformance::all(&server.functions(), &server, deadline()).await.unwrap();
}

#[tokio::test]
async fn a_function_is_looked_up_once_and_called_as_on_oci() {
    let server = FnServer::start().await;
    let functions = server.functions();
    let traced = Call { traceparent: Some(TRACE.to_owned()), ..call(false) };
    functions.invoke("echo", &traced, deadline()).await.unwrap();
    let asked = server.asked();
    let lines: Vec<_> = asked.iter().map(|asked| asked.line.as_str()).collect();
    let lookups = ["GET /v2/apps?name=causeway HTTP/1.1", "GET /v2/fns?app_id=app-1&name=echo HTTP/1.1"];
    assert_eq!(lines, [lookups[0], lookups[1], "POST /invoke/echo-0 HTTP/1.1"]);
    let trace = format!("traceparent: {TRACE}");
    for line in ["content-type: application/json", "fn-intent: httprequest", "fn-invoke-type: sync", &trace] {
        assert!(asked[2].head.lines().any(|given| given == line), "{line}: {:?}", asked[2].head);
    }
    let unreadable = Call { traceparent: Some("a\nb: c".to_owned()), ..call(false) };
    functions.invoke("echo", &unreadable, deadline()).await.unwrap();
    let asked = server.asked();
    assert!(asked.len() == 1 && !asked[0].head.contains("traceparent"), "{asked:?}");
}

#[tokio::test]
async fn a_function_that_was_deployed_anew_is_found_again() {
    let server = FnServer::start().await;
    let functions = server.functions();
    functions.invoke("echo", &call(false), deadline()).await.unwrap();
    server.asked();
    server.state.lock().unwrap().deployed = 1;
    let outcome = functions.invoke("echo", &call(false), deadline()).await.unwrap();
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    assert_eq!(server.lines().last().unwrap(), "POST /invoke/echo-1");
    functions.invoke("echo", &call(false), deadline()).await.unwrap();
    assert_eq!(server.lines(), ["POST /invoke/echo-1"], "the new id is kept");
    // Gone for good: looked for once more, and told.
    server.prepare([said(404, "", ""), said(404, "", "")]);
    let failure = functions.invoke("echo", &call(false), deadline()).await.unwrap_err();
    assert_eq!((failure.kind(), failure.may_have_happened()), (Kind::NotFound, false));
    assert_eq!(server.lines().len(), 4);
}

/// The last line of the table of retries is the server's own answer.
#[tokio::test]
async fn only_what_certainly_did_not_run_is_called_again() {
    let server = FnServer::start().await;
    let functions = server.functions();
    functions.invoke("echo", &call(false), deadline()).await.unwrap();
    let check = async |first: Option<Said>, is_idempotent: bool, tries: usize, expected: Result<(), (Kind, bool)>| {
        server.asked();
        server.prepare([first.clone()]);
        let ended = functions.invoke("echo", &call(is_idempotent), deadline()).await;
        let ended = ended.map(drop).map_err(|failure| (failure.kind(), failure.may_have_happened()));
        assert_eq!((server.asked().len(), ended), (tries, expected), "{first:?} {is_idempotent}");
        server.state.lock().unwrap().prepared.clear();
    };
    let busy = || said(503, "retry-after: 15\r\n", r#"{"message":"Timed out - server too busy"}"#);
    let failed = || said(502, "", r#"{"message":"function failed"}"#);
    let ill = Err((Kind::Unavailable, true));
    check(busy(), false, 2, Ok(())).await;
    check(said(429, "", ""), false, 2, Ok(())).await;
    for first in [None, said(500, "", ""), said(503, "", ""), said(502, "", "<html>"), said(504, "", "<html>")] {
        check(first.clone(), false, 1, ill).await;
        check(first, true, 2, Ok(())).await;
    }
    // The function failed, which is an outcome.
    check(failed(), false, 1, Ok(())).await;
    check(failed(), true, 2, Ok(())).await;
    check(said(400, "", ""), true, 1, Err((Kind::Invalid, false))).await;
    check(said(413, "", ""), true, 1, Err((Kind::Invalid, false))).await;
    check(said(401, "", ""), true, 1, Err((Kind::Unauthenticated, false))).await;
    check(said(302, "location: http://127.0.0.1:9/\r\n", ""), true, 1, Err((Kind::BadAnswer, false))).await;
}

#[tokio::test]
async fn a_function_that_always_fails_is_tried_as_often_as_on_oci() {
    let server = FnServer::start().await;
    let functions = server.functions();
    let outcome = functions.invoke("fail", &call(true), deadline()).await.unwrap();
    let expected = Outcome::Failed {
        code: "function_failed".to_owned(),
        message: "function failed".to_owned(),
        call_id: Some("C1".to_owned()),
    };
    assert!(outcome == expected, "{outcome:?}");
    assert_eq!(server.lines().len(), 2 + usize::try_from(Policy::function().attempts).unwrap());
}

#[tokio::test]
async fn an_effect_that_is_unknown_once_stays_so() {
    let server = FnServer::start().await;
    let functions = server.functions();
    server.prepare([None, said(429, "", ""), said(429, "", ""), said(429, "", "")]);
    let failure = functions.invoke("echo", &call(true), deadline()).await.unwrap_err();
    assert_eq!((failure.kind(), failure.may_have_happened()), (Kind::Throttled, true));
}

#[tokio::test]
async fn answers_are_bounded() {
    let server = FnServer::start().await;
    server.prepare([Some((200, "", vec![b' '; MAX_BODY_BYTES + 1]))]);
    let failure = server.functions().invoke("echo", &call(true), deadline()).await.unwrap_err();
    assert_eq!((failure.kind(), failure.may_have_happened()), (Kind::BadAnswer, true));
}

/// Nothing may be sent with an answer of unknown fate after the deadline, nor waited for longer.
#[tokio::test]
async fn the_deadline_holds() {
    let server = FnServer::start().await;
    let functions = server.functions();
    let over = Deadline::at(Instant::now());
    let failure = functions.invoke("echo", &call(true), over).await.unwrap_err();
    assert_eq!((failure.kind(), failure.may_have_happened(), server.asked().len()), (Kind::Timeout, false, 0));
    functions.invoke("echo", &call(true), deadline()).await.unwrap();
    let failure = functions.invoke("echo", &call(true), over).await.unwrap_err();
    assert_eq!((failure.kind(), failure.may_have_happened()), (Kind::Timeout, false));
    // A server that takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let functions = self::functions(format!("http://{}", silent.local_addr().unwrap()), "causeway");
    functions.found.lock().await.insert("echo".to_owned(), "echo-0".to_owned());
    let soon = Deadline::at(Instant::now() + Duration::from_millis(200));
    let failure = functions.invoke("echo", &call(false), soon).await.unwrap_err();
    assert_eq!((failure.kind(), failure.may_have_happened()), (Kind::Timeout, true));
}

#[tokio::test]
async fn a_search_that_fails_called_nothing_and_says_why() {
    let server = FnServer::start().await;
    let other = functions(server.address.clone(), "other app&x=1");
    let failure = other.invoke("echo", &call(true), deadline()).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::NotFound);
    assert!(failure.to_string().contains("CAUSEWAY_APPLICATION"), "{failure}");
    assert_eq!(server.lines(), ["GET /v2/apps?name=other%20app%26x%3D1"]);
    let check = async |answer: &'static str, expected: Kind| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let _ = receive(&mut connection).await;
                let length = answer.len();
                let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
                let _ = connection.write_all(format!("{head}{answer}").as_bytes()).await;
            }
        });
        let failure = functions(address, "causeway").invoke("echo", &call(true), deadline()).await.unwrap_err();
        assert_eq!((failure.kind(), failure.may_have_happened()), (expected, false), "{answer}");
    };
    check("<html>a page</html>", Kind::BadAnswer).await;
    check("[]", Kind::BadAnswer).await;
    check(r#"{"items":null}"#, Kind::NotFound).await;
    // A server that does not filter: what has another name is not called.
    check(r#"{"items":[{"id":"1","name":"causeway-test"}]}"#, Kind::NotFound).await;
    check(r#"{"items":[{"id":"../v2/apps","name":"causeway"}]}"#, Kind::BadAnswer).await;
    check(r#"{"items":[{"id":"","name":"causeway"}]}"#, Kind::BadAnswer).await;
}

#[tokio::test]
async fn nobody_there_is_no_unknown_effect() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let functions = functions(address.clone(), "causeway");
    functions.found.lock().await.insert("echo".to_owned(), "echo-0".to_owned());
    let failure = functions.invoke("echo", &call(false), deadline()).await.unwrap_err();
    assert_eq!((failure.kind(), failure.may_have_happened()), (Kind::Unavailable, false));
    assert!(!failure.to_string().contains(&address), "{failure}");
}
