//! A policy as people write it: JSON or YAML.

use serde_json::Value;

use crate::policy::{Policy, Problem};

/// Largest document in bytes.
pub(crate) const MAX_POLICY_BYTES: usize = 256 << 10;

/// Reads and checks a policy.
///
/// # Errors
/// Everything that is wrong, each with its path. What cannot be read at all is one problem.
pub(crate) fn read(text: &str) -> Result<Policy, Vec<Problem>> {
    let one = |path: String, text: String| vec![Problem { path, text }];
    if text.len() > MAX_POLICY_BYTES {
        return Err(one(String::new(), format!("is longer than {MAX_POLICY_BYTES} bytes")));
    }
    // Every JSON text is a YAML text; values in between so that paths come out the same.
    let value: Value = serde_saphyr::from_str(text).map_err(|error| one(String::new(), brief(&error.to_string())))?;
    let value = if value.is_null() { Value::Object(serde_json::Map::new()) } else { value };
    let policy: Policy = serde_path_to_error::deserialize(value)
        .map_err(|error| one(error.path().to_string(), brief(&error.inner().to_string())))?;
    let problems = policy.check();
    if problems.is_empty() { Ok(policy) } else { Err(problems) }
}

/// One line of text about all of it.
#[must_use]
pub(crate) fn told(problems: &[Problem]) -> String {
    let one = |problem: &Problem| match problem.path.as_str() {
        "" | "." => problem.text.clone(),
        path => format!("{path}: {}", problem.text),
    };
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The first line; parsers add an excerpt below.
fn brief(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Mode;

    #[test]
    fn documents() {
        let check = |text: &str, expected: Result<Mode, &str>| match (read(text), expected) {
            (Ok(policy), Ok(mode)) => assert_eq!(policy.mode, mode, "{text}"),
            (Err(problems), Err(part)) => assert!(told(&problems).contains(part), "{text}: {}", told(&problems)),
            (got, _) => panic!("{text}: {got:?}"),
        };
        check("", Ok(Mode::Recommend));
        check("{}", Ok(Mode::Recommend));
        check("{\"mode\":\"enforce\"}", Ok(Mode::Enforce));
        check("# ours\nmode: dry_run\nlimits:\n  min_ocpus: 4\n", Ok(Mode::DryRun));
        check("{\"mod\":\"enforce\"}", Err("mod"));
        check("limits:\n  min_ocpu: 4\n", Err("limits.min_ocpu"));
        check("limits:\n  min_ocpus: x\n", Err("limits.min_ocpus"));
        check("limits:\n  min_ocpus: 0\n", Err("limits.min_ocpus: must be from"));
        check("[1", Err(""));
        check("mode: off\nmode: enforce\n", Err("duplicate"));
        check(&"x".repeat(MAX_POLICY_BYTES + 1), Err("is longer"));
    }
}
