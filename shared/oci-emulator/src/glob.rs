//! Patterns of object names: `*` for any characters, `?` for one, `[a-z]` for one of a set, `\` before a
//! character that stands for itself.

/// One piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    One(char),
    Any,
    Many,
    Set(Vec<(char, char)>),
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    pieces: Vec<Piece>,
}

impl Glob {
    /// Reads a pattern; the error says what is wrong with it.
    pub(crate) fn parse(pattern: &str) -> Result<Self, &'static str> {
        let mut chars = pattern.chars();
        let mut pieces = Vec::new();
        while let Some(c) = chars.next() {
            pieces.push(match c {
                '*' if pieces.last() == Some(&Piece::Many) => continue,
                '*' => Piece::Many,
                '?' => Piece::Any,
                '[' => Piece::Set(set(&mut chars)?),
                '\\' => Piece::One(chars.next().ok_or("ends in a backslash")?),
                c => Piece::One(c),
            });
        }
        Ok(Self { pieces })
    }

    /// Whether the whole text fits. Takes time in proportion to the lengths of text and pattern multiplied.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut piece) = (0, 0);
        // Where to go on when the last `*` takes one character more.
        let mut again: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.pieces.get(piece) {
                Some(Piece::Many) => {
                    again = Some((at, piece));
                    piece += 1;
                }
                Some(one) if one.takes(text[at]) => (at, piece) = (at + 1, piece + 1),
                _ => match again {
                    Some((from, many)) => {
                        again = Some((from + 1, many));
                        (at, piece) = (from + 1, many + 1);
                    }
                    None => return false,
                },
            }
        }
        self.pieces[piece..].iter().all(|piece| *piece == Piece::Many)
    }
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::One(one) => *one == c,
            Self::Any => true,
            Self::Set(ranges) => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)),
            Self::Many => false,
        }
    }
}

fn set(chars: &mut std::str::Chars<'_>) -> Result<Vec<(char, char)>, &'static str> {
    const OPEN: &str = "has a set without an end";
    let mut ranges = Vec::new();
    loop {
        let low = match chars.next().ok_or(OPEN)? {
            ']' if !ranges.is_empty() => return Ok(ranges),
            '\\' => chars.next().ok_or(OPEN)?,
            c => c,
        };
        let mut ahead = chars.clone();
        let high = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) if high != ']' => {
                *chars = ahead;
                high
            }
            _ => low,
        };
        ranges.push((low, high));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_whole_names() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(Glob::parse(pattern).unwrap().matches(text), expected, "{pattern} {text}");
        };
        check("", "", true);
        check("", "a", false);
        check("*", "a/b", true);
        check("a*c", "abbc", true);
        check("a*c", "abcd", false);
        check("*.log", "x/y.log", true);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("[a-c]x", "bx", true);
        check("[a-c]x", "dx", false);
        check("[-a]", "-", true);
        check(r"\*", "*", true);
        check(r"\*", "a", false);
        check("a**b*c", "axxbyyc", true);
    }

    #[test]
    fn long_patterns_end_soon() {
        let glob = Glob::parse(&"*a".repeat(50)).unwrap();
        assert!(!glob.matches(&"b".repeat(1000)));
        assert!(!glob.matches(&format!("{}b", "a".repeat(1000))));
    }

    #[test]
    fn broken_patterns_are_refused() {
        for pattern in ["[", "[a", "a\\", "[\\"] {
            assert!(Glob::parse(pattern).is_err(), "{pattern}");
        }
    }
}
