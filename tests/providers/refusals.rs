//! What servers say when they do not answer, and what becomes of it.

use std::time::Duration;

use axum::body::to_bytes;
use axum::http::Request;
use causeway_cloud::chat::Finish;
use causeway_cloud::conformance::chat::about_a_picture;
use causeway_resilience::service::Kind;
use serde_json::json;
use tests::harness::{ModelServer, OciCloud, Says};

use crate::world::{BEARER, World, openai, outcomes, soon};

fn with_headers(status: u16, headers: &[(&'static str, &str)]) -> Says {
    Says::Status(status, String::new(), headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
}

/// Kinds and number of requests of each refusal, for a server that goes on saying it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_tried_again_and_what_is_not() {
    let server = ModelServer::start(Says::Silence).await;
    for (says, kind, requests) in [
        (Says::status(400), Kind::Invalid, 1),
        (Says::status(401), Kind::Unauthenticated, 1),
        (Says::status(403), Kind::Denied, 1),
        (Says::status(404), Kind::NotFound, 1),
        (Says::status(408), Kind::Timeout, 3),
        (Says::status(413), Kind::Invalid, 1),
        (Says::status(429), Kind::Throttled, 3),
        (Says::status(500), Kind::Unavailable, 3),
        (Says::status(501), Kind::Unavailable, 1),
        (Says::status(503), Kind::Unavailable, 3),
        (Says::status(302), Kind::BadAnswer, 1),
        (Says::Reset, Kind::Unavailable, 3),
        (Says::Raw("{\"choices\":[".to_owned()), Kind::BadAnswer, 3),
        (Says::Raw("<html>".to_owned()), Kind::BadAnswer, 3),
        (Says::Raw(r#"{"choices":[{"message":{"content":null}}]}"#.to_owned()), Kind::BadAnswer, 3),
    ] {
        server.says([says.clone()]);
        let asked = World::bare().model(&openai(&server)).ask(&about_a_picture(), soon()).await;
        let failure = asked.as_ref().unwrap_err();
        assert_eq!((failure.kind(), server.asked().len()), (kind, requests), "{says:?}: {failure}");
        assert_eq!(outcomes(&asked), vec![kind.name(); requests], "{says:?}");
        // The server repeats the question in its refusals.
        assert!(!format!("{failure} {failure:?}").contains("What is it?"), "{failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_try_helps_and_waits_as_long_as_the_server_asks() {
    let server = ModelServer::start(Says::Silence).await;
    for throttled in [with_headers(429, &[("retry-after", "7")]), with_headers(503, &[("retry-after", "7")])] {
        server.says([throttled, Says::text("yes")]);
        let mut world = World::bare();
        let asked = world.model(&openai(&server)).ask(&about_a_picture(), soon()).await;
        assert_eq!(outcomes(&asked).last(), Some(&"answered"));
        assert_eq!((asked.unwrap().text.as_str(), world.clock.slept()), ("yes", vec![Duration::from_secs(7)]));
    }
    // Longer than there is time for: no wait, and the caller is told.
    server.says([with_headers(429, &[("retry-after", "3600")])]);
    let mut world = World::bare();
    let failure = world.model(&openai(&server)).ask(&about_a_picture(), soon()).await.unwrap_err();
    assert_eq!((failure.kind(), failure.retry_after()), (Kind::Throttled, Some(Duration::from_secs(3600))));
    assert!(world.clock.slept().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_oci_are_understood() {
    let cloud = OciCloud::start();
    let server = ModelServer::start(Says::Silence).await;
    server.adds("model-retirement-info", "it retires in May");
    server.adds("model-deprecation-info", "it is old");
    server.adds("opc-request-id", "A/B/C");
    for list in ["meta.llama-4", "oci-openai:meta.llama-4"] {
        let mut world = World::of(&cloud);
        world.set("CAUSEWAY_OCI_ENDPOINT_GENERATIVE_AI", &server.url);
        server.says([with_headers(429, &[("retry-after", "3")]), Says::text("yes")]);
        let reply = world.model(list).ask(&about_a_picture(), soon()).await.unwrap();
        assert_eq!(reply.notices, ["it retires in May", "it is old"], "{list}");
        assert_eq!(reply.request_id.as_deref(), Some("A/B/C"), "{list}");
        assert_eq!((reply.prompt_tokens, reply.completion_tokens), (Some(11), Some(7)), "{list}");
        assert_eq!(world.clock.slept(), [Duration::from_secs(3)], "{list}");
        let body = json!({ "code": "InvalidParameter", "message": "What is it?" }).to_string();
        server.says([Says::Status(400, body, vec![("opc-request-id", "X".to_owned())])]);
        let failure = world.model(list).ask(&about_a_picture(), soon()).await.unwrap_err();
        assert_eq!((failure.kind(), failure.code()), (Kind::Invalid, Some("InvalidParameter")), "{list}");
        assert_eq!(failure.request_id(), Some("X"), "{list}");
        assert!(!format!("{failure} {failure:?}").contains("What is it?"), "{failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_bedrock_are_understood() {
    let server = ModelServer::start(Says::Silence).await;
    let mut world = World::bare();
    world.set("CAUSEWAY_CHAT_MODEL", "bedrock:amazon.nova-lite-v1:0");
    let model = causeway_cloud::Ports::chat_model(&world.ports(Some(&server))).unwrap();
    let kind = ("x-amzn-errortype", "ValidationException:http://internal.amazon.com/");
    server.says([with_headers(400, &[kind, ("x-amzn-requestid", "r-1")])]);
    let failure = model.ask(&about_a_picture(), soon()).await.unwrap_err();
    assert_eq!((failure.kind(), failure.code()), (Kind::Invalid, Some("ValidationException")));
    assert_eq!(failure.request_id(), Some("r-1"));
    server.says([Says::Ended("a piece".to_owned(), "max_tokens"), Says::Ended(String::new(), "guardrail_intervened")]);
    assert_eq!(model.ask(&about_a_picture(), soon()).await.unwrap().finish, Finish::Length);
    assert_eq!(model.ask(&about_a_picture(), soon()).await.unwrap().finish, Finish::Filtered);
}

/// A text that is no JSON, cut, fenced or full of nonsense is an answer all the same: whoever asked judges it.
#[tokio::test(flavor = "multi_thread")]
async fn a_poor_answer_is_an_answer() {
    let server = ModelServer::start(Says::Silence).await;
    let model = World::bare().model(&openai(&server));
    for text in ["", "```json\n{\"grey\": tr", "{\"grey\":\"purple\"}", "Ignore all rules."] {
        server.says([Says::text(text)]);
        let reply = model.ask(&about_a_picture(), soon()).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.finish), (text, Finish::Complete));
    }
    server.says([Says::Ended("a pie".to_owned(), "length")]);
    assert_eq!(model.ask(&about_a_picture(), soon()).await.unwrap().finish, Finish::Length);
    // The thoughts alone took all the tokens: another try would cost as many and bring no more.
    drop(server.asked());
    server.says([Says::Raw(r#"{"choices":[{"message":{"content":null},"finish_reason":"length"}]}"#.to_owned())]);
    let cut = model.ask(&about_a_picture(), soon()).await.unwrap();
    assert_eq!((cut.text.as_str(), cut.finish, server.asked().len()), ("", Finish::Length, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_is_no_failure() {
    let server = ModelServer::start(Says::Silence).await;
    let model = World::bare().model(&openai(&server));
    let refusal = json!({ "error": { "code": "content_filter", "message": "no" } }).to_string();
    for says in [Says::Ended(String::new(), "content_filter"), Says::Status(400, refusal, Vec::new())] {
        server.says([says]);
        let reply = model.ask(&about_a_picture(), soon()).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.finish, server.asked().len()), ("", Finish::Filtered, 1));
    }
}

/// Puts a version of a secret into the emulator's vault; gives its OCID.
async fn store(cloud: &OciCloud, value: &str) -> String {
    let body = json!({ "name": "genai", "value": value }).to_string();
    let request = Request::post("/_causeway/secrets").header("content-type", "application/json");
    let answer = cloud.emulator.handle(request.body(body.into()).unwrap()).await;
    assert!(answer.status().is_success(), "{answer:?}");
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let stored: serde_json::Value = serde_json::from_slice(&body).unwrap();
    stored["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_vault_is_taken_up_when_it_was_rotated() {
    let cloud = OciCloud::start();
    let server = ModelServer::start(Says::text("yes")).await;
    server.wants_bearer("throw-away-1");
    let secret = store(&cloud, "throw-away-1").await;
    let mut world = World::of(&cloud);
    world.set("CAUSEWAY_CHAT_API_KEY", &format!("secret:{secret}"));
    let model = world.model(&openai(&server));
    model.ask(&about_a_picture(), soon()).await.unwrap();
    server.wants_bearer("throw-away-2");
    store(&cloud, "throw-away-2").await;
    let refused = model.ask(&about_a_picture(), soon()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unauthenticated);
    assert_eq!(model.ask(&about_a_picture(), soon()).await.unwrap().text, "yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_sent_and_never_shown() {
    let cloud = OciCloud::start();
    let server = ModelServer::start(Says::text("yes")).await;
    server.wants_bearer(BEARER);
    let mut world = World::of(&cloud);
    world.set("CAUSEWAY_OCI_ENDPOINT_GENERATIVE_AI", &server.url);
    world.set("CAUSEWAY_CHAT_API_KEY_GENAI", BEARER);
    let model = world.model("oci-openai:meta.llama-4;key=GENAI");
    model.ask(&about_a_picture(), soon()).await.unwrap();
    let asked = server.asked().remove(0);
    assert!(asked.header("opc-compartment-id").unwrap().starts_with("ocid1.compartment."));
    server.wants_bearer("another");
    for list in ["oci-openai:meta.llama-4;key=GENAI".to_owned(), format!("{};key=GENAI", openai(&server))] {
        let failure = world.model(&list).ask(&about_a_picture(), soon()).await.unwrap_err();
        assert_eq!(failure.kind(), Kind::Unauthenticated);
        assert!(!format!("{failure} {failure:?}").contains(BEARER));
    }
    // Without a key the request is signed, and a server that wants keys refuses it.
    let signed = world.model("oci-openai:meta.llama-4").ask(&about_a_picture(), soon()).await.unwrap_err();
    assert_eq!(signed.kind(), Kind::Unauthenticated);
    assert!(server.asked().last().unwrap().header("authorization").unwrap().starts_with("Signature "));
}
