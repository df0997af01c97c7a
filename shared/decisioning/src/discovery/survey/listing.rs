//! Which objects there are: the first ones in name order, and how many in all.
//!
//! However many objects a bucket has, only as many are held as may be read, and some more to name those that
//! were not.

use std::collections::BTreeMap;

use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{self, ObjectMeta, ObjectStoreExt};
use futures_util::StreamExt;

use super::Job;
use crate::discovery::bounds::MAX_NAMES;

/// Objects that are listed between two looks at the clock: a page of the stores' own listings.
const LISTED_BETWEEN_CHECKS: u64 = 1000;

/// Folders that the suite itself writes to. What is in them is no data of the user; whoever names one gets it.
const OWN_FOLDERS: [&str; 2] = ["causeway-state", "dashboards"];

/// The first objects in name order, and how many there are.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) objects: Vec<ObjectMeta>,
    pub(super) count: u64,
}

/// Keeps the first objects in name order.
struct Found {
    most: usize,
    first: BTreeMap<Path, ObjectMeta>,
    count: u64,
}

impl Found {
    fn add(&mut self, meta: ObjectMeta) {
        let is_beyond = || self.first.last_key_value().is_some_and(|(last, _)| meta.location > *last);
        if self.first.len() >= self.most && is_beyond() {
            self.count += 1;
        } else if self.first.insert(meta.location.clone(), meta).is_none() {
            self.count += 1;
            if self.first.len() > self.most {
                self.first.pop_last();
            }
        }
    }
}

impl Job<'_> {
    /// The objects under the prefixes, each once.
    pub(super) async fn list(&mut self, prefixes: &[Path]) -> Listed {
        let most = self.limits.max_objects.saturating_add(MAX_NAMES);
        let mut found = Found { most, first: BTreeMap::new(), count: 0 };
        for (index, (prefix, is_covered)) in outermost(prefixes).into_iter().enumerate() {
            if index > 0 && self.budget.exhausted() {
                self.flag(prefix.as_ref(), "time_limit", "the time was used up while objects were listed", true);
                break;
            }
            let before = found.count + self.issues.total();
            match is_covered {
                true if self.holds_something(prefix).await => continue,
                true => {}
                false => self.list_one(prefix, &mut found).await,
            }
            if found.count + self.issues.total() == before {
                self.flag(prefix.as_ref(), "nothing_found", "there is no object under this source", true);
            }
        }
        self.issues.sort_by_object();
        Listed { count: found.count, objects: found.first.into_values().collect() }
    }

    async fn list_one(&mut self, prefix: &Path, found: &mut Found) {
        // A source may name one object; an object has no others below it.
        if !prefix.as_ref().is_empty()
            && let Ok(meta) = self.objects.head(prefix).await
        {
            return found.add(meta);
        }
        let mut listing = self.objects.list(Some(prefix));
        let mut seen = 0_u64;
        while let Some(item) = listing.next().await {
            seen += 1;
            if seen.is_multiple_of(LISTED_BETWEEN_CHECKS) && self.budget.exhausted() {
                self.flag(prefix.as_ref(), "time_limit", "the time was used up while objects were listed", true);
                return;
            }
            match item {
                Ok(meta) if Some(&meta.location) == self.baseline.as_ref() => {}
                Ok(meta) if is_own(&meta.location) && !is_own(prefix) => {}
                Ok(meta) => found.add(meta),
                Err(error) => self.flag_listing(&error),
            }
        }
    }

    /// Whether there is an object under a prefix that is listed with another one.
    async fn holds_something(&self, prefix: &Path) -> bool {
        self.objects.head(prefix).await.is_ok() || self.objects.list(Some(prefix)).next().await.is_some()
    }

    fn flag_listing(&mut self, error: &object_store::Error) {
        match error {
            object_store::Error::PermissionDenied { path, source } => {
                let refused = source.downcast_ref::<causeway_cloud::Error>().map(ToString::to_string);
                let message = refused.unwrap_or_else(|| "access is denied".to_owned());
                self.flag(path, "object_refused", &message, true);
            }
            _ => self.flag("", "listing_failed", "the object store failed while it listed objects", true),
        }
    }
}

/// Whether the suite itself has written it.
fn is_own(location: &Path) -> bool {
    location.parts().next().is_some_and(|first| OWN_FOLDERS.contains(&first.as_ref()))
}

/// The prefixes, each once, and whether another one of them covers it.
fn outermost(prefixes: &[Path]) -> Vec<(&Path, bool)> {
    let mut sorted: Vec<&Path> = prefixes.iter().collect();
    // Part by part, so that what is below a prefix comes right after it.
    sorted.sort_by(|a, b| a.parts().cmp(b.parts()));
    sorted.dedup();
    let mut last: Option<&Path> = None;
    let mut judge = |prefix| {
        let is_covered = last.is_some_and(|last| Path::prefix_matches(prefix, last));
        if !is_covered {
            last = Some(prefix);
        }
        (prefix, is_covered)
    };
    sorted.into_iter().map(&mut judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prefixes: &[&str], expected: &[(&str, bool)]) {
        let prefixes: Vec<Path> = prefixes.iter().map(|p| Path::parse(p).unwrap()).collect();
        let found = outermost(&prefixes);
        let found: Vec<(&str, bool)> = found.iter().map(|(p, covered)| (p.as_ref(), *covered)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn folders_of_the_suite_are_told_by_their_first_segment() {
        for (name, own) in [
            ("causeway-state/decisioning-flow-runs/r/result.json", true),
            ("dashboards/r/export.json", true),
            ("dashboards", true),
            ("dashboards.csv", false),
            ("sales/dashboards/a.csv", false),
            ("", false),
        ] {
            assert_eq!(is_own(&Path::from(name)), own, "{name}");
        }
    }

    #[test]
    fn prefixes_within_others_are_not_listed_again() {
        check(&["a", "b"], &[("a", false), ("b", false)]);
        check(&["a/c", "a-b", "a", "a", "ab"], &[("a", false), ("a/c", true), ("a-b", false), ("ab", false)]);
        check(&["x/y", ""], &[("", false), ("x/y", true)]);
        check(&["a/b/c", "a/b", "a/bc"], &[("a/b", false), ("a/b/c", true), ("a/bc", false)]);
    }
}
