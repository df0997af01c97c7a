//! How one call is made over each link of a chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_resilience::fallback::Link;
use causeway_resilience::retry::Idempotency;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::future::BoxFuture;

use super::fallbacks::Found;
use super::{Answers, Kept};

/// What one link does, until the deadline.
pub(super) type Way<'a, T> =
    Box<dyn FnOnce(Deadline) -> BoxFuture<'a, Result<Option<Found<T>>, ServiceFailure>> + Send + 'a>;

/// One call: how each link would make it. What the plan of the chain does not have is not used.
pub struct Ways<'a, T> {
    idempotency: Idempotency,
    ways: BTreeMap<Link, Way<'a, T>>,
}

impl<'a, T: Send + 'a> Ways<'a, T> {
    /// The call over the dependency itself. It is given the time that it may take.
    #[must_use]
    pub fn new<F>(idempotency: Idempotency, primary: impl FnOnce(Deadline) -> F + Send + 'a) -> Self
    where
        F: Future<Output = Result<T, ServiceFailure>> + Send + 'a,
    {
        Self { idempotency, ways: BTreeMap::new() }.with(Link::Primary, primary)
    }

    /// The same call over the second provider.
    #[must_use]
    pub fn or_secondary<F>(self, secondary: impl FnOnce(Deadline) -> F + Send + 'a) -> Self
    where
        F: Future<Output = Result<T, ServiceFailure>> + Send + 'a,
    {
        self.with(Link::Secondary, secondary)
    }

    /// A lesser answer, made without any dependency.
    #[must_use]
    pub fn or_degraded<F>(self, degraded: impl FnOnce(Deadline) -> F + Send + 'a) -> Self
    where
        F: Future<Output = Result<T, ServiceFailure>> + Send + 'a,
    {
        self.with(Link::Degraded, degraded)
    }

    /// An answer of earlier, from wherever it is kept.
    #[must_use]
    pub fn or_kept<F>(mut self, kept: impl FnOnce(Deadline) -> F + Send + 'a) -> Self
    where
        F: Future<Output = Result<Option<Kept<T>>, ServiceFailure>> + Send + 'a,
    {
        let way: Way<'a, T> = Box::new(|deadline| {
            let found = kept(deadline);
            Box::pin(async move { Ok(found.await?.map(Found::from)) })
        });
        self.ways.insert(Link::Cached, way);
        self
    }

    /// An answer of earlier, from the memory of this process.
    #[must_use]
    pub fn or_kept_in(self, answers: &Arc<Answers<T>>, key: &str) -> Self
    where
        T: Clone,
    {
        let kept = answers.get(key);
        self.or_kept(|_| async move { Ok(kept) })
    }

    fn with<F>(mut self, link: Link, call: impl FnOnce(Deadline) -> F + Send + 'a) -> Self
    where
        F: Future<Output = Result<T, ServiceFailure>> + Send + 'a,
    {
        let way: Way<'a, T> = Box::new(|deadline| {
            let found = call(deadline);
            Box::pin(async move { Ok(Some(Found { value: found.await?, at_ms: None })) })
        });
        self.ways.insert(link, way);
        self
    }
}

impl<'a, T> Ways<'a, T> {
    pub(super) fn idempotency(&self) -> Idempotency {
        self.idempotency
    }

    pub(super) fn take(&mut self, link: Link) -> Option<Way<'a, T>> {
        self.ways.remove(&link)
    }
}
