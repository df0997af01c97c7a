//! Finds the one JSON object in what a model wrote: alone, between fences or amid prose.

use serde_json::error::Category;

use super::fault::{Fault, FaultCode};
use super::tree::Node;

/// Longest text that is looked at, in bytes: a right answer has a few thousand.
pub(super) const MAX_ANSWER: usize = 256 * 1024;

/// How often something that looks like the beginning of JSON is tried. Prose has few of them.
const MAX_STARTS: usize = 64;

/// Members of which an answer has at least one; other objects are part of the prose.
const ROOT: [&str; 3] = ["damage", "items", "scene"];

/// The answer in `text`. `cut` is what the provider says: that the text is a piece.
pub(super) fn extract(text: &str, cut: bool) -> Result<Node, Fault> {
    if text.len() > MAX_ANSWER {
        return Err(Fault::new(FaultCode::TooLong, "$", format!("is longer than {MAX_ANSWER} bytes")));
    }
    match serde_json::from_str::<Node>(text.trim_start_matches('\u{feff}')) {
        Ok(node) => object(node),
        Err(_) => amid_prose(text, cut),
    }
}

fn object(node: Node) -> Result<Node, Fault> {
    match node {
        Node::Object(_) => Ok(node),
        Node::List(_) => Err(Fault::new(FaultCode::List, "$", "is a list; it is to be one object")),
        other => Err(Fault::new(FaultCode::NotAnObject, "$", format!("is {}; it is to be an object", other.kind()))),
    }
}

/// What trying all beginnings brought.
#[derive(Default)]
struct Tried {
    answers: Vec<Node>,
    first: Option<Fault>,
    ends_early: bool,
}

fn amid_prose(text: &str, cut: bool) -> Result<Node, Fault> {
    let mut tried = try_all(text);
    let several = tried.answers.iter().any(|answer| *answer != tried.answers[0]);
    if several {
        return Err(Fault::new(FaultCode::SeveralAnswers, "$", "appears several times, with differences"));
    }
    if tried.ends_early || (cut && tried.answers.is_empty()) {
        return Err(Fault::new(FaultCode::Truncated, "$", "ends before it is complete"));
    }
    match tried.answers.pop() {
        Some(answer) => object(answer),
        None => Err(tried.first.unwrap_or_else(|| Fault::new(FaultCode::NoJson, "$", "holds no JSON object"))),
    }
}

fn try_all(text: &str) -> Tried {
    let mut tried = Tried::default();
    let (mut at, mut starts) = (0, 0);
    while let Some(offset) = text[at..].find(['{', '[']) {
        let start = at + offset;
        starts += usize::from(is_promising(&text[start..]));
        if starts > MAX_STARTS {
            break;
        }
        at = tried.one(text, start);
    }
    tried
}

/// Whether trying takes longer than a look at the next sign.
fn is_promising(rest: &str) -> bool {
    rest[1..].trim_start().starts_with(['"', '{', '[', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
}

impl Tried {
    /// Tries the value that begins at `start`, and tells where to go on.
    fn one(&mut self, text: &str, start: usize) -> usize {
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Node>();
        match values.next() {
            Some(Ok(node)) => {
                if is_answer(&node) {
                    self.answers.push(node);
                }
                start + values.byte_offset()
            }
            Some(Err(error)) => {
                self.failed(&text[start..], &error);
                start + 1
            }
            None => start + 1,
        }
    }

    fn failed(&mut self, rest: &str, error: &serde_json::Error) {
        if !rest.starts_with('{') {
            return;
        }
        if error.classify() == Category::Eof {
            self.ends_early = true;
            return;
        }
        let fault = if error.to_string().starts_with("recursion limit") {
            Fault::new(FaultCode::TooDeep, "$", "is nested too deeply")
        } else {
            Fault::new(FaultCode::BadJson, "$", format!("is not JSON: {error}"))
        };
        self.first.get_or_insert(fault);
    }
}

fn is_answer(node: &Node) -> bool {
    match node {
        Node::Object(members) => members.iter().any(|(name, _)| ROOT.contains(&name.as_str())),
        Node::List(values) => values.iter().any(is_answer),
        _ => false,
    }
}
