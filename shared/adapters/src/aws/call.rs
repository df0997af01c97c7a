//! How one call of the SDK is made: its time, its repetitions, and what is known of it when it failed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{BeforeTransmitInterceptorContextRef, InterceptorContext};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

use super::failure;

/// One operation of one service.
#[derive(Debug)]
pub(super) struct Operation {
    /// Name of the service in failures.
    pub(super) service: &'static str,
    /// Name of the operation in AWS's API.
    pub(super) name: &'static str,
    /// Longest time of one try, for calls without a deadline and for servers that stay silent.
    pub(super) try_time: Duration,
    /// Whether the service's explanation may repeat what was sent, so that it must not be shown.
    pub(super) has_content: bool,
}

impl Operation {
    /// A failure of this operation that came from no service.
    pub(super) fn fails(&self, kind: Kind, reason: impl Into<String>) -> ServiceFailure {
        ServiceFailure::new(kind, self.service, self.name, reason)
    }
}

/// Whether a call whose fate is unknown may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repetition {
    /// It changes nothing, or the other side recognises it.
    Harmless,
    /// Only what certainly had no effect is repeated: refusals below 500, throttling among them, and requests that
    /// never left.
    OnlyIfCertain,
}

/// The tries of one call.
pub(super) struct Tries {
    operation: &'static Operation,
    deadline: Deadline,
    repetition: Repetition,
    seen: Arc<Seen>,
}

/// What became of the tries so far.
#[derive(Debug, Default)]
struct Seen {
    /// Requests that were handed to the network.
    started: AtomicU32,
    /// Those of them that failed.
    failed: AtomicU32,
    /// Whether the fate of one that failed is unknown.
    unknown: AtomicBool,
}

impl Tries {
    /// # Errors
    /// [`Kind::Timeout`] when no time is left; nothing was sent then.
    pub(super) fn new(
        operation: &'static Operation,
        deadline: Deadline,
        repetition: Repetition,
    ) -> Result<Self, ServiceFailure> {
        if deadline.is_over(Instant::now()) {
            return Err(operation.fails(Kind::Timeout, "no time was left to begin"));
        }
        Ok(Self { operation, deadline, repetition, seen: Arc::default() })
    }

    pub(super) fn operation(&self) -> &'static Operation {
        self.operation
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// For the call's configuration: all tries end with the deadline, each by itself after its own time.
    pub(super) fn timeouts(&self) -> TimeoutConfig {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(self.operation.try_time);
        match self.deadline.remaining(Instant::now()) {
            Some(left) => timeouts.operation_timeout(left).build(),
            None => timeouts.build(),
        }
    }

    /// For the call's configuration, beside the SDK's own rules for repetitions.
    pub(super) fn fates(&self) -> Fates {
        Fates { repetition: self.repetition, seen: Arc::clone(&self.seen) }
    }

    /// For the call itself.
    pub(super) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.seen))
    }

    /// What the SDK's error means.
    pub(super) fn failure<E>(&self, error: &SdkError<E, HttpResponse>) -> ServiceFailure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let failure = failure::convert(self.operation, error);
        let earlier = self.seen.unknown.load(Ordering::Relaxed);
        // When the time ran out before the first request or between two, none was under way.
        let count = |number: &AtomicU32| number.load(Ordering::Relaxed);
        let is_idle = count(&self.seen.started) == count(&self.seen.failed);
        let last = failure.may_have_happened() && !(failure.kind() == Kind::Timeout && is_idle);
        failure.with_unknown_effect(earlier || last)
    }
}

/// Looks at every try that failed: remembers one of unknown fate, and forbids another after it where that could do
/// the work twice.
#[derive(Debug)]
pub(super) struct Fates {
    repetition: Repetition,
    seen: Arc<Seen>,
}

impl ClassifyRetry for Fates {
    fn name(&self) -> &'static str {
        "fates"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        self.seen.failed.fetch_add(1, Ordering::Relaxed);
        let status = context.response().map(|response| response.status().as_u16());
        let is_unknown = match (status, error.as_connector_error()) {
            (Some(status), _) => failure::may_have_worked(status),
            (None, Some(error)) => !failure::was_not_sent(error),
            (None, None) => error.is_timeout_error(),
        };
        if !is_unknown {
            return RetryAction::NoActionIndicated;
        }
        self.seen.unknown.store(true, Ordering::Relaxed);
        match self.repetition {
            Repetition::Harmless => RetryAction::NoActionIndicated,
            Repetition::OnlyIfCertain => RetryAction::RetryForbidden,
        }
    }
}

/// Counts the requests that go out.
#[derive(Debug)]
pub(super) struct Watch(Arc<Seen>);

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.started.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
