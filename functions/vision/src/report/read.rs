//! Reads what a model wrote. Nothing is guessed or filled in: a text either is an answer or has faults.

use super::extract::extract;
use super::fault::{Fault, FaultCode};
use super::form::{At, Form, Object};
use super::observed::{
    Damage, Environment, Finding, Indicators, Item, Location, Observed, Overall, Position, Safety, Scene,
};
use super::words::{Cell, Indicator, Tri, Word};

/// Most items of an answer.
pub(super) const MAX_ITEMS: usize = 20;

/// Numbers of a frame.
const CORNERS: usize = 4;

/// The answer that `text` holds. `cut` tells that the provider ended it early.
///
/// # Errors
/// Every fault, at most twenty, with its JSON path; never none.
pub fn read(text: &str, cut: bool) -> Result<Observed, Vec<Fault>> {
    let node = extract(text, cut).map_err(|fault| vec![fault])?;
    let mut form = Form::default();
    let observed = observed(&mut form, At::root(&node));
    form.finish(observed)
}

fn observed(form: &mut Form, root: At<'_>) -> Option<Observed> {
    let object = form.object(Some(root), &["damage", "items", "scene"])?;
    let scene = scene(form, object.at("scene"));
    let items = form.list(object.at("items"), MAX_ITEMS, item);
    let damage = damage(form, object.at("damage"));
    Some(Observed { scene: scene?, items: items?, damage: damage? })
}

fn scene(form: &mut Form, at: Option<At<'_>>) -> Option<Scene> {
    let names = [
        "environment",
        "location",
        "overallDescription",
        "packageDescription",
        "packageVisible",
        "safetyAssessment",
        "sceneType",
    ];
    let object = form.object(at, &names)?;
    let scene_type = form.word(object.at("sceneType"));
    let package_visible = form.word(object.at("packageVisible"));
    let package_description = form.text(object.at("packageDescription"));
    let location = location(form, object.at("location"));
    let environment = environment(form, object.at("environment"));
    let safety_assessment = safety(form, object.at("safetyAssessment"));
    let overall_description = form.text(object.at("overallDescription"));
    Some(Scene {
        scene_type: scene_type?,
        package_visible: package_visible?,
        package_description: package_description?,
        location: location?,
        environment: environment?,
        safety_assessment: safety_assessment?,
        overall_description: overall_description?,
    })
}

fn location(form: &mut Form, at: Option<At<'_>>) -> Option<Location> {
    let object = form.object(at, &["description", "type"])?;
    let (place, description) = (form.word(object.at("type")), form.text(object.at("description")));
    Some(Location { place: place?, description: description? })
}

fn environment(form: &mut Form, at: Option<At<'_>>) -> Option<Environment> {
    let object = form.object(at, &["conditions", "timeOfDay", "weather"])?;
    let (weather, time_of_day) = (form.word(object.at("weather")), form.word(object.at("timeOfDay")));
    let conditions = form.text(object.at("conditions"));
    Some(Environment { weather: weather?, time_of_day: time_of_day?, conditions: conditions? })
}

fn safety(form: &mut Form, at: Option<At<'_>>) -> Option<Safety> {
    let object = form.object(at, &["notes", "protected", "secure", "visible"])?;
    let (protected, visible) = (form.word(object.at("protected")), form.word(object.at("visible")));
    let (secure, notes) = (form.word(object.at("secure")), form.text(object.at("notes")));
    Some(Safety { protected: protected?, visible: visible?, secure: secure?, notes: notes? })
}

fn item(form: &mut Form, at: Option<At<'_>>) -> Option<Item> {
    let object = form.object(at, &["description", "id", "kind", "where"])?;
    let (id, kind) = (form.text(object.at("id")), form.word(object.at("kind")));
    let (description, position) = (form.text(object.at("description")), position(form, object.at("where")));
    Some(Item { id: id?, kind: kind?, description: description?, position: position? })
}

fn position(form: &mut Form, at: Option<At<'_>>) -> Option<Position> {
    let object = form.object(at, &["box", "cell"])?;
    let cell = form.word(object.at("cell"));
    let frame = form.list(object.at("box"), CORNERS, |form, at| form.number(at, &(f64::MIN..=f64::MAX)));
    if frame.as_ref().is_some_and(|frame| ![0, CORNERS].contains(&frame.len())) {
        let path = format!("{}.box", object.path());
        form.fault(FaultCode::WrongType, &path, "is to have four numbers, or none when there is no box");
    }
    Some(Position { cell: cell?, frame: frame? })
}

fn damage(form: &mut Form, at: Option<At<'_>>) -> Option<Damage> {
    let names = ["indicators", "overall", "packageVisible", "stated_confidence", "uncertainties"];
    let object = form.object(at, &names)?;
    let package_visible = form.word(object.at("packageVisible"));
    let overall = overall(form, object.at("overall"));
    let indicators = indicators(form, object.at("indicators"));
    let uncertainties = form.text(object.at("uncertainties"));
    let stated_confidence = form.number(object.at("stated_confidence"), &(0.0..=1.0));
    Some(Damage {
        package_visible: package_visible?,
        overall: overall?,
        indicators: indicators?,
        uncertainties: uncertainties?,
        stated_confidence: stated_confidence?,
    })
}

fn overall(form: &mut Form, at: Option<At<'_>>) -> Option<Overall> {
    let object = form.object(at, &["rationale", "score", "severity"])?;
    let (severity, score) = (form.word(object.at("severity")), form.number(object.at("score"), &(0.0..=1.0)));
    let rationale = form.text(object.at("rationale"));
    Some(Overall { severity: severity?, score: score?, rationale: rationale? })
}

fn indicators(form: &mut Form, at: Option<At<'_>>) -> Option<Indicators<Finding>> {
    let names: Vec<_> = Indicator::ALL.iter().map(|indicator| indicator.word()).collect();
    let object = form.object(at, &names)?;
    let findings = Indicators::from_fn(|indicator| finding(form, object.at(indicator.word())));
    findings.complete()
}

fn finding(form: &mut Form, at: Option<At<'_>>) -> Option<Finding> {
    let names = ["evidence", "evidence_visible", "item", "present", "severity", "where"];
    let object = form.object(at, &names)?;
    let evidence_visible = form.flag(object.at("evidence_visible"));
    let (present, severity) = (form.word(object.at("present")), form.word(object.at("severity")));
    let (item, evidence) = (form.text(object.at("item")), form.text(object.at("evidence")));
    let position = position(form, object.at("where"));
    let finding = Finding {
        evidence_visible: evidence_visible?,
        present: present?,
        severity: severity?,
        item: item?,
        position: position?,
        evidence: evidence?,
    };
    ask_for_evidence(form, &object, &finding);
    Some(finding)
}

/// A damage that nobody can point at is not a finding.
fn ask_for_evidence(form: &mut Form, object: &Object<'_>, finding: &Finding) {
    if finding.present != Tri::Yes {
        return;
    }
    let nowhere = finding.position.cell == Cell::Unknown && finding.position.frame.is_empty();
    let missing = [("item", finding.item.is_empty()), ("where", nowhere), ("evidence", finding.evidence.is_empty())];
    for (name, _) in missing.iter().filter(|(_, missing)| *missing) {
        let path = format!("{}.{name}", object.path());
        form.fault(FaultCode::NoEvidence, &path, "is empty although the damage is said to be present");
    }
}
