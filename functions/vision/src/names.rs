//! Which object is what, told from its name.

use crate::picture::Format;

/// Ending of results.
pub const RESULT: &str = ".vision.json";
/// Extensions of pictures that cannot be decoded: their answer says why.
const NOT_DECODED: [&str; 6] = ["heic", "heif", "avif", "tif", "tiff", "bmp"];
/// What is decoded.
const FORMATS: [Format; 4] = [Format::Jpeg, Format::Png, Format::Webp, Format::Gif];

/// Folders; an empty one is the whole bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Of the pictures.
    pub pictures: String,
    /// Of the results; beside the pictures when empty.
    pub results: String,
    /// Of the copies with blurred faces; never empty.
    pub blurred: String,
}

/// What an object is to this function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Something to look at.
    Picture,
    /// A result of this function.
    Result,
    /// A copy that this function made.
    Blurred,
    /// Outside of the folder of the pictures.
    Elsewhere,
    /// Of another type, by its extension.
    OtherType,
}

impl Role {
    /// Stable word in replies.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Result => "own_result",
            Self::Blurred => "own_blurred_copy",
            Self::Elsewhere => "outside_of_delivery_prefix",
            Self::OtherType => "not_a_picture",
        }
    }
}

impl Names {
    /// What an object is. What this function writes comes back to it as events, and must not make it write again.
    #[must_use]
    pub fn role(&self, name: &str) -> Role {
        if name.ends_with(RESULT) || (!self.results.is_empty() && is_below(name, &self.results)) {
            Role::Result
        } else if is_below(name, &self.blurred) {
            Role::Blurred
        } else if !is_below(name, &self.pictures) {
            Role::Elsewhere
        } else if has_extension_of_pictures(name) {
            Role::Picture
        } else {
            Role::OtherType
        }
    }

    /// Where the result of a picture is.
    #[must_use]
    pub fn result_of(&self, name: &str) -> String {
        match self.results.as_str() {
            "" => format!("{name}{RESULT}"),
            folder => format!("{folder}/{name}{RESULT}"),
        }
    }

    /// Where the copy of a picture is.
    #[must_use]
    pub fn blurred_of(&self, name: &str) -> String {
        format!("{}/{name}", self.blurred)
    }
}

/// Whether a name is below a folder.
pub(crate) fn is_below(name: &str, folder: &str) -> bool {
    folder.is_empty() || name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Uploads of cameras may have none.
fn has_extension_of_pictures(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    match last.rsplit_once('.') {
        Some((_, extension)) => {
            let mut known = FORMATS.iter().flat_map(|format| format.extensions()).chain(&NOT_DECODED);
            known.any(|known| known.eq_ignore_ascii_case(extension))
        }
        None => !last.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_function_writes_is_never_a_picture() {
        let beside = Names { blurred: "blurred".to_owned(), ..Names::default() };
        let apart = Names { pictures: "in".to_owned(), results: "out/r".to_owned(), ..beside.clone() };
        let check = |names: &Names, name: &str, expected: Role| assert_eq!(names.role(name), expected, "{name}");
        check(&beside, "a/b.jpg", Role::Picture);
        check(&beside, "a/b.JPEG", Role::Picture);
        check(&beside, "a/photo", Role::Picture);
        check(&beside, "a.b/photo", Role::Picture);
        check(&beside, "blurred.jpg", Role::Picture);
        check(&beside, "a/b.jpg.vision.json", Role::Result);
        check(&beside, "blurred/a/b.jpg", Role::Blurred);
        check(&beside, "orders.csv", Role::OtherType);
        check(&beside, "causeway-state/vision/0a.json", Role::OtherType);
        check(&beside, "folder/", Role::OtherType);
        check(&apart, "in/b.jpg", Role::Picture);
        check(&apart, "inn/b.jpg", Role::Elsewhere);
        check(&apart, "out/r/in/b.jpg", Role::Result);
        for extension in ["jfif", "mpo", "apng", "webp", "gif", "heic"] {
            check(&beside, &format!("a.{extension}"), Role::Picture);
        }
        for names in [beside, apart] {
            for picture in ["in/b.jpg", "in/c"] {
                assert_eq!(names.role(&names.result_of(picture)), Role::Result);
                assert_eq!(names.role(&names.blurred_of(picture)), Role::Blurred);
            }
        }
    }
}
