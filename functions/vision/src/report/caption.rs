//! The description: what the model saw, or a sentence of what can be measured.

use super::contract::{
    Caption, CaptionEnvironment, CaptionItem, CaptionLocation, CaptionSafety, CaptionStatus, ReportedPosition,
};
use super::cross_check::Checked;
use super::observed::{Item, Position};
use super::words::{Place, SceneType, TimeOfDay, Weather};

/// What the model saw. `text` is the sentence that is true without it.
pub(super) fn described(checked: &Checked, text: &str) -> Caption {
    let scene = checked.observed.scene.clone();
    let (location, environment, safety) = (scene.location, scene.environment, scene.safety_assessment);
    Caption {
        status: CaptionStatus::Described,
        text: text.to_owned(),
        error: None,
        scene_type: scene.scene_type,
        package_visible: checked.package_visible.known(),
        package_description: scene.package_description,
        location: CaptionLocation { place: location.place, description: location.description },
        environment: CaptionEnvironment {
            weather: environment.weather,
            time_of_day: environment.time_of_day,
            conditions: environment.conditions,
        },
        safety_assessment: CaptionSafety {
            protected: safety.protected.known(),
            visible: safety.visible.known(),
            secure: safety.secure.known(),
            notes: safety.notes,
        },
        overall_description: scene.overall_description,
        items: checked.observed.items.iter().map(item).collect(),
    }
}

/// A description by nobody, and why.
pub(super) fn not_available(text: String, error: &str) -> Caption {
    Caption {
        status: CaptionStatus::NotAvailable,
        text,
        error: Some(error.to_owned()),
        scene_type: SceneType::Unknown,
        package_visible: None,
        package_description: String::new(),
        location: CaptionLocation { place: Place::Unknown, description: String::new() },
        environment: CaptionEnvironment {
            weather: Weather::Unknown,
            time_of_day: TimeOfDay::Unknown,
            conditions: String::new(),
        },
        safety_assessment: CaptionSafety::default(),
        overall_description: String::new(),
        items: Vec::new(),
    }
}

/// One or two sentences: the model's, unless somebody seems to have directed it, else what can be measured.
pub(super) fn summary(caption: &Caption, injection_suspected: bool) -> String {
    let own = &caption.overall_description;
    if own.is_empty() || injection_suspected { caption.text.clone() } else { own.clone() }
}

/// A place in the picture as it is reported.
pub(super) fn reported(position: &Position) -> ReportedPosition {
    ReportedPosition { cell: position.cell, frame: position.frame.as_slice().try_into().ok() }
}

fn item(item: &Item) -> CaptionItem {
    CaptionItem {
        id: item.id.clone(),
        kind: item.kind,
        description: item.description.clone(),
        position: reported(&item.position),
    }
}
