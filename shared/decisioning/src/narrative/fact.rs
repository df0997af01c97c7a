//! What a narrative may speak of: figures and texts, each under one name.

use super::tokens::{Token, tokens};

/// Longest text that may be quoted, in characters.
const MAX_TEXT: usize = 300;

/// A name and what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    /// The name, which stands before each of the values.
    pub(super) name: String,
    /// The name in pieces.
    pub(super) words: Vec<Token>,
    /// At least one.
    pub(super) values: Vec<Stated>,
}

/// A value and its place in the result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stated {
    /// The value.
    pub(super) value: Value,
    /// JSON pointer into the decision agent's `data`.
    pub(super) pointer: String,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// An amount in the currency of the data, which is not known.
    Money(f64),
    /// In percent.
    Percent(f64),
    /// How much something rose or fell, in percent of what it was.
    Change(f64),
    /// Points of 100.
    Points(f64),
    /// A number of things.
    Count(u64),
    /// A text, to be quoted whole; with its pieces, without the full stop at its end.
    Text(String, Vec<Token>),
}

impl Value {
    /// A text that can be quoted: neither empty nor long, and without characters that do not show.
    pub(super) fn text(text: &str) -> Option<Self> {
        let mut pieces = tokens(text);
        while pieces.last() == Some(&Token::Mark('.')) {
            pieces.pop();
        }
        let shows = text.chars().all(|each| !each.is_control() && !is_invisible(each));
        let fits = !pieces.is_empty() && text.chars().count() <= MAX_TEXT;
        (shows && fits).then(|| Self::Text(text.to_owned(), pieces))
    }

    /// As the model is shown it, in a form that it may copy.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Money(amount) => format!("{amount:.2}"),
            Self::Percent(percent) => format!("{percent:.2} percent"),
            Self::Change(percent) if *percent < 0.0 => format!("fell {:.2} percent", -percent),
            Self::Change(percent) => format!("rose {percent:.2} percent"),
            Self::Points(points) => format!("{points:.1} of 100"),
            Self::Count(count) => count.to_string(),
            Self::Text(text, _) => text.clone(),
        }
    }
}

/// Characters of no width and those that turn the direction of writing: what is read would not be what is there.
fn is_invisible(each: char) -> bool {
    matches!(each, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Facts in the making.
#[derive(Debug, Default)]
pub(super) struct Facts(pub(super) Vec<Fact>);

impl Facts {
    /// Adds a value under a name; one that is absent or not finite is left out.
    pub(super) fn add(&mut self, name: &str, pointer: impl Into<String>, value: Option<Value>) {
        let is_finite = |value: &Value| match value {
            Value::Money(number) | Value::Percent(number) | Value::Change(number) | Value::Points(number) => {
                number.is_finite()
            }
            Value::Count(_) | Value::Text(..) => true,
        };
        let Some(value) = value.filter(is_finite) else { return };
        let stated = Stated { value, pointer: pointer.into() };
        match self.0.iter_mut().find(|fact| fact.name == name) {
            Some(fact) => fact.values.push(stated),
            None => self.0.push(Fact { name: name.to_owned(), words: tokens(name), values: vec![stated] }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_that_show_can_be_quoted() {
        let check = |text: &str, expected: bool| assert_eq!(Value::text(text).is_some(), expected, "{text:?}");
        check("West loses money.", true);
        check("M\u{f6}bel", true);
        check("", false);
        check(" . ", false);
        check("a\nb", false);
        check("a\u{202e}b", false);
        check("a\u{200b}b", false);
        check(&"x".repeat(300), true);
        check(&"x".repeat(301), false);
    }

    #[test]
    fn absent_values_are_no_facts() {
        let mut facts = Facts::default();
        facts.add("gain", "/a", None);
        facts.add("gain", "/a", Some(Value::Money(f64::NAN)));
        assert!(facts.0.is_empty());
        facts.add("gain", "/a", Some(Value::Money(2.0)));
        facts.add("gain", "/b", Some(Value::Percent(1.5)));
        assert_eq!((facts.0.len(), facts.0[0].values.len()), (1, 2));
        assert_eq!(facts.0[0].values[1].value.shown(), "1.50 percent");
    }
}
