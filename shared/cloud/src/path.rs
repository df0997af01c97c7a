//! From what a user typed to a location inside a bucket; whatever would climb out is refused here.

use object_store::path::Path;

use crate::Error;

/// Parses a relative object name or prefix; one trailing `/` is allowed, the empty text is the root.
///
/// # Errors
///
/// [`Error::Location`] for absolute names, `.`, `..` and empty segments, backslashes and control characters.
pub fn object_path(text: &str) -> Result<Path, Error> {
    if let Some(reason) = objection(text) {
        return Err(Error::Location { location: text.to_owned(), reason });
    }
    Path::parse(text).map_err(|_| Error::Location {
        location: text.to_owned(),
        reason: "holds a character that no object name may have",
    })
}

/// The folder that a setting means, without `/` at its end.
///
/// # Errors
/// What is wrong, with the name of the setting: it is the whole bucket, or nothing that [`object_path`] takes.
pub fn folder_of_setting<'a>(name: &str, text: &'a str) -> Result<&'a str, String> {
    let trimmed = text.trim_end_matches('/');
    match object_path(trimmed) {
        Ok(path) if !path.as_ref().is_empty() => Ok(trimmed),
        Ok(_) => Err(format!("{name} is the whole bucket, expected a folder")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn objection(text: &str) -> Option<&'static str> {
    let trimmed = text.strip_suffix('/').unwrap_or(text);
    if text.starts_with('/') {
        Some("is absolute; it must be relative to the root")
    } else if text.contains('\\') || text.contains(char::is_control) {
        Some("holds a backslash or a control character")
    } else if trimmed.split('/').any(|segment| segment == "..") {
        Some("climbs out of the root with `..`")
    } else if !trimmed.is_empty() && trimmed.split('/').any(|s| s.is_empty() || s == ".") {
        Some("has an empty or `.` segment")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = object_path(text).ok();
        assert_eq!(found.as_ref().map(AsRef::as_ref), expected, "{text:?}");
    }

    #[test]
    fn climbing_and_absolute_names_are_refused() {
        check("sales/2017/orders.csv", Some("sales/2017/orders.csv"));
        check("sales/", Some("sales"));
        check("", Some(""));
        check("a..b/c", Some("a..b/c"));
        for bad in ["..", "../x", "a/../../x", "a/..", "/etc/passwd", "a//b", "./a", "a\\..\\b", "a\0b", "//"] {
            check(bad, None);
        }
    }
}
