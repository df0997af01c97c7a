//! Work that keeps a processor busy, away from the thread that serves calls.

use crate::Error;

/// Runs `work` on another thread, so that answers of services are read and deadlines kept meanwhile. There are eight
/// such threads for everything. Work whose caller gave up goes on until it returns; what it holds, it holds until then.
///
/// # Errors
/// An internal one when the work panicked; its text is for the log.
pub async fn blocking<T, W>(work: W) -> Result<T, Error>
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    let span = tracing::Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    done.map_err(|error| Error::internal("panic", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_runs_elsewhere_and_its_panic_is_an_error() {
        let here = std::thread::current().id();
        assert_ne!(blocking(|| std::thread::current().id()).await.unwrap(), here);
        let error = blocking(|| panic!("boom")).await.map(|(): ()| ()).unwrap_err();
        assert_eq!((error.code(), error.message()), ("panic", "internal error"));
        assert!(error.log_text().contains("boom"), "{}", error.log_text());
    }
}
