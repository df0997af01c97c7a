//! Every provider keeps the promises of the port.

use std::sync::Arc;

use causeway_cloud::chat::Finish;
use causeway_cloud::conformance::chat::{
    a_form_is_kept, a_picture_is_described, about_a_picture, missing, no_time, with_a_form,
};
use causeway_cloud::{ChatModel, Ports};
use serde_json::json;
use tests::harness::{ModelServer, OciCloud, Says};

use crate::world::{AWS_KEY, BEARER, World, soon};

const ANSWER: &str = "one grey pixel";
const FORM: &str = r#"{"grey":true}"#;

async fn keeps(model: Arc<dyn ChatModel>, nobody: Arc<dyn ChatModel>, server: &ModelServer) {
    let model = model.as_ref();
    let checked = async {
        server.says([Says::text(ANSWER)]);
        a_picture_is_described(model, ANSWER, soon()).await?;
        server.says([Says::text(FORM)]);
        a_form_is_kept(model, &json!({ "grey": true }), soon()).await?;
        drop(server.asked());
        no_time(model).await?;
        if server.asked().is_empty() { Ok(()) } else { Err("something was sent without time".to_owned()) }?;
        missing(nobody.as_ref(), soon()).await
    };
    checked.await.unwrap_or_else(|finding| panic!("{}: {finding}", model.name()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_openai_compatible_server() {
    let server = ModelServer::start(Says::text(ANSWER)).await;
    server.has_models(["llava:7b"]);
    server.wants_bearer(BEARER);
    let mut world = World::bare();
    world.set("CAUSEWAY_CHAT_API_KEY", BEARER);
    let url = &server.url;
    keeps(world.model(&format!("openai:llava:7b@{url}")), world.model(&format!("openai:x@{url}/v1/")), &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn generative_ai_in_all_its_forms() {
    let cloud = OciCloud::start();
    let server = ModelServer::start(Says::text(ANSWER)).await;
    let endpoint = "ocid1.generativeaiendpoint.oc1.iad.x";
    let vision = "cohere.command-a-vision-07-2025";
    server.has_models(["meta.llama-4", vision, endpoint]);
    let mut world = World::of(&cloud);
    world.set("CAUSEWAY_OCI_ENDPOINT_GENERATIVE_AI", &server.url);
    let dedicated = format!("{endpoint};format=coherev2");
    for model in ["meta.llama-4", vision, endpoint, &dedicated] {
        keeps(world.model(&format!("oci:{model}")), world.model("oci:meta.none"), &server).await;
    }
    for path in ["/openai/v1", "/20231130/actions/v1"] {
        let list = |model: &str| format!("oci-openai:{model};path={path}");
        keeps(world.model(&list("meta.llama-4")), world.model(&list("meta.none")), &server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_formats_of_generative_ai_send() {
    let cloud = OciCloud::start();
    let server = ModelServer::start(Says::text(FORM)).await;
    let mut world = World::of(&cloud);
    world.set("CAUSEWAY_OCI_ENDPOINT_GENERATIVE_AI", &server.url);
    let mut asked = async |model: &str| {
        let question = causeway_cloud::chat::ChatQuestion { max_tokens: Some(9_000), ..with_a_form() };
        world.model(&format!("oci:{model}")).ask(&question, soon()).await.unwrap();
        server.asked().remove(0).body
    };
    let shared = asked("meta.llama-4").await;
    assert_eq!(shared["servingMode"], json!({ "servingType": "ON_DEMAND", "modelId": "meta.llama-4" }));
    assert_eq!(shared["chatRequest"]["maxTokens"], 4_000, "the service refuses more");
    assert_eq!(shared["chatRequest"]["responseFormat"]["jsonSchema"]["isStrict"], true);
    let image = &shared["chatRequest"]["messages"][1]["content"][1];
    assert_eq!(image["type"], "IMAGE");
    let vision = asked("cohere.command-a-vision-07-2025").await;
    assert_eq!(vision["chatRequest"]["apiFormat"], "COHEREV2");
    let image = &vision["chatRequest"]["messages"][1]["content"][1];
    assert_eq!(image["type"], "IMAGE_URL");
    assert!(image["imageUrl"]["url"].as_str().unwrap().starts_with("data:image/png;base64,"));
    let dedicated = asked("ocid1.generativeaiendpoint.oc1.iad.x").await;
    let mode = json!({ "servingType": "DEDICATED", "endpointId": "ocid1.generativeaiendpoint.oc1.iad.x" });
    assert_eq!((&dedicated["servingMode"], &dedicated["chatRequest"]["maxTokens"]), (&mode, &json!(9_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_with_a_signature_that_is_checked() {
    let server = ModelServer::start(Says::text(ANSWER)).await;
    let model = "anthropic.claude-3-haiku-20240307-v1:0";
    server.has_models(["anthropic.claude-3-haiku-20240307-v1%3A0"]);
    server.knows_aws(AWS_KEY.0, AWS_KEY.1);
    let mut world = World::bare();
    let mut ports = |list: &str| {
        world.set("CAUSEWAY_CHAT_MODEL", list);
        world.ports(Some(&server)).chat_model().unwrap()
    };
    keeps(ports(&format!("bedrock:{model}")), ports("bedrock:amazon.none-v1:0"), &server).await;
    // In another region the scope of the signature is another.
    server.says([Says::text(ANSWER)]);
    ports(&format!("bedrock:{model};region=eu-west-1")).ask(&about_a_picture(), soon()).await.unwrap();
    let scope = server.asked().last().unwrap().header("authorization").unwrap().to_owned();
    assert!(scope.contains("/eu-west-1/bedrock/"), "{scope}");
    // With another secret the same request is refused: the check can fail.
    server.knows_aws(AWS_KEY.0, "another");
    let refused = ports(&format!("bedrock:{model}")).ask(&about_a_picture(), soon()).await.unwrap_err();
    assert_eq!(refused.status(), Some(403));
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_answers() {
    let server = ModelServer::start(Says::text(ANSWER)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::bare();
    world.set("CAUSEWAY_CHAT_RECORD", folder.path().to_str().unwrap());
    let model = world.model(&format!("openai:llava:7b@{}", server.url));
    model.ask(&about_a_picture(), soon()).await.unwrap();
    server.says([Says::Ended(FORM.to_owned(), "length")]);
    model.ask(&with_a_form(), soon()).await.unwrap();
    drop(server);
    let model = World::bare().model(&format!("replay:{}", folder.path().display()));
    assert!(model.name().starts_with("replay/"));
    a_picture_is_described(model.as_ref(), ANSWER, soon()).await.unwrap();
    a_form_is_kept(model.as_ref(), &json!({ "grey": true }), soon()).await.unwrap();
    let again = model.ask(&with_a_form(), soon()).await.unwrap();
    assert_eq!((again.finish, again.model.as_str()), (Finish::Length, "replay of llava:7b"));
    no_time(model.as_ref()).await.unwrap();
    missing(model.as_ref(), soon()).await.unwrap();
}
