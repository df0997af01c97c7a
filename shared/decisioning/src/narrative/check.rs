//! Whether a text says nothing but the facts. Deterministic: what the text was made by, and what for, plays no part.
//!
//! A text is read from the left. The name of a fact opens it, and all that follows in the sentence is about it until
//! the next name:
//!
//! * a number must be its value, at the precision that the number is written with;
//! * a quoted text must be its text, whole;
//! * a word of direction (`rose`, `fell`) must agree with its change;
//! * nothing is named without one of these before the next name and the end of the sentence;
//! * any other word must be one of [`WORDS`], which say nothing by themselves: no negation, no comparison, no cause,
//!   no judgement, no number in words, no name.

use super::Dropped;
use super::fact::{Fact, Stated, Value};
use super::tokens::{Number, Token, tokens};

/// Longest text, in characters.
pub(super) const MAX_CHARS: usize = 1_200;

/// Words beside those of the facts.
pub(super) const WORDS: [&str; 40] = [
    "a",
    "about",
    "also",
    "amounts",
    "an",
    "and",
    "approximately",
    "are",
    "around",
    "as",
    "at",
    "business",
    "by",
    "company",
    "data",
    "figures",
    "follows",
    "for",
    "has",
    "have",
    "in",
    "is",
    "it",
    "its",
    "of",
    "on",
    "roughly",
    "show",
    "shows",
    "stand",
    "stands",
    "that",
    "the",
    "these",
    "this",
    "to",
    "was",
    "were",
    "while",
    "with",
];
const MARKS: [char; 8] = ['.', ',', ';', ':', '(', ')', '"', '\''];
const RISES: [&str; 5] = ["rose", "grew", "increased", "gained", "up"];
const FALLS: [&str; 5] = ["fell", "declined", "decreased", "dropped", "down"];

/// A number may be off by this share of the value, even when it is written with few digits.
const MOST_ROUNDED: f64 = 0.1;

/// What is known while a sentence is read.
#[derive(Default)]
struct Sentence<'f> {
    /// The fact that was named last.
    about: Option<&'f Fact>,
    /// Whether a word of direction stands between the name and here.
    is_directed: bool,
    /// Whether anything was said of it.
    says: bool,
}

/// Reads a text over facts.
pub(super) struct Reader<'f> {
    facts: &'f [Fact],
    number: usize,
    evidence: Vec<String>,
}

impl<'f> Reader<'f> {
    pub(super) fn new(facts: &'f [Fact]) -> Self {
        Self { facts, number: 1, evidence: Vec::new() }
    }

    /// The places of the facts that the text rests on, in order, each once.
    ///
    /// # Errors
    /// The first thing that is not to be found among the facts.
    pub(super) fn read(mut self, text: &str) -> Result<Vec<String>, Dropped> {
        if text.trim().is_empty() {
            return Err(Dropped::Empty);
        }
        if text.chars().count() > MAX_CHARS {
            return Err(Dropped::TooLong);
        }
        let tokens = tokens(text);
        let (mut rest, mut sentence) = (tokens.as_slice(), Sentence::default());
        while !rest.is_empty() {
            let length = self.step(rest, &mut sentence)?;
            if rest[..length] == [Token::Mark('.')] {
                self.close(&mut sentence)?;
            }
            rest = &rest[length..];
        }
        if tokens.last() != Some(&Token::Mark('.')) {
            self.close(&mut sentence)?;
        }
        self.evidence.sort();
        self.evidence.dedup();
        Ok(self.evidence)
    }

    /// A sentence, or a name at its end, without a value says nothing that can be looked up.
    fn close(&mut self, sentence: &mut Sentence<'f>) -> Result<(), Dropped> {
        if !sentence.says {
            return Err(Dropped::Nothing { sentence: self.number });
        }
        *sentence = Sentence::default();
        self.number += 1;
        Ok(())
    }

    /// Reads what comes next; the number of pieces that it takes.
    fn step(&mut self, rest: &[Token], sentence: &mut Sentence<'f>) -> Result<usize, Dropped> {
        let named = self.facts.iter().filter(|fact| rest.starts_with(&fact.words)).max_by_key(|fact| fact.words.len());
        let name = named.map_or(0, |fact| fact.words.len());
        if let Some((stated, length)) = sentence.about.and_then(|fact| quoted(fact, rest)).filter(|(_, n)| *n >= name) {
            self.note(stated, sentence);
            return Ok(length);
        }
        if let Some(fact) = named {
            // A name without a value would seem to have the next one's.
            if sentence.about.is_some() && !sentence.says {
                return Err(Dropped::Nothing { sentence: self.number });
            }
            *sentence = Sentence { about: Some(fact), ..Sentence::default() };
            return Ok(name);
        }
        match &rest[0] {
            Token::Number(number) => self.figure(*number, &rest[1..], sentence),
            Token::Word(word) => self.word(word, sentence),
            Token::Mark(mark) if MARKS.contains(mark) => Ok(1),
            Token::Mark(_) => Err(Dropped::Word { sentence: self.number }),
        }
    }

    fn note(&mut self, stated: &Stated, sentence: &mut Sentence<'f>) {
        self.evidence.push(stated.pointer.clone());
        sentence.says = true;
    }

    fn word(&mut self, word: &str, sentence: &mut Sentence<'f>) -> Result<usize, Dropped> {
        let (rises, falls) = (RISES.contains(&word), FALLS.contains(&word));
        if rises || falls {
            return self.direction(rises, sentence);
        }
        // What rose by a share did not rise to it.
        if !WORDS.contains(&word) || (sentence.is_directed && word == "to") {
            return Err(Dropped::Word { sentence: self.number });
        }
        Ok(1)
    }

    fn direction(&mut self, rises: bool, sentence: &mut Sentence<'f>) -> Result<usize, Dropped> {
        let agrees = |stated: &&Stated| match stated.value {
            Value::Change(change) => {
                if rises {
                    change > 0.0
                } else {
                    change < 0.0
                }
            }
            _ => false,
        };
        let found = sentence.about.and_then(|fact| fact.values.iter().find(agrees));
        let stated = found.ok_or(Dropped::Direction { sentence: self.number })?;
        self.note(stated, sentence);
        sentence.is_directed = true;
        Ok(1)
    }

    fn figure(&mut self, number: Number, behind: &[Token], sentence: &mut Sentence<'f>) -> Result<usize, Dropped> {
        let values = sentence.about.map_or(&[][..], |fact| &fact.values);
        let told = values
            .iter()
            .find_map(|stated| Some((stated, 1 + reads_as(&stated.value, number, behind, sentence.is_directed)?)));
        let (stated, length) = told.ok_or(Dropped::Number { sentence: self.number })?;
        self.note(stated, sentence);
        sentence.is_directed = false;
        Ok(length)
    }
}

/// A text of the fact that stands here as a whole.
fn quoted<'f>(fact: &'f Fact, rest: &[Token]) -> Option<(&'f Stated, usize)> {
    let here = fact.values.iter().filter_map(|stated| match &stated.value {
        Value::Text(_, pieces) if rest.starts_with(pieces) => Some((stated, pieces.len())),
        _ => None,
    });
    here.max_by_key(|(_, length)| *length)
}

/// Whether a number states a value; the number of pieces behind it that belong to it, such as `percent`.
fn reads_as(value: &Value, number: Number, behind: &[Token], is_directed: bool) -> Option<usize> {
    let (scale, scaled) = scale(behind.first());
    let unit = usize::from(is_percent(behind.get(scaled)));
    let is_plain = scaled == 0 && unit == 0;
    let fits = match value {
        Value::Money(amount) => !is_directed && unit == 0 && is_near(*amount, number, scale),
        Value::Points(points) => !is_directed && is_plain && is_near(*points, number, 1.0),
        Value::Count(count) => !is_directed && is_plain && number.decimals == 0 && number.value == *count as f64,
        Value::Percent(percent) => !is_directed && scaled == 0 && unit == 1 && is_near(*percent, number, 1.0),
        Value::Change(change) => {
            // The word of direction is the sign.
            let change = if is_directed { change.abs() } else { *change };
            scaled == 0 && unit == 1 && !(is_directed && number.is_signed) && is_near(change, number, 1.0)
        }
        Value::Text(..) => false,
    };
    let whole = if matches!(value, Value::Points(_)) { of_hundred(behind) } else { 0 };
    fits.then_some(scaled + unit + whole)
}

fn scale(next: Option<&Token>) -> (f64, usize) {
    match next {
        Some(Token::Word(word)) => match word.as_str() {
            "thousand" => (1e3, 1),
            "million" => (1e6, 1),
            "billion" => (1e9, 1),
            _ => (1.0, 0),
        },
        _ => (1.0, 0),
    }
}

fn is_percent(next: Option<&Token>) -> bool {
    match next {
        Some(Token::Word(word)) => word == "percent",
        next => next == Some(&Token::Mark('%')),
    }
}

/// `of 100`, `out of 100`, and `points` behind it.
fn of_hundred(behind: &[Token]) -> usize {
    let is_word = |place: usize, word: &str| matches!(behind.get(place), Some(Token::Word(found)) if found == word);
    let out = usize::from(is_word(0, "out"));
    let is_hundred = matches!(behind.get(out + 1), Some(Token::Number(n)) if n.value == 100.0 && n.decimals == 0);
    if !is_word(out, "of") || !is_hundred {
        return usize::from(is_word(0, "points"));
    }
    out + 2 + usize::from(is_word(out + 2, "points"))
}

/// Whether the value, rounded to the last digit that is written, is the number.
fn is_near(value: f64, number: Number, scale: f64) -> bool {
    let off = (value - number.value * scale).abs();
    let half = 0.5 * scale * 10_f64.powi(-i32::from(number.decimals));
    // A half is a half also when the last bit of the product says otherwise.
    off <= half + value.abs() * 8.0 * f64::EPSILON && off <= value.abs() * MOST_ROUNDED
}
