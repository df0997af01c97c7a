//! Pages for people: what they say of settings, requests and replies is what the functions say, their calls have the
//! answers beside them, and their commands work.

mod calls;
mod contributing;
mod links;
mod members;
mod readme;
mod settings;

use crate::{functions, path, text};

/// What stands around the part of a page that is made.
const BEGIN: &str = "<!-- kept -->\n";
const END: &str = "<!-- /kept -->";

/// Pages that have such a part, and what belongs there.
fn kept() -> Vec<(String, String)> {
    let page = |function: &String| (format!("functions/{function}/README.md"), reference(function));
    let mut pages: Vec<_> = functions().iter().map(page).collect();
    pages.push((".github/SETTINGS.md".to_owned(), settings::shared()));
    pages
}

fn reference(function: &str) -> String {
    format!(
        "## Reference\n\n`{function} config` and `{function} schema` say this.\n\n\
         Settings, beside [those that every function has](../../.github/SETTINGS.md):\n\n{}\n\
         Request:\n\n{}\nReply:\n\n{}",
        settings::of(function),
        members::of(function, "request"),
        members::of(function, "reply"),
    )
}

/// The page with this in its kept part; `None` for one that has none.
fn with(page: &str, made: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{made}\n{END}{after}"))
}

/// `WRITE_PAGES=1` writes them anew.
#[test]
fn kept_blocks_are_what_the_functions_say() {
    let mut findings = Vec::new();
    for (file, made) in kept() {
        let there = text(&file);
        match with(&there, &made) {
            None => findings.push(format!("{file} has no {} and {END}", BEGIN.trim())),
            Some(page) if page == there => {}
            Some(page) if std::env::var_os("WRITE_PAGES").is_some() => {
                std::fs::write(path(&file), page).expect("written");
            }
            Some(_) => findings.push(format!("{file} is not up to date: run this test with WRITE_PAGES=1")),
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn only_the_kept_part_is_written() {
    let page = format!("# a\n\n{BEGIN}old\n{END}\n\nafter\n");
    assert_eq!(with(&page, "new\n"), Some(format!("# a\n\n{BEGIN}\nnew\n\n{END}\n\nafter\n")));
    assert_eq!(with("# a\n", "new"), None);
}

/// A text in a cell of a table: nothing in it is markup but what stands between backticks.
fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let plain = |part: &str| part.replace('<', "&lt;").replace('*', "\\*");
    let parts = line.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { plain(part) } else { part.to_owned() }).collect::<Vec<_>>().join("`")
}

#[test]
fn texts_are_no_markup() {
    assert_eq!(cell("a|b *c*\n<d> `<e>`"), "a\\|b \\*c\\* &lt;d> `<e>`");
}

/// Blocks of code with this language, in their order.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    page.split(&open).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}
