//! Faces: counted and, if wished, hidden. The detector is SeetaFace's for frontal faces (`rustface`); its model is
//! `model/seeta_fd_frontal_v1.0.bin`, under the licence beside it. It misses faces that are small, turned or covered.

mod hide;

use std::sync::OnceLock;

use rustface::{Detector, ImageData, Model, create_detector_with_model, read_model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pixels::{Gray, Rgb};
use super::{FaceMode, Rejected, guard};

static MODEL: &[u8] = include_bytes!("model/seeta_fd_frontal_v1.0.bin");

/// Shortest side that a face may have in the measured copy, in pixels; less is slow and mostly wrong.
const MIN_FACE: u32 = 24;

/// Faces that were found. Best effort: a face that is not found is not hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Faces {
    /// How many were found.
    pub count: usize,
    /// Whether those that were found are pixelated in what is sent.
    pub blurred: bool,
}

/// Where a face is, in pixels from the upper left; may reach beyond the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Face {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Looks for faces in the measured copy and, if wished, hides them in what is sent.
pub(super) fn treat(mode: FaceMode, measured: &Gray, sent: &mut Rgb) -> Result<Option<Faces>, Rejected> {
    if mode == FaceMode::Off {
        return Ok(None);
    }
    let faces = find(measured)?;
    let blurred = mode == FaceMode::Blur;
    if blurred {
        let scale = sent.width as f64 / measured.width as f64;
        faces.iter().for_each(|face| hide::pixelate(sent, face.scaled(scale)));
    }
    Ok(Some(Faces { count: faces.len(), blurred }))
}

fn find(picture: &Gray) -> Result<Vec<Face>, Rejected> {
    let (Ok(width), Ok(height)) = (u32::try_from(picture.width), u32::try_from(picture.height)) else {
        return Ok(Vec::new());
    };
    if width.min(height) < MIN_FACE {
        return Ok(Vec::new());
    }
    guard(|| {
        let found = detector()?.detect(&ImageData::new(&picture.data, width, height));
        Ok(found.iter().map(|face| Face::from_box(face.bbox())).collect())
    })
}

/// The detector keeps a picture pyramid, so each call has one of its own; the model is read once.
fn detector() -> Result<Box<dyn Detector>, Rejected> {
    static READ: OnceLock<Option<Model>> = OnceLock::new();
    let model = READ.get_or_init(|| read_model(MODEL).ok()).clone();
    let model = model.ok_or_else(|| Rejected::unreadable("the face model cannot be read"))?;
    let mut detector = create_detector_with_model(model);
    detector.set_min_face_size(MIN_FACE);
    detector.set_score_thresh(2.0);
    detector.set_pyramid_scale_factor(0.8);
    detector.set_slide_window_step(4, 4);
    Ok(detector)
}

impl Face {
    fn from_box(found: &rustface::Rectangle) -> Self {
        Self {
            left: found.x().into(),
            top: found.y().into(),
            width: found.width().into(),
            height: found.height().into(),
        }
    }

    fn scaled(self, by: f64) -> Self {
        Self { left: self.left * by, top: self.top * by, width: self.width * by, height: self.height * by }
    }
}
