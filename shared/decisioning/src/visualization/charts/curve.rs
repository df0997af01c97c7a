//! The share curve: how much of the whole the largest part of the members has.

use maud::Markup;

use super::pen::{Anchor, Caption, HALF, Paint, Pen, chart};

/// What is drawn; all shares are 0 to 1.
pub(crate) struct Curve<'a> {
    /// Share of the members, the largest first, and their share of the whole.
    pub(crate) points: &'a [(f64, f64)],
    /// Words for the axes.
    pub(crate) across: &'a str,
    pub(crate) up: &'a str,
}

const LEFT: f64 = 44.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 40.0;

fn height(width: f64) -> f64 {
    if width > 400.0 { 300.0 } else { 260.0 }
}

/// Draws the curve beside the line of equal shares.
pub(crate) fn curve(caption: &Caption<'_>, shown: &Curve<'_>) -> Markup {
    chart(caption, HALF, height, |pen| draw(pen, shown))
}

fn draw(pen: &Pen<'_>, shown: &Curve<'_>) {
    let (right, bottom) = (pen.width - RIGHT, height(pen.width) - BOTTOM);
    let at =
        |(x, y): (f64, f64)| (LEFT + x.clamp(0.0, 1.0) * (right - LEFT), bottom + y.clamp(0.0, 1.0) * (TOP - bottom));
    for step in 0..=4 {
        let share = f64::from(step) / 4.0;
        let text = format!("{}%", step * 25);
        let (x, y) = at((share, share));
        pen.line((LEFT, y), (right, y), if step == 0 { Paint::Axis } else { Paint::Grid }, 1.0);
        pen.text(&text, LEFT - 6.0, y, 11.0, Paint::Soft, Anchor::End);
        pen.text(&text, x, bottom + 13.0, 11.0, Paint::Soft, Anchor::Middle);
    }
    pen.text(shown.up, 0.0, 9.0, 11.0, Paint::Soft, Anchor::Start);
    pen.text(shown.across, right, bottom + 30.0, 11.0, Paint::Soft, Anchor::End);
    pen.path(&[at((0.0, 0.0)), at((1.0, 1.0))], Paint::Second, 1.5);
    let finite = shown.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
    let line: Vec<(f64, f64)> = std::iter::once((0.0, 0.0)).chain(finite).map(at).collect();
    pen.path(&line, Paint::Main, 2.0);
    for (x, y) in line.iter().skip(1) {
        pen.dot(*x, *y, 2.5, Paint::Main);
    }
}
