//! Time and bytes: whatever a server does, a question ends.

use std::time::{Duration, Instant};

use causeway_cloud::conformance::chat::about_a_picture;
use causeway_resilience::service::Kind;
use tests::harness::{ModelServer, Says};

use crate::world::{World, openai, outcomes, soon, within};

/// Long after every deadline here.
const FAR: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_drips_end_with_the_deadline() {
    let server = ModelServer::start(Says::Silence).await;
    for says in [Says::Silence, Says::Drip(1, Duration::from_millis(5))] {
        server.says([says.clone()]);
        let started = Instant::now();
        let asked = World::bare().model(&openai(&server)).ask(&about_a_picture(), within(Duration::from_secs(1))).await;
        assert!(started.elapsed() < FAR, "{says:?}");
        let failure = asked.unwrap_err();
        assert_eq!((failure.kind(), failure.may_have_happened()), (Kind::Timeout, true), "{says:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_deadline_a_try_has_a_time_of_its_own() {
    let server = ModelServer::start(Says::Silence).await;
    server.says([Says::Silence, Says::text("yes")]);
    let mut world = World::bare();
    world.set("CAUSEWAY_CHAT_TRY_SECONDS", "3");
    let asked = world.model(&openai(&server)).ask(&about_a_picture(), causeway_resilience::Deadline::NONE).await;
    assert_eq!(outcomes(&asked), ["service_timeout", "answered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_end_is_refused() {
    let server = ModelServer::start(Says::Drip(64 << 10, Duration::ZERO)).await;
    let asked = World::bare().model(&openai(&server)).ask(&about_a_picture(), soon()).await;
    let failure = asked.as_ref().unwrap_err();
    assert_eq!((failure.kind(), outcomes(&asked).len()), (Kind::BadAnswer, 1), "{failure}");
    // Just below the limit of 1 MiB it is taken, above it is not.
    server.says([Says::text(&"x".repeat(1_000_000))]);
    assert!(World::bare().model(&openai(&server)).ask(&about_a_picture(), soon()).await.is_ok());
    server.says([Says::text(&"x".repeat(1 << 20))]);
    assert!(World::bare().model(&openai(&server)).ask(&about_a_picture(), soon()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_given_up_leaves_nothing_behind() {
    let server = ModelServer::start(Says::Silence).await;
    let model = World::bare().model(&openai(&server));
    for _ in 0..20 {
        let question = about_a_picture();
        let given_up = tokio::time::timeout(Duration::from_millis(20), model.ask(&question, soon())).await;
        assert!(given_up.is_err());
    }
    server.says([Says::text("yes")]);
    assert_eq!(model.ask(&about_a_picture(), soon()).await.unwrap().text, "yes");
}
