//! The document of a picture: the report and the facts beside it.

use crate::handler::Vision;
use crate::picture::{Change, Inspected, IssueCode, Prepared, describe};
use crate::reply::{Document, ObjectFacts, PictureFacts};
use crate::report::assess::{Facts, assess};
use crate::report::contract::{Exif, GpsInfo, Metadata};
use crate::report::expect::Coordinates;
use crate::report::issue::Issue;
use crate::report::picture_facts::{Measures, Picture};
use crate::report::settings::Settings;
use crate::request::Expectations;

use super::Job;
use super::ask::Asked;
use super::decode::Decoded;
use super::object::Source;
use super::timings::Timings;

/// The picture is the same as the reference.
const SAME_AS_REFERENCE: &str = "same_as_reference";
/// What the object's metadata say was expected cannot be read.
const METADATA_UNREADABLE: &str = "expectations_unreadable";

/// Everything together.
#[allow(clippy::too_many_arguments, reason = "what a report is made of, each from another step")]
pub(crate) fn document(
    vision: &Vision,
    job: &Job,
    source: &Source<'_>,
    decoded: &Decoded,
    change: Option<Change>,
    asked: Asked,
    expectations: &Expectations,
    timings: Timings,
) -> Document {
    let Decoded { inspected, prepared } = decoded;
    let settings = Settings { scoring: job.options.scoring, ..vision.config.report.clone() };
    let facts = Facts {
        metadata: metadata(vision, source, inspected),
        exif: exif(inspected, job.options.include_gps),
        taken_at: taken_at(inspected),
        picture: measured(prepared),
        description: describe(inspected, prepared),
        expect: expectations.expect(),
        provider: asked.provider,
        prompt: vision.question.identity.clone(),
        outcome: asked.outcome,
        issues: issues(source, inspected, change.as_ref()),
        notes: notes(inspected, prepared),
        timings_ms: timings.end(),
    };
    let picture = picture_facts(decoded, change);
    Document { report: assess(facts, &settings), object: object_facts(source), picture }
}

/// The file, with its type as the bytes tell it.
pub(crate) fn metadata(vision: &Vision, source: &Source<'_>, inspected: &Inspected) -> Metadata {
    let (name, size, origin) = match source {
        Source::Object(found) => (found.name().to_owned(), found.meta.size, found.source),
        Source::Inline(name, size) => ((*name).to_owned(), *size as u64, "inline"),
    };
    Metadata {
        content_type: inspected.format.content_type().to_owned(),
        size,
        object_name: name,
        retrieved_at: vision.now().to_string(),
        source: origin.to_owned(),
    }
}

/// What the camera wrote; the place only where it is asked for.
pub(crate) fn exif(inspected: &Inspected, include_gps: bool) -> Exif {
    let place = inspected.exif.gps.filter(|_| include_gps);
    Exif {
        gps_info: place.map(|gps| GpsInfo { latitude: gps.latitude, longitude: gps.longitude, altitude: gps.altitude }),
        timestamp: inspected.exif.timestamp.clone(),
        gps_present: inspected.exif.gps_present,
    }
}

fn taken_at(inspected: &Inspected) -> Option<Coordinates> {
    inspected.exif.gps.map(|gps| Coordinates { latitude: gps.latitude, longitude: gps.longitude })
}

fn measured(prepared: &Prepared) -> Picture {
    let metrics = &prepared.metrics;
    Picture {
        gate_passed: prepared.gate.passed,
        gate_reasons: prepared.gate.reasons.iter().map(word).collect(),
        measures: Some(Measures {
            sharpness: metrics.sharpness,
            luma_mean: metrics.exposure.mean,
            clipped_share: metrics.exposure.black_share + metrics.exposure.white_share,
            contrast: metrics.contrast.sd,
        }),
    }
}

/// The word that a value has in JSON.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What is odd about the file calls for a look, except what every camera and upload may do.
fn issues(source: &Source<'_>, inspected: &Inspected, change: Option<&Change>) -> Vec<Issue> {
    let harmless = |code| matches!(code, IssueCode::MultipleFrames | IssueCode::ExifUnreadable);
    let odd = inspected.issues.iter().filter(|issue| !harmless(issue.code));
    let mut all: Vec<Issue> = odd.map(|issue| Issue::new(&word(&issue.code), issue.detail.clone())).collect();
    if let Source::Object(found) = source {
        all.extend(found.metadata_problem.iter().map(|problem| Issue::new(METADATA_UNREADABLE, problem.clone())));
    }
    if change.is_some_and(|change| change.near_duplicate) {
        all.push(Issue::new(SAME_AS_REFERENCE, "the picture is nearly the same as the reference"));
    }
    all
}

fn notes(inspected: &Inspected, prepared: &Prepared) -> Vec<String> {
    let told = [IssueCode::MultipleFrames, IssueCode::ExifUnreadable];
    let odd = inspected.issues.iter().filter(|issue| told.contains(&issue.code));
    let mut all: Vec<String> = odd.map(|issue| issue.detail.clone()).collect();
    if let Some(faces) = prepared.faces.as_ref().filter(|faces| faces.count > 0) {
        let what = if faces.blurred { "found and made unrecognisable" } else { "found" };
        all.push(format!("{} faces were {what}; others may be there", faces.count));
    }
    all
}

fn object_facts(source: &Source<'_>) -> ObjectFacts {
    match source {
        Source::Object(found) => ObjectFacts {
            etag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
            version_key: found.version_key(),
        },
        Source::Inline(..) => ObjectFacts::default(),
    }
}

/// What was measured.
pub(crate) fn picture_facts(decoded: &Decoded, change: Option<Change>) -> PictureFacts {
    let Decoded { inspected, prepared } = decoded;
    PictureFacts {
        width: prepared.width,
        height: prepared.height,
        format: inspected.format,
        animated: inspected.animated,
        sent_width: prepared.sent_width,
        sent_height: prepared.sent_height,
        sent_bytes: prepared.jpeg.len(),
        metrics: prepared.metrics.clone(),
        gate: prepared.gate.clone(),
        faces: prepared.faces.clone(),
        change,
    }
}
