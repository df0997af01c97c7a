//! Lists that come in pages.
//!
//! Most services answer with the header `opc-next-page`, whose value goes back as query parameter `page`; Object
//! Storage's `ListObjects` has a body member `nextStartWith`, which goes back as `start`. Both are opaque and have to
//! be encoded. The end is where the token is absent: a page without items is not the end, and neither is one whose token
//! cannot be read.

use http::HeaderMap;
use serde_json::Value;

/// What an answer says of the page after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    /// There is none: the token is absent or empty.
    End,
    /// It has this token.
    Page(&'a str),
    /// There is a token that is no text, so nobody can ask for the page: a list that ends here is not whole.
    Unreadable,
}

impl<'a> From<Option<&'a str>> for Next<'a> {
    fn from(token: Option<&'a str>) -> Self {
        token.filter(|token| !token.is_empty()).map_or(Self::End, Self::Page)
    }
}

/// The token of the next page by header.
#[must_use]
pub fn next_page(headers: &HeaderMap) -> Next<'_> {
    match headers.get("opc-next-page").map(|token| token.to_str()) {
        None => Next::End,
        Some(Ok(token)) => Some(token).into(),
        Some(Err(_)) => Next::Unreadable,
    }
}

/// The start of the next page by body; `null` is the end too.
#[must_use]
pub fn next_start(body: &Value) -> Next<'_> {
    match body.get("nextStartWith") {
        None | Some(Value::Null) => Next::End,
        Some(Value::String(start)) => Some(start.as_str()).into(),
        Some(_) => Next::Unreadable,
    }
}

/// Why a walk cannot go on, and its list is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// Following it would never end.
    #[error("the service gave the token of a page again that it had answered before")]
    Endless,
    /// The next page cannot be asked for.
    #[error("the service gave a token of the next page that is no text")]
    Unreadable,
}

/// Walks from page to page.
///
/// ```
/// # use causeway_oci_auth::page::{Pages, WalkError};
/// # fn list(token: Option<&str>) -> Option<&'static str> { if token.is_none() { Some("p2") } else { None } }
/// let mut pages = Pages::default();
/// loop {
///     let next = list(pages.token());
///     if !pages.turn(next)? {
///         break;
///     }
/// }
/// # Ok::<(), WalkError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pages {
    token: Option<String>,
    /// The token of an earlier turn, which all later ones are compared with.
    mark: Option<String>,
    turns: u64,
    next_mark: u64,
}

impl Pages {
    /// What the next request has to carry; nothing for the first page.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Takes the token of the answer. Whether there is another page.
    ///
    /// Lists can be long, so not all tokens are kept: one is, at every power of two (Brent's way to find a cycle). A
    /// circle is found after at most three times as many pages as it took to the first token that came again.
    ///
    /// # Errors
    /// [`WalkError::Endless`] when the token was answered before, [`WalkError::Unreadable`] when it is no text.
    pub fn turn<'a>(&mut self, next: impl Into<Next<'a>>) -> Result<bool, WalkError> {
        let next = match next.into() {
            Next::End => None,
            Next::Page(token) => Some(token),
            Next::Unreadable => return Err(WalkError::Unreadable),
        };
        if next.is_some() && (next == self.token() || next == self.mark.as_deref()) {
            return Err(WalkError::Endless);
        }
        self.turns += 1;
        self.token = next.map(str::to_owned);
        if self.turns >= self.next_mark {
            self.mark.clone_from(&self.token);
            self.next_mark = self.turns.saturating_mul(2);
        }
        Ok(self.token.is_some())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use http::HeaderValue;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_of_headers() {
        let check = |value: Option<&'static [u8]>, expected: Next<'_>| {
            let value = value.map(|bytes| HeaderValue::from_bytes(bytes).unwrap());
            let headers = value.into_iter().map(|value| (http::HeaderName::from_static("opc-next-page"), value));
            assert_eq!(next_page(&headers.collect()), expected);
        };
        check(Some(b"AAA+/=="), Next::Page("AAA+/=="));
        check(Some(b""), Next::End);
        check(None, Next::End);
        for no_text in [&b"\xff"[..], b"AAA\xc3\xa4", "Seite zwei: ä".as_bytes(), b"a\tb\x80"] {
            check(Some(no_text), Next::Unreadable);
        }
    }

    #[test]
    fn starts_of_bodies() {
        for (body, expected) in [
            (json!({"nextStartWith": "p/c d+e"}), Next::Page("p/c d+e")),
            (json!({"nextStartWith": null}), Next::End),
            (json!({"nextStartWith": ""}), Next::End),
            (json!({"nextStartWith": 7}), Next::Unreadable),
            (json!({"nextStartWith": {"name": "p"}}), Next::Unreadable),
            (json!({"objects": []}), Next::End),
            (json!(["nextStartWith"]), Next::End),
        ] {
            assert_eq!(next_start(&body), expected, "{body}");
        }
    }

    #[test]
    fn a_walk_ends_and_does_not_stand_still() {
        let mut pages = Pages::default();
        let mut step = |before: Option<&str>, next: Option<&str>, expected| {
            assert_eq!(pages.token(), before);
            assert_eq!(pages.turn(next), expected);
        };
        step(None, Some("b"), Ok(true));
        step(Some("b"), Some("c"), Ok(true));
        step(Some("c"), Some("c"), Err(WalkError::Endless));
        step(Some("c"), None, Ok(false));
        step(None, None, Ok(false));
    }

    #[test]
    fn a_token_that_is_no_text_is_not_the_last_page() {
        let mut pages = Pages::default();
        assert_eq!(pages.turn(Next::Page("b")), Ok(true));
        assert_eq!(pages.turn(Next::Unreadable), Err(WalkError::Unreadable));
        assert_eq!(pages.token(), Some("b"), "where the walk was is still known");
    }

    /// How many turns a walk takes until it ends.
    fn turns(tokens: impl Iterator<Item = u64>) -> Option<u64> {
        let mut pages = Pages::default();
        let mut count = 0;
        for token in tokens {
            count += 1;
            if pages.turn(Some(token.to_string().as_str())).is_err() {
                return Some(count);
            }
        }
        None
    }

    #[test]
    fn two_pages_that_name_each_other_are_an_error() {
        assert_eq!(turns((0..).map(|turn| turn % 2)), Some(4));
    }

    #[test]
    fn a_long_list_is_no_circle() {
        assert_eq!(turns(0..200_000), None);
    }

    proptest! {
        #[test]
        fn every_circle_is_found_soon(before in 0_u64..2_000, length in 1_u64..2_000) {
            let tokens = (0..).map(|turn| if turn < before { turn } else { before + (turn - before) % length });
            let bound = 3 * before.max(length) + length;
            let found = turns(tokens.take(usize::try_from(bound).unwrap()));
            prop_assert!(found.is_some_and(|turns| turns > before + length), "{found:?} of {bound}");
        }
    }
}
