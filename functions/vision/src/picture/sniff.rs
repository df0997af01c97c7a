//! Which format the bytes have, whatever the name and the content type state.

use super::{Declared, Format, Issue, IssueCode, Rejected};

/// How much of the end is searched for the directory of an appended archive (the longest comment plus its record).
const ARCHIVE_TAIL: usize = 65_557;

/// The format of the bytes.
pub(super) fn format(bytes: &[u8]) -> Result<Format, Rejected> {
    let Some(kind) = infer::get(bytes) else {
        return Err(Rejected::unsupported("the bytes are of no known picture format".to_owned()));
    };
    match kind.mime_type() {
        "image/jpeg" => Ok(Format::Jpeg),
        "image/png" => Ok(Format::Png),
        "image/webp" => Ok(Format::Webp),
        "image/gif" => Ok(Format::Gif),
        "image/heif" | "image/heic" => Err(Rejected::unsupported(
            "HEIC is not decoded: let the camera or the app that uploads store JPEG".to_owned(),
        )),
        other => Err(Rejected::unsupported(format!("{other} is not decoded; send JPEG, PNG, WebP or GIF"))),
    }
}

/// Where the name or the content type contradict the bytes.
pub(super) fn contradictions(format: Format, declared: &Declared<'_>) -> Vec<Issue> {
    let extension = declared.name.and_then(extension).filter(|extension| !format.extensions().contains(&&**extension));
    let content_type =
        declared.content_type.and_then(picture_type).filter(|mime| !format.content_types().contains(&&**mime));
    let name = format.name();
    let by_extension = extension.map(|stated| {
        Issue::new(IssueCode::ExtensionMismatch, format!("the name ends in .{stated}, the bytes are {name}"))
    });
    let by_type = content_type.map(|stated| {
        Issue::new(IssueCode::ContentTypeMismatch, format!("the content type is {stated}, the bytes are {name}"))
    });
    by_extension.into_iter().chain(by_type).collect()
}

/// Another file appended to the picture. It is not passed on, since the picture is encoded anew.
pub(super) fn foreign(format: Format, bytes: &[u8], end: usize) -> Option<Issue> {
    let tail = &bytes[bytes.len().saturating_sub(ARCHIVE_TAIL)..];
    let archive = tail.windows(4).any(|window| window == b"PK\x05\x06");
    let appended = bytes.get(end..).and_then(infer::get).map(|kind| kind.mime_type());
    let what = match appended {
        // Phones append the depth map or the other frames of a burst.
        Some("image/jpeg") => return None,
        // Or the film of the seconds round the picture: a motion photo.
        Some(film) if format == Format::Jpeg && !archive && is_film(film) => {
            let detail = format!("a film ({film}) is appended to the picture; only the picture is used");
            return Some(Issue::new(IssueCode::MultipleFrames, detail));
        }
        Some(other) => other,
        None if archive => "application/zip",
        None => return None,
    };
    Some(Issue::new(IssueCode::ForeignData, format!("{what} is appended to the picture")))
}

/// Of the family of MP4 (ISO/IEC 14496-12), which is what phones append.
fn is_film(mime: &str) -> bool {
    matches!(mime, "video/mp4" | "video/quicktime" | "video/x-m4v" | "video/3gpp")
}

/// The extension in lower case; what is not of letters alone is a part of the name.
fn extension(name: &str) -> Option<String> {
    let (_, extension) = name.rsplit('/').next()?.rsplit_once('.')?;
    let letters = (2..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters.then(|| extension.to_ascii_lowercase())
}

/// The content type without parameters; nothing if it says no more than that there are bytes.
fn picture_type(stated: &str) -> Option<String> {
    let mime = stated.split(';').next()?.trim().to_ascii_lowercase();
    let says_nothing = matches!(&*mime, "" | "application/octet-stream" | "binary/octet-stream" | "image/*");
    // A sender's text comes into the answer: no more of it than a media type may hold.
    let printable = mime.len() <= 100 && mime.bytes().all(|byte| byte.is_ascii_graphic());
    (!says_nothing && printable).then_some(mime)
}

impl Format {
    /// As people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
            Self::Gif => "GIF",
        }
    }

    /// The registered media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        self.content_types()[0]
    }

    fn content_types(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["image/jpeg", "image/jpg", "image/pjpeg"],
            Self::Png => &["image/png", "image/apng", "image/x-png"],
            Self::Webp => &["image/webp"],
            Self::Gif => &["image/gif"],
        }
    }

    /// Endings of names that go with it, in lower case.
    pub(crate) fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif", "mpo"],
            Self::Png => &["png", "apng"],
            Self::Webp => &["webp"],
            Self::Gif => &["gif"],
        }
    }
}
