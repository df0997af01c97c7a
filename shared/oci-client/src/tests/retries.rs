//! The pipeline: request id, retry, signature, log line.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_oci_auth::effects::HttpError;
use causeway_resilience::{Deadline, ServiceFailure};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use super::world::{World, broken, json as answer, refusal, reply};
use crate::Cause;
use crate::notifications::Message;
use crate::object_storage::{Attributes, Condition};

fn key_ids(world: &World) -> Vec<String> {
    let key = |sent: &super::world::Sent| {
        let text = sent.header("authorization").unwrap();
        text.split("keyId=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    world.sent().iter().map(key).collect()
}

#[tokio::test(start_paused = true)]
async fn a_put_in_pieces_is_repeated_as_it_is() {
    let done = reply(200, "").header("etag", "e");
    let world = World::new([Ok(refusal(503, "ServiceUnavailable")), Err(broken()), Ok(done)]);
    let body = [Bytes::from("ab"), Bytes::from("c")];
    let stored = world.storage().put("bk", "o", body, &Attributes::default(), &Condition::None).await.unwrap();
    assert_eq!((stored.etag.as_str(), stored.version_id), ("e", None));
    let sent = world.sent();
    assert!(sent.iter().all(|sent| sent.body == "abc" && sent.in_pieces && sent.header("content-length") == Some("3")));
    let ids: Vec<_> = sent.iter().map(|sent| sent.header("opc-request-id")).collect();
    assert!(ids[0].is_some() && ids.iter().all(|id| *id == ids[0]));
    assert_eq!(world.slept().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_conditional_put_is_repeated_only_when_it_had_no_effect() {
    for condition in [Condition::Absent, Condition::Match("e".into())] {
        let world = World::new([Err::<super::world::Reply, _>(broken())]);
        let put = world.storage();
        let error = put.put("bk", "o", [Bytes::from("x")], &Attributes::default(), &condition).await.unwrap_err();
        assert!(matches!(&*error.cause, Cause::Transport { tries: 1, .. }), "{error:?}");
        let done = reply(200, "").header("etag", "e");
        let world =
            World::new([Err(HttpError::NotSent("no route".into())), Ok(refusal(429, "TooManyRequests")), Ok(done)]);
        let put = world.storage();
        put.put("bk", "o", [Bytes::from("x")], &Attributes::default(), &condition).await.unwrap();
        assert_eq!(world.sent().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_are_not_sent_twice() {
    let world = World::new([Err::<super::world::Reply, _>(broken())]);
    let message = Message { title: None, body: "b".into() };
    let error = world.client().notifications().publish("t", None, &message).await.unwrap_err();
    assert!(matches!(&*error.cause, Cause::Transport { tries: 1, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_an_earlier_try_did_is_done() {
    let gone = || refusal(404, "ObjectNotFound");
    let world = World::new([Err(broken()), Ok(gone())]);
    world.storage().delete("bk", "o", None).await.unwrap();
    let world = World::new([refusal(429, "TooManyRequests"), gone()]);
    assert!(world.storage().delete("bk", "o", None).await.unwrap_err().is_not_found());
    let world = World::new([gone()]);
    assert!(world.storage().delete("bk", "o", None).await.unwrap_err().is_not_found());
    let world = World::new([Err(broken()), Ok(refusal(404, "BucketNotFound"))]);
    assert!(world.storage().delete("bk", "o", None).await.unwrap_err().is_not_found());
}

#[tokio::test(start_paused = true)]
async fn an_error_says_whether_any_try_may_have_had_an_effect() {
    let busy = || Ok(refusal(503, "ServiceUnavailable"));
    let later = || Ok(refusal(503, "ServiceUnavailable").header("retry-after", "1"));
    let slow = || Ok(refusal(429, "TooManyRequests"));
    let unsent = || Err(HttpError::NotSent("no route".to_owned()));
    for (replies, expected) in [
        (vec![slow(), slow(), slow(), slow()], false),
        (vec![unsent(), unsent(), unsent(), unsent()], false),
        (vec![later(), slow(), unsent(), slow()], false),
        (vec![Ok(refusal(400, "InvalidParameter"))], false),
        (vec![slow(), Ok(refusal(412, "IfMatchFailed"))], false),
        (vec![busy(), slow(), slow(), slow()], true),
        (vec![Err(broken()), slow(), slow(), unsent()], true),
        (vec![slow(), Err(broken()), Ok(refusal(400, "InvalidParameter"))], true),
        (vec![slow(), busy(), busy(), busy()], true),
        (vec![Ok(refusal(408, "RequestTimeout"))], true),
        // Success that cannot be told: the etag is missing.
        (vec![Ok(reply(200, ""))], true),
    ] {
        let shown: Vec<_> = replies.iter().map(|reply| reply.as_ref().map(|_| "an answer").err().cloned()).collect();
        let world = World::new(replies);
        let put = world.storage();
        let put = put.put("bk", "o", [Bytes::from("x")], &Attributes::default(), &Condition::None).await;
        let error = put.unwrap_err();
        assert_eq!(error.may_have_happened(), expected, "{error}: {shown:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_to_come_back_is_known_to_the_end() {
    for (status, header, expected) in
        [(429, Some("7"), Some(7)), (503, Some("3"), Some(3)), (429, None, None), (429, Some("soon"), None)]
    {
        let refused = |_| match header {
            Some(text) => refusal(status, "Busy").header("retry-after", text),
            None => refusal(status, "Busy"),
        };
        let world = World::new((0..8).map(refused));
        let error = world.storage().delete("bk", "o", None).await.unwrap_err();
        let expected = expected.map(Duration::from_secs);
        assert_eq!((error.retry_after(), ServiceFailure::from(error).retry_after()), (expected, expected), "{status}");
    }
}

#[tokio::test]
async fn a_401_renews_the_credentials_once() {
    let done = reply(200, "").header("etag", "e");
    let world = World::new([refusal(401, "NotAuthenticated"), done]);
    world.renewals.lock().unwrap().push("ST$new");
    world.storage().put("bk", "o", [Bytes::from("x")], &Attributes::default(), &Condition::Absent).await.unwrap();
    assert_eq!(key_ids(&world), ["ST$canary-token", "ST$new"]);
    let world = World::new([refusal(401, "NotAuthenticated"), refusal(401, "NotAuthenticated")]);
    world.renewals.lock().unwrap().push("ST$new");
    let error = world.client().compute().instance("i").await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert!(!format!("{error} {error:?}").contains("ST$"));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_on_after_the_deadline() {
    let world = World::new([refusal(503, "ServiceUnavailable"), refusal(503, "ServiceUnavailable")]);
    let now = tokio::time::Instant::now().into_std();
    let client = world.client().until(Deadline::within(now, Some(Duration::from_millis(150))));
    let error = client.compute().instance("i").await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert!(world.sent().iter().all(|sent| sent.timeout <= Duration::from_millis(150)));
    let over = world.client().until(Deadline::at(Instant::now()));
    assert!(over.deadline().is_over(Instant::now()));
}

#[tokio::test]
async fn uploads_and_slow_services_have_their_time() {
    let world = World::new([reply(200, "").header("etag", "e"), reply(200, "")]);
    let big = [Bytes::from(vec![0; 20 << 20])];
    world.storage().put("bk", "o", big, &Attributes::default(), &Condition::None).await.unwrap();
    let invoke = crate::functions::Invoke::default();
    world.client().functions().invoke("f", "https://a.example", &invoke).await.unwrap();
    let times: Vec<_> = world.sent().iter().map(|sent| sent.timeout.as_secs()).collect();
    assert_eq!(times[0], 30);
    assert!(times[1] >= 300, "{times:?}");
}

#[tokio::test]
async fn the_namespace_is_asked_for_once() {
    let (name, page) = (answer(&json!("ns7")), || answer(&json!({"objects": []})));
    let world = World::new([name, page(), page()]);
    let storage = world.client().object_storage();
    for _ in 0..2 {
        storage.page("bk", &crate::object_storage::ListObjects::default()).await.unwrap();
    }
    let expected = ["GET objectstorage /n", "GET objectstorage /n/ns7/b/bk/o", "GET objectstorage /n/ns7/b/bk/o"];
    assert_eq!(world.lines(), expected);
}

/// Collects events as `name=value` texts.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::INFO
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// A put that is refused, breaks, and is done.
async fn three_tries() {
    let done = reply(200, "").header("etag", "e").header("opc-request-id", "r/1");
    let world = World::new([Ok(refusal(503, "ServiceUnavailable")), Err(broken()), Ok(done)]);
    let (put, kept) = (world.storage(), Attributes::default());
    put.put("bk", "canary-name", [Bytes::from("canary-body")], &kept, &Condition::None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_request_has_one_line() {
    let lines = Lines::default();
    let subscriber = tracing::subscriber::set_default(lines.clone());
    // A place that logs is registered at its first use with a subscriber in the process: by whichever test comes
    // first, which may have none. So all are used once and asked about anew.
    three_tries().await;
    tracing::callsite::rebuild_interest_cache();
    lines.0.lock().unwrap().clear();
    three_tries().await;
    drop(subscriber);
    let lines = lines.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let common = r#"service="object_storage" operation="PutObject""#;
    assert!(lines.iter().all(|line| line.contains(common) && line.contains("ms=0")), "{lines:?}");
    assert!(lines[0].contains("status=503") && lines[0].contains("attempt=1"), "{lines:?}");
    assert!(lines[1].contains("attempt=2") && lines[1].contains("connection reset"), "{lines:?}");
    let last = [r#"status=200"#, "attempt=3", r#"opc_request_id="r/1""#];
    assert!(last.iter().all(|part| lines[2].contains(part)), "{lines:?}");
    assert!(!lines.concat().contains("canary"), "{lines:?}");
}
