//! Chats, whole and as they are written.

use futures_util::{StreamExt, TryStreamExt};
use proptest::prelude::*;
use serde_json::json;

use super::world::{Reply, World, broken, json as answer, refusal, reply};
use crate::Error;
use crate::generative_ai::{
    ApiFormat, Chat, ChatEvent, ChatMessage, Content, JsonSchema, ResponseFormat, Role, ServingMode,
};

fn model() -> ServingMode {
    ServingMode::OnDemand { model_id: "meta.llama-4".into() }
}

fn chat() -> Chat {
    let content = vec![Content::text("List damage."), Content::image("image/jpeg", b"\xff\xd8\xff")];
    let messages = vec![ChatMessage { role: Role::User, content }];
    Chat { messages, max_tokens: Some(400), temperature: Some(0.0), ..Chat::default() }
}

fn events(pieces: Vec<&'static str>) -> Reply {
    reply(200, "").header("content-type", "text/event-stream").pieces(pieces.into_iter().map(Ok))
}

async fn streamed(reply: Reply) -> Result<Vec<ChatEvent>, Error> {
    let world = World::new([reply]);
    world.client().generative_ai().stream("c", &model(), &chat()).await?.try_collect().await
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text { index: 0, text: text.to_owned() }
}

fn stop() -> ChatEvent {
    ChatEvent::Finished { index: 0, reason: "stop".to_owned() }
}

#[tokio::test]
async fn the_request_with_an_image() {
    let whole = json!({"modelId": "m", "modelVersion": "1", "chatResponse": {"apiFormat": "GENERIC",
        "timeCreated": "2026-09-05T02:00:00Z", "choices": [{"index": 0, "finishReason": "stop",
        "message": {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": "no"}, {"type": "TEXT", "text": "ne"}]}}],
        "usage": {"promptTokens": 1710, "totalTokens": 1794}}});
    let end = answer(&whole).header("model-deprecation-info", "soon").header("model-retirement-info", "in May");
    let world = World::new([end.header("opc-request-id", "r/1")]);
    let said = world.client().generative_ai().chat("c", &model(), &chat()).await.unwrap();
    let usage = said.usage().unwrap();
    assert_eq!(
        (said.text().as_deref(), usage.prompt_tokens, usage.completion_tokens),
        (Some("none"), Some(1710), None)
    );
    let told = [&said.model_deprecation_info, &said.model_retirement_info, &said.opc_request_id].map(Option::as_deref);
    assert_eq!(told, [Some("soon"), Some("in May"), Some("r/1")]);
    let sent = &world.sent()[0];
    assert_eq!(sent.line, "POST inference /20231130/actions/chat");
    assert!(sent.header("opc-retry-token").is_some() && sent.header("x-content-sha256").is_some());
    let body = json!({"compartmentId": "c", "servingMode": {"servingType": "ON_DEMAND", "modelId": "meta.llama-4"},
        "chatRequest": {"apiFormat": "GENERIC", "maxTokens": 400, "temperature": 0.0,
            "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "List damage."},
                {"type": "IMAGE", "imageUrl": {"url": "data:image/jpeg;base64,/9j/"}}]}]}});
    assert_eq!(sent.json(), body);
    assert!(!format!("{:?}", chat()).contains("/9j/"));
}

#[tokio::test]
async fn a_limit_that_counts_thoughts_has_its_own_name() {
    for (model, expected) in [(model(), [None, Some(7)]), (cohere("command-a-reasoning"), [Some(7), None])] {
        let world = World::new([refusal(400, "InvalidParameter")]);
        let chat = Chat { max_tokens: None, max_completion_tokens: Some(7), ..chat() };
        assert!(world.client().generative_ai().chat("c", &model, &chat).await.is_err());
        let body = world.sent()[0].json();
        let limits = ["maxTokens", "maxCompletionTokens"].map(|name| body["chatRequest"][name].as_u64());
        assert_eq!(limits, expected, "{model:?}");
    }
}

#[tokio::test]
async fn an_answer_without_text_has_none() {
    let whole = json!({"modelId": "m", "chatResponse": {"choices": [{"index": 0, "finishReason": "tool_calls",
        "message": {"role": "ASSISTANT", "content": null, "toolCalls": []}}]}});
    let world = World::new([answer(&whole)]);
    let said = world.client().generative_ai().chat("c", &model(), &chat()).await.unwrap();
    assert_eq!((said.text(), said.usage()), (None, None));
}

fn cohere(name: &str) -> ServingMode {
    ServingMode::OnDemand { model_id: format!("cohere.{name}") }
}

fn said(role: Role, text: &str) -> ChatMessage {
    ChatMessage { role, content: vec![Content::text(text)] }
}

#[test]
fn models_have_formats() {
    let dedicated = ServingMode::Dedicated { endpoint_id: "ocid1.generativeaiendpoint.oc1.iad.x".to_owned() };
    for (model, expected) in [
        (model(), ApiFormat::Generic),
        (dedicated, ApiFormat::Generic),
        (cohere("command-r-plus-08-2024"), ApiFormat::Cohere),
        (cohere("command-a-03-2025"), ApiFormat::Cohere),
        (cohere("command-a-vision"), ApiFormat::CohereV2),
    ] {
        assert_eq!(model.format(), expected, "{model:?}");
    }
}

#[test]
fn shared_models_of_two_vendors_have_a_longest_answer() {
    let shared = |name: &str| ServingMode::OnDemand { model_id: name.to_owned() };
    let dedicated = ServingMode::Dedicated { endpoint_id: "ocid1.generativeaiendpoint.oc1.iad.x".to_owned() };
    for (model, expected) in [
        (model(), Some(4_000)),
        (cohere("command-a-vision"), Some(4_000)),
        (shared("google.gemini-2.5-pro"), None),
        (dedicated, None),
    ] {
        assert_eq!(model.longest_answer(), expected, "{model:?}");
    }
}

#[tokio::test]
async fn a_chat_in_the_format_of_cohere() {
    let whole = json!({"modelId": "m", "chatResponse": {"apiFormat": "COHERE", "text": "fine",
        "finishReason": "MAX_TOKENS", "usage": {"totalTokens": 9}}});
    let world = World::new([answer(&whole)]);
    let schema = JsonSchema { name: "n".to_owned(), schema: json!({"type": "object"}), is_strict: None };
    let chat = Chat {
        messages: vec![
            said(Role::System, "Be short."),
            said(Role::User, "Hi"),
            said(Role::Assistant, "Hello"),
            said(Role::User, "How are you?"),
        ],
        top_p: Some(0.5),
        stop: vec!["END".to_owned()],
        response_format: Some(ResponseFormat::JsonSchema { json_schema: schema }),
        ..Chat::default()
    };
    let found = world.client().generative_ai().chat("c", &cohere("command-r"), &chat).await.unwrap();
    let reason = found.choices()[0].finish_reason.as_deref();
    assert_eq!((found.text().as_deref(), reason), (Some("fine"), Some("length")));
    assert_eq!(found.usage().unwrap().total_tokens, Some(9));
    let request = json!({"apiFormat": "COHERE", "message": "How are you?", "preambleOverride": "Be short.",
        "chatHistory": [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Hello"}],
        "topP": 0.5, "stopSequences": ["END"],
        "responseFormat": {"type": "JSON_OBJECT", "schema": {"type": "object"}}});
    assert_eq!(world.sent()[0].json()["chatRequest"], request);
}

#[tokio::test]
async fn what_the_format_of_cohere_cannot_say_is_not_sent() {
    for (messages, expected) in [
        (chat().messages, "no images"),
        (vec![said(Role::User, "a"), said(Role::Assistant, "b")], "at the end"),
        (vec![], "at the end"),
        (vec![said(Role::Tool, "a"), said(Role::User, "b")], "no messages of tools"),
    ] {
        let world = World::new(Vec::<Reply>::new());
        let chat = Chat { messages, ..Chat::default() };
        let error = world.client().generative_ai().chat("c", &cohere("command-r"), &chat).await.unwrap_err();
        assert!(error.to_string().contains(expected) && error.tries() == 0, "{error}");
        assert!(world.sent().is_empty());
    }
}

#[tokio::test]
async fn an_image_in_the_second_format_of_cohere() {
    let whole = json!({"modelId": "m", "chatResponse": {"apiFormat": "COHEREV2", "id": "i", "finishReason": "COMPLETE",
        "message": {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": "none"}]}}});
    let world = World::new([answer(&whole)]);
    let found = world.client().generative_ai().chat("c", &cohere("command-a-vision"), &chat()).await.unwrap();
    let reason = found.choices()[0].finish_reason.as_deref();
    assert_eq!((found.text().as_deref(), reason), (Some("none"), Some("stop")));
    let request = &world.sent()[0].json()["chatRequest"];
    assert_eq!(request["apiFormat"], "COHEREV2");
    let image = json!({"type": "IMAGE_URL", "imageUrl": {"url": "data:image/jpeg;base64,/9j/"}});
    assert_eq!(request["messages"][0]["content"][1], image);
}

#[tokio::test]
async fn an_answer_in_no_format_is_refused() {
    let world = World::new([answer(&json!({"modelId": "m", "chatResponse": {"finishReason": "COMPLETE"}}))]);
    let error = world.client().generative_ai().chat("c", &model(), &chat()).await.unwrap_err();
    assert!(error.to_string().contains("JSON of another shape"), "{error}");
}

#[tokio::test]
async fn the_end_of_a_stream_of_cohere_repeats_the_text() {
    let end = "data: {\"text\":\"hello\",\"finishReason\":\"COMPLETE\",\"usage\":{\"totalTokens\":5}}\n\n";
    let pieces = vec!["data: {\"text\":\"hel\"}\n\ndata: {\"text\":\"lo\"}\n\n", end];
    let found = streamed(events(pieces)).await.unwrap();
    assert_eq!(found[..3], [text("hel"), text("lo"), stop()]);
    assert!(matches!(found[3], ChatEvent::Usage(_)), "{found:?}");
    assert_eq!(streamed(events(vec![end])).await.unwrap()[..2], [text("hello"), stop()]);
}

#[tokio::test]
async fn text_as_it_is_written() {
    let pieces = vec![
        "data: {\"index\":0,\"message\":{\"role\":\"ASSISTANT\",\"content\":[{\"type\":\"TEXT\",\"text\":\"he\"}]},\"pad\":\"aa\"}\n\ndata: {\"ind",
        "ex\":0,\"message\":{\"content\":[{\"type\":\"TEXT\",\"text\":\"ll\u{f6}\"}]}}\r\n\r",
        "\n: comment\nevent: x\ndata:{\"finishReason\":\"stop\"}\n\n",
        "data: {\"usage\":{\"promptTokens\":3,\"completionTokens\":2,\"totalTokens\":5}}\n\ndata: [DONE]\n\n",
    ];
    let found = streamed(events(pieces)).await.unwrap();
    assert_eq!(found[..3], [text("he"), text("ll\u{f6}"), stop()]);
    assert!(matches!(found[3], ChatEvent::Usage(usage) if usage.total_tokens == Some(5)), "{found:?}");
    let world = World::new([events(vec!["data: {\"finishReason\":\"stop\"}"])]);
    let mut stream = world.client().generative_ai().stream("c", &model(), &chat()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), stop());
    assert!(stream.next().await.is_none() && stream.next().await.is_none());
    let sent = &world.sent()[0];
    assert_eq!(sent.header("accept"), Some("text/event-stream"));
    let request = &sent.json()["chatRequest"];
    assert_eq!((&request["isStream"], &request["streamOptions"]["isIncludeUsage"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn part_of_an_answer_is_no_answer() {
    let delta = "data: {\"message\":{\"content\":[{\"type\":\"TEXT\",\"text\":\"canary\"}]}}\n\n";
    let cut = reply(200, "").header("content-type", "text/event-stream").pieces([Ok(delta), Err(broken())]);
    for (reply, expected) in [
        (cut, "broken off"),
        (events(vec![delta]), "ended before its answer"),
        (events(vec![]), "ended before its answer"),
        (events(vec![delta, "data: {\"canary\n\n"]), "no JSON of a chat"),
        (events(vec!["data: <html>canary</html>\n\n"]), "no JSON of a chat"),
        (reply(200, "{}").header("content-type", "application/json"), "no stream of events"),
        (refusal(429, "TooManyRequests").header("retry-after", "999"), "429"),
    ] {
        let error = streamed(reply).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn an_endless_event_is_refused() {
    let piece: &'static str = Box::leak("x".repeat(600_000).into_boxed_str());
    let error = streamed(events(vec!["data: ", piece, piece])).await.unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn it_does_not_matter_where_the_bytes_are_cut(cuts in proptest::collection::vec(0_usize..200, 0..6)) {
        let whole = "\u{feff}data: {\"message\":{\"content\":[{\"type\":\"TEXT\",\"text\":\"a\"}]}}\r\n\r\n\
            data: {\"message\":{\"content\":\ndata: [{\"type\":\"TEXT\",\"text\":\"b\"}]}}\r\rdata:{\"finishReason\":\"stop\"}\n\n";
        let mut cuts: Vec<_> = cuts.into_iter().map(|at| whole.floor_char_boundary(at.min(whole.len()))).collect();
        cuts.extend([0, whole.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &whole[pair[0]..pair[1]]).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let found = runtime.block_on(streamed(events(pieces))).unwrap();
        prop_assert_eq!(found, vec![text("a"), text("b"), stop()]);
    }
}
