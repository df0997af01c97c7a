//! A score of 0 to 100 on a half circle with its bands.

use maud::Markup;

use super::pen::{Anchor, Caption, Paint, Pen, SMALL, chart};

/// The bands of the health score: where each begins, its word and its paint.
pub(crate) const BANDS: [(f64, &str, Paint); 4] = [
    (0.0, "poor", Paint::Critical),
    (60.0, "fair", Paint::Warning),
    (75.0, "good", Paint::Fair),
    (85.0, "excellent", Paint::Good),
];

/// Largest radius; the narrow picture takes it too.
const RADIUS: f64 = 118.0;
const THICK: f64 = 22.0;

/// Draws the score; without one the scale stands alone.
pub(crate) fn gauge(caption: &Caption<'_>, score: Option<f64>, text: &str, word: &str) -> Markup {
    chart(caption, SMALL, |_| 176.0, |pen| draw(pen, score, text, word))
}

fn draw(pen: &Pen<'_>, score: Option<f64>, text: &str, word: &str) {
    let (x, y) = (pen.width / 2.0, 148.0);
    let at = |points: f64, radius: f64| {
        let angle = std::f64::consts::PI * (1.0 - points.clamp(0.0, 100.0) / 100.0);
        (x + radius * angle.cos(), y - radius * angle.sin())
    };
    for (index, (from, _, paint)) in BANDS.iter().enumerate() {
        let to = BANDS.get(index + 1).map_or(100.0, |next| next.0);
        let steps = 24;
        let step = |i: i32| from + 0.4 + (to - from - 0.8) * f64::from(i) / f64::from(steps);
        let outer = (0..=steps).map(|i| at(step(i), RADIUS));
        let inner = (0..=steps).rev().map(|i| at(step(i), RADIUS - THICK));
        pen.polygon(&outer.chain(inner).collect::<Vec<_>>(), *paint);
        if *from > 0.0 {
            let (mark_x, mark_y) = at(*from, RADIUS + 12.0);
            pen.text(&format!("{from:.0}"), mark_x, mark_y, 10.0, Paint::Soft, Anchor::Middle);
        }
    }
    pen.text("0", x - RADIUS + THICK / 2.0, y + 12.0, 10.0, Paint::Soft, Anchor::Middle);
    pen.text("100", x + RADIUS - THICK / 2.0, y + 12.0, 10.0, Paint::Soft, Anchor::Middle);
    if let Some(score) = score.filter(|score| score.is_finite()) {
        let ((tip_x, tip_y), (left_x, left_y), (right_x, right_y)) = (
            at(score, RADIUS - THICK - 2.0),
            at(score - 2.2, RADIUS - THICK - 22.0),
            at(score + 2.2, RADIUS - THICK - 22.0),
        );
        pen.polygon(&[(tip_x, tip_y), (left_x, left_y), (right_x, right_y)], Paint::Ink);
        pen.line(at(score, RADIUS - THICK), at(score, RADIUS + 3.0), Paint::Ink, 2.5);
    }
    pen.bold(text, x, y - 26.0, 40.0, Paint::Ink, Anchor::Middle);
    pen.text(word, x, y + 2.0, 13.0, Paint::Soft, Anchor::Middle);
}
