//! What a file is, told from its first bytes and its headers: no pixel is decoded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::header::{self, Header};
use super::{Exif, Issue, IssueCode, Limits, Orientation, Rejected, camera, guard, sniff};

/// What the sender says about a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declared<'a> {
    /// Name of the object or file; its extension is compared with the bytes.
    pub name: Option<&'a str>,
    /// Content type; compared with the bytes.
    pub content_type: Option<&'a str>,
}

/// The formats that are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Baseline, extended or progressive JPEG.
    Jpeg,
    /// PNG; of an animated one, the default picture.
    Png,
    /// WebP; of an animated one, the first frame.
    Webp,
    /// GIF; of an animated one, the first frame.
    Gif,
}

/// What is known of a file before its pixels are decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// Told from the bytes, not from the name.
    pub format: Format,
    /// As stored, before the orientation is applied, in pixels.
    pub width: u32,
    /// As stored, in pixels.
    pub height: u32,
    /// The file has several frames, of which the first is used.
    pub animated: bool,
    /// How the camera was held.
    pub orientation: Orientation,
    /// What the camera wrote.
    pub exif: Exif,
    /// What is odd.
    pub issues: Vec<Issue>,
    pub(super) header: Header,
}

/// Tells what a file is.
///
/// # Errors
/// 400 empty, 413 larger than the limits, 415 not a format that is decoded, 422 a broken header.
pub fn inspect(bytes: &[u8], declared: &Declared<'_>, limits: &Limits) -> Result<Inspected, Rejected> {
    if bytes.is_empty() {
        return Err(Rejected::empty());
    }
    limits.check_bytes(bytes.len())?;
    let format = sniff::format(bytes)?;
    let header = guard(|| header::read(format, bytes))?;
    limits.check_size(header.width, header.height)?;
    header.check_whole()?;
    let (exif, orientation, exif_issue) = guard(|| Ok(camera::read(bytes, header.exif.as_ref())))?;
    let mut issues = sniff::contradictions(format, declared);
    issues.extend(header.animated.then(|| Issue::new(IssueCode::MultipleFrames, "only the first frame is used")));
    issues.extend(sniff::foreign(format, bytes, header.end));
    issues.extend(exif_issue);
    let Header { width, height, animated, .. } = header;
    Ok(Inspected { format, width, height, animated, orientation, exif, issues, header })
}

impl Inspected {
    /// Width and height as the picture stands upright, in pixels.
    #[must_use]
    pub fn upright_size(&self) -> (u32, u32) {
        if self.orientation.swaps_sides() { (self.height, self.width) } else { (self.width, self.height) }
    }
}
