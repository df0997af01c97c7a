//! From a file to what is measured and what is sent.

use std::fmt;

use super::compare::square;
use super::decode::Wanted;
use super::pixels::Gray;
use super::resize::{fit, luma, resize, thumbnail};
use super::reuse::keep_freed_buffers;
use super::{Faces, Gate, ImageMetrics, Inspected, Orientation, Rejected, Settings, decode, encode, faces, metrics};

/// Long edge of the copy that is measured: thresholds are given for it.
const MEASURED_EDGE: usize = 1_024;

/// A picture that stands upright, is measured and is ready to be sent.
#[derive(Clone)]
pub struct Prepared {
    /// Upright, in pixels of the original.
    pub width: u32,
    /// Upright, in pixels of the original.
    pub height: u32,
    /// Measured before faces are hidden.
    pub metrics: ImageMetrics,
    /// Whether a model may be asked.
    pub gate: Gate,
    /// What is sent: a JPEG with no metadata at all.
    pub jpeg: Vec<u8>,
    /// Size of `jpeg`, in pixels.
    pub sent_width: u32,
    /// Size of `jpeg`, in pixels.
    pub sent_height: u32,
    /// None if faces were not looked for.
    pub faces: Option<Faces>,
    /// A small JPEG for people.
    pub thumbnail: Vec<u8>,
    /// Luma in a fixed shape, for comparing with another picture.
    pub(super) square: Gray,
}

/// Decodes within the limits, turns upright, measures, and encodes anew.
///
/// # Errors
/// 413 larger than the limits, 415 a coding that is not decoded, 422 broken pixels.
pub fn prepare(bytes: &[u8], inspected: &Inspected, settings: &Settings) -> Result<Prepared, Rejected> {
    keep_freed_buffers();
    let edge = settings.long_edge.max(1) as usize;
    let wanted = Wanted { edge, turned: inspected.orientation != Orientation::default() };
    let stored = decode::decode(bytes, inspected, wanted, &settings.limits)?;
    let size = fit(inspected.width as usize, inspected.height as usize, edge);
    let mut sent = inspected.orientation.upright(resize(stored, size)?);
    let measured = luma(&sent, MEASURED_EDGE)?;
    let (width, height) = inspected.upright_size();
    let shrunk = (measured.width, measured.height) != (width as usize, height as usize);
    let small = thumbnail(&sent, settings.thumbnail_edge.max(1) as usize)?;
    let metrics = metrics::measure(&measured, &small, shrunk);
    let faces = faces::treat(settings.faces, &measured, &mut sent)?;
    let hidden = faces.as_ref().is_some_and(|faces| faces.blurred && faces.count > 0);
    let small = if hidden { thumbnail(&sent, settings.thumbnail_edge.max(1) as usize)? } else { small };
    Ok(Prepared {
        width,
        height,
        gate: Gate::judge((width, height), &metrics, &settings.gate),
        jpeg: encode::jpeg(&sent, settings.jpeg_quality)?,
        sent_width: sent.width as u32,
        sent_height: sent.height as u32,
        faces,
        thumbnail: encode::jpeg(&small, settings.jpeg_quality)?,
        square: square(&measured),
        metrics,
    })
}

/// Without the pictures: they are large, and nobody's business in a log.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, height, metrics, gate, faces, .. } = self;
        f.debug_struct("Prepared")
            .field("size", &(width, height))
            .field("sent", &(self.sent_width, self.sent_height, self.jpeg.len()))
            .field("metrics", metrics)
            .field("gate", gate)
            .field("faces", faces)
            .finish_non_exhaustive()
    }
}
