//! The schema in words, for providers that cannot be made to keep to it.

use causeway_cloud::chat::{ChatQuestion, StructuredOutput};

/// What the model is told about its task: the question's own words and, where nothing else holds it to the schema, the
/// schema.
pub(crate) fn instructions(question: &ChatQuestion, form: Option<StructuredOutput>) -> Option<String> {
    let own = question.instructions.as_deref().unwrap_or_default();
    match (&question.schema, form) {
        (Some(schema), Some(StructuredOutput::JsonObject | StructuredOutput::Text)) => {
            let between = if own.is_empty() { "" } else { "\n\n" };
            let schema = &schema.schema;
            Some(format!(
                "{own}{between}Answer with one JSON object and nothing else: no explanation, no code fence. It must fulfil \
                 this JSON Schema:\n{schema}"
            ))
        }
        _ => (!own.is_empty()).then(|| own.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use causeway_cloud::chat::Schema;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_told_where_nothing_else_holds_to_it() {
        let check = |own: Option<&str>, has_schema: bool, form: Option<StructuredOutput>, begin: &str, told: bool| {
            let schema = has_schema.then(|| Schema { name: "s".to_owned(), schema: json!({ "type": "object" }) });
            let question = ChatQuestion { instructions: own.map(str::to_owned), schema, ..ChatQuestion::default() };
            let found = instructions(&question, form);
            let text = found.as_deref().unwrap_or_default();
            assert!(text.starts_with(begin), "{own:?} {form:?}: {found:?}");
            assert_eq!(text.contains(r#"{"type":"object"}"#), told, "{own:?} {form:?}: {found:?}");
        };
        check(None, false, None, "", false);
        check(Some("Be short."), false, None, "Be short.", false);
        check(Some("Be short."), true, Some(StructuredOutput::JsonSchema), "Be short.", false);
        check(Some("Be short."), true, Some(StructuredOutput::JsonObject), "Be short.\n\nAnswer with one", true);
        check(None, true, Some(StructuredOutput::Text), "Answer with one", true);
    }
}
