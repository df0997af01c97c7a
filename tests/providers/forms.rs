//! The form of the answer: what a provider does not know is asked for in a simpler way, and remembered.

use causeway_cloud::chat::{ChatQuestion, StructuredOutput};
use causeway_cloud::conformance::chat::{about_a_picture, with_a_form};
use causeway_resilience::service::Kind;
use serde_json::Value;
use tests::harness::{ModelServer, OciCloud, Says};

use crate::world::{World, openai, outcomes, soon};

const SCHEMA: &str = "json_schema";
const OBJECT: &str = "json_object";

async fn server(unknown: &[&'static str]) -> ModelServer {
    let server = ModelServer::start(Says::text(r#"{"grey":true}"#)).await;
    server.does_not_know(unknown.iter().copied());
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_goes_down_step_by_step_and_is_remembered() {
    for (unknown, expected) in [
        (&[][..], StructuredOutput::JsonSchema),
        (&[SCHEMA][..], StructuredOutput::JsonObject),
        (&[SCHEMA, OBJECT][..], StructuredOutput::Text),
    ] {
        let server = server(unknown).await;
        let model = World::bare().model(&openai(&server));
        let asked = model.ask(&with_a_form(), soon()).await;
        let mut steps = vec!["form_refused"; unknown.len()];
        steps.push("answered");
        assert_eq!(outcomes(&asked), steps, "{unknown:?}");
        assert_eq!(asked.unwrap().structured_output, Some(expected), "{unknown:?}");
        drop(server.asked());
        let again = model.ask(&with_a_form(), soon()).await;
        assert_eq!((outcomes(&again), server.asked().len()), (vec!["answered"], 1), "{unknown:?}");
        // A question without a schema has nothing to do with that.
        let plain = model.ask(&about_a_picture(), soon()).await.unwrap();
        assert_eq!(plain.structured_output, None);
        assert!(server.asked()[0].body.get("response_format").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_longer_holds_the_model_to_the_schema_tells_it() {
    let server = server(&[SCHEMA]).await;
    World::bare().model(&openai(&server)).ask(&with_a_form(), soon()).await.unwrap();
    let system = |body: &Value| body["messages"][0]["content"].as_str().unwrap().to_owned();
    let [firm, loose] = <[_; 2]>::try_from(server.asked()).unwrap().map(|asked| system(&asked.body));
    assert_eq!(firm, "Look at the picture.");
    assert!(loose.starts_with("Look at the picture.") && loose.contains("\"grey\""), "{loose}");
}

/// A refusal that names the form but goes on without one was about something else: nothing is learnt from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_another_reason_teaches_nothing() {
    let server = ModelServer::start(Says::Status(400, "response_format and more".to_owned(), Vec::new())).await;
    let model = World::bare().model(&openai(&server));
    let asked = model.ask(&with_a_form(), soon()).await;
    assert_eq!(asked.as_ref().unwrap_err().kind(), Kind::Invalid);
    assert_eq!(outcomes(&asked), ["form_refused", "form_refused", "service_refused"]);
    server.says([Says::text("{}")]);
    let reply = model.ask(&with_a_form(), soon()).await.unwrap();
    assert_eq!(reply.structured_output, Some(StructuredOutput::JsonSchema));
}

#[tokio::test(flavor = "multi_thread")]
async fn generative_ai_and_bedrock_go_down_as_well() {
    let cloud = OciCloud::start();
    let server = server(&[SCHEMA]).await;
    let mut world = World::of(&cloud);
    world.set("CAUSEWAY_OCI_ENDPOINT_GENERATIVE_AI", &server.url);
    for (list, expected) in [
        ("oci:meta.llama-4", StructuredOutput::JsonObject),
        ("oci-openai:meta.llama-4", StructuredOutput::JsonObject),
        ("bedrock:meta.llama3-2-90b-instruct-v1:0", StructuredOutput::Text),
    ] {
        world.set("CAUSEWAY_CHAT_MODEL", list);
        let model = causeway_cloud::Ports::chat_model(&world.ports(Some(&server))).unwrap();
        let asked = model.ask(&with_a_form(), soon()).await;
        assert_eq!(outcomes(&asked), ["form_refused", "answered"], "{list}");
        assert_eq!(asked.unwrap().structured_output, Some(expected), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_provider_of_a_list_remembers_for_itself() {
    let (first, second) = (server(&[SCHEMA]).await, server(&[]).await);
    let model = World::bare().model(&format!("{},{}", openai(&first), openai(&second)));
    model.ask(&with_a_form(), soon()).await.unwrap();
    first.says([Says::status(404)]);
    let reply = model.ask(&ChatQuestion { seed: Some(1), ..with_a_form() }, soon()).await.unwrap();
    assert_eq!(reply.structured_output, Some(StructuredOutput::JsonSchema));
}
