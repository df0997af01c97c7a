//! The list: who is asked next, what that cost, and who is left alone.

use std::time::Duration;

use causeway_cloud::conformance::chat::about_a_picture;
use causeway_resilience::service::Kind;
use tests::harness::{ModelServer, Says};

use crate::world::{World, openai, outcomes, soon, tried, within};

async fn pair(first: Says) -> (ModelServer, ModelServer) {
    (ModelServer::start(first).await, ModelServer::start(Says::text("from the second")).await)
}

fn list(first: &ModelServer, second: &ModelServer) -> String {
    format!("openai:a@{},openai:b@{}", first.url, second.url)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_try_would_not_mend_goes_to_the_next_at_once() {
    for (status, outcome) in [
        (400, "service_refused"),
        (401, "service_unauthenticated"),
        (403, "service_denied"),
        (404, "service_not_found"),
    ] {
        let (first, second) = pair(Says::status(status)).await;
        let mut world = World::bare();
        let asked = world.model(&list(&first, &second)).ask(&about_a_picture(), soon()).await;
        let expected = [("openai/a".to_owned(), outcome), ("openai/b".to_owned(), "answered")];
        assert_eq!((tried(&asked), world.clock.slept()), (expected.to_vec(), Vec::new()), "{status}");
        let reply = asked.unwrap();
        assert_eq!((reply.provider.as_str(), reply.text.as_str()), ("openai/b", "from the second"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ill_provider_is_tried_again_and_then_left() {
    for says in [Says::status(500), Says::Reset, Says::Raw("[".to_owned())] {
        let (first, second) = pair(says.clone()).await;
        let asked = World::bare().model(&list(&first, &second)).ask(&about_a_picture(), soon()).await;
        assert_eq!((first.asked().len(), second.asked().len(), outcomes(&asked).len()), (3, 1, 4), "{says:?}");
        assert_eq!(asked.unwrap().provider, "openai/b");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_leaves_time_for_the_next() {
    let (first, second) = pair(Says::Silence).await;
    let asked =
        World::bare().model(&list(&first, &second)).ask(&about_a_picture(), within(Duration::from_secs(6))).await;
    assert_eq!(outcomes(&asked), ["service_timeout", "answered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_held_back_is_taken() {
    let (first, second) = pair(Says::Ended(String::new(), "content_filter")).await;
    let reply = World::bare().model(&list(&first, &second)).ask(&about_a_picture(), soon()).await.unwrap();
    assert_eq!((reply.provider.as_str(), second.asked().len()), ("openai/a", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_again_and_again_is_left_alone_for_a_while() {
    let (first, second) = pair(Says::status(500)).await;
    let mut world = World::bare();
    let model = world.model(&list(&first, &second));
    for _ in 0..5 {
        model.ask(&about_a_picture(), soon()).await.unwrap();
    }
    drop(first.asked());
    let asked = model.ask(&about_a_picture(), soon()).await;
    assert_eq!(tried(&asked), [("openai/a".to_owned(), "skipped"), ("openai/b".to_owned(), "answered")]);
    assert!(first.asked().is_empty());
    // When its time is over and it is well again, it comes first as before.
    first.says([Says::text("back")]);
    world.clock.go_on(Duration::from_secs(60));
    assert_eq!(model.ask(&about_a_picture(), soon()).await.unwrap().text, "back");
    assert_eq!(model.ask(&about_a_picture(), soon()).await.unwrap().provider, "openai/a");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_are_left_alone_a_short_wait_helps_and_a_long_one_is_told() {
    let server = ModelServer::start(Says::Silence).await;
    let seconds = |seconds: &str| Says::Status(429, String::new(), vec![("retry-after", seconds.to_owned())]);
    // Longer than half of the time that is left at the first question, so that it fails and the breaker opens.
    server.says([seconds("70"), Says::text("yes")]);
    let mut world = World::bare();
    let model = world.model(&openai(&server));
    assert_eq!(model.ask(&about_a_picture(), soon()).await.unwrap_err().kind(), Kind::Throttled);
    let told = model.ask(&about_a_picture(), soon()).await;
    assert_eq!(outcomes(&told), ["skipped"]);
    let failure = told.unwrap_err();
    assert_eq!(failure.kind(), Kind::Unavailable);
    assert!(failure.retry_after().is_some_and(|after| after > Duration::from_secs(40)), "{failure:?}");
    world.clock.go_on(Duration::from_secs(50));
    let asked = model.ask(&about_a_picture(), soon()).await;
    assert_eq!(outcomes(&asked), ["skipped", "answered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_answers_all_is_told() {
    let (first, second) = pair(Says::status(404)).await;
    second.says([Says::status(503)]);
    let asked = World::bare().model(&list(&first, &second)).ask(&about_a_picture(), soon()).await;
    assert_eq!(outcomes(&asked).len(), 4);
    let failure = asked.unwrap_err();
    // The one that may pass: the caller may come again.
    assert_eq!((failure.kind(), failure.status()), (Kind::Unavailable, Some(503)));
    let told = failure.to_string();
    assert!(told.contains("openai/a: service_not_found (404)") && told.contains("openai/b"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_answers_come_first_and_the_rest_is_asked() {
    let server = ModelServer::start(Says::text("asked")).await;
    let folder = tempfile::tempdir().unwrap();
    let model = World::bare().model(&format!("replay:{},{}", folder.path().display(), openai(&server)));
    let reply = model.ask(&about_a_picture(), soon()).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.provider.as_str()), ("asked", "openai/m"));
}
