//! The breakers of language models: those of this process, or shared ones.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use causeway_cloud::breaker::{Breaker, Breakers, Dependency, Sharing};
use causeway_cloud::state::{Clock as StateClock, Documents};
use causeway_oci_auth::effects::Clock;
use causeway_resilience::Invalid;
use causeway_resilience::breaker::{Config, Outcome, Settings};
use futures_util::future::BoxFuture;

use super::Refused;

/// The rules by which whoever looks after these breakers goes too.
fn rules() -> Result<Config, Invalid> {
    Settings::of_models().config()
}

/// Breakers for the life of the process.
pub(crate) fn in_process(clock: Arc<dyn Clock>) -> Result<Breakers, Invalid> {
    Breakers::in_process(rules()?, Arc::new(Hands(clock)))
}

/// Breakers that all processes with the same documents share.
pub(crate) fn shared(documents: Documents) -> Result<Breakers, Invalid> {
    Breakers::shared(documents, rules()?, Sharing::default())
}

/// That of one provider: of several with one name, such as the same model on two servers, the one of that number.
///
/// # Errors
/// A name that is too long.
pub(super) fn of(breakers: &Breakers, provider: &str, number: usize) -> Result<Arc<Breaker>, Invalid> {
    let which = if number == 0 { String::new() } else { format!("number {}", number + 1) };
    Ok(breakers.of(&Dependency::new(provider, which)?))
}

/// What the end of a call says about the provider: its last try, that is.
pub(super) fn outcome(failed: Option<&Refused>) -> Outcome {
    match failed.map(|refused| (refused, &refused.again)) {
        None => Outcome::Passed,
        Some((_, Some(failure))) => Config::shared().counted.outcome(failure),
        Some((refused, None)) if refused.failure.kind().is_illness() => Outcome::Failed,
        // A form that was not understood, or a question that was wrong: the provider works.
        Some((_, None)) => Outcome::Ignored,
    }
}

/// The clock of the providers, for their breakers.
struct Hands(Arc<dyn Clock>);

impl StateClock for Hands {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let clock = Arc::clone(&self.0);
        Box::pin(async move { clock.sleep(time).await })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use std::sync::atomic::{AtomicU64, Ordering};

    use async_trait::async_trait;
    use causeway_cloud::local::Store;
    use causeway_resilience::Deadline;
    use causeway_resilience::service::Kind;

    use super::super::refused::{Said, Where};
    use super::*;

    const HERE: Where = Where { service: "chat", operation: "Chat" };
    const NO: Deadline = Deadline::NONE;

    /// Seconds that the test sets.
    #[derive(Default)]
    struct Still(AtomicU64);

    #[async_trait]
    impl Clock for Still {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + self.0.load(Ordering::Relaxed))
        }

        async fn sleep(&self, _: Duration) {}
    }

    /// A clock for a store that may take its time.
    struct Patient;

    impl StateClock for Patient {
        fn now(&self) -> SystemTime {
            SystemTime::now()
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }

    struct Rig {
        clock: Arc<Still>,
        gate: Arc<Breaker>,
    }

    fn rig() -> Rig {
        let clock = Arc::new(Still::default());
        let gate = of(&in_process(Arc::clone(&clock) as _).unwrap(), "p", 0).unwrap();
        Rig { clock, gate }
    }

    impl Rig {
        fn at(&self, seconds: u64) -> &Self {
            self.clock.0.store(seconds, Ordering::Relaxed);
            self
        }

        async fn ends(&self, failed: Option<&Refused>) {
            self.gate.enter(NO).await.ok().unwrap().report(outcome(failed), NO).await;
        }

        async fn is_open(&self) -> bool {
            self.gate.enter(NO).await.is_err()
        }
    }

    fn refused(status: u16, retry_after: Option<Duration>) -> Refused {
        HERE.refused(Said { status, retry_after, ..Said::default() })
    }

    #[tokio::test]
    async fn five_failures_in_a_row_close_the_way_and_one_probe_opens_it() {
        let rig = rig();
        for second in 0..5 {
            rig.at(second).ends(Some(&refused(500, None))).await;
        }
        assert!(rig.at(6).is_open().await);
        let probe = rig.at(60).gate.enter(NO).await.ok().unwrap();
        assert!(rig.is_open().await, "one probe at a time");
        probe.report(Outcome::Passed, NO).await;
        assert!(!rig.at(61).is_open().await);
    }

    #[tokio::test]
    async fn a_probe_that_is_given_up_frees_its_place() {
        let rig = rig();
        for second in 0..5 {
            rig.at(second).ends(Some(&refused(503, None))).await;
        }
        drop(rig.at(60).gate.enter(NO).await.ok().unwrap());
        assert!(!rig.at(61).is_open().await);
    }

    #[tokio::test]
    async fn questions_that_are_wrong_say_nothing_about_the_provider() {
        let rig = rig();
        let denied = Refused::from(HERE.fails(Kind::Denied, "no"));
        for second in 0..20 {
            rig.at(second).ends(Some(&refused(400, None))).await;
            rig.ends(Some(&denied)).await;
        }
        assert!(!rig.at(21).is_open().await);
    }

    #[tokio::test]
    async fn a_time_to_come_back_is_kept() {
        let rig = rig();
        rig.ends(Some(&refused(429, Some(Duration::from_secs(20))))).await;
        let wait = rig.at(5).gate.enter(NO).await.err().unwrap().retry_after.unwrap();
        assert!(wait <= Duration::from_secs(15) && wait > Duration::from_secs(13), "{wait:?}");
        assert!(!rig.at(21).is_open().await);
    }

    #[tokio::test]
    async fn the_same_model_on_two_servers_has_two_breakers() {
        let breakers = in_process(Arc::new(Still::default())).unwrap();
        let [first, second] = [0, 1].map(|number| of(&breakers, "p", number).unwrap());
        for _ in 0..5 {
            first.enter(NO).await.ok().unwrap().report(Outcome::Failed, NO).await;
        }
        assert!(first.enter(NO).await.is_err() && second.enter(NO).await.is_ok());
    }

    #[tokio::test]
    async fn what_one_process_finds_another_knows() {
        let folder = tempfile::tempdir().unwrap();
        let documents = || {
            let objects = Arc::new(Store::open(folder.path()).unwrap());
            Documents::new(objects, "breakers", Arc::new(Patient))
        };
        let [one, two] = [(); 2].map(|()| of(&shared(documents()).unwrap(), "p", 0).unwrap());
        one.enter(NO).await.ok().unwrap().report(Outcome::Failed, NO).await;
        two.enter(NO).await.ok().unwrap().report(Outcome::Failed, NO).await;
        assert_eq!(two.last_known().unwrap().failed_in_row(), 2);
    }
}
