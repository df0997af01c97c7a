//! What serves a call when the dependency that should cannot.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use causeway_resilience::ServiceFailure;
use causeway_resilience::fallback::{Link, Plan};
use causeway_resilience::retry::Idempotency;
use causeway_resilience::service::Kind;
use futures_util::future::join_all;

use super::*;

type Answer = Result<&'static str, ServiceFailure>;

fn ill() -> Answer {
    Err(ServiceFailure::new(Kind::Unavailable, "objects", "GetObject", "500"))
}

fn failed(kind: Kind) -> Answer {
    Err(ServiceFailure::new(kind, "objects", "GetObject", "no"))
}

fn uncertain() -> Answer {
    ill().map_err(|failure| failure.with_unknown_effect(true))
}

fn full() -> Plan {
    Plan::new("oci").with_cached(60).with_secondary("aws").with_degraded()
}

/// A chain in one process, with counts of the calls of both providers.
struct Rig {
    yard: Yard,
    chain: Fallbacks,
    answers: Arc<Answers<&'static str>>,
    calls: [AtomicU32; 2],
}

impl Rig {
    fn new(plan: Plan) -> Self {
        let yard = Yard::new();
        let breakers = Breakers::in_process(defaults(), Arc::new(Watch::new(&yard.stage))).unwrap();
        let chain = Fallbacks::new(plan, "acme", &breakers).unwrap();
        Self { yard, chain, answers: Arc::new(Answers::new(3)), calls: Default::default() }
    }

    fn ways(&self, idempotency: Idempotency, primary: Answer, secondary: Answer) -> Ways<'_, &'static str> {
        let [first, second] = &self.calls;
        Ways::new(idempotency, move |_| async move {
            first.fetch_add(1, Ordering::Relaxed);
            primary
        })
        .or_secondary(move |_| async move {
            second.fetch_add(1, Ordering::Relaxed);
            secondary
        })
        .or_kept_in(&self.answers, "key")
        .or_degraded(|_| async { Ok("less") })
    }

    async fn serve(&self, primary: Answer, secondary: Answer) -> Result<Served<&'static str>, ServiceFailure> {
        self.chain.serve(self.ways(Idempotency::Idempotent, primary, secondary), NO).await
    }

    fn calls(&self) -> [u32; 2] {
        [0, 1].map(|at: usize| self.calls[at].load(Ordering::Relaxed))
    }
}

fn links(served: &Served<&str>) -> (Link, Vec<(Link, Reason)>) {
    let passed = served.passed.iter().map(|passed| (passed.link, passed.reason.clone()));
    (served.served_by.link, passed.collect())
}

#[tokio::test]
async fn the_links_are_asked_in_order_and_the_reply_says_which_served() {
    let rig = Rig::new(full());
    let served = rig.serve(Ok("oci"), Ok("aws")).await.unwrap();
    assert_eq!((served.value, links(&served)), ("oci", (Link::Primary, vec![])));
    assert_eq!(rig.calls(), [1, 0]);

    let unavailable = (Link::Primary, Reason::Failed("service_unavailable"));
    let served = rig.serve(ill(), Ok("aws")).await.unwrap();
    let nothing = (Link::Cached, Reason::NothingKept);
    assert_eq!((served.value, links(&served)), ("aws", (Link::Secondary, vec![unavailable.clone(), nothing.clone()])));
    assert!(!served.served_by.is_degraded() && served.served_by.name == "aws");

    let served = rig.serve(ill(), ill()).await.unwrap();
    assert_eq!((served.value, served.served_by.link), ("less", Link::Degraded));
    assert!(served.served_by.is_degraded() && served.served_by.name == "oci");

    rig.answers.keep("key", "old", rig.yard.stage.now_ms());
    rig.yard.stage.pass(60 * SECOND);
    let served = rig.serve(ill(), Ok("aws")).await.unwrap();
    assert_eq!((served.value, links(&served)), ("old", (Link::Cached, vec![unavailable])));
    assert_eq!(served.served_by.age_ms, Some(60_000));
    rig.yard.stage.pass(1);
    assert_eq!(rig.serve(ill(), Ok("aws")).await.unwrap().value, "aws", "it is too old by now");
}

#[tokio::test]
async fn an_answer_from_the_future_is_not_given() {
    let rig = Rig::new(full());
    rig.answers.keep("key", "future", rig.yard.stage.now_ms() + 6 * SECOND);
    assert_eq!(rig.serve(ill(), Ok("aws")).await.unwrap().value, "aws");
}

#[tokio::test]
async fn a_mistake_of_the_caller_is_the_answer() {
    for kind in [Kind::NotFound, Kind::Invalid, Kind::Conflict, Kind::Denied, Kind::NotConfigured] {
        let rig = Rig::new(full());
        assert_eq!(rig.serve(failed(kind), Ok("aws")).await.unwrap_err().kind(), kind);
        assert_eq!(rig.calls(), [1, 0]);
    }
    let rig = Rig::new(full());
    assert_eq!(rig.serve(ill(), failed(Kind::NotFound)).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(rig.serve(ill(), failed(Kind::NotConfigured)).await.unwrap().value, "less");
}

#[tokio::test]
async fn a_write_that_may_have_happened_is_not_repeated_elsewhere() {
    for (idempotency, primary, expected) in [
        (Idempotency::NotIdempotent, uncertain(), None),
        (Idempotency::WithRetryToken, uncertain(), None),
        (Idempotency::NotIdempotent, ill(), Some("aws")),
        (Idempotency::Idempotent, uncertain(), Some("aws")),
    ] {
        let rig = Rig::new(full());
        let outcome = rig.chain.serve(rig.ways(idempotency, primary, Ok("aws")), NO).await;
        assert_eq!(outcome.as_ref().ok().map(|served| served.value), expected, "{idempotency:?}");
        assert_eq!(rig.calls()[1], u32::from(expected.is_some()));
        assert!(outcome.is_ok_and(|served| served.value == "aws") || expected.is_none());
    }
}

#[tokio::test]
async fn a_failure_of_the_whole_chain_says_when_to_come_back() {
    let rig = Rig::new(Plan::new("oci").with_secondary("aws"));
    let wait = |seconds| Some(Duration::from_secs(seconds));
    let throttled = |seconds| failed(Kind::Throttled).map_err(|failure| failure.with_retry_after(wait(seconds)));
    let failure = rig.serve(throttled(20), throttled(7)).await.unwrap_err();
    assert_eq!((failure.kind(), failure.retry_after()), (Kind::Throttled, wait(7)));
    // Both breakers are open now, and nobody is asked.
    rig.yard.stage.pass(3 * SECOND);
    let failure = rig.serve(Ok("oci"), Ok("aws")).await.unwrap_err();
    assert_eq!((failure.kind(), failure.retry_after(), rig.calls()), (Kind::Unavailable, wait(4), [1, 1]));
    rig.yard.stage.pass(4 * SECOND);
    assert_eq!(rig.serve(Ok("oci"), Ok("aws")).await.unwrap().value, "aws");
}

#[tokio::test]
async fn each_link_has_a_breaker_of_its_own() {
    let rig = Rig::new(full());
    for _ in 0..5 {
        rig.serve(ill(), Ok("aws")).await.unwrap();
    }
    let served = rig.serve(Ok("oci"), Ok("aws")).await.unwrap();
    assert_eq!((served.value, served.passed[0].reason.clone()), ("aws", Reason::Open));
    assert_eq!(rig.calls(), [5, 6]);
}

#[tokio::test]
async fn the_eleventh_call_at_once_takes_the_next_link() {
    let rig = Rig::new(full());
    let ways = |_| {
        let slow = |_| async {
            for _ in 0..3 {
                stage::turn().await;
            }
            Ok("oci")
        };
        rig.chain.serve(Ways::new(Idempotency::Idempotent, slow).or_secondary(|_| async { Ok("aws") }), NO)
    };
    let served: Vec<_> = join_all((0..12).map(ways)).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(served.iter().filter(|served| served.value == "oci").count(), 10);
    assert!(served.iter().filter(|served| served.value == "aws").all(|served| served.passed[0].reason == Reason::Busy));
    assert_eq!(rig.serve(Ok("oci"), Ok("aws")).await.unwrap().value, "oci", "the places are free again");
}

#[tokio::test]
async fn a_fallback_has_its_part_of_the_time_or_is_not_begun() {
    let rig = Rig::new(full());
    let within = |ms: u64| Deadline::within(Instant::now(), Some(Duration::from_millis(ms)));
    let given = std::sync::Mutex::new(Vec::new());
    let note = |deadline: Deadline| given.lock().unwrap().push(deadline.remaining(Instant::now()).unwrap());
    let ways = Ways::new(Idempotency::Idempotent, |deadline| async move {
        note(deadline);
        ill()
    })
    .or_secondary(|deadline| async move {
        note(deadline);
        Ok("aws")
    });
    rig.chain.serve(ways, within(60_000)).await.unwrap();
    let given = given.lock().unwrap().clone();
    assert!(given[0] <= Duration::from_secs(30) && given[0] > Duration::from_secs(10), "{given:?}");
    assert!(given[1] > Duration::from_secs(30), "{given:?}");

    // Less than a second is left: only what needs nobody is made.
    let served = rig.chain.serve(rig.ways(Idempotency::Idempotent, ill(), Ok("aws")), within(900)).await.unwrap();
    assert_eq!((served.value, served.passed[0].reason.clone()), ("less", Reason::NoTime));
    let rig = Rig::new(Plan::new("oci").with_secondary("aws"));
    let failure = rig.chain.serve(rig.ways(Idempotency::Idempotent, Ok("oci"), Ok("aws")), within(900)).await;
    assert_eq!((failure.unwrap_err().kind(), rig.calls()), (Kind::Timeout, [0, 0]));
}

#[tokio::test]
async fn a_provider_that_hangs_is_cut_and_its_effect_is_unknown() {
    let rig = Rig::new(full());
    rig.yard.stage.set_hanging(true);
    let deadline = Deadline::within(Instant::now(), Some(Duration::from_secs(60)));
    let hanging = |idempotency| {
        Ways::new(idempotency, |_| std::future::pending::<Answer>()).or_secondary(|_| async { Ok("aws") })
    };
    let served = rig.chain.serve(hanging(Idempotency::Idempotent), deadline).await.unwrap();
    assert_eq!((served.value, served.passed[0].reason.clone()), ("aws", Reason::Failed("service_timeout")));
    let failure = rig.chain.serve(hanging(Idempotency::NotIdempotent), deadline).await.unwrap_err();
    assert!(failure.kind() == Kind::Timeout && failure.may_have_happened());
}

#[tokio::test]
async fn what_the_call_does_not_offer_is_passed_and_said() {
    let rig = Rig::new(full());
    let ways = Ways::new(Idempotency::Idempotent, |_| async { ill() }).or_degraded(|_| async { Ok("less") });
    let served = rig.chain.serve(ways, NO).await.unwrap();
    let offered = [(Link::Cached, Reason::NotOffered), (Link::Secondary, Reason::NotOffered)];
    assert_eq!(links(&served).1[1..], offered);
    let json = serde_json::to_value(&served).unwrap();
    assert_eq!(json["served_by"]["link"], "degraded");
    assert_eq!(json["passed"][0]["reason"]["failed"], "service_unavailable");
}

#[test]
fn answers_are_kept_up_to_a_number() {
    let answers = Answers::new(2);
    for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
        answers.keep(key, value, 7);
    }
    let found = ["a", "b", "c"].map(|key| answers.get(key).map(|kept| kept.value));
    assert_eq!(found, [None, Some(2), Some(4)]);
    let none = Answers::new(0);
    none.keep("a", 1, 7);
    assert_eq!(none.get("a"), None);
}
