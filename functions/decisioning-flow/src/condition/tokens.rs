//! The words and signs of a condition.

use super::{Comparator, ConditionError};

/// Longest condition, in characters.
const MAX_CHARACTERS: usize = 4000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// Text between quotation marks.
    Text(String),
    Number(f64),
    Comparator(Comparator),
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Dot,
}

/// A token and the characters before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) at: usize,
    pub(super) token: Token,
}

/// Cuts a text into tokens.
///
/// # Errors
/// A sign that the language does not have, a quotation without end, a number out of range.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, ConditionError> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > MAX_CHARACTERS {
        return Err(wrong(MAX_CHARACTERS, format!("a condition has at most {MAX_CHARACTERS} characters")));
    }
    let (mut placed, mut at) = (Vec::new(), 0);
    while let Some(&first) = characters.get(at) {
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let (token, length) = token(&characters[at..], at)?;
        placed.push(Placed { at, token });
        at += length;
    }
    Ok(placed)
}

/// The token that the characters begin with, and its length. There is at least one character.
fn token(rest: &[char], at: usize) -> Result<(Token, usize), ConditionError> {
    let first = rest.first().copied().unwrap_or_default();
    let sign = match first {
        '(' => Some(Token::Open),
        ')' => Some(Token::Close),
        '[' => Some(Token::OpenIndex),
        ']' => Some(Token::CloseIndex),
        '.' => Some(Token::Dot),
        _ => None,
    };
    match (sign, first) {
        (Some(sign), _) => Ok((sign, 1)),
        (None, '=' | '!' | '<' | '>') => comparator(rest, at),
        (None, '\'' | '"') => quotation(rest, at),
        (None, '-' | '0'..='9') => number(rest, at),
        (None, first) if is_word_start(first) => {
            let word: String = rest.iter().copied().take_while(|each| is_word(*each)).collect();
            let length = word.chars().count();
            Ok((Token::Word(word), length))
        }
        (None, other) => Err(wrong(at, format!("{other:?} has no meaning here"))),
    }
}

fn is_word_start(each: char) -> bool {
    each.is_ascii_alphabetic() || each == '_'
}

fn is_word(each: char) -> bool {
    each.is_ascii_alphanumeric() || each == '_' || each == '-'
}

fn comparator(rest: &[char], at: usize) -> Result<(Token, usize), ConditionError> {
    let found = match rest {
        ['=', '=', ..] => Some((Comparator::Equal, 2)),
        ['!', '=', ..] => Some((Comparator::NotEqual, 2)),
        ['<', '=', ..] => Some((Comparator::AtMost, 2)),
        ['>', '=', ..] => Some((Comparator::AtLeast, 2)),
        ['<', ..] => Some((Comparator::Less, 1)),
        ['>', ..] => Some((Comparator::Greater, 1)),
        _ => None,
    };
    let unknown = || wrong(at, "expected one of == != < <= > >=".to_owned());
    found.map(|(comparator, length)| (Token::Comparator(comparator), length)).ok_or_else(unknown)
}

/// A quotation has no escapes: a text with both kinds of marks cannot be written.
fn quotation(rest: &[char], at: usize) -> Result<(Token, usize), ConditionError> {
    let mark = rest.first().copied().unwrap_or_default();
    let text: String = rest.iter().skip(1).copied().take_while(|each| *each != mark).collect();
    let length = text.chars().count() + 2;
    if length > rest.len() {
        return Err(wrong(at, format!("the text that begins here has no closing {mark}")));
    }
    Ok((Token::Text(text), length))
}

fn number(rest: &[char], at: usize) -> Result<(Token, usize), ConditionError> {
    let is_part = |(index, each): (usize, &char)| {
        let after_exponent = index > 0 && matches!(rest.get(index - 1), Some('e' | 'E'));
        let sign = matches!(each, '-' | '+') && (index == 0 || after_exponent);
        each.is_ascii_digit() || matches!(each, '.' | 'e' | 'E') || sign
    };
    let digits: String =
        rest.iter().enumerate().take_while(|(index, each)| is_part((*index, *each))).map(|(_, each)| *each).collect();
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), digits.len())),
        _ => Err(wrong(at, format!("{digits:?} is no number"))),
    }
}

pub(super) fn wrong(at: usize, message: String) -> ConditionError {
    ConditionError { at, message }
}
