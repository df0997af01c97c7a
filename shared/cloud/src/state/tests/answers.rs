//! Claims that are renewed, replies of any size, and answers that go with their run.

use causeway_resilience::ledger::{self, Ledger};
use futures_util::TryStreamExt;

use super::*;
use crate::state::once::Claim;

const LEASE: Duration = Duration::from_secs(15);
/// Larger than a document may be.
const LARGE: usize = 6 << 20;

fn renewed() -> (Once, Arc<Hands>) {
    let (once, clock) = once();
    (once.renewed(LEASE), clock)
}

async fn claimed(once: &Once) -> Claim {
    match once.begin("k", "1", LEFT).await.unwrap() {
        Begun::Work(claim) => claim,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn work_that_died_can_soon_be_begun_again() {
    let (once, clock) = renewed();
    let mut dead = claimed(&once).await;
    clock.advance(LEASE - Duration::from_millis(1));
    assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::InProgress { until_unix_ms: 1_015_000 }));
    clock.advance(Duration::from_millis(1));
    let second = claimed(&once).await;
    assert!(matches!(dead.renew(&once).await, Err(StateError::Conflict(_))));
    assert!(matches!(dead.complete(&once, "late").await, Err(StateError::Conflict(_))));
    second.complete(&once, "second").await.unwrap();
    assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::Done(reply) if reply == "second"));
}

#[tokio::test]
async fn a_claim_that_is_renewed_outlives_its_lease() {
    let (once, clock) = renewed();
    let mut claim = claimed(&once).await;
    for _ in 0..10 {
        clock.advance(LEASE / 3);
        claim.renew(&once).await.unwrap();
        assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::InProgress { .. }));
    }
    // A late renewal is as good as one in time while nobody has taken it.
    clock.advance(2 * LEASE);
    claim.renew(&once).await.unwrap();
    claim.complete(&once, "done").await.unwrap();
    assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::Done(reply) if reply == "done"));
}

#[tokio::test]
async fn a_claim_until_the_deadline_needs_no_renewal() {
    let (once, clock) = once();
    let mut claim = claimed(&once).await;
    clock.advance(LEFT);
    claim.renew(&once).await.unwrap();
    let second = claimed(&once).await;
    assert!(claim.complete(&once, "late").await.is_err());
    second.complete(&once, "second").await.unwrap();
}

#[tokio::test]
async fn the_ledger_says_how_often_and_whether_it_was_lost() {
    let (once, clock) = renewed();
    let ledger: &dyn Ledger = &once;
    let ledger::Begun::Work(mut first) = ledger.begin("k", "1", LEFT).await.unwrap() else { panic!("first") };
    assert_eq!(first.beat(), Some(LEASE / 3));
    assert!(first.renew().await.unwrap());
    clock.advance(LEASE);
    let ledger::Begun::Work(_second) = ledger.begin("k", "1", LEFT).await.unwrap() else { panic!("second") };
    assert!(!first.renew().await.unwrap());
}

#[tokio::test]
async fn an_answer_is_given_for_two_days() {
    let (documents, clock) = documents();
    let once = Answers::new(documents).leased(LEASE).of_run("r");
    assert_eq!(ledger_beat(&once).await, Some(LEASE / 3));
    clock.advance(LEASE);
    claimed(&once).await.complete(&once, "done").await.unwrap();
    clock.advance(Duration::from_secs(2 * 24 * 3600 - 1));
    assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::Done(_)));
    clock.advance(Duration::from_secs(1));
    claimed(&once).await;
}

async fn ledger_beat(once: &Once) -> Option<Duration> {
    match Ledger::begin(once, "k", "1", LEFT).await.unwrap() {
        ledger::Begun::Work(claim) => claim.beat(),
        other => panic!("{other:?}"),
    }
}

async fn names(objects: &Objects) -> Vec<String> {
    objects.list(None).map_ok(|object| object.location.to_string()).try_collect().await.unwrap()
}

#[tokio::test]
async fn a_reply_is_kept_however_large_it_is() {
    let objects: Objects = Arc::new(InMemory::new());
    let (documents, clock) = documents_on(Arc::clone(&objects));
    let once = Once::new(documents, Duration::MAX).renewed(LEASE);
    let (dead, large) = (claimed(&once).await, "\u{e4}\"".repeat(LARGE / 3));
    clock.advance(LEASE);
    let claim = claimed(&once).await;
    assert!(matches!(dead.complete(&once, &"x".repeat(LARGE)).await, Err(StateError::Conflict(_))));
    assert_eq!(names(&objects).await.len(), 1, "a late reply leaves nothing behind");
    claim.complete(&once, &large).await.unwrap();
    let kept = names(&objects).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::Done(reply) if reply == large));
    let reply = kept.iter().find(|name| name.contains('-')).unwrap();
    object_store::ObjectStoreExt::delete(objects.as_ref(), &Path::from(reply.as_str())).await.unwrap();
    assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::DoneWithoutReply));
}

#[tokio::test]
async fn answers_go_with_their_run() {
    let objects: Objects = Arc::new(InMemory::new());
    let (documents, _) = documents_on(Arc::clone(&objects));
    let answers = Answers::new(documents.clone());
    for run in ["a", "ab"] {
        documents.create(&format!("{run}/state"), &1).await.unwrap();
        let once = answers.of_run(run);
        claimed(&once).await.complete(&once, &"x".repeat(LARGE)).await.unwrap();
        assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::Done(_)), "{run}");
    }
    answers.remove("a").await.unwrap();
    answers.remove("a").await.unwrap();
    let left = names(&objects).await;
    let of = |folder: &str| left.iter().filter(|name| name.contains(folder)).count();
    assert_eq!((of("/a/answers"), of("/a/"), of("/ab/answers"), of("/ab/")), (0, 1, 2, 3), "{left:?}");
    for run in ["../a", "", "/a"] {
        let refused = answers.of_run(run).begin("k", "1", LEFT).await;
        assert!(matches!(refused, Err(StateError::BadKey(_))), "{run}: {refused:?}");
        assert!(matches!(answers.remove(run).await, Err(StateError::BadKey(_))), "{run}");
    }
}
