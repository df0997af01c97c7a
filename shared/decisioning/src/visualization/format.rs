//! From a number to what people read. Every figure of the page goes through here, so that it looks the same wherever
//! it stands.

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// An amount in the currency of the data.
    Money,
    /// A share, 0 to 1; shown in percent.
    Share,
    /// A change as a share; shown in percent with its sign.
    Change,
    /// A number that already is in percent.
    Percent,
    /// A whole number of things.
    Count,
    /// Points, 0 to 100.
    Points,
    /// Seconds.
    Seconds,
    /// A probability of a test.
    Probability,
    /// A mean, with one decimal.
    Mean,
    /// Any other number.
    Number,
}

impl Unit {
    /// The word for it in `data-unit`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Share => "share",
            Self::Change => "change",
            Self::Percent => "percent",
            Self::Count => "count",
            Self::Points => "points",
            Self::Seconds => "seconds",
            Self::Probability => "probability",
            Self::Mean => "mean",
            Self::Number => "number",
        }
    }

    /// The number as text; what is not finite has none.
    pub(crate) fn text(self, value: f64) -> Option<String> {
        if !value.is_finite() {
            return None;
        }
        Some(match self {
            Self::Money => grouped(value, if value.abs() < 1000.0 && value.fract() != 0.0 { 2 } else { 0 }),
            Self::Share => share(value),
            Self::Change => format!("{}{}\u{a0}%", if value > 0.0 { "+" } else { "" }, grouped(value * 100.0, 1)),
            Self::Percent => format!("{}\u{a0}%", grouped(value, 1)),
            Self::Count => grouped(value, 0),
            Self::Points => grouped(value, 1),
            Self::Seconds => format!("{}\u{a0}s", grouped(value, 3)),
            Self::Probability if value > 0.0 && value < 0.001 => "<0.001".to_owned(),
            Self::Probability => grouped(value, 3),
            Self::Mean => grouped(value, 1),
            Self::Number => grouped(value, if value.fract() == 0.0 { 0 } else { 3 }),
        })
    }
}

/// In percent; what is not all or nothing does not look like it.
fn share(value: f64) -> String {
    let text = grouped(value * 100.0, 1);
    let text = match text.as_str() {
        "100.0" if value < 1.0 => ">99.9",
        "0.0" if value > 0.0 => "<0.1",
        text => text,
    };
    format!("{text}\u{a0}%")
}

/// Above this a number is written with an exponent.
const MOST_GROUPED: f64 = 1e15;

/// Digits in groups of three, a true minus sign, and never a negative zero.
fn grouped(value: f64, decimals: usize) -> String {
    if value.abs() >= MOST_GROUPED {
        return minus(&format!("{value:.3e}"));
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut out = String::with_capacity(text.len() + text.len() / 3 + 3);
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        out.push('\u{2212}');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

/// A number beside an axis, short: `250k`, `1.5M`.
pub(crate) fn tick(value: f64) -> String {
    let steps = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    if value.abs() >= MOST_GROUPED {
        return minus(&format!("{value:.0e}"));
    }
    let (size, letter) = steps.into_iter().find(|(size, _)| value.abs() >= *size).unwrap_or((1.0, ""));
    let text = format!("{:.2}", value / size);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    minus(&format!("{}{letter}", if text == "-0" { "0" } else { text }))
}

/// `outstanding_ar` as `Outstanding AR`.
pub(crate) fn words(name: &str) -> String {
    const KEPT: [&str; 8] = ["ar", "rfm", "clv", "hhi", "html", "json", "sql", "p95"];
    let word = |(index, word): (usize, &str)| {
        if KEPT.contains(&word) {
            return word.to_uppercase();
        }
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index == 0 => first.to_uppercase().chain(letters).collect(),
            _ => word.to_owned(),
        }
    };
    clean(name).split('_').enumerate().map(word).collect::<Vec<_>>().join(" ")
}

/// Text on one line without control characters and without marks that turn the direction of what follows.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { allowed(c) }).collect()
}

/// The same over several lines.
pub(crate) fn clean_lines(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { allowed(c) }).collect()
}

fn allowed(c: char) -> char {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns { '\u{fffd}' } else { c }
}

/// The start of a text, with an ellipsis where it does not fit into `most` letters of Latin width.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let text = clean(text);
    let width = |c: char| if c >= '\u{1100}' { 2 } else { 1 };
    if text.chars().map(width).sum::<usize>() <= most {
        return text;
    }
    let mut used = 0;
    let fits = text.chars().take_while(|c| {
        used += width(*c);
        used < most
    });
    fits.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unit: Unit, value: f64, expected: &str) {
        assert_eq!(unit.text(value).unwrap_or_default(), expected, "{unit:?} {value}");
    }

    #[test]
    fn numbers_as_people_read_them() {
        check(Unit::Money, 2_297_200.860_3, "2,297,201");
        check(Unit::Money, 458.614_665, "458.61");
        check(Unit::Money, -17_725.48, "\u{2212}17,725");
        check(Unit::Money, 0.0, "0");
        check(Unit::Money, -0.001, "0.00");
        check(Unit::Change, 0.203_6, "+20.4\u{a0}%");
        check(Unit::Change, -0.028_3, "\u{2212}2.8\u{a0}%");
        check(Unit::Share, 0.984_9, "98.5\u{a0}%");
        check(Unit::Share, 0.999_98, ">99.9\u{a0}%");
        check(Unit::Share, 1e-5, "<0.1\u{a0}%");
        check(Unit::Share, 1.0, "100.0\u{a0}%");
        check(Unit::Probability, 2e-5, "<0.001");
        check(Unit::Percent, 12.467, "12.5\u{a0}%");
        check(Unit::Count, 999_999.0, "999,999");
        check(Unit::Money, 1e300, "1.000e300");
        check(Unit::Number, f64::NAN, "");
        check(Unit::Number, f64::NEG_INFINITY, "");
    }

    #[test]
    fn ticks_are_short() {
        for (value, expected) in [(0.0, "0"), (250_000.0, "250k"), (1_500_000.0, "1.5M"), (-20.0, "\u{2212}20")] {
            assert_eq!(tick(value), expected);
        }
    }

    #[test]
    fn texts_are_cleaned_and_cut() {
        assert_eq!(clean("a\0b\u{202e}c\nd"), "a\u{fffd}b\u{fffd}c d");
        assert_eq!(shortened("Appliances", 6), "Appli…");
        assert_eq!(shortened("株式会社", 5), "株式…");
        assert_eq!(words("outstanding_ar"), "Outstanding AR");
    }
}
