//! The burn-down: what is known, the band of the forecast, and the limit.
//!
//! Forms tell things apart, not colours alone: the known part is a thick line, the forecast a thin one in an area, the
//! limit a line of dashes. `plotters` knows fixed colours only, so each paint has a stand-in that becomes a class of
//! the style sheet, which knows a light and a dark page.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use thiserror::Error;

use super::grouped;
use crate::report::{ChartDay, Report};

/// What the library divides font sizes by.
const FONT_FACTOR: f64 = 1.24;
const WIDTH: u32 = 900;
const HEIGHT: u32 = 380;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 54.0;
const FOOT: f64 = 34.0;
/// Lines of the grid, at most.
const GRID_LINES: f64 = 6.0;
const STYLE: &str = "<style>text{font-family:sans-serif}.ink{fill:#1a1a1a;stroke:#1a1a1a}text.ink,text.soft{stroke:none}\
.soft{fill:#5a5a5a}.band{fill:#c3d4ea}.known{stroke:#123a6b}.middle{stroke:#3b6ea8}.limit{stroke:#b3261e;fill:#b3261e;stroke-dasharray:9 5}\
text.limit{stroke:none}.grid{stroke:#d9d9d9}.page{fill:#fff}\
@media(prefers-color-scheme:dark){.ink{fill:#ececec;stroke:#ececec}.soft{fill:#b0b0b0}.band{fill:#2c4363}\
.known{stroke:#cfe3ff}.middle{stroke:#8fb8ea}.limit{stroke:#ff8a80;fill:#ff8a80}.grid{stroke:#3a3a3a}\
.page{fill:#161616}}</style>";

/// What the style sheet colours.
#[derive(Clone, Copy)]
enum Paint {
    Ink = 1,
    Soft,
    Band,
    Known,
    Middle,
    Limit,
    Grid,
    Page,
}

const PAINTS: [(Paint, &str); 8] = [
    (Paint::Ink, "ink"),
    (Paint::Soft, "soft"),
    (Paint::Band, "band"),
    (Paint::Known, "known"),
    (Paint::Middle, "middle"),
    (Paint::Limit, "limit"),
    (Paint::Grid, "grid"),
    (Paint::Page, "page"),
];

impl Paint {
    fn colour(self) -> RGBColor {
        RGBColor(1, 0, self as u8)
    }

    /// As the library writes it.
    fn written(self) -> String {
        format!("#0100{:02X}", self as u8)
    }
}

/// The picture could not be drawn.
#[derive(Debug, Error)]
#[error("the picture could not be drawn: {0}")]
pub struct ChartError(String);

/// An SVG document of the month.
///
/// # Errors
/// The library's.
pub fn svg(report: &Report) -> Result<String, ChartError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let sheet = Sheet { area: &area, days: report.days.len().max(1), most: most(report) };
        let drawn = sheet.draw(report).and_then(|()| area.present());
        drawn.map_err(|error| ChartError(error.to_string()))?;
    }
    Ok(styled(svg, &report.month))
}

/// With classes in place of the stand-ins, and a name for those who cannot see it.
fn styled(mut svg: String, month: &str) -> String {
    for (paint, class) in PAINTS {
        for attribute in ["fill", "stroke"] {
            svg = svg.replace(&format!("{attribute}=\"{}\"", paint.written()), &format!("class=\"{class}\""));
        }
    }
    let head = format!("<title>Egress of {} against the allowance</title>{STYLE}", escaped(month));
    match svg.find("<svg").and_then(|open| Some(open + svg[open..].find('>')? + 1)) {
        Some(inside) => svg.insert_str(inside, &head),
        None => svg.insert_str(0, &head),
    }
    svg.replacen("<svg ", "<svg role=\"img\" ", 1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The highest GB of the picture.
fn most(report: &Report) -> f64 {
    let of = |day: &ChartDay| [day.known_gb, day.p50_gb, day.p90_gb].into_iter().flatten().fold(0.0, f64::max);
    let highest = report.days.iter().map(of).fold(report.limit_gb, f64::max);
    if highest.is_finite() && highest > 0.0 { highest * 1.06 } else { 1.0 }
}

type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

struct Sheet<'s, 'a> {
    area: &'s DrawingArea<SVGBackend<'a>, Shift>,
    days: usize,
    most: f64,
}

impl<'a> Sheet<'_, 'a> {
    fn draw(&self, report: &Report) -> Drawn<'a> {
        self.area.fill(&Paint::Page.colour())?;
        self.text(
            &format!("Egress of {}, {}", report.month, report.scope),
            (LEFT, 16.0),
            15.0,
            Paint::Ink,
            HPos::Left,
        )?;
        let legend = "thick line: billed · thin line and area: forecast, 80 % of the draws · dashes: allowance";
        self.text(legend, (LEFT, 36.0), 12.0, Paint::Soft, HPos::Left)?;
        self.grid()?;
        self.dates(report)?;
        self.band(&report.days)?;
        self.curve(&report.days, |day| day.p50_gb, Paint::Middle, 2)?;
        self.curve(&report.days, |day| day.known_gb, Paint::Known, 4)?;
        self.limit(report.limit_gb)?;
        if report.days.is_empty() {
            let place = (f64::midpoint(LEFT, f64::from(WIDTH) - RIGHT), f64::from(HEIGHT) / 2.0);
            self.text("nothing is known of this month", place, 14.0, Paint::Ink, HPos::Center)?;
        }
        Ok(())
    }

    fn grid(&self) -> Drawn<'a> {
        let step = round_step(self.most / GRID_LINES);
        let mut level = 0.0;
        while level <= self.most {
            let y = self.y(level);
            self.line(&[(LEFT, y), (f64::from(WIDTH) - RIGHT, y)], Paint::Grid, 1)?;
            let text = if level > 0.0 { format!("{} GB", grouped(level)) } else { "0".to_owned() };
            self.text(&text, (LEFT - 6.0, y), 11.0, Paint::Soft, HPos::Right)?;
            level += step;
        }
        Ok(())
    }

    fn dates(&self, report: &Report) -> Drawn<'a> {
        let every = if self.days > 16 { 5 } else { 2 };
        for (index, day) in report.days.iter().enumerate().step_by(every) {
            let place = (self.x(index as f64 + 0.5), f64::from(HEIGHT) - FOOT / 2.0);
            self.text(&day.day.strftime("%m-%d").to_string(), place, 11.0, Paint::Soft, HPos::Center)?;
        }
        Ok(())
    }

    fn band(&self, days: &[ChartDay]) -> Drawn<'a> {
        let edge = |of: fn(&ChartDay) -> Option<f64>| self.points(days, of);
        let (low, high) = (edge(|day| day.p10_gb), edge(|day| day.p90_gb));
        if low.len() < 2 {
            return Ok(());
        }
        let outline: Vec<(i32, i32)> = low.into_iter().chain(high.into_iter().rev()).map(pixel).collect();
        self.area.draw(&Polygon::new(outline, Paint::Band.colour()))
    }

    fn curve(&self, days: &[ChartDay], of: fn(&ChartDay) -> Option<f64>, paint: Paint, width: u32) -> Drawn<'a> {
        let mut points = self.points(days, of);
        // What is known begins with nothing at the first midnight.
        if days.first().and_then(of).is_some() {
            points.insert(0, (self.x(0.0), self.y(0.0)));
        }
        self.line(&points, paint, width)
    }

    /// At the end of each day that has the value.
    fn points(&self, days: &[ChartDay], of: fn(&ChartDay) -> Option<f64>) -> Vec<(f64, f64)> {
        let point = |(index, day): (usize, &ChartDay)| Some((self.x(index as f64 + 1.0), self.y(of(day)?)));
        days.iter().enumerate().filter_map(point).collect()
    }

    fn limit(&self, limit: f64) -> Drawn<'a> {
        let y = self.y(limit);
        self.line(&[(LEFT, y), (f64::from(WIDTH) - RIGHT, y)], Paint::Limit, 2)?;
        self.text(&format!("allowance: {} GB", grouped(limit)), (LEFT + 6.0, y - 9.0), 12.0, Paint::Limit, HPos::Left)
    }

    fn x(&self, day: f64) -> f64 {
        LEFT + (f64::from(WIDTH) - LEFT - RIGHT) * day / self.days as f64
    }

    fn y(&self, gb: f64) -> f64 {
        TOP + (f64::from(HEIGHT) - TOP - FOOT) * (1.0 - gb / self.most)
    }

    fn line(&self, points: &[(f64, f64)], paint: Paint, width: u32) -> Drawn<'a> {
        if points.len() < 2 {
            return Ok(());
        }
        let style = ShapeStyle { color: paint.colour().to_rgba(), filled: false, stroke_width: width };
        self.area.draw(&PathElement::new(points.iter().copied().map(pixel).collect::<Vec<_>>(), style))
    }

    fn text(&self, text: &str, place: (f64, f64), size: f64, paint: Paint, side: HPos) -> Drawn<'a> {
        let colour = paint.colour();
        let style = TextStyle::from(("sans-serif", size * FONT_FACTOR).into_font())
            .color(&colour)
            .pos(Pos::new(side, VPos::Center));
        self.area.draw(&Text::new(super::clean(text), pixel(place), style))
    }
}

/// The next of 1, 2, 5 and their tenfolds.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|step| step * power).into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    // The conversion saturates; what lies outside is cut.
    (x.round() as i32, y.round() as i32)
}
