//! The form of an answer as JSON Schema, in the subset that strict providers take: types, members, words.
//!
//! Lengths and ranges are therefore told in words, and [`read`](super::read::read) sees to them.

use serde_json::{Map, Value, json};

use super::read::MAX_ITEMS;
use super::words::{Cell, Indicator, Kind, Place, SceneType, Severity, TimeOfDay, Tri, Weather, Word};

/// Version of the schema. It changes with every change below.
pub(super) const VERSION: &str = "1";

/// Name of the schema, for providers that want one.
pub(super) const NAME: &str = "delivery_photo";

/// The schema. Its members are in alphabetical order, so that its text, and with it its hash, is always the same.
pub(super) fn schema() -> Value {
    let items = list(&item(), &format!("The delivered packages, at most {MAX_ITEMS}; empty when there is none."));
    object("What the photograph shows.", [("damage", damage()), ("items", items), ("scene", scene())])
}

fn damage() -> Value {
    let indicators = [
        (Indicator::BoxDeformation, "Dents, crushed or bulging sides."),
        (Indicator::CornerDamage, "Crushed, bent or torn corners."),
        (Indicator::Leakage, "Liquid that came out of the package, or a stain of it."),
        (Indicator::PackagingIntegrity, "Tears, holes, open flaps, broken seals."),
    ];
    let indicators = indicators.map(|(indicator, about)| (indicator.word(), finding(about)));
    let members = [
        ("indicators", object("Each kind of damage.", indicators)),
        ("overall", overall()),
        ("packageVisible", word::<Tri>("Whether a package can be seen well enough to judge its damage.")),
        ("stated_confidence", number("How sure you are of the damage report, from 0 to 1.")),
        ("uncertainties", text("What cannot be judged from this photograph, and why.")),
    ];
    object("The damage of the packages.", members)
}

fn finding(about: &str) -> Value {
    let members = [
        ("evidence", text("What can be seen, at most 200 characters. Empty when nothing can.")),
        ("evidence_visible", json!({ "description": EVIDENCE_VISIBLE, "type": "boolean" })),
        ("item", text("The id of the item that has the damage. Empty when it is not present.")),
        ("present", word::<Tri>("Whether the damage is there.")),
        ("severity", word::<Severity>("How bad it is; none when it is not present.")),
        ("where", position("Where the damage is.")),
    ];
    object(about, members)
}

const EVIDENCE_VISIBLE: &str = "Whether the surfaces can be seen on which this damage would show.";

fn overall() -> Value {
    let members = [
        ("rationale", text("Why, at most 300 characters.")),
        ("score", number("How damaged the package is, from 0 (not at all) to 1.")),
        ("severity", word::<Severity>("The worst severity of the indicators.")),
    ];
    object("All indicators together.", members)
}

fn item() -> Value {
    let members = [
        ("description", text("The package in words, at most 200 characters.")),
        ("id", text("A name for it: item1, item2 and so on.")),
        ("kind", word::<Kind>("What it is.")),
        ("where", position("Where it is.")),
    ];
    object("A delivered package.", members)
}

fn scene() -> Value {
    let environment = [
        ("conditions", text("Weather and light in words.")),
        ("timeOfDay", word::<TimeOfDay>("The time of the day.")),
        ("weather", word::<Weather>("The weather.")),
    ];
    let location = [("description", text("The place in words.")), ("type", word::<Place>("The kind of place."))];
    let safety = [
        ("notes", text("The safety of the place in words.")),
        ("protected", word::<Tri>("Whether the package is sheltered from rain and sun.")),
        ("secure", word::<Tri>("Whether the package is safe from theft.")),
        ("visible", word::<Tri>("Whether the package can be seen from the street.")),
    ];
    let members = [
        ("environment", object("Weather and light.", environment)),
        ("location", object("Where the package lies.", location)),
        ("overallDescription", text("The scene in one or two sentences, at most 600 characters.")),
        ("packageDescription", text("The package in words. Empty when none can be seen.")),
        ("packageVisible", word::<Tri>("Whether a package can be seen.")),
        ("safetyAssessment", object("How safe the package lies.", safety)),
        ("sceneType", word::<SceneType>("The scene as a whole.")),
    ];
    object("What the photograph shows as a whole.", members)
}

fn position(about: &str) -> Value {
    let coordinate = json!({ "type": "number" });
    let frame = "Left, top, right, bottom, from 0 to 1000 of width and height. An empty list when there is no box.";
    object(about, [("box", list(&coordinate, frame)), ("cell", word::<Cell>("The ninth of the picture."))])
}

fn object<const N: usize>(about: &str, members: [(&str, Value); N]) -> Value {
    let required: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let required = json!(required);
    let properties: Map<_, _> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    json!({
        "additionalProperties": false,
        "description": about,
        "properties": properties,
        "required": required,
        "type": "object",
    })
}

fn list(entry: &Value, about: &str) -> Value {
    json!({ "description": about, "items": entry, "type": "array" })
}

fn word<W: Word>(about: &str) -> Value {
    let words: Vec<_> = W::ALL.iter().map(|word| word.word()).collect();
    json!({ "description": about, "enum": words, "type": "string" })
}

fn text(about: &str) -> Value {
    json!({ "description": about, "type": "string" })
}

fn number(about: &str) -> Value {
    json!({ "description": about, "type": "number" })
}
