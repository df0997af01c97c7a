//! The time line of a play: errors of each minute, the limit, and the verdict below.
//!
//! Forms tell things apart, not colours alone: every stretch of a verdict has its name in it or beside it.

use maud::{Markup, PreEscaped, html};

use super::play::Played;
use crate::rollback::{Cloud, Decision, Pool};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 48.0;
/// Bottom of the curve.
const FLOOR: f64 = 210.0;
const BAND_TOP: f64 = 222.0;
const BAND: f64 = 22.0;
/// Least width at which a name fits into its band.
const NAMED: f64 = 64.0;
const STYLE: &str = "text{font:12px sans-serif;fill:#1a1a1a}.soft{fill:#5a5a5a}.page{fill:#fff}\
.curve{fill:none;stroke:#123a6b;stroke-width:2}.limit{stroke:#b3261e;stroke-dasharray:8 5}.grid{stroke:#d9d9d9}\
.none{fill:#d5e8d4}.watch{fill:#fff2cc}.rollback{fill:#f3b8b4}.blocked,.hold{fill:#e1d5e7}.unknown{fill:#e0e0e0}\
.move{stroke:#1a1a1a;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#ececec}.soft{fill:#b0b0b0}.page{fill:#161616}.curve{stroke:#cfe3ff}\
.limit{stroke:#ff8a80}.grid{stroke:#3a3a3a}.none{fill:#274027}.watch{fill:#55481a}.rollback{fill:#6d2a25}\
.blocked,.hold{fill:#47385a}.unknown{fill:#444}.move{stroke:#ececec}}";

/// An SVG document of a play.
#[must_use]
pub fn svg(name: &str, played: &[Played], limit_percent: f64) -> String {
    let sheet = Sheet { minutes: played.len().max(1) as f64, most: most(played, limit_percent) };
    let title = format!("{name}: errors and verdicts of {} minutes", played.len());
    let drawn = html! {
        svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) {
            title { (title) }
            style { (PreEscaped(STYLE)) }
            rect.page width=(WIDTH) height=(HEIGHT) {}
            text x=(LEFT) y="20" { (title) }
            text.soft x=(LEFT) y="38" { "line: errors in percent · dashes: limit · upright line: traffic moves" }
            (sheet.grid())
            (sheet.limit(limit_percent))
            @for points in sheet.curves(played) { polyline.curve points=(points) {} }
            @for band in bands(played) { (sheet.band(&band)) }
            (sheet.moves(played))
        }
    };
    drawn.into_string()
}

fn share(one: &Played) -> Option<f64> {
    let pool = Pool { calls: one.calls?, errors: one.errors? };
    pool.share().map(|share| share * 100.0)
}

fn most(played: &[Played], limit: f64) -> f64 {
    let highest = played.iter().filter_map(share).fold(limit * 2.0, f64::max);
    (highest * 1.1).clamp(1.0, 100.0)
}

/// Minutes with one verdict.
struct Band {
    first: usize,
    end: usize,
    decision: Decision,
}

fn bands(played: &[Played]) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    for (index, one) in played.iter().enumerate() {
        match bands.last_mut() {
            Some(last) if last.decision == one.decision => last.end = index + 1,
            _ => bands.push(Band { first: index, end: index + 1, decision: one.decision }),
        }
    }
    bands
}

fn class(decision: Decision) -> &'static str {
    match decision {
        Decision::None => "none",
        Decision::Watch(_) => "watch",
        Decision::Rollback(_) => "rollback",
        Decision::Blocked(_) => "blocked",
        Decision::Hold(_) => "hold",
        Decision::Unknown(_) => "unknown",
    }
}

struct Sheet {
    minutes: f64,
    most: f64,
}

impl Sheet {
    fn x(&self, minute: f64) -> f64 {
        tenths(LEFT + (WIDTH - LEFT - RIGHT) * minute / self.minutes)
    }

    fn y(&self, percent: f64) -> f64 {
        tenths(TOP + (FLOOR - TOP) * (1.0 - percent.min(self.most) / self.most))
    }

    fn grid(&self) -> Markup {
        let steps = [0.0, 0.25, 0.5, 0.75, 1.0].map(|part| part * self.most);
        html! {
            @for level in steps {
                line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(self.y(level)) y2=(self.y(level)) {}
                text.soft x=(LEFT - 6.0) y=(self.y(level) + 4.0) text-anchor="end" { (format!("{level:.1}")) }
            }
        }
    }

    fn limit(&self, percent: f64) -> Markup {
        html! { line.limit x1=(LEFT) x2=(WIDTH - RIGHT) y1=(self.y(percent)) y2=(self.y(percent)) {} }
    }

    /// A line for each stretch of measured minutes: a gap is no zero.
    fn curves(&self, played: &[Played]) -> Vec<String> {
        let mut curves = vec![String::new()];
        for (index, one) in played.iter().enumerate() {
            match (share(one), curves.last_mut()) {
                (Some(percent), Some(curve)) => {
                    let (x, y) = (self.x(index as f64 + 0.5), self.y(percent));
                    if !curve.is_empty() {
                        curve.push(' ');
                    }
                    curve.push_str(&format!("{x},{y}"));
                }
                _ => curves.push(String::new()),
            }
        }
        curves.retain(|curve| !curve.is_empty());
        curves
    }

    fn band(&self, band: &Band) -> Markup {
        let (left, right) = (self.x(band.first as f64), self.x(band.end as f64));
        let (word, width) = (band.decision.word(), tenths(right - left));
        html! {
            rect class=(class(band.decision)) x=(left) y=(BAND_TOP) width=(width) height=(BAND) {
                title { "minutes " (band.first + 1) " to " (band.end) ": " (word) }
            }
            // Names of narrow bands that stand out hang below them.
            @if width >= NAMED { text x=(left + 4.0) y=(BAND_TOP + 15.0) { (shown(&word, width)) } }
            @else if !matches!(band.decision, Decision::None | Decision::Watch(_)) {
                text x=(left) y=(BAND_TOP + BAND + 16.0) { (word) }
            }
        }
    }

    fn moves(&self, played: &[Played]) -> Markup {
        let moved = played.windows(2).position(|pair| pair[0].serving == Cloud::Oci && pair[1].serving == Cloud::Aws);
        html! {
            @if let Some(index) = moved {
                @let x = self.x(index as f64 + 1.0);
                line.move x1=(x) x2=(x) y1=(TOP) y2=(BAND_TOP + BAND) {}
            }
        }
    }
}

/// What fits into a band.
fn shown(word: &str, width: f64) -> &str {
    let fits = (width / 8.5) as usize;
    word.get(..fits).map_or(word, |_| word.split('(').next().unwrap_or(word))
}

/// Documents need no more, and the same play gives the same text.
fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
