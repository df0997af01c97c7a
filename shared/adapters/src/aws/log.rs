//! One line per request that goes out, as the calls of OCI have it.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// Logs every try.
#[derive(Debug)]
pub(super) struct Logged;

/// A try under way. One that is given up when the time of the call is over is logged when it is dropped.
#[derive(Debug)]
struct Try {
    service: String,
    operation: String,
    attempt: u32,
    started: Instant,
    is_logged: AtomicBool,
}

impl Storable for Try {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Logged {
    fn name(&self) -> &'static str {
        "log"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let named = |name: fn(&Metadata) -> &str| config.load::<Metadata>().map(name).unwrap_or_default().to_owned();
        let (service, operation) = (named(Metadata::service), named(Metadata::name));
        let attempt = config.load::<Try>().map_or(0, |last| last.attempt) + 1;
        let (started, is_logged) = (Instant::now(), AtomicBool::new(false));
        config.interceptor_state().store_put(Try { service, operation, attempt, started, is_logged });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(last) = config.load::<Try>() else { return Ok(()) };
        let head = context.response().map(|response| {
            let id = response.headers().get("x-amzn-requestid").or_else(|| response.headers().get("x-amz-request-id"));
            (response.status().as_u16(), id.map(|id| Cow::Borrowed(&id[..id.floor_char_boundary(128)])))
        });
        last.log(head);
        Ok(())
    }
}

impl Try {
    /// No URL and no text of an error: they may hold names of customers' things.
    fn log(&self, head: Option<(u16, Option<Cow<'_, str>>)>) {
        if self.is_logged.swap(true, Ordering::Relaxed) {
            return;
        }
        let Self { service, operation, attempt, .. } = self;
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match head {
            Some((status, id)) => {
                let aws_request_id = id.as_deref();
                tracing::info!(service, operation, status, ms, attempt, aws_request_id, "outbound call");
            }
            None => tracing::info!(service, operation, ms, attempt, "outbound call without an answer"),
        }
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        self.log(None);
    }
}

#[cfg(test)]
mod tests;
