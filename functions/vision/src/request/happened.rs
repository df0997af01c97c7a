//! When something happened to an object, as an event tells it, and to which version of it.

use super::Expectations;

/// The time of an event. Events come late and twice: one of an earlier version says nothing about the one that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) time: Option<String>,
    /// Entity tag of the version that it is about; some events name none.
    pub(crate) etag: Option<String>,
}

impl Happened {
    /// When the version with this entity tag was delivered, as far as the event knows: whoever says it elsewhere knows
    /// better.
    pub(crate) fn delivery_of(&self, etag: Option<&str>) -> Expectations {
        let is_about = match (&self.etag, etag) {
            (None, _) => true,
            (Some(ours), Some(found)) => plain(ours) == plain(found),
            (Some(_), None) => false,
        };
        Expectations { delivered_time: self.time.clone().filter(|_| is_about), ..Expectations::default() }
    }
}

/// Events leave out the quotes that HTTP has around an entity tag.
fn plain(etag: &str) -> &str {
    etag.trim().trim_start_matches("W/").trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_of_this_version_tells_when_it_was_delivered() {
        for (event, found, is_told) in [
            (None, Some("\"a\""), true),
            (None, None, true),
            (Some("a"), Some("\"a\""), true),
            (Some("\"a\""), Some("a"), true),
            (Some("a"), Some("W/\"a\""), true),
            (Some("a"), Some("\"b\""), false),
            (Some("a"), None, false),
        ] {
            let happened = Happened { time: Some("2026-01-01T00:00:00Z".to_owned()), etag: event.map(str::to_owned) };
            assert_eq!(happened.delivery_of(found).delivered_time.is_some(), is_told, "{event:?} {found:?}");
        }
    }
}
