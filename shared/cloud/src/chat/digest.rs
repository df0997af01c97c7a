//! The name of a question: by it a recorded answer is found again.

use sha2::{Digest, Sha256};

use super::{ChatQuestion, Part};

impl ChatQuestion {
    /// SHA-256 over what is asked (instructions, parts, schema), in hexadecimal. Limits such as `max_tokens` are no part
    /// of it: they change an answer's length, not what it answers.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |tag: &str, bytes: &[u8]| {
            // The length goes before the bytes, so that no two questions run together into the same text.
            hash.update(tag.as_bytes());
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        if let Some(instructions) = &self.instructions {
            add("instructions", instructions.as_bytes());
        }
        for part in &self.parts {
            match part {
                Part::Text(text) => add("text", text.as_bytes()),
                Part::Image { media_type, bytes } => {
                    add("media_type", media_type.as_bytes());
                    add("image", bytes);
                }
            }
        }
        if let Some(schema) = &self.schema {
            add("schema_name", schema.name.as_bytes());
            add("schema", schema.schema.to_string().as_bytes());
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::chat::Schema;

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    fn asked(parts: Vec<Part>) -> ChatQuestion {
        ChatQuestion { parts, ..ChatQuestion::default() }
    }

    #[test]
    fn what_is_asked_decides_and_nothing_else() {
        let question = asked(vec![text("ab"), text("c")]);
        let limited = ChatQuestion { max_tokens: Some(3), temperature: Some(0.0), seed: Some(1), ..question.clone() };
        assert_eq!(question.digest(), limited.digest());
        let image = |kind: &str, bytes: &'static [u8]| Part::Image {
            media_type: format!("image/{kind}"),
            bytes: Bytes::from_static(bytes),
        };
        let schema = |name: &str| Some(Schema { name: name.to_owned(), schema: json!({ "type": "object" }) });
        let others = [
            asked(vec![text("a"), text("bc")]),
            asked(vec![text("abc")]),
            asked(vec![image("png", b"ab")]),
            asked(vec![image("jpeg", b"ab")]),
            asked(vec![image("png", b"abc")]),
            ChatQuestion { instructions: Some("ab".to_owned()), ..asked(vec![text("c")]) },
            ChatQuestion { schema: schema("a"), ..question.clone() },
            ChatQuestion { schema: schema("b"), ..question.clone() },
        ];
        let digests: std::collections::BTreeSet<_> =
            others.iter().chain([&question]).map(ChatQuestion::digest).collect();
        assert_eq!(digests.len(), others.len() + 1);
        assert!(question.digest().len() == 64);
    }
}
