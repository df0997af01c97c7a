//! Takes a JSON tree apart and writes down every fault with its path, instead of giving up at the first.

use std::ops::RangeInclusive;

use super::fault::{Fault, FaultCode, quote};
use super::tree::Node;
use super::words::Word;

/// Most faults that are told: the rest is of the same kind.
const MAX_FAULTS: usize = 20;

/// Longest text of a right answer, in characters.
const MAX_TEXT: usize = 1000;

/// A value and where it stands.
pub(super) struct At<'a> {
    node: &'a Node,
    path: String,
}

/// An object whose names have been checked.
pub(super) struct Object<'a> {
    members: &'a [(String, Node)],
    path: String,
}

/// The faults so far. Every method that reads gives `None` for what it wrote a fault about.
#[derive(Default)]
pub(super) struct Form {
    faults: Vec<Fault>,
}

impl<'a> At<'a> {
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node, path: "$".to_owned() }
    }
}

impl<'a> Object<'a> {
    /// The member; `None` when it is missing, about which a fault is already written.
    pub(super) fn at(&self, name: &str) -> Option<At<'a>> {
        let (_, node) = self.members.iter().find(|(there, _)| there == name)?;
        Some(At { node, path: format!("{}.{name}", self.path) })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl Form {
    /// `value`, unless there are faults.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Fault>> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(self.faults),
        }
    }

    pub(super) fn fault(&mut self, code: FaultCode, path: &str, detail: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault::new(code, path, detail));
        }
    }

    /// An object with exactly these members.
    pub(super) fn object<'a>(&mut self, at: Option<At<'a>>, names: &[&str]) -> Option<Object<'a>> {
        let At { node, path } = at?;
        let Node::Object(members) = node else {
            self.wrong_type(node, &path, "an object");
            return None;
        };
        for (index, (name, _)) in members.iter().enumerate() {
            // Behind so many members there is a fault already, and no need to compare each with each.
            if members[..index].iter().take(MAX_FAULTS).any(|(before, _)| before == name) {
                self.fault(FaultCode::DuplicateMember, &path, format!("has the member {} twice", quote(name)));
            } else if !names.contains(&name.as_str()) {
                self.fault(FaultCode::UnknownMember, &path, format!("has an unknown member {}", quote(name)));
            }
        }
        for name in names.iter().filter(|name| !members.iter().any(|(there, _)| there == *name)) {
            self.fault(FaultCode::MissingMember, &path, format!("lacks the member \"{name}\""));
        }
        Some(Object { members, path })
    }

    /// A list of at most `most`, each read by `read`.
    pub(super) fn list<'a, T>(
        &mut self,
        at: Option<At<'a>>,
        most: usize,
        mut read: impl FnMut(&mut Self, Option<At<'a>>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let At { node, path } = at?;
        let Node::List(nodes) = node else {
            self.wrong_type(node, &path, "a list");
            return None;
        };
        if nodes.len() > most {
            self.fault(FaultCode::TooLong, &path, format!("has {} entries; at most {most} are allowed", nodes.len()));
            return None;
        }
        let entries = nodes.iter().enumerate().map(|(index, node)| At { node, path: format!("{path}[{index}]") });
        let read: Vec<_> = entries.map(|entry| read(self, Some(entry))).collect();
        read.into_iter().collect()
    }

    /// A text of bounded length, without the blanks around it.
    pub(super) fn text(&mut self, at: Option<At<'_>>) -> Option<String> {
        let At { node, path } = at?;
        let Node::Text(text) = node else {
            self.wrong_type(node, &path, "a text");
            return None;
        };
        if text.chars().nth(MAX_TEXT).is_some() {
            self.fault(FaultCode::TooLong, &path, format!("is longer than {MAX_TEXT} characters"));
            return None;
        }
        Some(text.trim().to_owned())
    }

    /// One of the words of a list.
    pub(super) fn word<W: Word>(&mut self, at: Option<At<'_>>) -> Option<W> {
        let At { node, path } = at?;
        let Node::Text(text) = node else {
            self.wrong_type(node, &path, &format!("one of {}", spelt::<W>()));
            return None;
        };
        let word = W::from_word(text);
        if word.is_none() {
            self.fault(FaultCode::WrongWord, &path, format!("is {}; it is to be one of {}", quote(text), spelt::<W>()));
        }
        word
    }

    /// A boolean.
    pub(super) fn flag(&mut self, at: Option<At<'_>>) -> Option<bool> {
        let At { node, path } = at?;
        let Node::Flag(flag) = node else {
            self.wrong_type(node, &path, "true or false");
            return None;
        };
        Some(*flag)
    }

    /// A number within a range.
    pub(super) fn number(&mut self, at: Option<At<'_>>, range: &RangeInclusive<f64>) -> Option<f64> {
        let At { node, path } = at?;
        match node {
            Node::Number(number) if range.contains(number) => Some(*number),
            Node::Number(number) => {
                let bounds = format!("is {number}; it is to be from {} to {}", range.start(), range.end());
                self.fault(FaultCode::OutOfRange, &path, bounds);
                None
            }
            Node::Text(text) if text.trim().parse::<f64>().is_ok() => {
                self.fault(FaultCode::NumberAsText, &path, "is a number written as text; leave the quotes out");
                None
            }
            _ => {
                self.wrong_type(node, &path, "a number");
                None
            }
        }
    }

    fn wrong_type(&mut self, node: &Node, path: &str, wanted: &str) {
        let code = if *node == Node::Null { FaultCode::Null } else { FaultCode::WrongType };
        self.fault(code, path, format!("is {}; it is to be {wanted}", node.kind()));
    }
}

fn spelt<W: Word>() -> String {
    W::ALL.iter().map(|word| word.word()).collect::<Vec<_>>().join(", ")
}
