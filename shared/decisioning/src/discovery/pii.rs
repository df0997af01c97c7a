//! Personal data: value patterns with checksums where they exist, and the words of a header.
//!
//! Entity names follow Presidio's. Persons and places cannot be told from values without a model, so they
//! are flagged by header alone and say so. Values are looked at here and never kept.

use schemars::JsonSchema;
use serde::Serialize;

/// Why a column is thought to hold personal data.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PiiFlag {
    /// The kind of data, such as `EMAIL_ADDRESS`.
    pub entity: &'static str,
    /// `pattern` (the values match), `pattern+header` or `header` (the name alone).
    pub basis: &'static str,
    /// Share of the examined values that match; absent when the header is the only basis.
    pub match_share: Option<f64>,
    /// Different values that were examined.
    pub values_examined: u64,
}

type Pattern = (&'static str, fn(&str) -> bool, f64, &'static [&'static str]);

/// Entity, test, share of matching values from which values alone suffice, and the header words that
/// lower that share to a tenth.
const PATTERNS: [Pattern; 9] = [
    ("EMAIL_ADDRESS", is_email, 0.05, &["email", "mail"]),
    ("CREDIT_CARD", is_card, 0.3, &["card", "credit", "pan"]),
    ("IBAN_CODE", is_iban, 0.1, &["iban", "account"]),
    ("US_SSN", is_ssn, 0.3, &["ssn", "social"]),
    ("PHONE_NUMBER", is_phone, 0.5, &["phone", "mobile", "tel", "telephone", "fax", "cell"]),
    ("IP_ADDRESS", is_ip, 0.3, &["ip", "address", "host"]),
    ("MAC_ADDRESS", is_mac, 0.3, &["mac"]),
    ("URL", is_url, 0.3, &["url", "link", "website", "homepage"]),
    ("UK_NHS", is_nhs, 0.9, &["nhs"]),
];

/// Whether the pattern needs a header word: its values look like ordinary numbers too often.
fn needs_header(entity: &str) -> bool {
    matches!(entity, "UK_NHS")
}

const PERSON_WORDS: [&str; 12] =
    ["customer", "contact", "employee", "person", "first", "last", "full", "sur", "given", "family", "patient", "user"];

/// Places smaller than a state, the level at which the US privacy rule for health data (Safe Harbor) starts.
const PLACE_WORDS: [&str; 11] =
    ["address", "street", "city", "town", "zip", "zipcode", "postal", "postcode", "latitude", "longitude", "county"];

const OTHER_WORDS: [(&str, &str); 5] = [
    ("dob", "DATE_OF_BIRTH"),
    ("birthdate", "DATE_OF_BIRTH"),
    ("birthday", "DATE_OF_BIRTH"),
    ("passport", "PASSPORT"),
    ("surname", "PERSON"),
];

/// Counts of matching values, one per pattern.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    examined: u64,
    matches: [u64; PATTERNS.len()],
}

impl Evidence {
    /// Looks at one value of a column.
    pub(crate) fn examine(&mut self, text: &str) {
        self.examined += 1;
        for (count, pattern) in self.matches.iter_mut().zip(&PATTERNS) {
            *count += u64::from(found_in(text, pattern.1));
        }
    }

    /// The flags of a column with this name.
    pub(crate) fn flags(&self, name: &str) -> Vec<PiiFlag> {
        let words = words(name);
        let mut flags: Vec<PiiFlag> = PATTERNS
            .iter()
            .zip(self.matches)
            .filter_map(|(pattern, matches)| self.flag(pattern, matches, &words))
            .collect();
        if let Some(entity) = by_header(&words).filter(|entity| flags.iter().all(|f| f.entity != *entity)) {
            flags.push(PiiFlag { entity, basis: "header", match_share: None, values_examined: self.examined });
        }
        flags
    }

    fn flag(&self, pattern: &Pattern, matches: u64, words: &[String]) -> Option<PiiFlag> {
        let (entity, _, needed, context) = pattern;
        let in_header = words.iter().any(|word| context.contains(&word.as_str()));
        let share = matches as f64 / self.examined.max(1) as f64;
        let needed = if in_header { needed / 10.0 } else { *needed };
        if matches == 0 || share < needed || (needs_header(entity) && !in_header) {
            return None;
        }
        let basis = if in_header { "pattern+header" } else { "pattern" };
        Some(PiiFlag { entity, basis, match_share: Some(share), values_examined: self.examined })
    }
}

/// Whether a single text matches a pattern that is rarely wrong; such a text is masked wherever it stands.
#[must_use]
pub fn looks_personal(text: &str) -> bool {
    let sure = PATTERNS.iter().filter(|p| !matches!(p.0, "PHONE_NUMBER" | "UK_NHS" | "URL"));
    sure.into_iter().any(|p| found_in(text, p.1))
}

/// Tests the whole value and each of its words.
fn found_in(text: &str, test: fn(&str) -> bool) -> bool {
    let text = text.trim();
    if text.len() > 4096 || text.len() < 6 {
        return false;
    }
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '"');
    test(text) || (text.contains(separates) && text.split(separates).any(|word| word.len() > 5 && test(word)))
}

/// The lower-case words of a header: `customerName`, `customer_name` and `Customer Name` are alike.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for c in name.chars() {
        let starts =
            !c.is_alphanumeric() || !previous.is_alphanumeric() || (c.is_uppercase() && previous.is_lowercase());
        match words.last_mut() {
            Some(word) if !starts => word.extend(c.to_lowercase()),
            _ if c.is_alphanumeric() => words.push(c.to_lowercase().collect()),
            _ => {}
        }
        previous = c;
    }
    words
}

fn by_header(words: &[String]) -> Option<&'static str> {
    let has = |word: &str| words.iter().any(|w| w == word);
    let named = has("name") && words.iter().any(|w| PERSON_WORDS.contains(&w.as_str()));
    if named || words.iter().any(|w| matches!(w.as_str(), "firstname" | "lastname" | "fullname")) {
        return Some("PERSON");
    }
    if let Some((_, entity)) = OTHER_WORDS.iter().find(|(word, _)| has(word)) {
        return Some(entity);
    }
    if has("birth") && (has("date") || has("day")) {
        return Some("DATE_OF_BIRTH");
    }
    if has("email") || has("phone") || has("telephone") || has("mobile") {
        return Some(if has("email") { "EMAIL_ADDRESS" } else { "PHONE_NUMBER" });
    }
    words.iter().any(|w| PLACE_WORDS.contains(&w.as_str())).then_some("LOCATION")
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_fits = |c: char| c.is_alphanumeric() || "._%+-'".contains(c);
    let domain_fits = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
    let Some((host, top)) = domain.rsplit_once('.') else { return false };
    !local.is_empty()
        && local.chars().all(local_fits)
        && !host.is_empty()
        && domain.chars().all(domain_fits)
        && top.len() >= 2
        && top.chars().all(char::is_alphabetic)
}

fn digits_without(text: &str, separators: &[char]) -> Option<Vec<u32>> {
    let kept = text.chars().filter(|c| !separators.contains(c));
    kept.map(|c| c.to_digit(10)).collect()
}

/// 13 to 19 digits, an issuer's first digit, and the Luhn checksum (ISO/IEC 7812-1).
fn is_card(text: &str) -> bool {
    let Some(digits) = digits_without(text, &[' ', '-']) else { return false };
    let length_fits = (13..=19).contains(&digits.len());
    if !length_fits || !matches!(digits[0], 2..=6) || digits.iter().all(|d| *d == digits[0]) {
        return false;
    }
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let weigh = |(i, d): (usize, &u32)| if i % 2 == 1 { doubled(*d) } else { *d };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
}

/// Country, check digits and account with the mod-97 checksum (ISO 13616).
fn is_iban(text: &str) -> bool {
    let compact: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    let shape = (15..=34).contains(&compact.len())
        && compact[..2].iter().all(u8::is_ascii_uppercase)
        && compact[2..4].iter().all(u8::is_ascii_digit)
        && compact.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let step = |sum: u32, b: &u8| match b {
        b'0'..=b'9' => (sum * 10 + u32::from(b - b'0')) % 97,
        _ => (sum * 100 + u32::from(b - b'A') + 10) % 97,
    };
    shape && compact[4..].iter().chain(&compact[..4]).fold(0, step) == 1
}

/// `AAA-GG-SSSS` outside the ranges that are never issued.
fn is_ssn(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 11 || bytes[3] != b'-' || bytes[6] != b'-' {
        return false;
    }
    let parts = [&bytes[..3], &bytes[4..6], &bytes[7..]];
    let digits = parts.iter().all(|p| p.iter().all(u8::is_ascii_digit));
    digits && !matches!(parts[0], b"000" | b"666") && parts[0][0] != b'9' && parts[1] != b"00" && parts[2] != b"0000"
}

/// 10 to 15 digits written as a telephone number: with a plus sign, brackets or separators.
fn is_phone(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let Some(digits) = digits_without(rest, &[' ', '-', '.', '(', ')', '/']) else { return false };
    let written_so =
        text.starts_with('+') || text.starts_with('(') || rest.chars().filter(|c| "- ./".contains(*c)).count() >= 2;
    let is_date = crate::dataset::date::parse(text).is_some();
    (10..=15).contains(&digits.len()) && written_so && !is_date
}

fn is_ip(text: &str) -> bool {
    match text.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => true,
        Ok(std::net::IpAddr::V6(_)) => text.matches(':').count() >= 3,
        Err(_) => false,
    }
}

fn is_mac(text: &str) -> bool {
    let separator = if text.contains('-') { '-' } else { ':' };
    let parts: Vec<&str> = text.split(separator).collect();
    parts.len() == 6 && parts.iter().all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_url(text: &str) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|scheme| text.starts_with(scheme) && text.len() > scheme.len() + 3)
}

/// Ten digits with the mod-11 checksum of the UK health service.
fn is_nhs(text: &str) -> bool {
    let Some(digits) = digits_without(text, &[' ', '-']) else { return false };
    if digits.len() != 10 {
        return false;
    }
    let sum: u32 = digits[..9].iter().zip((2..=10).rev()).map(|(d, weight)| d * weight).sum();
    let check = (11 - sum % 11) % 11;
    check != 10 && check == digits[9]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], name: &str, expected: &[(&str, &str)]) {
        let mut evidence = Evidence::default();
        values.iter().for_each(|v| evidence.examine(v));
        let flags = evidence.flags(name);
        let found: Vec<_> = flags.iter().map(|f| (f.entity, f.basis)).collect();
        assert_eq!(found, expected, "{values:?} {name}");
    }

    #[test]
    fn patterns_with_checksums() {
        check(&["4111 1111 1111 1111"], "x", &[("CREDIT_CARD", "pattern")]);
        check(&["4111 1111 1111 1112"], "x", &[]);
        check(&["GB82 WEST 1234 5698 7654 32"], "x", &[("IBAN_CODE", "pattern")]);
        check(&["GB82 WEST 1234 5698 7654 33"], "x", &[]);
        check(&["943 476 5919"], "nhs_number", &[("PHONE_NUMBER", "pattern"), ("UK_NHS", "pattern+header")]);
        check(&["9434765919"], "amount", &[]);
        check(&["078-05-1120"], "x", &[("US_SSN", "pattern")]);
        check(&["000-05-1120"], "x", &[]);
    }

    #[test]
    fn patterns_by_shape() {
        check(&["ann@example.org"], "x", &[("EMAIL_ADDRESS", "pattern")]);
        check(&["write to ann@example.org today"], "notes", &[("EMAIL_ADDRESS", "pattern")]);
        check(&["+1 555 123 4567"], "x", &[("PHONE_NUMBER", "pattern")]);
        check(&["192.168.0.1"], "x", &[("IP_ADDRESS", "pattern")]);
        check(&["00:1A:2b:3c:4d:5e"], "x", &[("MAC_ADDRESS", "pattern")]);
        check(&["https://example.org/x"], "x", &[("URL", "pattern")]);
        check(&["2016-11-08", "CA-2016-152156", "12:30:00"], "x", &[]);
    }

    #[test]
    fn headers_say_what_values_cannot() {
        check(&["Claire Gute"], "Customer Name", &[("PERSON", "header")]);
        check(&["Henderson"], "City", &[("LOCATION", "header")]);
        check(&["42420"], "Postal Code", &[("LOCATION", "header")]);
        check(&["Kentucky"], "State", &[]);
        check(&["Chair"], "Product Name", &[]);
        check(&["1990-01-01"], "birthDate", &[("DATE_OF_BIRTH", "header")]);
    }

    #[test]
    fn words_of_headers() {
        assert_eq!(words("customerName"), ["customer", "name"]);
        assert_eq!(words("Sub-Category"), ["sub", "category"]);
        assert_eq!(words("unit_price_2"), ["unit", "price", "2"]);
    }
}
