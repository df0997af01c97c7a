//! The trait that a function implements.

use std::future::Future;

use causeway_resilience::PrincipalCheck;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Context, Error, Event, Idempotency, Settings, StartedTool, Tool, schema};

/// A function: a typed request in, a typed reply out. Deliveries can repeat, so handlers are idempotent, by themselves
/// or by [`Handler::idempotency`].
pub trait Handler: Send + Sync + Sized + 'static {
    /// Folder, crate, binary, descriptor and log field: one name.
    const NAME: &'static str;
    /// One sentence for users.
    const ABOUT: &'static str;
    /// Settings, read once at cold start.
    type Config: Settings;
    /// The request. An empty body is read as `{}`; unknown fields should be refused.
    type Request: DeserializeOwned + JsonSchema + Send;
    /// The reply. It must not have a field `error` at the top level.
    type Reply: Serialize + JsonSchema + Send;

    /// Answers one request.
    fn handle(
        &self,
        request: Self::Request,
        context: &Context,
    ) -> impl Future<Output = Result<Self::Reply, Error>> + Send;

    /// Names the call when it must be carried out once, however often it is delivered; see [`Idempotency`]. The
    /// default carries out every delivery.
    ///
    /// # Errors
    /// A client error when a call that needs a name has none.
    fn idempotency(&self, request: &Self::Request, context: &Context) -> Result<Option<Idempotency<'_>>, Error> {
        let _ = (request, context);
        Ok(None)
    }

    /// Turns an event into a request. The default takes no events.
    ///
    /// # Errors
    /// A client error when the event is none of this function's business.
    fn request_of_event(&self, event: Event) -> Result<Self::Request, Error> {
        Err(event.unsupported(Self::NAME))
    }

    /// The request of a schedule; the default is the empty request.
    ///
    /// # Errors
    /// A client error when there is none.
    fn request_of_tick(&self) -> Result<Self::Request, Error> {
        let empty = serde_json::from_value(json!({}));
        empty.map_err(|error| Error::client(422, "unsupported_event", format!("a schedule needs an input: {error}")))
    }

    /// What somebody who asks whether the function is there should know of its deployment, for `{"test_type":"basic"}`.
    /// It must not take long; left out when null.
    fn configured(&self) -> Value {
        Value::Null
    }

    /// What this build and deployment can do, for `{"test_type":"imports"}`.
    fn capabilities(&self) -> Value {
        json!({})
    }

    /// The JSON Schemas of request and reply as one JSON object. The default derives them from the types; see
    /// [`schema`].
    #[must_use]
    fn schemas() -> String {
        format!("{:#}", schema::of::<Self>())
    }

    /// Commands of this function's own; they work on the command line only.
    #[must_use]
    fn tools() -> Vec<Tool> {
        Vec::new()
    }

    /// Commands of this function's own that work with the started function.
    #[must_use]
    fn started_tools() -> Vec<StartedTool<Self>> {
        Vec::new()
    }

    /// Checks the principal that cloud calls are signed with, for `{"test_type":"auth"}`. It has 5 s, or what is
    /// left of the call's time.
    ///
    /// The check runs on a thread of its own, with the call's tokio runtime at hand, so that the bound holds
    /// even when it blocks. One that is still blocked keeps its thread, and no other check starts before it ends.
    fn check_auth(&self) -> impl Future<Output = PrincipalCheck> + Send {
        async { PrincipalCheck::NotUsed { detail: Value::Null } }
    }
}
