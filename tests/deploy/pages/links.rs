//! Links between pages.

use std::path::Path;
use std::process::Command;

use crate::{path, text};

/// Targets of the links of a page that lead to files, without the place in them.
fn targets(page: &str) -> Vec<&str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter_map(|link| link.split('#').next()).filter(|link| !link.is_empty() && !link.contains("://")).collect()
}

#[test]
fn links_lead_to_files() {
    let output = Command::new("git").args(["ls-files", "*.md"]).current_dir(path("")).output();
    let listed = output.ok().filter(|output| output.status.success());
    let Some(listed) = listed else {
        return tests::harness::skip("links between pages", "this is no clone of the repository");
    };
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    let mut broken = Vec::new();
    for file in listed.lines() {
        let folder = Path::new(file).parent().expect("a folder").to_owned();
        let page = text(file);
        let missing = targets(&page).into_iter().filter(|target| !path("").join(&folder).join(target).exists());
        broken.extend(missing.map(|target| format!("{file}: {target}")));
    }
    assert!(listed.lines().count() > 10 && broken.is_empty(), "{broken:?}");
}

#[test]
fn targets_are_found() {
    assert_eq!(targets("a [b](c.md#d), [e](https://f.example) and [g](#h)"), ["c.md"]);
}
