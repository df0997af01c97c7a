//! Writes of a holder that arrive after it has given them up.

use object_store::ObjectStoreExt;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::*;

/// What is stored is written once more, as by a write that nobody knows of.
async fn written_late(objects: &Objects, name: &str) {
    let at = Path::from(format!("state/demo/{name}.json"));
    let content = objects.get(&at).await.unwrap().bytes().await.unwrap();
    objects.put(&at, content.into()).await.unwrap();
}

fn shared() -> (Objects, Documents, Arc<Hands>) {
    let objects: Objects = Arc::new(InMemory::new());
    let (documents, clock) = documents_on(Arc::clone(&objects));
    (objects, documents, clock)
}

#[tokio::test]
async fn a_lease_survives_its_own_late_writes() {
    let (objects, documents, clock) = shared();
    let mut lease = held(&documents, "one").await;
    written_late(&objects, "lease").await;
    lease.renew(&documents, TTL).await.unwrap();
    clock.advance(TTL);
    lease.renew(&documents, TTL).await.unwrap();
    assert!(matches!(acquire(&documents, "lease", "two", TTL).await.unwrap(), Acquired::Busy { .. }));
    let mut copy = lease.clone();
    written_late(&objects, "lease").await;
    lease.release(&documents).await.unwrap();
    assert!(matches!(copy.renew(&documents, TTL).await, Err(StateError::Conflict(_))), "it was given back");
    assert_eq!(held(&documents, "two").await.epoch(), 2);
    assert!(matches!(copy.renew(&documents, TTL).await, Err(StateError::Conflict(_))), "somebody else has it");
}

#[tokio::test]
async fn a_lease_is_not_renewed_for_no_time() {
    let (_, documents, _) = shared();
    let mut lease = held(&documents, "one").await;
    assert!(matches!(lease.renew(&documents, Duration::ZERO).await, Err(StateError::Conflict(_))));
    lease.renew(&documents, TTL).await.unwrap();
}

fn name_of(key: &str) -> String {
    format!("{:x}", Sha256::digest(key))
}

#[tokio::test]
async fn a_claim_survives_its_own_late_writes() {
    let (objects, documents, clock) = shared();
    let once = Once::new(documents, Duration::from_secs(60)).renewed(LEFT);
    for key in ["done", "failed"] {
        let Begun::Work(mut claim) = once.begin(key, "1", LEFT).await.unwrap() else { panic!("first") };
        written_late(&objects, &name_of(key)).await;
        claim.renew(&once).await.unwrap();
        written_late(&objects, &name_of(key)).await;
        if key == "done" {
            claim.complete(&once, "reply").await.unwrap();
            assert!(matches!(once.begin(key, "1", LEFT).await.unwrap(), Begun::Done(reply) if reply == "reply"));
        } else {
            claim.abandon(&once).await.unwrap();
            assert!(matches!(once.begin(key, "1", LEFT).await.unwrap(), Begun::Work(_)));
        }
    }
    let Begun::Work(dead) = once.begin("taken", "1", LEFT).await.unwrap() else { panic!("first") };
    clock.advance(LEFT);
    let Begun::Work(second) = once.begin("taken", "1", LEFT).await.unwrap() else { panic!("second") };
    dead.abandon(&once).await.unwrap();
    assert!(matches!(once.begin("taken", "1", LEFT).await.unwrap(), Begun::InProgress { .. }), "it is the second's");
    second.complete(&once, "second").await.unwrap();
}

#[tokio::test]
async fn records_of_earlier_versions_are_read() {
    let (_, documents, clock) = shared();
    let once = Once::new(documents.clone(), Duration::from_secs(60));
    let payload = format!("{:x}", Sha256::digest("1"));
    let expires = clock.unix_millis() + 1000;
    for (key, state, expected) in [
        ("none", json!({ "complete": null }), "DoneWithoutReply"),
        ("some", json!({ "complete": "r" }), "Done(\"r\")"),
        ("busy", json!("in_progress"), "InProgress { until_unix_ms: 1001000 }"),
    ] {
        let record = json!({ "payload": payload, "state": state, "expires_unix_ms": expires });
        documents.create(&name_of(key), &record).await.unwrap();
        assert_eq!(format!("{:?}", once.begin(key, "1", LEFT).await.unwrap()), expected, "{key}");
    }
}

#[tokio::test]
async fn a_reply_that_is_too_large_is_neither_kept_nor_read() {
    let (objects, documents, _) = shared();
    let once = Once::new(documents, Duration::from_secs(60));
    let Begun::Work(claim) = once.begin("k", "1", LEFT).await.unwrap() else { panic!("first") };
    let huge = "x".repeat((16 << 20) + 1);
    assert!(matches!(claim.complete(&once, &huge).await, Err(StateError::TooLarge { .. })));
    let Begun::Work(claim) = once.begin("l", "1", LEFT).await.unwrap() else { panic!("first") };
    claim.complete(&once, &huge[..2 << 20]).await.unwrap();
    let all: Vec<_> = futures_util::TryStreamExt::try_collect(objects.list(None)).await.unwrap();
    let text = all.into_iter().find(|object: &ObjectMeta| object.location.as_ref().contains('-')).unwrap();
    objects.put(&text.location, huge.into()).await.unwrap();
    assert!(matches!(once.begin("l", "1", LEFT).await, Err(StateError::TooLarge { .. })));
}
