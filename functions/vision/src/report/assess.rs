//! From all that is known to the report.

use std::collections::BTreeMap;

use super::agree::{Agreed, agree};
use super::confidence::{self, Confidence};
use super::contract::{
    Assessment, Band, Caption, DamageReport, Exif, Metadata, PromptIdentity, Provider, QualityMetrics, Report, Status,
    Verdict,
};
use super::cross_check::cross_check;
use super::delivery::{nearness, timeliness};
use super::expect::{Coordinates, Expect};
use super::fault::Fault;
use super::issue::{self, Issue};
use super::metrics::metrics;
use super::observed::Observed;
use super::picture_facts::Picture;
use super::score::{Score, score};
use super::settings::Settings;
use super::words::{Severity, Word};
use super::{caption, damage};

/// All that a report is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The file.
    pub metadata: Metadata,
    /// What the camera wrote, with the place only when it may be told.
    pub exif: Exif,
    /// Where the picture was taken; used for the distance and not repeated.
    pub taken_at: Option<Coordinates>,
    /// The picture's measures and whether it can be judged.
    pub picture: Picture,
    /// A sentence that is true without a model.
    pub description: String,
    /// Where and until when the delivery was expected, and when it was.
    pub expect: Expect,
    /// Who looked.
    pub provider: Provider,
    /// What was, or would have been, asked.
    pub prompt: PromptIdentity,
    /// What came of it.
    pub outcome: Outcome,
    /// What else is wrong; each calls for a review.
    pub issues: Vec<Issue>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// Milliseconds of each step.
    pub timings_ms: BTreeMap<String, f64>,
}

/// What came of asking a model.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// No model is configured.
    NoModel,
    /// The picture did not pass the gate, so no model was asked.
    NotAsked,
    /// The model could not be asked, or gave no answer.
    Failed {
        /// What happened, without secrets.
        detail: String,
    },
    /// It answered, and neither that nor the answer to the repair question can be read.
    Unusable {
        /// What is wrong with the last answer.
        faults: Vec<Fault>,
    },
    /// It answered.
    Answered {
        /// The answers that could be read.
        answers: Vec<Observed>,
        /// How many were asked for.
        asked: u32,
    },
}

impl Outcome {
    /// Why there is no answer, when there is none: status, code and words.
    fn missing(&self, picture: &Picture) -> (Status, &'static str, String) {
        match self {
            Self::NoModel => (Status::NotAssessed, issue::NO_VISION_MODEL, "no vision model is configured".to_owned()),
            Self::NotAsked => {
                let reasons = picture.gate_reasons.join(", ");
                let detail = format!("the picture is too poor to be judged ({reasons}), so no model was asked");
                (Status::InsufficientImage, issue::INSUFFICIENT_IMAGE, detail)
            }
            Self::Failed { detail } => (Status::Failed, issue::MODEL_FAILED, format!("the model failed: {detail}")),
            Self::Unusable { faults } => (Status::Partial, issue::ANSWER_UNUSABLE, unusable(faults)),
            Self::Answered { .. } => {
                let detail = "the model gave no answer that could be read".to_owned();
                (Status::Partial, issue::ANSWER_UNUSABLE, detail)
            }
        }
    }

    /// Why nobody described the picture; no word of the model's.
    fn why(&self) -> &'static str {
        match self {
            Self::NoModel => "no vision model is configured",
            Self::NotAsked => "the picture is too poor to be judged",
            Self::Failed { .. } => "the model failed",
            Self::Unusable { .. } | Self::Answered { .. } => "the model's answer could not be read",
        }
    }

    fn asked(&self) -> u32 {
        match self {
            Self::NoModel | Self::NotAsked => 0,
            Self::Failed { .. } | Self::Unusable { .. } => 1,
            Self::Answered { asked, .. } => *asked,
        }
    }
}

fn unusable(faults: &[Fault]) -> String {
    let first = faults.first().map(|fault| format!(": {fault}")).unwrap_or_default();
    format!("the model's answer could not be read{first}")
}

/// What a model's part of the report is.
struct Parts {
    caption: Caption,
    summary: String,
    damage: DamageReport,
    score: Score,
    confidence: Confidence,
    issues: Vec<Issue>,
}

/// Makes the report. Whatever is missing or wrong is an issue, and any issue calls for a review.
#[must_use]
pub fn assess(facts: Facts, settings: &Settings) -> Report {
    let parts = match agreed(&facts, settings) {
        Some(agreed) => with_answer(&facts, &agreed, settings),
        None => without_answer(&facts),
    };
    let near = nearness(&facts.expect, facts.taken_at, settings);
    let timely = timeliness(&facts.expect, settings);
    let metrics = metrics(parts.score, &near, &timely, settings);
    let delivery = near.issue.into_iter().chain(timely.issue);
    let mut issues: Vec<_> = parts.issues.into_iter().chain(facts.issues).chain(delivery).collect();
    issues.extend(judged(&parts.damage, &metrics));
    if issues.is_empty() && metrics.package_quality.is_none() {
        issues.push(Issue::new(issue::NO_SCORE, "the model's own score cannot be used"));
    }
    Report {
        assessment: assessment(issues, facts.notes, &parts.damage, &metrics),
        metadata: facts.metadata,
        exif: facts.exif,
        caption_json: parts.caption,
        caption_summary: parts.summary,
        damage_report: parts.damage,
        quality_metrics: metrics,
        provider: facts.provider,
        prompt: facts.prompt,
        confidence: parts.confidence,
        timings_ms: facts.timings_ms,
    }
}

fn agreed(facts: &Facts, settings: &Settings) -> Option<Agreed> {
    let Outcome::Answered { answers, asked } = &facts.outcome else { return None };
    let check = |answer: &Observed| cross_check(answer.clone(), &facts.picture, &settings.damage_bands);
    agree(&answers.iter().map(check).collect::<Vec<_>>(), *asked)
}

fn with_answer(facts: &Facts, agreed: &Agreed, settings: &Settings) -> Parts {
    let read = match &facts.outcome {
        Outcome::Answered { answers, .. } => u32::try_from(answers.len()).unwrap_or(u32::MAX),
        _ => 0,
    };
    let score = score(&agreed.checked, settings);
    let caption = caption::described(&agreed.checked, &facts.description);
    let (repaired, asked) = (facts.provider.repaired, facts.outcome.asked());
    Parts {
        summary: caption::summary(&caption, agreed.checked.injection_suspected),
        caption,
        damage: damage::assessed(agreed, score),
        score,
        confidence: confidence::confidence(agreed, &facts.picture, repaired, asked, read),
        issues: agreed.checked.issues.clone(),
    }
}

fn without_answer(facts: &Facts) -> Parts {
    let (status, code, detail) = facts.outcome.missing(&facts.picture);
    let text = format!("{}; content was not described because {}", facts.description, facts.outcome.why());
    let caption = caption::not_available(text, code);
    Parts {
        summary: caption::summary(&caption, false),
        caption,
        damage: damage::without_findings(status, &detail),
        score: Score::default(),
        confidence: confidence::without_answer(&facts.picture, facts.outcome.asked()),
        issues: vec![Issue::new(code, detail)],
    }
}

/// What calls for a person although everything is known.
fn judged(damage: &DamageReport, metrics: &QualityMetrics) -> Vec<Issue> {
    let severity = damage.overall.severity;
    let mut issues = Vec::new();
    if [Severity::Moderate, Severity::Severe].contains(&severity) {
        issues.push(Issue::new(issue::DAMAGE_FOUND, format!("the worst damage is {}", severity.word())));
    }
    for (name, band) in
        [("package_quality", metrics.bands.package_quality), ("quality_index", metrics.bands.quality_index)]
    {
        if [Band::Review, Band::Reject].contains(&band) {
            issues.push(Issue::new(issue::LOW_QUALITY, format!("{name} is in the band {}", band.word())));
        }
    }
    issues
}

fn assessment(details: Vec<Issue>, notes: Vec<String>, damage: &DamageReport, metrics: &QualityMetrics) -> Assessment {
    let mut issues: Vec<String> = Vec::new();
    for issue in &details {
        if !issues.contains(&issue.code) {
            issues.push(issue.code.clone());
        }
    }
    let passes = |band: Band| [Band::Excellent, Band::Good].contains(&band);
    let is_good = passes(metrics.bands.package_quality) && passes(metrics.bands.quality_index);
    let status = if issues.is_empty() && is_good { Verdict::Ok } else { Verdict::Review };
    Assessment { status, issues, insights: insights(status, damage, metrics), details, notes }
}

/// The report in two or three sentences.
fn insights(status: Verdict, damage: &DamageReport, metrics: &QualityMetrics) -> String {
    let index = match metrics.quality_index {
        Some(index) => format!("The quality index is {index} ({}).", metrics.bands.quality_index.word()),
        None => "There is no quality index, because the package could not be judged.".to_owned(),
    };
    let call = match status {
        Verdict::Ok => "No review is needed.",
        Verdict::Review => "A person has to look.",
    };
    format!("{} {index} {call}", damage.overall.rationale)
}
