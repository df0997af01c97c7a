//! The handler trait and the two adapters for it.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Call, Context, IntoResponse, Json, Response};

/// Any error. Its text and sources are reported, never sent.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The error by which a handler asks for 504 in place of 502: it ran out of time by its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the handler ran out of time")]
pub struct TimedOut;

/// Answers calls. Async functions and closures over a [`Call`] are handlers already; a type of one's own
/// is the way to keep clients or settings between calls:
///
/// ```
/// use causeway_fdk::{BoxError, Call, Handler, Response};
///
/// struct Greeter { greeting: String }
///
/// impl Handler for Greeter {
///     async fn call(&self, call: Call) -> Result<Response, BoxError> {
///         let name = String::from_utf8(call.body.to_vec())?;
///         Ok(Response::new(format!("{}, {name}", self.greeting)).header("Content-Type", "text/plain")?)
///     }
/// }
/// ```
pub trait Handler: Send + Sync + 'static {
    /// Answers one call. An error becomes 502 with an empty body, [`TimedOut`] becomes 504.
    fn call(&self, call: Call) -> impl Future<Output = Result<Response, BoxError>> + Send;
}

impl<F, Fut, R, E> Handler for F
where
    F: Fn(Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, E>> + Send,
    R: IntoResponse,
    E: Into<BoxError>,
{
    async fn call(&self, call: Call) -> Result<Response, BoxError> {
        self(call).await.map_err(Into::into)?.into_response()
    }
}

/// A handler over JSON values in place of bytes.
///
/// An empty body is read as `null`, so `Option<T>` and `()` accept it; a byte order mark is skipped; the
/// `Content-Type` of the request does not matter. A body that is not a `T` is the caller's fault: a
/// gateway's client gets 400 with `{"error":{"code":"invalid_json","message":…}}`, a plain invocation
/// fails with 502 and the reason is reported.
pub fn json<F, In, Fut, Out, E>(handler: F) -> impl Handler
where
    F: Fn(Context, In) -> Fut + Send + Sync + 'static,
    In: DeserializeOwned + Send + 'static,
    Fut: Future<Output = Result<Out, E>> + Send,
    Out: Serialize,
    E: Into<BoxError>,
{
    JsonHandler { handler, input: PhantomData::<fn(In)> }
}

struct JsonHandler<F, In> {
    handler: F,
    input: PhantomData<fn(In)>,
}

impl<F, In, Fut, Out, E> Handler for JsonHandler<F, In>
where
    F: Fn(Context, In) -> Fut + Send + Sync + 'static,
    In: DeserializeOwned + Send + 'static,
    Fut: Future<Output = Result<Out, E>> + Send,
    Out: Serialize,
    E: Into<BoxError>,
{
    async fn call(&self, call: Call) -> Result<Response, BoxError> {
        let input = match parse(&call.body) {
            Ok(input) => input,
            Err(error) if call.context.gateway().is_some() => return invalid_json(&error),
            Err(error) => return Err(error.into()),
        };
        let output = (self.handler)(call.context, input).await.map_err(Into::into)?;
        Json(output).into_response()
    }
}

fn parse<In: DeserializeOwned>(body: &[u8]) -> Result<In, serde_json::Error> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(if body.is_empty() { b"null" } else { body })
}

fn invalid_json(error: &serde_json::Error) -> Result<Response, BoxError> {
    let problem = serde_json::json!({"error": {"code": "invalid_json", "message": error.to_string()}});
    Ok(Json(problem).into_response()?.status(400)?)
}

/// A handler for code that blocks its thread: it runs on the blocking pool, so that the deadline can
/// be kept and other connections are served. Code that overruns goes on until it returns; its result
/// is dropped. [`crate::run`] has eight such threads, so code that never returns uses them up: bound it.
pub fn blocking<F, R, E>(handler: F) -> impl Handler
where
    F: Fn(Call) -> Result<R, E> + Send + Sync + 'static,
    R: IntoResponse + Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    let handler = Arc::new(handler);
    move |call: Call| {
        let handler = Arc::clone(&handler);
        async move {
            match tokio::task::spawn_blocking(move || handler(call)).await {
                Ok(result) => result.map_err(Into::into),
                // The panic belongs to the call, which the server guards.
                Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                Err(error) => Err(error.into()),
            }
        }
    }
}
