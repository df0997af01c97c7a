//! A policy as people write it: JSON or YAML.

use std::fmt::Display;

use causeway_runtime::{Document, DocumentProblem, read_document};

use crate::policy::Policy;

/// Largest document in bytes.
pub(crate) const MAX_POLICY_BYTES: usize = 256 << 10;

/// Reads and checks a policy.
///
/// # Errors
/// Everything that is wrong, each with its path, line and column. What cannot be read at all is one problem.
pub(crate) fn read(text: &str) -> Result<Policy, Vec<DocumentProblem>> {
    let document: Document<Policy> = read_document(text, MAX_POLICY_BYTES).map_err(|problem| vec![problem])?;
    let found = document.value.check().into_iter();
    let problems: Vec<DocumentProblem> = found.map(|problem| document.problem(problem.path, problem.text)).collect();
    if problems.is_empty() { Ok(document.value) } else { Err(problems) }
}

/// One line of text about all of it.
#[must_use]
pub(crate) fn told<P: Display>(problems: &[P]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
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
        check("limits:\n  min_ocpus: 0\n", Err("line 2, column 3: limits.min_ocpus: must be from"));
        check("mode: enforce\nlimits: { min_ocpus: [4] }\n", Err("line 2, column 11: limits.min_ocpus: invalid type"));
        check("mode: off\nallow_reboot: true\n", Ok(Mode::Off));
        // Words of YAML 1.1: in 1.2 they are texts.
        check("allow_reboot: yes\n", Err("line 1, column 1: allow_reboot: invalid type: string"));
        check("[1", Err(""));
        check("mode: off\nmode: enforce\n", Err("duplicate"));
        check(&"x".repeat(MAX_POLICY_BYTES + 1), Err("is longer"));
    }
}
