//! Risks by likelihood and impact, as numbers on a field of three zones.

use maud::Markup;

use super::pen::{Anchor, Caption, Paint, Pen, chart};

/// A risk; both measures are 0 to 1.
pub(crate) struct Place {
    pub(crate) number: usize,
    pub(crate) likelihood: f64,
    pub(crate) impact: f64,
}

const LEFT: f64 = 66.0;
const RIGHT: f64 = 6.0;
const TOP: f64 = 6.0;
const BOTTOM: f64 = 40.0;
const CELLS: i32 = 5;

fn height(width: f64) -> f64 {
    if width > 400.0 { 320.0 } else { 290.0 }
}

/// Draws the risks by their numbers in the table below.
pub(crate) fn matrix(caption: &Caption<'_>, places: &[Place]) -> Markup {
    chart(caption, height, |pen| draw(pen, places))
}

fn draw(pen: &Pen<'_>, places: &[Place]) {
    let (width, tall) = (pen.width - LEFT - RIGHT, height(pen.width) - TOP - BOTTOM);
    let (cell_x, cell_y) = (width / f64::from(CELLS), tall / f64::from(CELLS));
    for across in 0..CELLS {
        for up in 0..CELLS {
            let paint = match across + up {
                0..=2 => Paint::Good,
                3..=4 => Paint::Warning,
                _ => Paint::Critical,
            };
            let (x, y) = (LEFT + cell_x * f64::from(across), TOP + cell_y * f64::from(CELLS - 1 - up));
            pen.rect(x + 1.0, y + 1.0, cell_x - 2.0, cell_y - 2.0, paint);
        }
    }
    let bottom = TOP + tall;
    for (index, word) in ["very low", "low", "medium", "high", "very high"].into_iter().enumerate() {
        let step = index as f64 + 0.5;
        pen.text(word, LEFT - 6.0, bottom - cell_y * step, 11.0, Paint::Soft, Anchor::End);
        pen.text(word, LEFT + cell_x * step, bottom + 12.0, 11.0, Paint::Soft, Anchor::Middle);
    }
    pen.bold("likelihood →", pen.width - RIGHT, bottom + 30.0, 11.0, Paint::Soft, Anchor::End);
    pen.bold("↑ impact", 0.0, bottom + 12.0, 11.0, Paint::Soft, Anchor::Start);
    for (place, (x, y)) in places.iter().zip(spread(places, (LEFT, bottom), (width, tall))) {
        pen.dot(x, y, 12.5, Paint::Ground);
        pen.dot(x, y, 11.0, Paint::Ink);
        pen.bold(&place.number.to_string(), x, y, 11.0, Paint::Ground, Anchor::Middle);
    }
}

/// Where each number goes: at its measures, moved aside where another number is there already.
fn spread(places: &[Place], (left, bottom): (f64, f64), (width, tall): (f64, f64)) -> Vec<(f64, f64)> {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for place in places {
        let share = |value: f64| if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
        let inside = |x: f64, y: f64| (x.clamp(left + 13.0, left + width - 13.0), y.clamp(bottom - tall + 13.0, bottom - 13.0));
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
