//! Collections that stay small however much there is to tell, and still know how much that was.

use std::collections::BTreeMap;

use crate::dataset::Issue;

/// Names of objects, tables or columns that one list shows.
pub(crate) const MAX_NAMES: usize = 100;
/// Entries that one list of the result shows.
pub(crate) const MAX_ENTRIES: usize = 200;
/// Issues of one code that are shown.
pub(crate) const MAX_ISSUES_PER_CODE: u64 = 50;

/// The first issues of each code, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Issues {
    kept: Vec<Issue>,
    counts: BTreeMap<&'static str, u64>,
    loses_data: bool,
}

impl Issues {
    pub(crate) fn push(&mut self, issue: Issue) {
        let count = self.counts.entry(issue.code).or_insert(0);
        *count += 1;
        self.loses_data |= issue.loses_data;
        if *count <= MAX_ISSUES_PER_CODE {
            self.kept.push(issue);
        }
    }

    /// Those kept, in the order in which they came.
    pub(crate) fn kept(&self) -> &[Issue] {
        &self.kept
    }

    pub(crate) fn into_kept(self) -> Vec<Issue> {
        self.kept
    }

    /// How many there were of each code, kept or not.
    pub(crate) fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    pub(crate) fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Whether one of them says that content was left unread.
    pub(crate) fn loses_data(&self) -> bool {
        self.loses_data
    }

    pub(crate) fn sort_by_object(&mut self) {
        self.kept.sort_by(|a, b| a.object.cmp(&b.object));
    }
}

/// The first names, and how many there were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) kept: Vec<String>,
    pub(crate) count: u64,
}

impl Names {
    pub(crate) fn push(&mut self, name: String) {
        self.count += 1;
        if self.kept.len() < MAX_NAMES {
            self.kept.push(name);
        }
    }

    /// Adds `count` names, of which the first ones are given.
    pub(crate) fn extend(&mut self, first: impl Iterator<Item = String>, count: u64) {
        self.count += count;
        let room = MAX_NAMES - self.kept.len();
        self.kept.extend(first.take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(code: &'static str, object: &str, loses_data: bool) -> Issue {
        Issue { object: object.to_owned(), code, message: String::new(), count: 1, first_lines: Vec::new(), loses_data }
    }

    #[test]
    fn a_frequent_issue_does_not_hide_a_rare_one() {
        let mut issues = Issues::default();
        (0..1000).for_each(|n| issues.push(issue("ragged_rows", &n.to_string(), false)));
        assert!(!issues.loses_data());
        (0..1000).for_each(|n| issues.push(issue("time_limit", &n.to_string(), n == 999)));
        assert_eq!((issues.kept().len(), issues.total(), issues.counts()["time_limit"]), (100, 2000, 1000));
        assert!(issues.loses_data(), "also when the issue that says so is not kept");
    }

    #[test]
    fn names_are_counted_beyond_those_kept() {
        let mut names = Names::default();
        (0..99).for_each(|n| names.push(n.to_string()));
        names.extend((0..5).map(|n| format!("x{n}")), 1_000_000);
        names.push("last".to_owned());
        assert_eq!((names.kept.len(), names.count, names.kept[99].as_str()), (100, 1_000_100, "x0"));
    }
}
