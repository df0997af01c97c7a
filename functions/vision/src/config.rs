//! Settings of the vision tool.
//!
//! Those of the original tool keep their names, so that a deployment moves over; see [`scoring`].

mod keeping;
mod pictures;
mod scoring;

use std::path::PathBuf;
use std::time::Duration;

use causeway_cloud::object_path;
use causeway_runtime::{Settings, Vars};

use crate::names::{Names, is_below};
use crate::picture;
use crate::report;
use crate::report::words::{Severity, Word};

pub use keeping::Keeping;

/// How pictures are read, judged and told.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where the bucket is, for people: what `oci://namespace/bucket/...` is made of.
    pub place: Place,
    /// A directory in place of any bucket, by the original's name for it.
    pub local_root: Option<PathBuf>,
    /// Whether a directory is named by our own name for it: without one no directory serves as bucket.
    pub is_local: bool,
    /// Which objects are pictures, and where results and blurred copies go.
    pub names: Names,
    /// How pictures are prepared.
    pub picture: picture::Settings,
    /// How reports are scored.
    pub report: report::settings::Settings,
    /// How many answers a model is asked for.
    pub samples: u32,
    /// Longest wait for one question, its repetitions included.
    pub model_wait: Duration,
    /// Longest answer, in tokens.
    pub max_answer_tokens: u32,
    /// How long claims and answers are kept.
    pub keeping: Keeping,
    /// Objects of one request.
    pub max_objects: usize,
    /// Questions that the model is asked at once.
    pub concurrency: usize,
    /// Damage from this severity on is told; `None` tells nobody.
    pub alert_from: Option<Severity>,
    /// Whether a model is named: one that is and cannot be used is a failure.
    pub is_model_set: bool,
    /// Whether a topic for alerts is named.
    pub is_topic_set: bool,
    /// Namespace of custom metrics; none are published without one.
    pub published_namespace: Option<String>,
}

/// Where the bucket is, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Namespace of OCI's Object Storage.
    pub namespace: Option<String>,
    /// Name of the bucket.
    pub bucket: Option<String>,
}

impl Settings for Config {
    const PREFIX: &'static str = "VISION_";

    fn read(vars: &mut Vars) -> Self {
        let bucket = vars.optional_text("OCI_OS_BUCKET", "the original's name of CAUSEWAY_BUCKET");
        let namespace = vars.optional_text("OCI_OS_NAMESPACE", "the original's name of CAUSEWAY_NAMESPACE");
        let deployed = vars.optional_text("CAUSEWAY_BUCKET", "bucket that functions read and write");
        let own = vars.optional_text("CAUSEWAY_NAMESPACE", "Object Storage namespace of the bucket");
        Self {
            place: Place { namespace: namespace.or(own), bucket: bucket.or(deployed) },
            local_root: local_root(vars),
            is_local: vars.optional_text("CAUSEWAY_LOCAL_ROOT", "directory in place of the bucket").is_some(),
            names: names(vars),
            picture: pictures::read(vars),
            report: scoring::read(vars),
            samples: vars.number(
                "VISION_SAMPLES",
                1,
                1..=5,
                "answers that a model is asked for; more measure agreement",
            ),
            model_wait: Duration::from_secs(vars.number(
                "VISION_MODEL_SECONDS",
                60,
                1..=600,
                "seconds for one question to the model, its repetitions and other providers included",
            )),
            max_answer_tokens: vars.number(
                "VISION_MAX_ANSWER_TOKENS",
                2_000,
                200..=16_000,
                "longest answer, in tokens",
            ),
            keeping: keeping::read(vars),
            max_objects: vars.number(
                "VISION_MAX_OBJECTS",
                200,
                1..=2_000,
                "pictures that one request may name or find",
            ),
            concurrency: vars.number("VISION_CONCURRENCY", 4, 1..=32, "questions that the model is asked at once"),
            alert_from: alert_from(vars),
            is_model_set: is_model_set(vars),
            is_topic_set: vars.optional_text("CAUSEWAY_TOPIC", "topic that alerts go to").is_some(),
            published_namespace: vars.optional_text(
                "VISION_PUBLISH_NAMESPACE",
                "namespace under which counts and times are published as custom metrics; none are when unset",
            ),
        }
    }
}

fn is_model_set(vars: &mut Vars) -> bool {
    let deployed = vars.optional_text("CAUSEWAY_CHAT_MODEL", "who looks at the pictures");
    let original = vars.optional_text("OCI_TEXT_MODEL_OCID", "the original's name of CAUSEWAY_CHAT_MODEL");
    deployed.or(original).is_some()
}

/// Only where it is named: a store that fails is never replaced by files.
fn local_root(vars: &mut Vars) -> Option<PathBuf> {
    const MEANING: &str = "directory in place of the bucket, for development; results say source: local";
    vars.optional_text("LOCAL_ASSET_ROOT", MEANING).map(PathBuf::from)
}

fn names(vars: &mut Vars) -> Names {
    const PICTURES: &str = "folder of the pictures: events of other objects are ignored; the whole bucket when unset";
    const RESULTS: &str = "folder of the results, which mirrors the pictures'; beside each picture when unset";
    const BLURRED: &str = "folder of the copies with blurred faces";
    let mut folder = |name: &'static str, default: &str, meaning| {
        let text = vars.text(name, default, meaning);
        let trimmed = text.trim_end_matches('/');
        if let Err(error) = object_path(trimmed) {
            vars.reject(format!("{name}: {error}"));
        }
        trimmed.to_owned()
    };
    let names = Names {
        pictures: folder("DELIVERY_PREFIX", "", PICTURES),
        results: folder("VISION_RESULTS_PREFIX", "", RESULTS),
        blurred: folder("VISION_BLURRED_PREFIX", "blurred", BLURRED),
    };
    if names.blurred.is_empty() {
        vars.reject("VISION_BLURRED_PREFIX is the whole bucket, expected a folder");
    }
    for (name, folder) in [("VISION_RESULTS_PREFIX", &names.results), ("VISION_BLURRED_PREFIX", &names.blurred)] {
        if is_within(&names.pictures, folder) {
            vars.reject(format!(
                "DELIVERY_PREFIX lies in {name}: every picture would be taken for this function's own"
            ));
        }
    }
    names
}

/// Whether a folder is another one, or lies below it; none is the whole bucket, which lies below nothing.
fn is_within(folder: &str, other: &str) -> bool {
    !folder.is_empty() && !other.is_empty() && is_below(&format!("{folder}/"), other)
}

fn alert_from(vars: &mut Vars) -> Option<Severity> {
    let word = vars.choice(
        "VISION_ALERT_SEVERITY",
        &["minor", "moderate", "severe", "off"],
        "severe",
        "least severity of damage that is told through CAUSEWAY_TOPIC, once for each version of an object, or off",
    );
    Severity::from_word(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Config, String) {
        let mut vars = Vars::new(variables.iter().copied());
        let config = Config::read(&mut vars);
        (config, vars.problems().join("; "))
    }

    #[test]
    fn defaults_are_those_of_the_original_and_ours() {
        let (config, problems) = read(&[]);
        assert_eq!(problems, "");
        assert_eq!(config.picture, picture::Settings::default());
        assert_eq!(config.report, report::settings::Settings::default());
        assert_eq!((config.names.blurred.as_str(), config.alert_from), ("blurred", Some(Severity::Severe)));
        assert_eq!(config.keeping.claim, causeway_cloud::state::Answers::LEASE, "as for the agents' answers");
    }

    #[test]
    fn names_of_the_original_are_honoured() {
        let (config, problems) = read(&[
            ("OCI_OS_BUCKET", "photos"),
            ("OCI_OS_NAMESPACE", "ns"),
            ("DELIVERY_PREFIX", "deliveries/"),
            ("LOCAL_ASSET_ROOT", "assets"),
            ("WEIGHT_TIMELINESS", "0.2"),
            ("MAX_DISTANCE_METERS", "75"),
            ("DAMAGE_WEIGHT_CORNER_DAMAGE", "0.3"),
            ("SEVERITY_SCORE_MINOR", "0.4"),
            ("DAMAGE_SCORE_SEVERE_MIN", "0.95"),
            ("DAMAGE_USE_WEIGHTED_SCORING", "false"),
        ]);
        assert_eq!(problems, "");
        assert_eq!((config.place.bucket.as_deref(), config.names.pictures.as_str()), (Some("photos"), "deliveries"));
        assert_eq!(config.local_root, Some(PathBuf::from("assets")));
        let report = &config.report;
        assert_eq!((report.weight_timeliness, report.max_distance_meters), (0.2, 75.0));
        assert_eq!((report.damage_weights.corner_damage, report.severity_scores.minor), (0.3, 0.4));
        assert_eq!(report.damage_bands.severe_min, 0.95);
        assert_eq!(report.scoring, report::settings::Scoring::LegacyOverall);
    }

    #[test]
    fn pictures_are_not_where_this_function_writes() {
        for (pictures, results, blurred, problem) in [
            ("in", "out", "blurred", ""),
            ("", "out", "blurred", ""),
            ("in", "", "in/blurred", ""),
            ("in", "in/results", "blurred", ""),
            ("output", "out", "blurred", ""),
            ("out", "out", "blurred", "VISION_RESULTS_PREFIX"),
            ("out/in", "out", "blurred", "VISION_RESULTS_PREFIX"),
            ("blurred/a", "", "blurred", "VISION_BLURRED_PREFIX"),
        ] {
            let settings =
                [("DELIVERY_PREFIX", pictures), ("VISION_RESULTS_PREFIX", results), ("VISION_BLURRED_PREFIX", blurred)];
            let (_, problems) = read(&settings);
            assert_eq!(problems.is_empty(), problem.is_empty(), "{pictures}: {problems}");
            assert!(problems.contains(problem), "{pictures}: {problems}");
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        for (name, value) in [
            ("VISION_BLURRED_PREFIX", "/"),
            ("DELIVERY_PREFIX", "../x"),
            ("VISION_SAMPLES", "9"),
            ("VISION_CLAIM_SECONDS", "1"),
            ("WEIGHT_DAMAGE", "-1"),
            ("SEVERITY_SCORE_SEVERE", "0.1"),
        ] {
            let (_, problems) = read(&[(name, value)]);
            assert!(problems.contains(name), "{name}={value}: {problems}");
        }
    }
}
