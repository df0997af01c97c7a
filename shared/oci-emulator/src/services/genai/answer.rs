//! Answers and how they are counted.

use serde_json::{Map, Value, json};

use super::request::{Chat, Format};

/// Characters of a token, about, and tokens of an image of 512 by 512 pixels.
const TOKEN_CHARS: usize = 4;
const IMAGE_TOKENS: usize = 1_610;
/// Depth of made-up JSON.
const MAX_DEPTH: usize = 16;

/// An answer before it gets its form.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) tool_calls: Option<Value>,
    /// Whether the limit of tokens cut it.
    pub(super) cut: bool,
    prompt_tokens: usize,
    completion_tokens: usize,
}

impl Answer {
    /// Cuts a text to the request's limit and counts tokens.
    pub(super) fn new(chat: &Chat, mut text: String, tool_calls: Option<Value>) -> Self {
        let most = usize::try_from(chat.max_tokens).unwrap_or(usize::MAX).saturating_mul(TOKEN_CHARS);
        let end = text.char_indices().nth(most).map(|(at, _)| at);
        if let Some(end) = end {
            text.truncate(end);
        }
        let tokens = |text: &str| text.chars().count().div_ceil(TOKEN_CHARS);
        Self {
            prompt_tokens: tokens(&chat.all_text()) + chat.images() * IMAGE_TOKENS,
            completion_tokens: tokens(&text),
            cut: end.is_some(),
            text,
            tool_calls,
        }
    }

    pub(super) fn finish_reason(&self, format: Format) -> &'static str {
        match (format, self.cut, self.tool_calls.is_some()) {
            (Format::Generic, true, _) => "length",
            (Format::Generic, false, true) => "tool_calls",
            (Format::Generic, false, false) => "stop",
            (_, true, _) => "MAX_TOKENS",
            (Format::CohereV2, false, true) => "TOOL_CALL",
            _ => "COMPLETE",
        }
    }

    /// The message of the generic form.
    pub(super) fn message(&self) -> Value {
        let content = match &self.tool_calls {
            Some(_) if self.text.is_empty() => Value::Null,
            _ => json!([{ "type": "TEXT", "text": self.text }]),
        };
        json!({ "role": "ASSISTANT", "content": content, "toolCalls": self.tool_calls })
    }

    pub(super) fn usage(&self) -> Value {
        json!({
            "promptTokens": self.prompt_tokens,
            "completionTokens": self.completion_tokens,
            "totalTokens": self.prompt_tokens + self.completion_tokens,
        })
    }
}

/// The rule for requests that no script fits: what was asked is said back, or the smallest JSON that fits
/// the wanted schema.
pub(super) fn by_rule(chat: &Chat) -> String {
    match &chat.json {
        Some(schema) => example(schema, 0).to_string(),
        None if chat.images() > 0 => format!("{} image(s) seen. You asked: {}", chat.images(), chat.last_user_text()),
        None => format!("You asked: {}", chat.last_user_text()),
    }
}

/// A value that fits a schema, for the parts of JSON Schema that requests use.
fn example(schema: &Value, depth: usize) -> Value {
    if let Some(value) = schema.get("const").or_else(|| schema.get("default")) {
        return value.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[choice].as_array().and_then(|values| values.first()) {
            return if depth < MAX_DEPTH { example(first, depth + 1) } else { Value::Null };
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].as_array()?.first()?.as_str());
    match kind {
        Some("string") => "text".into(),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
        Some("boolean") => false.into(),
        Some("null") => Value::Null,
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(0).min(16);
            (0..count)
                .map(|_| if depth < MAX_DEPTH { example(&schema["items"], depth + 1) } else { Value::Null })
                .collect()
        }
        _ => object(schema, depth),
    }
}

fn object(schema: &Value, depth: usize) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let member = |name: &Value| {
        let name = name.as_str()?;
        (depth < MAX_DEPTH).then(|| (name.to_owned(), example(&schema["properties"][name], depth + 1)))
    };
    required.iter().filter_map(member).collect::<Map<String, Value>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_json_fits_its_schema() {
        let schema = json!({
            "type": "object",
            "required": ["level", "score", "items", "ok"],
            "properties": {
                "level": { "enum": ["low", "high"] },
                "score": { "type": "number", "minimum": 0.5 },
                "items": { "type": "array", "minItems": 1, "items": { "type": "string" } },
                "ok": { "type": ["boolean", "null"] },
                "optional": { "type": "string" },
            },
        });
        let expected = json!({ "level": "low", "score": 0.5, "items": ["text"], "ok": false });
        assert_eq!(example(&schema, 0), expected);
    }
}
