//! Words, numbers and marks of a text.

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// Letters and digits, in small letters; also what looks like a number and is none, such as `1.2.3` or `5k`.
    Word(String),
    /// A number.
    Number(Number),
    /// Anything else.
    Mark(char),
}

/// A number as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    /// With its sign.
    pub(super) value: f64,
    /// Whether a sign is written.
    pub(super) is_signed: bool,
    /// Digits behind the point.
    pub(super) decimals: u8,
}

/// Most digits before and behind the point, which a double holds exactly enough.
const MOST_WHOLE: usize = 15;
const MOST_DECIMALS: usize = 9;

/// Takes a text apart. White space separates and is no piece.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().map(plain).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&first) = chars.get(at) {
        let (token, length) = match first {
            _ if first.is_whitespace() => (None, 1),
            _ if starts_number(&chars, at) => number(&chars[at..]),
            _ if first.is_alphanumeric() => word(&chars[at..]),
            _ => (Some(Token::Mark(first)), 1),
        };
        found.extend(token);
        at += length;
    }
    found
}

/// Typographic forms of a blank, a minus and quotation marks are the same as the plain ones.
fn plain(each: char) -> char {
    match each {
        '\u{a0}' | '\u{202f}' => ' ',
        '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        other => other,
    }
}

/// A sign belongs to a number when nothing stands before it that it could join.
fn starts_number(chars: &[char], at: usize) -> bool {
    let is_digit = |place: usize| chars.get(place).is_some_and(char::is_ascii_digit);
    let is_joint = at.checked_sub(1).and_then(|before| chars.get(before)).is_some_and(|c| c.is_alphanumeric());
    is_digit(at) || (matches!(chars[at], '-' | '+') && is_digit(at + 1) && !is_joint)
}

/// Digits, with points and commas that stand between two of them.
fn number(chars: &[char]) -> (Option<Token>, usize) {
    let mut end = 1;
    while let Some(each) = chars.get(end) {
        let is_between = matches!(each, '.' | ',') && chars.get(end + 1).is_some_and(char::is_ascii_digit);
        if !each.is_ascii_digit() && !is_between {
            break;
        }
        end += 1;
    }
    let tail = chars[end..].iter().take_while(|each| each.is_alphanumeric()).count();
    let text: String = chars[..end + tail].iter().collect();
    let token = parsed(&text).filter(|_| tail == 0).map_or_else(|| Token::Word(text.to_lowercase()), Token::Number);
    (Some(token), end + tail)
}

fn word(chars: &[char]) -> (Option<Token>, usize) {
    let text: String = chars.iter().take_while(|each| each.is_alphanumeric()).collect();
    let length = text.chars().count();
    (Some(Token::Word(text.to_lowercase())), length)
}

/// `1234`, `1,234` and `1,234.50`, with or without a sign; groups have three digits.
fn parsed(text: &str) -> Option<Number> {
    let unsigned = text.trim_start_matches(['-', '+']);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let is_grouped =
        groups.len() == 1 || ((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|g| g.len() == 3));
    let digits: String = groups.concat();
    let is_decimal = decimals.bytes().all(|byte| byte.is_ascii_digit());
    if !is_grouped || !is_decimal || digits.len() > MOST_WHOLE || decimals.len() > MOST_DECIMALS {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let value = format!("{sign}{digits}.{decimals}0").parse().ok()?;
    Some(Number { value, is_signed: text.len() > unsigned.len(), decimals: u8::try_from(decimals.len()).ok()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        let each = |token: Token| match token {
            Token::Word(word) => word,
            Token::Mark(mark) => format!("<{mark}>"),
            Token::Number(number) => {
                format!("{}{}/{}", if number.is_signed { "s" } else { "" }, number.value, number.decimals)
            }
        };
        tokens(text).into_iter().map(each).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn texts_fall_into_words_numbers_and_marks() {
        let check = |text: &str, expected: &str| assert_eq!(shown(text), expected, "{text}");
        check("", "");
        check("Total Revenue is 2,297,200.86.", "total revenue is 2297200.86/2 <.>");
        check("-3.2 % and \u{2212}4", "s-3.2/1 <%> and s-4/0");
        check("up +5,", "up s5/0 <,>");
        check("10-20 and x-5", "10/0 <-> 20/0 and x <-> 5/0");
        check("2017-11-05", "2017/0 <-> 11/0 <-> 5/0");
        check("1.2.3 1,23 1,2345 5k 1e9 12th", "1.2.3 1,23 1,2345 5k 1e9 12th");
        check("12\u{a0}%", "12/0 <%>");
        check("\u{661}\u{ff12}", "\u{661}\u{ff12}");
        check("9999999999999999 0.1234567891", "9999999999999999 0.1234567891");
        check("M\u{f6}bel\u{200b}!", "m\u{f6}bel <\u{200b}> <!>");
        check("-", "<->");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,60}") {
            let count = tokens(&text).len();
            prop_assert!(count <= text.chars().count());
        }

        #[test]
        fn numbers_are_read_as_they_are_written(cents in -99_999_999_999_i64..99_999_999_999, decimals in 0_usize..5) {
            let value = cents as f64 / 100.0;
            let text = format!("{value:.decimals$}");
            let Some(Token::Number(number)) = tokens(&text).pop() else { panic!("{text}") };
            prop_assert_eq!(number.value, text.parse::<f64>().unwrap());
            prop_assert_eq!(usize::from(number.decimals), decimals);
        }
    }
}
