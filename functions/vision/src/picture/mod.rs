//! What a file is, decoded within limits, measured and made ready to be sent: bytes in, facts out.
//!
//! [`inspect`] reads magic bytes, header and EXIF; [`prepare`] decodes, turns upright, measures and encodes anew.
//! Whatever the bytes are, the answer is a picture or a [`Rejected`] with the reason.

mod camera;
mod compare;
mod decode;
mod describe;
mod encode;
mod faces;
mod gate;
mod guard;
mod header;
mod inspect;
mod issue;
mod metrics;
mod orientation;
mod pixels;
mod prepare;
mod rejected;
mod resize;
mod reuse;
mod settings;
mod sniff;

pub use camera::{Exif, Gps};
pub use compare::{Change, compare};
pub use describe::describe;
pub use faces::Faces;
pub use gate::{Gate, GateReason};
use guard::guard;
pub use inspect::{Declared, Format, Inspected, inspect};
pub use issue::{Issue, IssueCode};
pub use metrics::{ColourShare, Contrast, Exposure, Fingerprint, Hashes, ImageMetrics};
pub use orientation::Orientation;
pub use prepare::{Prepared, prepare};
pub use rejected::Rejected;
pub use settings::{FaceMode, Limits, Settings, Thresholds};

#[cfg(test)]
mod tests;
