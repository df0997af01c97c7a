//! A picture of one trace: a panel for each policy with the demand, the size and the violations.
//!
//! The panels share their axis. Forms tell things apart: the demand is an area, the size a line, a violation a
//! triangle above it. `plotters` knows fixed colours only, so each paint has a stand-in that becomes a class of
//! the style sheet, which knows a light and a dark page.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use thiserror::Error;

use super::model::{STEPS_PER_DAY, VIOLATION_SHARE, count, tally, violates};

/// What the library divides font sizes by.
const FONT_FACTOR: f64 = 1.24;
const WIDTH: u32 = 1200;
const HEAD: u32 = 46;
const PANEL: u32 = 150;
const FOOT: u32 = 26;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 14.0;
/// Above the largest size in a panel: its title and the triangles.
const PANEL_TOP: f64 = 40.0;
const STYLE: &str = "<style>text{font-family:sans-serif}.ink{fill:#1a1a1a}.soft{fill:#5a5a5a}.demand{fill:#b9c7d8}\
.bad{fill:#b3261e}.size{stroke:#123a6b}.grid{stroke:#d9d9d9}.page{fill:#fff}\
@media(prefers-color-scheme:dark){.ink{fill:#ececec}.soft{fill:#b0b0b0}.demand{fill:#3d4f66}.bad{fill:#ff8a80}\
.size{stroke:#cfe3ff}.grid{stroke:#3a3a3a}.page{fill:#161616}}</style>";

/// What the style sheet colours.
#[derive(Clone, Copy)]
enum Paint {
    Ink = 1,
    Soft,
    Demand,
    Bad,
    Size,
    Grid,
    Page,
}

const PAINTS: [(Paint, &str); 7] = [
    (Paint::Ink, "ink"),
    (Paint::Soft, "soft"),
    (Paint::Demand, "demand"),
    (Paint::Bad, "bad"),
    (Paint::Size, "size"),
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

/// One panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Name of the policy.
    pub policy: String,
    /// A size for each sample.
    pub sizes: Vec<u32>,
}

/// An SVG document of the demand in OCPUs and what each policy made of it.
///
/// # Errors
/// The library's.
pub fn draw(name: &str, demand: &[Option<f64>], panels: &[Panel]) -> Result<String, ChartError> {
    let height = HEAD + FOOT + PANEL * u32::try_from(panels.len()).unwrap_or(u32::MAX / PANEL).min(100);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let sheet = Sheet { area: &area, samples: demand.len() };
        let drawn = sheet.draw(name, demand, panels).and_then(|()| sheet.area.present());
        drawn.map_err(|error| ChartError(error.to_string()))?;
    }
    Ok(styled(svg, name))
}

/// With classes in place of the stand-ins.
fn styled(mut svg: String, name: &str) -> String {
    for (paint, class) in PAINTS {
        for attribute in ["fill", "stroke"] {
            svg = svg.replace(&format!("{attribute}=\"{}\"", paint.written()), &format!("class=\"{class}\""));
        }
    }
    let title = format!("<title>{}</title>{STYLE}", escaped(name));
    match svg.find("<svg").and_then(|open| Some(open + svg[open..].find('>')? + 1)) {
        Some(inside) => svg.insert_str(inside, &title),
        None => svg.insert_str(0, &title),
    }
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

struct Sheet<'s, 'a> {
    area: &'s DrawingArea<SVGBackend<'a>, Shift>,
    samples: usize,
}

impl<'a> Sheet<'_, 'a> {
    fn draw(&self, name: &str, demand: &[Option<f64>], panels: &[Panel]) -> Drawn<'a> {
        self.area.fill(&Paint::Page.colour())?;
        self.text(name, (LEFT, 14.0), 15.0, Paint::Ink, HPos::Left)?;
        let legend = "filled: OCPUs needed · line: OCPUs of the machine · triangle: more than 90 % needed";
        self.text(legend, (LEFT, 33.0), 12.0, Paint::Soft, HPos::Left)?;
        for (index, panel) in panels.iter().enumerate() {
            let top = f64::from(HEAD) + count(index) * f64::from(PANEL);
            let scale = Scale::new(demand, panels, top);
            self.panel(panel, demand, &scale)?;
        }
        self.days(f64::from(HEAD) + count(panels.len()) * f64::from(PANEL))
    }

    fn panel(&self, panel: &Panel, demand: &[Option<f64>], scale: &Scale) -> Drawn<'a> {
        for level in [0.0, scale.most / 2.0, scale.most] {
            let y = scale.y(level);
            self.line(&[(LEFT, y), (f64::from(WIDTH) - RIGHT, y)], Paint::Grid, 1)?;
            self.text(&format!("{level:.0}"), (LEFT - 6.0, y), 11.0, Paint::Soft, HPos::Right)?;
        }
        self.demand(demand, scale)?;
        self.line(&self.steps(&panel.sizes, scale), Paint::Size, 2)?;
        self.violations(demand, &panel.sizes, scale)?;
        self.text(&title(panel, demand), (LEFT, scale.top + 12.0), 12.0, Paint::Ink, HPos::Left)
    }

    /// One stretch without gaps after the other.
    fn demand(&self, demand: &[Option<f64>], scale: &Scale) -> Drawn<'a> {
        let mut stretch: Vec<(f64, f64)> = Vec::new();
        for bucket in self.buckets() {
            let highest = demand[bucket.clone()].iter().copied().flatten().reduce(f64::max);
            if let Some(highest) = highest {
                stretch.push((self.x(bucket.start), scale.y(highest)));
                stretch.push((self.x(bucket.end), scale.y(highest)));
            } else {
                self.filled(&stretch, scale)?;
                stretch.clear();
            }
        }
        self.filled(&stretch, scale)
    }

    fn filled(&self, stretch: &[(f64, f64)], scale: &Scale) -> Drawn<'a> {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { return Ok(()) };
        let ground = scale.y(0.0);
        let outline = stretch.iter().copied().chain([(last.0, ground), (first.0, ground)]);
        self.area.draw(&Polygon::new(outline.map(pixel).collect::<Vec<_>>(), Paint::Demand.colour()))
    }

    fn steps(&self, sizes: &[u32], scale: &Scale) -> Vec<(f64, f64)> {
        let mut points = Vec::new();
        let mut begun = 0;
        for run in sizes.chunk_by(|one, other| one == other) {
            let y = scale.y(f64::from(run[0]));
            points.extend([(self.x(begun), y), (self.x(begun + run.len()), y)]);
            begun += run.len();
        }
        points
    }

    fn violations(&self, demand: &[Option<f64>], sizes: &[u32], scale: &Scale) -> Drawn<'a> {
        let y = scale.y(scale.most) - 4.0;
        for bucket in self.buckets() {
            if bucket.clone().any(|sample| violates(sizes[sample], demand[sample])) {
                let x = f64::midpoint(self.x(bucket.start), self.x(bucket.end));
                let corners = [(x, y), (x - 4.0, y - 7.0), (x + 4.0, y - 7.0)];
                self.area.draw(&Polygon::new(corners.map(pixel).to_vec(), Paint::Bad.colour()))?;
            }
        }
        Ok(())
    }

    fn days(&self, y: f64) -> Drawn<'a> {
        let days = self.samples.div_ceil(STEPS_PER_DAY);
        let every = days.div_ceil(16).max(1);
        for day in (0..days).step_by(every) {
            let place = (self.x(day * STEPS_PER_DAY), y + 10.0);
            self.text(&format!("day {}", day + 1), place, 11.0, Paint::Soft, HPos::Left)?;
        }
        Ok(())
    }

    /// Stretches of samples that share a pixel.
    fn buckets(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let each = self.samples.div_ceil(WIDTH as usize).max(1);
        let samples = self.samples;
        (0..samples).step_by(each).map(move |first| first..(first + each).min(samples))
    }

    fn x(&self, sample: usize) -> f64 {
        LEFT + (f64::from(WIDTH) - LEFT - RIGHT) * count(sample) / count(self.samples.max(1))
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
        self.area.draw(&Text::new(text.to_owned(), pixel(place), style))
    }
}

/// The heights of a panel.
struct Scale {
    top: f64,
    most: f64,
}

impl Scale {
    fn new(demand: &[Option<f64>], panels: &[Panel], top: f64) -> Self {
        let size = panels.iter().flat_map(|panel| &panel.sizes).copied().max().unwrap_or(1);
        let most = demand.iter().copied().flatten().fold(f64::from(size), f64::max);
        Self { top, most: most.max(1.0) }
    }

    fn y(&self, ocpus: f64) -> f64 {
        let height = f64::from(PANEL) - PANEL_TOP - 10.0;
        self.top + PANEL_TOP + height * (1.0 - ocpus / self.most)
    }
}

fn title(panel: &Panel, demand: &[Option<f64>]) -> String {
    let tally = tally(demand, &panel.sizes);
    let days = tally.days().max(f64::MIN_POSITIVE);
    format!(
        "{} · per day {:.0} OCPU hours, {:.1} min above {:.0} %, {:.2} resizes",
        panel.policy,
        tally.ocpu_hours / days,
        tally.violation_minutes / days,
        VIOLATION_SHARE * 100.0,
        count(tally.resizes) / days
    )
}

fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    // The conversion saturates; what lies outside is cut.
    (x.round() as i32, y.round() as i32)
}
