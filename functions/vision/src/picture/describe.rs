//! What can be said of a picture without a model.

use super::{GateReason, Inspected, Prepared};

/// One factual sentence on size, format, sharpness, exposure, colours and position; says nothing of the content.
/// Without a full stop, so that a caller may add why the content was not described.
#[must_use]
pub fn describe(inspected: &Inspected, prepared: &Prepared) -> String {
    let Prepared { width, height, .. } = prepared;
    let shape = match width.cmp(height) {
        std::cmp::Ordering::Greater => "landscape",
        std::cmp::Ordering::Equal => "square",
        std::cmp::Ordering::Less => "portrait",
    };
    let mut facts = vec![format!("{width}x{height} {shape} {}", inspected.format.name())];
    facts.extend(inspected.animated.then(|| "first of several frames".to_owned()));
    facts.push(sharpness(prepared).to_owned());
    facts.push(exposure(prepared).to_owned());
    facts.extend(colours(prepared));
    facts.extend(prepared.faces.as_ref().map(faces));
    facts.push(if inspected.exif.gps_present { "EXIF GPS present" } else { "no EXIF GPS" }.to_owned());
    facts.join(", ")
}

fn sharpness(prepared: &Prepared) -> &'static str {
    if prepared.gate.reasons.contains(&GateReason::TooBlurred) {
        "blurred"
    } else if prepared.gate.borderline {
        "not quite sharp"
    } else {
        "sharp"
    }
}

fn exposure(prepared: &Prepared) -> &'static str {
    let reasons = &prepared.gate.reasons;
    let exposure = &prepared.metrics.exposure;
    if reasons.contains(&GateReason::TooDark) {
        "too dark"
    } else if reasons.contains(&GateReason::Clipped) {
        if exposure.white_share > exposure.black_share { "highlights clipped" } else { "shadows clipped" }
    } else if reasons.contains(&GateReason::Flat) {
        "almost without contrast"
    } else {
        "well exposed"
    }
}

fn colours(prepared: &Prepared) -> Option<String> {
    let names: Vec<&str> = prepared.metrics.colours.iter().take(2).map(|colour| colour.name.as_str()).collect();
    match names[..] {
        [] => None,
        [one] => Some(format!("dominant colour {one}")),
        _ => Some(format!("dominant colours {}", names.join(" and "))),
    }
}

fn faces(faces: &super::Faces) -> String {
    match faces.count {
        0 => "no face found".to_owned(),
        1 => "1 face found".to_owned(),
        count => format!("{count} faces found"),
    }
}
