//! One request: read all of it, run the handler inside its bounds, answer with a status that the agent
//! survives.

use std::any::Any;
use std::future::poll_fn;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use tokio::time::Instant;

use crate::{Call, Config, Context, Handler, Report, Response, TimedOut, deadline};

type Wire = http::Response<Full<Bytes>>;

/// What all connections share.
pub(crate) struct Shared<H> {
    pub(crate) config: Arc<Config>,
    pub(crate) handler: H,
    pub(crate) report: Box<dyn Fn(&Report) + Send + Sync>,
}

/// The two failures that the agent keeps a container for, and one of the transport.
enum Failure {
    Function(Report),
    Timeout(Report),
    Transport(hyper::Error),
}

impl<H: Handler> Shared<H> {
    /// Answers one request.
    ///
    /// # Errors
    /// When the connection broke while the body was read; there is nobody to answer then.
    pub(crate) async fn dispatch(&self, request: Request<Incoming>) -> Result<Wire, hyper::Error> {
        match self.answer(request).await {
            Ok(wire) => Ok(wire),
            Err(Failure::Function(report)) => Ok(self.fail(StatusCode::BAD_GATEWAY, &report)),
            Err(Failure::Timeout(report)) => Ok(self.fail(StatusCode::GATEWAY_TIMEOUT, &report)),
            Err(Failure::Transport(error)) => Err(error),
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Wire, Failure> {
        let (parts, body) = request.into_parts();
        let target = wrong_target(&parts.method, parts.uri.path());
        let context = Context::new(Arc::clone(&self.config), parts.headers);
        self.check_deadline_text(&context);
        let call_id = context.call_id().map(str::to_owned);
        let late = || Failure::Timeout(Report::DeadlineExceeded { call_id: call_id.clone() });
        let Ok(limit) = run_time(&context) else {
            drain(body).await;
            return Err(late());
        };
        let work = async {
            let body = collect(body, self.config.max_request_bytes).await.map_err(Failure::Transport)?;
            match target {
                Some(target) => Err(Failure::Function(Report::WrongTarget { target })),
                None => self.call(context, body).await,
            }
        };
        match limit {
            None => work.await,
            Some(limit) => within(limit, work).await.unwrap_or_else(|| Err(late())),
        }
    }

    async fn call(&self, context: Context, body: Option<Bytes>) -> Result<Wire, Failure> {
        let gateway = context.gateway().is_some();
        let call_id = context.call_id().map(str::to_owned);
        let Some(body) = body else { return self.request_too_large(gateway, call_id) };
        print_log_frame(&self.config, context.headers());
        let run = async { self.handler.call(Call { context, body }).await };
        let response = match AssertUnwindSafe(run).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is::<TimedOut>() => {
                return Err(Failure::Timeout(Report::Failed { call_id, error }));
            }
            Ok(Err(error)) => return Err(Failure::Function(Report::Failed { call_id, error })),
            Err(panic) => {
                let message = panic_message(&*panic);
                return Err(Failure::Function(Report::Panicked { call_id, message }));
            }
        };
        self.check_size(&response, call_id)?;
        Ok(response.into_wire(gateway))
    }

    fn check_size(&self, response: &Response, call_id: Option<String>) -> Result<(), Failure> {
        let bytes = response.body().len();
        match self.config.max_response_bytes {
            Some(max_bytes) if bytes > max_bytes => {
                Err(Failure::Function(Report::ResponseTooLarge { call_id, bytes, max_bytes }))
            }
            _ => Ok(()),
        }
    }

    fn request_too_large(&self, gateway: bool, call_id: Option<String>) -> Result<Wire, Failure> {
        let max_bytes = self.config.max_request_bytes.unwrap_or(usize::MAX);
        let report = Report::RequestTooLarge { call_id, max_bytes };
        let answer = Response::with_type(r#"{"error":{"code":"payload_too_large"}}"#, "application/json").status(413);
        match answer {
            Ok(answer) if gateway => {
                (self.report)(&report);
                Ok(answer.into_wire(true))
            }
            _ => Err(Failure::Function(report)),
        }
    }

    fn check_deadline_text(&self, context: &Context) {
        if let (None, Some(text)) = (context.deadline(), context.headers().get("fn-deadline")) {
            let text = String::from_utf8_lossy(text.as_bytes()).into_owned();
            (self.report)(&Report::InvalidDeadline { text });
        }
    }

    /// With a body the agent would drop the connection, so there is none.
    fn fail(&self, status: StatusCode, report: &Report) -> Wire {
        (self.report)(report);
        let mut wire = Wire::default();
        *wire.status_mut() = status;
        wire
    }
}

fn wrong_target(method: &Method, path: &str) -> Option<String> {
    (method != Method::POST || path != "/call").then(|| format!("{method} {path}"))
}

struct Passed;

fn run_time(context: &Context) -> Result<Option<Duration>, Passed> {
    let Some(deadline) = context.deadline() else { return Ok(None) };
    deadline::run_time(deadline, SystemTime::now()).map(Some).ok_or(Passed)
}

/// Times that work is looked at before a timer is set.
const MAX_LOOKS: u32 = 8;

/// The result of `work`, or `None` when it takes longer than `limit`.
///
/// Most calls are done after a few looks, when the pieces of the body have been handed over. Only then is a
/// timer set: each one costs a system call.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let end = Instant::now() + limit;
    let mut work = pin!(work);
    let mut looks = 0;
    let early = poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if looks == MAX_LOOKS => Poll::Ready(None),
        Poll::Pending => {
            looks += 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    });
    match early.await {
        Some(done) => Some(done),
        None => tokio::time::timeout_at(end, work).await.ok(),
    }
}

/// Takes what the agent still sends: an answer before that would break its upload, and with it the
/// connection. The header is cut to the second, so the agent itself waits up to a second longer.
async fn drain(body: Incoming) {
    let _ = tokio::time::timeout(Duration::from_secs(1), collect(body, Some(0))).await;
}

/// The whole body, or `None` when it is larger than the limit. It is read to its end either way: the
/// agent's runner refuses a 200 that comes before it has sent everything.
async fn collect(mut body: Incoming, max_bytes: Option<usize>) -> Result<Option<Bytes>, hyper::Error> {
    let max_bytes = max_bytes.unwrap_or(usize::MAX);
    let mut parts = Parts::default();
    let mut total = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total <= max_bytes {
            parts.push(data, body.size_hint().lower());
        } else {
            parts = Parts::default();
        }
    }
    Ok((total <= max_bytes).then(|| parts.join()))
}

/// Body pieces: a single one is passed on without a copy.
#[derive(Default)]
struct Parts {
    first: Bytes,
    rest: BytesMut,
}

impl Parts {
    fn push(&mut self, data: Bytes, expected: u64) {
        if self.first.is_empty() {
            self.first = data;
            return;
        }
        if self.rest.is_empty() {
            let expected = usize::try_from(expected).unwrap_or(0).min(1 << 24);
            self.rest.reserve(self.first.len() + data.len() + expected);
            self.rest.extend_from_slice(&self.first);
        }
        self.rest.extend_from_slice(&data);
    }

    fn join(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}

/// The frame goes to both streams before any output of the handler.
fn print_log_frame(config: &Config, headers: &HeaderMap) {
    let Some(frame) = &config.log_frame else { return };
    let Some(value) = headers.get(&frame.header).filter(|value| !value.is_empty()) else { return };
    let line = [b"\n", frame.name.as_bytes(), b"=", value.as_bytes(), b"\n"].concat();
    // A closed stream must not fail the call.
    let _ = std::io::stderr().write_all(&line);
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("panic without a text").to_owned()
}
