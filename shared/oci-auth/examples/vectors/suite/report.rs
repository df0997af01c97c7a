//! The outcome, for people.

use std::collections::BTreeMap;
use std::fmt;

use super::case::Check;

/// Outcomes of all cases, in the file's order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<(String, String, Check)>,
}

impl Report {
    pub(crate) fn add(&mut self, group: &str, id: &str, check: Check) {
        self.lines.push((group.to_owned(), id.to_owned(), check));
    }

    /// Number of cases that failed.
    pub(crate) fn failed(&self) -> usize {
        self.lines.iter().filter(|(_, _, check)| check.is_err()).count()
    }

    /// Per group: cases that passed, and all.
    pub(crate) fn groups(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut groups = BTreeMap::new();
        for (group, _, check) in &self.lines {
            let (passed, all) = groups.entry(group.as_str()).or_insert((0, 0));
            *passed += usize::from(check.is_ok());
            *all += 1;
        }
        groups
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (_, id, check) in &self.lines {
            match check {
                Ok(()) => writeln!(formatter, "ok {id}")?,
                Err(why) => writeln!(formatter, "FAIL {id}: {why}")?,
            }
        }
        writeln!(formatter)?;
        for (group, (passed, all)) in self.groups() {
            writeln!(formatter, "{group:24} {passed:4} of {all:4}")?;
        }
        let all = self.lines.len();
        writeln!(formatter, "{:24} {:4} of {all:4}", "total", all - self.failed())
    }
}
