//! `oci generative-ai-inference chat-result`: scripted answers and the rule for the others.

use serde_json::json;

use super::harness::{Cloud, check};

const VISION: &str = "meta.llama-4-maverick-17b-128e-instruct-fp8";
const CHAT: &str = "generative-ai-inference chat-result";
/// One grey point.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

fn with_image(question: &str, image: &str) -> String {
    let url = format!("data:image/png;base64,{image}");
    let content = json!([{ "type": "TEXT", "text": question }, { "type": "IMAGE", "imageUrl": { "url": url } }]);
    json!({ "apiFormat": "GENERIC", "maxTokens": 400, "messages": [{ "role": "USER", "content": content }] })
        .to_string()
}

#[test]
fn answers_come_from_scripts_or_from_the_rule() {
    let Some(cloud) = Cloud::start("chat") else { return };
    let script = json!([{ "model": VISION, "contains": "damage", "images": 1,
        "replies": [{ "json": { "damage": ["scratch"] } }, { "text": "again" }] }]);
    cloud.admin("POST", "chat", &script);
    let compartment = cloud.compartment();
    let ask = |request: &str| {
        let command = format!("{CHAT} chat-on-demand-serving-mode --serving-mode-model-id {VISION} -c {compartment}");
        cloud.oci(&command, &["--chat-request", request])
    };
    let answer = "/data/chat-response/choices/0/message/content/0/text";
    let scripted = ask(&with_image("List visible damage as JSON.", PNG));
    check(
        &scripted,
        [
            (answer, json!(r#"{"damage":["scratch"]}"#)),
            ("/data/chat-response/api-format", json!("GENERIC")),
            ("/data/chat-response/choices/0/finish-reason", json!("stop")),
            ("/data/chat-response/choices/0/message/role", json!("ASSISTANT")),
            ("/data/model-id", json!(VISION)),
            // The image and 28 characters of text.
            ("/data/chat-response/usage/prompt-tokens", json!(1617)),
        ],
    );
    check(&ask(&with_image("damage?", PNG)), [(answer, json!("again"))]);
    check(&ask(&with_image("What is it?", PNG)), [(answer, json!("1 image(s) seen. You asked: What is it?"))]);
    let mode = json!({ "servingType": "ON_DEMAND", "modelId": "cohere.command-r-plus-08-2024" }).to_string();
    let serving = ["-c", &compartment, "--serving-mode", &mode];
    let request = json!({ "apiFormat": "COHERE", "message": "Hello?", "maxTokens": 3 }).to_string();
    let cohere = cloud.oci(&format!("{CHAT} chat"), &[&serving[..], &["--chat-request", &request]].concat());
    check(
        &cohere,
        [
            ("/data/chat-response/text", json!("You asked: H")),
            ("/data/chat-response/finish-reason", json!("MAX_TOKENS")),
            ("/data/chat-response/chat-history/0/role", json!("USER")),
        ],
    );
    let short = cloud.oci(
        &format!("{CHAT} chat-cohere-chat-request"),
        &[&serving[..], &["--chat-request-message", "Hello?"]].concat(),
    );
    check(&short, [("/data/chat-response/text", json!("You asked: Hello?"))]);
    let messages = json!([{ "role": "USER", "content": [{ "type": "TEXT", "text": "One?" }] }]).to_string();
    let generic = cloud.oci(
        &format!("{CHAT} chat-generic-chat-request"),
        &[&serving[..], &["--chat-request-messages", &messages]].concat(),
    );
    check(&generic, [(answer, json!("You asked: One?"))]);
}

#[test]
fn refusals() {
    let Some(cloud) = Cloud::start("chat refusals") else { return };
    let refuse = json!([{ "contains": "busy", "replies": [{ "status": 429, "text": "Too fast." }] }]);
    cloud.admin("POST", "chat", &refuse);
    let compartment = cloud.compartment();
    let fails = |expected: (u16, &str), model: &str, request: &str| {
        let command = format!("{CHAT} chat-on-demand-serving-mode --serving-mode-model-id {model} -c {compartment}");
        cloud.fails(expected, &command, &["--chat-request", request])
    };
    let blind = fails((400, "InvalidParameter"), "cohere.command-r-plus-08-2024", &with_image("Look.", PNG));
    assert_eq!(blind, "The model cohere.command-r-plus-08-2024 does not take images.");
    assert_eq!(fails((400, "InvalidParameter"), VISION, &with_image("Look.", "aGVsbG8=")), "The image is no png.");
    let message = fails((404, "NotAuthorizedOrNotFound"), "nobody.model", &with_image("Look.", PNG));
    assert_eq!(message, "Entity with key nobody.model not found");
    assert_eq!(fails((429, "TooManyRequests"), VISION, &with_image("busy", PNG)), "Too fast.");
}
