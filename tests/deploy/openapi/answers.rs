//! What routes answer beside replies: problems of functions, the gateways' own refusals, probes.

use serde_json::{Map, Value, json};

use super::schemas::reference;

/// Who answers so: a function with a problem (RFC 9457), or a gateway in a form of its own.
enum By {
    Function,
    Gateway,
    Both,
}

/// Status, name, description, who answers, and whether it may say when to come back.
const ANSWERS: &[(&str, &str, &str, By, bool)] = &[
    ("400", "BadRequest", "The body is no JSON, or not of the expected form.", By::Both, false),
    ("401", "Unauthorized", "There is no token, or it is not valid.", By::Gateway, false),
    (
        "403",
        "Forbidden",
        "The token has none of the scopes, or the deployment does not allow what is asked.",
        By::Both,
        false,
    ),
    ("404", "NotFound", "What the request names is not there.", By::Function, false),
    ("409", "Conflict", "Somebody else is at it, or what is there contradicts the request.", By::Function, false),
    ("412", "PreconditionFailed", "What the request builds on has changed.", By::Function, false),
    ("413", "TooLarge", "The body has more than 6 MB, or names more than may be read at once.", By::Both, false),
    ("415", "UnsupportedMediaType", "The body is not application/json.", By::Both, false),
    ("422", "Unprocessable", "The request is of the expected form and cannot be carried out.", By::Function, false),
    ("429", "TooManyRequests", "Too many requests.", By::Both, true),
    ("500", "InternalError", "A mistake of the function; the log has it under the request's id.", By::Both, false),
    ("502", "BadGateway", "A service that the function needs failed, or the function did not answer.", By::Both, false),
    (
        "503",
        "Unavailable",
        "A service that the function needs asks to come back later, or there is no room.",
        By::Both,
        true,
    ),
    ("504", "Timeout", "No answer in time; whether the work was done is unknown.", By::Both, false),
];

/// References to the answers that every route may give.
pub(super) fn of_every_route() -> Value {
    let answer = |(status, name, ..): &(&str, &str, &str, By, bool)| {
        ((*status).to_owned(), json!({ "$ref": format!("#/components/responses/{name}") }))
    };
    ANSWERS.iter().map(answer).collect::<Map<_, _>>().into()
}

/// The answers themselves.
pub(super) fn responses() -> Map<String, Value> {
    ANSWERS.iter().map(|(_, name, text, by, may_wait)| ((*name).to_owned(), response(text, by, *may_wait))).collect()
}

fn response(text: &str, by: &By, may_wait: bool) -> Value {
    let problem = ("application/problem+json", json!({ "schema": reference("Problem") }));
    let refusal = ("application/json", json!({ "schema": reference("GatewayError") }));
    let content: Map<String, Value> = match by {
        By::Function => vec![problem],
        By::Gateway => vec![refusal],
        By::Both => vec![problem, refusal],
    }
    .into_iter()
    .map(|(kind, schema)| (kind.to_owned(), schema))
    .collect();
    let mut response = json!({ "description": text, "content": content });
    if may_wait {
        response["headers"] = json!({
            "Retry-After": { "description": "Seconds after which to come back.", "schema": { "type": "integer", "minimum": 0 } },
        });
    }
    response
}

/// The error document of functions: RFC 9457, with a stable code.
pub(super) fn problem() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "about:blank" },
            "title": text("The status in words."),
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": text("What is wrong, for people."),
            "code": { "type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "What is wrong, for programs." },
            "request_id": text("The call in the logs."),
            "errors": {
                "type": "array",
                "description": "Which part of the request is wrong.",
                "items": {
                    "type": "object",
                    "required": ["path", "detail"],
                    "additionalProperties": false,
                    "properties": { "path": text("Where in the body, such as data_sources[0]."), "detail": text("What is wrong.") },
                },
            },
        },
    })
}

/// Each gateway has words of its own; all have a message.
pub(super) fn gateway_error() -> Value {
    json!({
        "type": "object",
        "description": "A refusal of the gateway; the function was not asked.",
        "required": ["message"],
        "properties": { "message": { "type": "string" }, "code": { "type": ["integer", "string"] } },
    })
}

/// The three questions that every function answers without doing its work.
pub(super) fn probe() -> Value {
    json!({
        "type": "object",
        "description": "Asks whether the function is there (basic), what it can do (imports), who it is to the cloud (auth).",
        "required": ["test_type"],
        "properties": { "test_type": { "enum": ["basic", "imports", "auth"] } },
    })
}

/// The answer to a probe.
pub(super) fn probe_answer() -> Value {
    json!({
        "type": "object",
        "required": ["test_type", "status", "function"],
        "properties": {
            "test_type": { "enum": ["basic", "imports", "auth"] },
            "status": { "enum": ["ok", "not_used", "failed"] },
            "function": { "type": "string" },
            "version": { "type": "string" },
            "runtime": { "type": "string" },
            "configured": {},
            "capabilities": {},
            "detail": {},
        },
    })
}
