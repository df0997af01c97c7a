//! What stands behind the Functions service: whoever embeds the emulator runs the functions.

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// A function that can be invoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionInfo {
    /// Name, unique among all; the OCID follows from it.
    pub name: String,
    /// Container image, as it is shown.
    pub image: String,
    /// Memory in MB.
    pub memory_mb: u64,
    /// Time limit in seconds.
    pub timeout_seconds: u64,
    /// Configuration variables.
    pub config: std::collections::BTreeMap<String, String>,
}

/// One call of a function.
#[derive(Debug, Clone)]
pub struct FunctionCall {
    /// Name of the function.
    pub function: String,
    /// The body, at most 6 MB.
    pub body: Bytes,
    /// Its content type, as sent.
    pub content_type: Option<String>,
    /// `fn-intent`: `httprequest` or `cloudevent`.
    pub intent: Option<String>,
    /// The call's `opc-request-id` as the client sent it.
    pub request_id: Option<String>,
    /// Whether nobody waits for the answer; see [`Invoker::invoke`].
    pub detached: bool,
}

/// What a function answered.
#[derive(Debug, Clone)]
pub struct FunctionReply {
    /// The body.
    pub body: Bytes,
    /// Its content type.
    pub content_type: Option<String>,
    /// The status that the function set (`Fn-Http-Status`).
    pub status: Option<u16>,
    /// Id of the call (`Fn-Call-Id`).
    pub call_id: Option<String>,
}

/// Why a function gave no answer, in the terms of OCI's page "Troubleshooting OCI Functions".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvokeFailure {
    /// It exited or reported a failure: 502 `FunctionInvokeExecutionFailed`.
    ExecutionFailed,
    /// It ended before its answer was complete: 502 `FunctionInvokeExecutionError`.
    NoResponse,
    /// Its answer was no answer in the protocol: 502 `FunctionInvokeInvalidResponse`.
    InvalidResponse,
    /// Its answer was too large: 502 `FunctionInvokeResponseBodyTooLarge`.
    ResponseTooLarge,
    /// The headers of its answer were too large: 502 `FunctionInvokeResponseHeaderTooLarge`.
    ResponseHeaderTooLarge,
    /// Its container did not start: 502 `FunctionInvokeContainerInitFail`.
    InitFailed,
    /// It was not ready in time: 504 `FunctionInvokeContainerInitTimeout`.
    InitTimeout,
    /// It took too long: 504 `FunctionInvokeTimeout`.
    Timeout,
    /// There is no room for another call: 429 `TooManyRequests`.
    Throttled,
    /// The functions are being started or stopped: 503 `FunctionInvokeServiceUnavailable`.
    Unavailable,
}

/// Runs functions.
pub trait Invoker: Send + Sync + 'static {
    /// The functions there are.
    fn functions(&self) -> Vec<FunctionInfo>;

    /// Calls one of them. A detached call is the implementor's from here on: its reply means that it was taken
    /// over, and is given before the function ends if the caller is not to wait.
    fn invoke(&self, call: FunctionCall) -> BoxFuture<'_, Result<FunctionReply, InvokeFailure>>;
}
