//! Settings of the rules as people write them: JSON or YAML.

use causeway_runtime::{Document, DocumentProblem, read_document};

use crate::settings::Settings;

/// Largest document in bytes.
const MAX_BYTES: usize = 64 << 10;

/// Reads settings; what is not in the text has its default.
///
/// # Errors
/// All that is wrong, with its place: what cannot be read, or values that cannot be used.
pub(crate) fn read(text: &str) -> Result<Settings, Vec<DocumentProblem>> {
    let document: Document<Settings> = read_document(text, MAX_BYTES).map_err(|problem| vec![problem])?;
    let problems = document.value.check();
    if problems.is_empty() {
        return Ok(document.value);
    }
    Err(problems.into_iter().map(|(path, text)| document.problem(path, text)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        let check = |text: &str, expected: Result<u8, &[&str]>| match (read(text), expected) {
            (Ok(settings), Ok(day)) => assert_eq!(settings.invoice_start_day, day, "{text}"),
            (Err(problems), Err(parts)) => {
                assert_eq!(problems.len(), parts.len(), "{text}: {problems:?}");
                for (problem, part) in problems.iter().zip(parts) {
                    assert!(problem.to_string().contains(part), "{text}: {problem}");
                }
            }
            (got, _) => panic!("{text}: {got:?}"),
        };
        check("", Ok(1));
        check("{}", Ok(1));
        check("{\"invoice_start_day\":15}", Ok(15));
        check("# ours\ninvoice_start_day: 31\ntariff:\n  allowance_gb: \"20480\"\n", Ok(31));
        check("invoice_day: 3\n", Err(&["line 1, column 1: invoice_day"]));
        check("tariff:\n  allowance: 4\n", Err(&["line 2, column 3: tariff.allowance"]));
        check("spike_min_gb: 5\ntariff:\n  allowance_gb: x\n", Err(&["line 3, column 3: tariff.allowance_gb"]));
        check("[1", Err(&["line 1"]));
        check("spike_factor: 3\nspike_factor: 4\n", Err(&["duplicate"]));
        check(
            "max_lag_hours: 1\nspike_factor: 1\nalerts:\n  remind_hours: 0\n",
            Err(&[
                "line 4, column 3: alerts.remind_hours: must be above 0",
                "line 2, column 1: spike_factor: must be above 1",
            ]),
        );
        check(&"x".repeat(MAX_BYTES + 1), Err(&["is longer"]));
    }
}
