//! A value over time: the series, its trend, what stands out, and what is expected to come.

use maud::Markup;

use super::pen::{Anchor, Caption, FULL, Paint, Pen, chart};
use super::scale::{Scale, label_places};
use crate::visualization::downsample::runs;
use crate::visualization::format::{shortened, tick};

/// A period that stands out.
pub(crate) struct Flagged {
    /// Its place in the series.
    pub(crate) index: usize,
    /// Whether it is above what was expected.
    pub(crate) is_high: bool,
}

/// A period to come.
pub(crate) struct Ahead {
    pub(crate) period: String,
    pub(crate) value: Option<f64>,
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
}

/// What is drawn.
pub(crate) struct Lines<'a> {
    pub(crate) periods: &'a [String],
    pub(crate) values: &'a [Option<f64>],
    /// The second line, such as the profit; empty when there is none.
    pub(crate) second: &'a [Option<f64>],
    /// The trend, as long as the values; empty when there is none.
    pub(crate) trend: &'a [Option<f64>],
    pub(crate) flagged: &'a [Flagged],
    pub(crate) ahead: &'a [Ahead],
}

const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 24.0;

/// Draws values over time.
pub(crate) fn lines(caption: &Caption<'_>, shown: &Lines<'_>) -> Markup {
    chart(caption, FULL, height, |pen| Drawing::new(pen, shown).draw())
}

fn height(width: f64) -> f64 {
    if width > 400.0 { 300.0 } else { 230.0 }
}

struct Drawing<'a, 's> {
    pen: &'a Pen<'s>,
    shown: &'a Lines<'a>,
    y: Scale,
    bottom: f64,
}

impl<'a, 's> Drawing<'a, 's> {
    fn new(pen: &'a Pen<'s>, shown: &'a Lines<'a>) -> Self {
        let bottom = height(pen.width) - BOTTOM;
        let ahead = shown.ahead.iter().flat_map(|ahead| [ahead.value, ahead.lower, ahead.upper]);
        let all = shown.values.iter().chain(shown.second).chain(shown.trend).copied().chain(ahead).flatten();
        Self { pen, shown, y: Scale::over(all, true, bottom, TOP), bottom }
    }

    fn x(&self, index: usize) -> f64 {
        let last = (self.shown.values.len() + self.shown.ahead.len()).saturating_sub(1).max(1);
        LEFT + (self.pen.width - LEFT - RIGHT) * index as f64 / last as f64
    }

    fn draw(&self) {
        self.grid();
        self.coming();
        self.line(self.shown.second, Paint::Second, 1.5);
        self.line(self.shown.trend, Paint::Soft, 1.5);
        self.line(self.shown.values, Paint::Main, 2.0);
        for flagged in self.shown.flagged {
            let Some(value) = self.shown.values.get(flagged.index).copied().flatten() else { continue };
            let (x, y) = (self.x(flagged.index), self.y.at(value));
            self.pen.diamond(x, y, 6.5, Paint::Ground);
            self.pen.diamond(x, y, 5.0, Paint::Flag);
            let beside = if flagged.is_high { y - 12.0 } else { y + 12.0 };
            self.pen.bold(if flagged.is_high { "high" } else { "low" }, x, beside, 10.0, Paint::Flag, Anchor::Middle);
        }
    }

    fn grid(&self) {
        for value in self.y.ticks(7) {
            let y = self.y.at(value);
            let paint = if value == 0.0 { Paint::Axis } else { Paint::Grid };
            self.pen.line((LEFT, y), (self.pen.width - RIGHT, y), paint, 1.0);
            self.pen.text(&tick(value), LEFT - 6.0, y, 11.0, Paint::Soft, Anchor::End);
        }
        let periods: Vec<&str> =
            self.shown.periods.iter().map(String::as_str).chain(self.shown.ahead.iter().map(|a| &*a.period)).collect();
        for (index, label) in labels(&periods, (self.pen.width / 60.0) as usize) {
            let x = self.x(index);
            self.pen.line((x, self.bottom), (x, self.bottom + 4.0), Paint::Axis, 1.0);
            let anchor = if index == 0 { Anchor::Start } else { Anchor::Middle };
            self.pen.text(
                &shortened(&label, 12),
                if index == 0 { x - 4.0 } else { x },
                self.bottom + 13.0,
                11.0,
                Paint::Soft,
                anchor,
            );
        }
    }

    fn line(&self, values: &[Option<f64>], paint: Paint, width: f64) {
        for run in runs(values, (self.pen.width - LEFT - RIGHT) as usize) {
            let points: Vec<(f64, f64)> =
                run.iter().map(|(index, value)| (self.x(*index), self.y.at(*value))).collect();
            match points.as_slice() {
                [(x, y)] => self.pen.dot(*x, *y, width, paint),
                points => self.pen.path(points, paint, width),
            }
        }
    }

    /// What is expected, with the band around it; both begin at the last known value.
    fn coming(&self) {
        let known = self.shown.values.len();
        let Some(first) = known.checked_sub(1) else { return };
        let last = self.shown.values.last().copied().flatten().filter(|value| value.is_finite());
        let at = |index: usize, value: f64| (self.x(index), self.y.at(value));
        let side = |of: fn(&Ahead) -> Option<f64>| {
            let ahead = self.shown.ahead.iter().enumerate();
            let points = ahead.filter_map(|(i, a)| Some(at(known + i, of(a).filter(|v| v.is_finite())?)));
            last.map(|value| at(first, value)).into_iter().chain(points).collect::<Vec<_>>()
        };
        let (lower, upper) = (side(|a| a.lower), side(|a| a.upper));
        if lower.len() > 1 && lower.len() == upper.len() {
            let outline: Vec<(f64, f64)> = upper.iter().chain(lower.iter().rev()).copied().collect();
            self.pen.polygon(&outline, Paint::Band);
        }
        if !self.shown.ahead.is_empty() {
            let middle = side(|a| a.value);
            self.pen.path(&middle, Paint::Forecast, 2.0);
            let x = self.x(first);
            self.pen.line((x, TOP), (x, self.bottom), Paint::Axis, 1.0);
            self.pen.text("forecast →", x + 5.0, TOP + 4.0, 11.0, Paint::Soft, Anchor::Start);
        }
    }
}

/// Which periods are written below the axis: years where the periods are months or days of several years.
fn labels(periods: &[&str], most: usize) -> Vec<(usize, String)> {
    let year = |text: &str| text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned);
    let mut years: Vec<(usize, String)> = Vec::new();
    for (index, period) in periods.iter().enumerate() {
        match (year(period), years.last()) {
            (None, _) => return evenly(periods, most),
            (Some(year), Some((_, last))) if *last == year => {}
            (Some(year), _) => years.push((index, year)),
        }
    }
    if (3..=most).contains(&years.len()) { years } else { evenly(periods, most) }
}

fn evenly(periods: &[&str], most: usize) -> Vec<(usize, String)> {
    label_places(periods.len(), most).map(|index| (index, periods[index].to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(periods: &[&str], expected: &[(usize, &str)]) {
        let found = labels(periods, 4);
        assert_eq!(found.iter().map(|(index, text)| (*index, text.as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn years_label_years_and_other_periods_are_thinned() {
        check(&["2014-12", "2015-01", "2015-02", "2016-01"], &[(0, "2014"), (1, "2015"), (3, "2016")]);
        check(&["2017-01", "2017-02"], &[(0, "2017-01"), (1, "2017-02")]);
        check(&["a", "b", "c", "d", "e"], &[(0, "a"), (2, "c"), (4, "e")]);
        check(&[], &[]);
    }

    #[test]
    fn a_million_points_stay_a_small_picture() {
        let values: Vec<Option<f64>> = (0..1_000_000).map(|i| Some(f64::from(i % 977))).collect();
        let shown = Lines { periods: &[], values: &values, second: &[], trend: &[], flagged: &[], ahead: &[] };
        let caption = Caption { id: "x", title: "t", description: "d" };
        assert!(lines(&caption, &shown).into_string().len() < 250_000);
    }
}
