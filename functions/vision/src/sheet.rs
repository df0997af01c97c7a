//! A contact sheet: one page that a person can skim, with everything in it.
//!
//! No script, no address of anybody, every text escaped; light and dark, on a telephone and on paper.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::reply::{Document, Item};
use crate::report::contract::{Band, ReportedIndicator, Verdict};
use crate::report::words::{Indicator, Severity, Word};
use crate::run::Looked;

/// Cards side by side where there is room, one below the other on a telephone, never cut by a page.
const STYLE: &str = include_str!("sheet/style.css");
/// Characters of a text on a card; the result has all of it.
const MAX_TEXT: usize = 400;
/// Issues of a card.
const MAX_ISSUES: usize = 8;
/// Bytes of a small picture; a larger one is left out.
const MAX_THUMBNAIL: usize = 64 << 10;

/// One picture of the sheet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    item: Item,
    thumbnail: Option<String>,
    facts: Option<Facts>,
}

/// What stands below a picture, without the rest of its document.
#[derive(Debug, Clone, PartialEq)]
struct Facts {
    size: [u32; 2],
    indicators: Vec<Kind>,
    /// Name, place in the result, value.
    measures: [(&'static str, &'static str, f64); 3],
    provider: String,
    confidence: Option<f64>,
}

/// A kind of damage.
#[derive(Debug, Clone, PartialEq)]
struct Kind {
    label: &'static str,
    said: &'static str,
    /// Something is there, or it cannot be told.
    is_open: bool,
    evidence: String,
}

impl Card {
    /// A picture and what it came to.
    pub(crate) fn of(item: &Item, looked: Option<&Looked>) -> Self {
        let bytes = looked.and_then(|looked| looked.thumbnail.as_deref());
        let thumbnail = bytes.filter(|bytes| bytes.len() <= MAX_THUMBNAIL).map(|bytes| STANDARD.encode(bytes));
        Self { item: item.clone(), thumbnail, facts: looked.map(|looked| facts(&looked.document)) }
    }
}

fn facts(document: &Document) -> Facts {
    let (picture, report) = (&document.picture, &document.report);
    let metrics = &picture.metrics;
    Facts {
        size: [picture.width, picture.height],
        indicators: report.damage_report.indicators.iter().map(|(which, found)| kind(which, found)).collect(),
        measures: [
            ("sharpness", "/picture/metrics/sharpness", metrics.sharpness),
            ("light", "/picture/metrics/exposure/mean", metrics.exposure.mean),
            ("contrast", "/picture/metrics/contrast/sd", metrics.contrast.sd),
        ],
        provider: match report.provider.attempts {
            0 => "no model was asked".to_owned(),
            _ => shortened(report.provider.model.as_deref().unwrap_or(&report.provider.name)),
        },
        confidence: report.confidence.value,
    }
}

fn kind(which: Indicator, found: &ReportedIndicator) -> Kind {
    let said = match found.present {
        Some(true) => severity_word(found.severity),
        Some(false) => "none",
        None => "not known",
    };
    Kind {
        label: match which {
            Indicator::BoxDeformation => "deformed",
            Indicator::CornerDamage => "corners",
            Indicator::Leakage => "leakage",
            Indicator::PackagingIntegrity => "packaging",
        },
        said,
        is_open: found.present != Some(false),
        evidence: shortened(&found.evidence),
    }
}

/// The colour of a severity, for a class beside others.
fn damage_tone(severity: Severity) -> &'static str {
    match severity {
        Severity::None => "",
        Severity::Minor | Severity::Unknown => " look",
        Severity::Moderate | Severity::Severe => " bad",
    }
}

fn severity_word(severity: Severity) -> &'static str {
    if severity == Severity::Unknown { "not known" } else { severity.word() }
}

/// The page. `left_out` pictures did not fit.
pub(crate) fn page(cards: &[Card], left_out: usize) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'";
                meta name="color-scheme" content="light dark";
                title { "Contact sheet: " (cards.len()) " pictures" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(cards, left_out))
                (filter(cards))
                main { @for card in cards { (one(card)) } }
                footer {
                    "Damage and captions are a model's, checked against each other and the picture; what could not be seen is "
                    "“not known”, never good. Sharpness: variance of the Laplacian, below 100 blurred. Light and contrast: mean "
                    "and standard deviation of luma, 0 to 255."
                }
            }
        }
    }
    .into_string()
}

fn head(cards: &[Card], left_out: usize) -> Markup {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for card in cards {
        *counts.entry(verdict(card)).or_default() += 1;
    }
    let worst = |severity| cards.iter().filter(|card| card.item.severity == Some(severity)).count();
    let damage = [Severity::Severe, Severity::Moderate, Severity::Minor].map(|severity| (severity, worst(severity)));
    html! {
        header {
            h1 { "Contact sheet" }
            p {
                (cards.len()) " pictures"
                @for (word, count) in &counts { " · " (count) " " (word) }
                @if left_out > 0 { " · " (left_out) " more did not fit" }
            }
            @if damage.iter().any(|(_, count)| *count > 0) {
                p.worst {
                    "Damage:"
                    @for (severity, count) in damage.iter().filter(|(_, count)| *count > 0) {
                        " " span class={ "badge" (damage_tone(*severity)) } { (count) " " (severity.word()) }
                    }
                }
            }
        }
    }
}

/// Which cards are shown, by style alone: who prints, or has an old browser, sees all.
fn filter(cards: &[Card]) -> Markup {
    let tones =
        [("bad", "moderate or severe damage"), ("look", "to review"), ("gone", "without result"), ("good", "OK")];
    let counted =
        tones.map(|(class, word)| (class, word, cards.iter().filter(|card| tone(&card.item) == class).count()));
    let present = || counted.iter().filter(|(.., count)| *count > 0);
    html! {
        @if present().count() > 1 {
            fieldset.filter {
                legend { "Show" }
                label { input type="radio" name="show" autocomplete="off" checked; " all " (cards.len()) }
                @for (class, word, count) in present() {
                    label { input id={ "show-" (class) } type="radio" name="show" autocomplete="off"; " " (word) " " (count) }
                }
            }
        }
    }
}

fn verdict(card: &Card) -> &'static str {
    match card.item.assessment {
        Some(Verdict::Ok) => "OK",
        Some(Verdict::Review) => "to review",
        None => "without result",
    }
}

fn one(card: &Card) -> Markup {
    let item = &card.item;
    let tone = tone(item);
    html! {
        article class=(tone) {
            (picture(card))
            div.text {
                h2 { (shortened(&item.object_name)) }
                p.badges {
                    span class={ "badge " (tone) } { (verdict(card)) }
                    @if let Some(severity) = item.severity {
                        span class={ "badge" (damage_tone(severity)) } { "damage: " (severity_word(severity)) }
                    }
                    @if let Some(band) = item.band.filter(|band| *band != Band::Unknown) {
                        span.badge { "quality: " (band_word(band)) }
                    }
                }
                @if let Some(caption) = &item.caption_summary { p.caption { (shortened(caption)) } }
                @if let Some(failure) = &item.failure { p.caption { (shortened(&failure.message)) " (" (failure.code) ")" } }
                (scores(item))
                @if let Some(facts) = &card.facts { (details(facts)) }
                @if !item.issues.is_empty() { p.issues { "Why: " (issues(&item.issues)) } }
            }
        }
    }
}

fn picture(card: &Card) -> Markup {
    html! {
        @match &card.thumbnail {
            Some(data) => img src={ "data:image/jpeg;base64," (data) } alt=(shortened(&card.item.object_name));,
            None => div.none { "no picture" },
        }
    }
}

fn scores(item: &Item) -> Markup {
    let all = [
        ("package", "/quality_metrics/package_quality", item.package_quality),
        ("index", "/quality_metrics/quality_index", item.quality_index),
        ("damage", "/damage_report/overall/score", item.damage_score),
    ];
    html! {
        @if item.failure.is_none() {
            dl.scores {
                @for (name, pointer, value) in all {
                    div {
                        dt { (name) }
                        dd { @match value { Some(value) => (figure(pointer, value, 2)), None => span.unknown { "not known" } } }
                    }
                }
            }
        }
    }
}

/// A figure with its exact value and its place in the result.
fn figure(pointer: &str, value: f64, digits: usize) -> Markup {
    html! { data data-pointer=(pointer) value=(value) { (format!("{value:.digits$}")) } }
}

fn details(facts: &Facts) -> Markup {
    let [width, height] = facts.size;
    html! {
        dl.damage {
            @for kind in &facts.indicators {
                div.open[kind.is_open] {
                    dt { (kind.label) }
                    dd { b { (kind.said) } @if !kind.evidence.is_empty() { " — " (kind.evidence) } }
                }
            }
        }
        p.measures {
            (figure("/picture/width", width.into(), 0)) " × " (figure("/picture/height", height.into(), 0))
            @for (name, pointer, value) in &facts.measures { " · " (name) " " (figure(pointer, *value, 0)) }
            " · " (facts.provider)
            @if let Some(confidence) = facts.confidence {
                " · confidence " (figure("/confidence/value", confidence, 2)) " (heuristic)"
            }
        }
    }
}

fn issues(issues: &[String]) -> String {
    let mut text = issues.iter().take(MAX_ISSUES).map(|issue| issue.replace('_', " ")).collect::<Vec<_>>().join(", ");
    if issues.len() > MAX_ISSUES {
        text.push_str(", …");
    }
    shortened(&text)
}

/// The colour of a card; green needs a good result.
fn tone(item: &Item) -> &'static str {
    match (item.assessment, item.severity) {
        (None, _) => "gone",
        (Some(_), Some(Severity::Severe | Severity::Moderate)) => "bad",
        (Some(Verdict::Ok), _) => "good",
        (Some(Verdict::Review), _) => "look",
    }
}

fn band_word(band: Band) -> &'static str {
    match band {
        Band::Excellent => "excellent",
        Band::Good => "good",
        Band::Review => "review",
        Band::Reject => "reject",
        Band::Unknown => "not known",
    }
}

/// Cut to a length, without characters that a line cannot show or that turn its direction.
fn shortened(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let mut shown: String =
        text.chars().take(MAX_TEXT).map(|c| if c.is_control() || turns(c) { '·' } else { c }).collect();
    if text.chars().nth(MAX_TEXT).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
