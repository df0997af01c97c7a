//! What the images are: one static file each, of a size that is worth a cold start.

use serde_json::{Value, json};
use tests::harness::notice;

use crate::engine::{Engine, engine};
use crate::images::{contents, images};

const MB: f64 = 1e6;
/// Functions that bring decoders of tables or pictures along, or databases' and pages' forms.
const OF_DATA: [&str; 7] = [
    "decision-agent",
    "decisioning-flow",
    "discovery-agent",
    "intelligence-agent",
    "strategy-agent",
    "vision",
    "visualization-agent",
];
/// Largest image of such a function in the `dist` profile, in MB.
const MOST_OF_DATA: f64 = 24.0;
/// Largest image of any other function in the `dist` profile, in MB.
const MOST: f64 = 12.0;

fn inspect(engine: &Engine, image: &str) -> Value {
    let said = engine.run(&["image", "inspect", image]);
    serde_json::from_str::<Value>(&said).expect("a description")[0].take()
}

#[test]
fn images_are_small() {
    let Some(engine) = engine("sizes of the images") else { return };
    let mut findings = Vec::new();
    for (function, image) in images(engine) {
        let image = inspect(engine, image);
        let size = image["Size"].as_f64().expect("a size") / MB;
        let profile = image["Config"]["Labels"]["causeway.profile"].as_str().expect("a profile").to_owned();
        notice(&format!("image of {function} ({profile}): {size:.1} MB"));
        let most = if OF_DATA.contains(function) { MOST_OF_DATA } else { MOST };
        if profile == "dist" && size > most {
            findings.push(format!("{function}: {size:.1} MB, at most {most}"));
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn an_image_is_one_file_that_user_1000_runs() {
    let Some(engine) = engine("contents of the images") else { return };
    for (function, name) in images(engine) {
        let image = inspect(engine, name);
        let config = &image["Config"];
        assert_eq!(
            (&config["User"], &config["Entrypoint"]),
            (&json!("1000:1000"), &json!(["/function"])),
            "{function}"
        );
        assert_eq!(config["Labels"]["org.opencontainers.image.title"], **function);
        assert_eq!(config["Volumes"], Value::Null, "{function}: the platform refuses volumes");
        assert_eq!(contents(engine, function), ["function"], "{function}");
    }
}
