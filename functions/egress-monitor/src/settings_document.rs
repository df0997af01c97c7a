//! Settings of the rules as people write them: JSON or YAML.

use serde_json::Value;

use crate::settings::Settings;

/// Largest document in bytes.
const MAX_BYTES: usize = 64 << 10;

/// Reads settings; what is not in the text has its default. They are not checked yet.
///
/// # Errors
/// What cannot be read, with its path.
pub(crate) fn read(text: &str) -> Result<Settings, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("is longer than {MAX_BYTES} bytes"));
    }
    // Every JSON text is a YAML text; values in between so that paths come out the same.
    let value: Value = serde_saphyr::from_str(text).map_err(|error| brief(&error.to_string()))?;
    let value = if value.is_null() { Value::Object(serde_json::Map::new()) } else { value };
    serde_path_to_error::deserialize(value).map_err(|error| match error.path().to_string().as_str() {
        "" | "." => brief(&error.inner().to_string()),
        path => format!("{path}: {}", brief(&error.inner().to_string())),
    })
}

/// The first line; parsers add an excerpt below.
fn brief(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        let check = |text: &str, expected: Result<u8, &str>| match (read(text), expected) {
            (Ok(settings), Ok(day)) => assert_eq!(settings.invoice_start_day, day, "{text}"),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
            (got, _) => panic!("{text}: {got:?}"),
        };
        check("", Ok(1));
        check("{}", Ok(1));
        check("{\"invoice_start_day\":15}", Ok(15));
        check("# ours\ninvoice_start_day: 31\ntariff:\n  allowance_gb: \"20480\"\n", Ok(31));
        check("invoice_day: 3\n", Err("invoice_day"));
        check("tariff:\n  allowance: 4\n", Err("tariff.allowance"));
        check("tariff:\n  allowance_gb: x\n", Err("tariff.allowance_gb"));
        check("[1", Err(""));
        check("spike_factor: 3\nspike_factor: 4\n", Err("duplicate"));
        check(&"x".repeat(MAX_BYTES + 1), Err("is longer"));
    }
}
