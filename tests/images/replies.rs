//! What a function's answer to one of its sample events must be.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::container::Spec;

/// Samples that ask for what cannot be, or name what the test's bucket has not: the code of the refusal, and the member
/// of the request that it names.
const REFUSED: &[(&str, &str, &str, Option<&str>)] = &[
    ("decision-agent", "nothing", "invalid_request", Some("inputs")),
    ("decision-agent", "previous", "invalid_request", Some("inputs.discovery")),
    ("decisioning-flow", "continue", "no_such_run", None),
    ("decisioning-flow", "other_flow", "no_such_flow", Some("flow.object")),
    ("discovery-agent", "climbing_path", "invalid_request", Some("data_sources[0]")),
    ("intelligence-agent", "climbing_path", "invalid_request", Some("data_sources[0]")),
    ("intelligence-agent", "flow", "invalid_request", Some("catalogue.object")),
    ("intelligence-agent", "roles", "invalid_request", Some("roles.orders")),
    ("strategy-agent", "climbing_path", "invalid_request", Some("intelligence")),
    ("strategy-agent", "previous", "invalid_request", Some("inputs.discovery")),
    ("visualization-agent", "climbing_path", "invalid_request", Some("inputs.decision")),
    ("visualization-agent", "results_in_the_bucket", "invalid_request", Some("inputs.discovery")),
    ("visualization-agent", "tick", "invalid_request", Some("inputs")),
];

/// The schema of the replies, as the image itself tells it.
pub(crate) fn schema(spec: &Spec) -> Validator {
    let told = spec.engine.run(&["run", "--rm", "--network=none", spec.image, "schema"]);
    let told: Value = serde_json::from_str(&told).expect("two schemas");
    jsonschema::validator_for(&told["reply"]).unwrap_or_else(|error| panic!("{}: {error}", spec.function))
}

/// Kinds of answers.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    /// A reply of the function.
    Reply,
    /// What became of so many messages of a queue.
    Batch(usize),
    /// A refusal with this code that names this member of the request.
    Refusal(&'static str, Option<&'static str>),
}

impl Kind {
    /// The kind for a sample event.
    pub(crate) fn of(function: &str, name: &str, event: &str) -> Self {
        let refused = REFUSED.iter().find(|(of, event, ..)| (*of, *event) == (function, name));
        if let Some((.., code, member)) = refused {
            return Self::Refusal(code, *member);
        }
        let event: Value = serde_json::from_str(event).expect("JSON");
        match event["Records"].as_array().filter(|records| records.iter().all(|it| it["messageId"].is_string())) {
            Some(messages) => Self::Batch(messages.len()),
            None => Self::Reply,
        }
    }

    /// What an answer has that this kind has not.
    pub(crate) fn findings(&self, reply: &Validator, answer: &Value) -> Vec<String> {
        match self {
            Self::Reply => reply.iter_errors(answer).map(|it| format!("{}: {it}", it.instance_path())).collect(),
            Self::Batch(total) => {
                let all_done = json!({ "batch": { "total": total, "failed": 0, "deferred": 0, "rejected": [] } });
                differs(answer, &all_done)
            }
            Self::Refusal(code, member) => {
                let error = &answer["error"];
                differs(&json!([error["kind"], error["code"], error["path"]]), &json!(["client", code, member]))
            }
        }
    }
}

fn differs(found: &Value, expected: &Value) -> Vec<String> {
    if found == expected { Vec::new() } else { vec![format!("{found} in place of {expected}")] }
}

#[test]
fn an_answer_of_another_kind_is_found() {
    let schema = json!({ "type": "object", "properties": { "status": { "type": "string" } }, "required": ["status"] });
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let check = |kind: &Kind, answer: Value, expected: usize| {
        assert_eq!(kind.findings(&schema, &answer).len(), expected, "{kind:?}: {answer}");
    };
    let refusal = json!({ "error": { "kind": "client", "code": "invalid_request", "path": "inputs" } });
    let batch = |rejected: Value| json!({ "batch": { "total": 2, "failed": 0, "deferred": 0, "rejected": rejected } });
    check(&Kind::Reply, json!({ "status": "success" }), 0);
    check(&Kind::Reply, refusal.clone(), 1);
    check(&Kind::Refusal("invalid_request", Some("inputs")), refusal.clone(), 0);
    check(&Kind::Refusal("invalid_request", Some("data_sources")), refusal, 1);
    check(&Kind::Refusal("invalid_request", Some("inputs")), json!({ "status": "success" }), 1);
    check(&Kind::Batch(2), batch(json!([])), 0);
    check(&Kind::Batch(2), batch(json!([{ "item": "1", "code": "invalid_request" }])), 1);
    check(&Kind::Batch(3), batch(json!([])), 1);
}

#[test]
fn the_kind_is_that_of_the_sample() {
    assert_eq!(Kind::of("discovery-agent", "everything", "{}"), Kind::Reply);
    assert_eq!(
        Kind::of("discovery-agent", "climbing_path", "{}"),
        Kind::Refusal("invalid_request", Some("data_sources[0]"))
    );
    assert_eq!(
        Kind::of("discovery-agent", "sqs", r#"{"Records":[{"messageId":"a"},{"messageId":"b"}]}"#),
        Kind::Batch(2)
    );
    assert_eq!(Kind::of("discovery-agent", "s3", r#"{"Records":[{"eventSource":"aws:s3"}]}"#), Kind::Reply);
}
