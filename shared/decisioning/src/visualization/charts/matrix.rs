//! Risks by likelihood and impact, as numbers on a field with the zones of their levels.

use maud::Markup;

use super::pen::{Anchor, Caption, HALF, Paint, Pen, chart};

/// A risk; both measures are 0 to 1.
pub(crate) struct Place {
    pub(crate) number: usize,
    pub(crate) likelihood: f64,
    pub(crate) impact: f64,
}

/// Scores, likelihood x impact, from which a level begins; absent ones are not drawn.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Levels {
    pub(crate) medium: Option<f64>,
    pub(crate) high: Option<f64>,
}

const LEFT: f64 = 48.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 40.0;

fn height(width: f64) -> f64 {
    if width > 400.0 { 330.0 } else { 290.0 }
}

/// Draws the risks by their numbers in the table beside.
pub(crate) fn matrix(caption: &Caption<'_>, places: &[Place], levels: Levels) -> Markup {
    chart(caption, HALF, height, |pen| draw(pen, places, levels))
}

fn draw(pen: &Pen<'_>, places: &[Place], levels: Levels) {
    let (width, tall) = (pen.width - LEFT - RIGHT, height(pen.width) - TOP - BOTTOM);
    let bottom = TOP + tall;
    let at = |likelihood: f64, impact: f64| (LEFT + width * likelihood, bottom - tall * impact);
    pen.rect(LEFT, TOP, width, tall, Paint::Good);
    for (level, paint) in [(levels.medium, Paint::Warning), (levels.high, Paint::Critical)] {
        if let Some(level) = level.filter(|level| *level > 0.0 && *level < 1.0) {
            let steps = (0..=40).map(|step| level.powf(1.0 - f64::from(step) / 40.0));
            let edge = steps.map(|likelihood| at(likelihood, (level / likelihood).min(1.0)));
            pen.polygon(&edge.chain([at(1.0, 1.0)]).collect::<Vec<_>>(), paint);
        }
    }
    for step in 0..=4 {
        let share = f64::from(step) / 4.0;
        let ((x, _), (_, y)) = (at(share, 0.0), at(0.0, share));
        pen.line((LEFT, y), (LEFT + width, y), if step == 0 { Paint::Axis } else { Paint::Grid }, 1.0);
        pen.line((x, TOP), (x, bottom), if step == 0 { Paint::Axis } else { Paint::Grid }, 1.0);
        let text = format!("{}%", step * 25);
        pen.text(&text, LEFT - 6.0, y, 11.0, Paint::Soft, Anchor::End);
        pen.text(&text, x, bottom + 13.0, 11.0, Paint::Soft, Anchor::Middle);
    }
    for (name, score) in zones(levels) {
        let (x, y) = at(score.sqrt(), score.sqrt());
        pen.text(name, x, y, 11.0, Paint::Ink, Anchor::Middle);
    }
    pen.bold("likelihood →", pen.width - RIGHT, bottom + 30.0, 11.0, Paint::Soft, Anchor::End);
    pen.bold("↑ impact", 0.0, 9.0, 11.0, Paint::Soft, Anchor::Start);
    for (place, (x, y)) in places.iter().zip(spread(places, (LEFT, bottom), (width, tall))) {
        pen.dot(x, y, 12.5, Paint::Ground);
        pen.dot(x, y, 11.0, Paint::Ink);
        pen.bold(&place.number.to_string(), x, y, 11.0, Paint::Ground, Anchor::Middle);
    }
}

/// The word of each zone and a score in its middle.
fn zones(levels: Levels) -> Vec<(&'static str, f64)> {
    let (Some(medium), Some(high)) = (levels.medium, levels.high) else { return Vec::new() };
    if !(0.0 < medium && medium < high && high < 1.0) {
        return Vec::new();
    }
    vec![("low", medium / 3.0), ("medium", (medium * high).sqrt()), ("high", (high + 1.0) / 2.0)]
}

/// Where each number goes: at its measures, moved aside where another number is there already.
fn spread(places: &[Place], (left, bottom): (f64, f64), (width, tall): (f64, f64)) -> Vec<(f64, f64)> {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for place in places {
        let share = |value: f64| if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
        let inside =
            |x: f64, y: f64| (x.clamp(left + 13.0, left + width - 13.0), y.clamp(bottom - tall + 13.0, bottom - 13.0));
        let (x, y) = inside(left + width * share(place.likelihood), bottom - tall * share(place.impact));
        let free = |x: f64, y: f64| taken.iter().all(|(a, b)| (a - x).hypot(b - y) >= 24.0);
        let around = (0..40).map(|turn| {
            let (angle, radius) = (f64::from(turn) * 1.1, 25.0 * f64::from((turn + 5) / 6));
            inside(x + radius * angle.cos() * f64::from(turn.min(1)), y + radius * angle.sin() * f64::from(turn.min(1)))
        });
        taken.push(around.into_iter().find(|(x, y)| free(*x, *y)).unwrap_or((x, y)));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_risks_do_not_hide_each_other() {
        let places: Vec<Place> = (1..=9).map(|number| Place { number, likelihood: 1.0, impact: 1.0 }).collect();
        let spread = spread(&places, (66.0, 250.0), (258.0, 244.0));
        for (index, (x, y)) in spread.iter().enumerate() {
            let nearest = spread[..index].iter().map(|(a, b)| (a - x).hypot(b - y)).fold(f64::INFINITY, f64::min);
            assert!(nearest >= 24.0, "{spread:?}");
        }
    }
}
