//! Shapes on a surface of `plotters`, in the page's pixels and in paints that the page's style sheet decides.
//!
//! The library knows fixed colours only. Each [`Paint`] has a colour of its own that stands for it while drawing;
//! afterwards that colour is replaced by a class, so light, dark and print are a matter of the style sheet.

use std::cell::RefCell;
use std::io;

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::visualization::format::clean;

/// The library draws at whole numbers; a quarter of a pixel is fine enough for smooth lines.
const SCALE: f64 = 4.0;
/// What the library divides font sizes by.
const FONT_FACTOR: f64 = 1.24;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What the style sheet colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Paint {
    /// Words.
    Ink,
    /// Words of less weight.
    Soft,
    /// Lines of the grid.
    Grid,
    /// The line at zero.
    Axis,
    /// The main series.
    Main,
    /// What it is compared with.
    Second,
    /// A profit.
    Gain,
    /// A loss, hatched.
    Loss,
    /// What has not happened yet.
    Forecast,
    /// Where that is expected to lie.
    Band,
    /// Points that stand out.
    Flag,
    /// The empty part of a bar.
    Track,
    /// The lowest band of a scale.
    Critical,
    /// The second band.
    Warning,
    /// The third band.
    Fair,
    /// The highest band.
    Good,
    /// The ground of the page.
    Ground,
}

const PAINTS: [(Paint, &str); 17] = [
    (Paint::Ink, "ink"),
    (Paint::Soft, "soft"),
    (Paint::Grid, "grid"),
    (Paint::Axis, "axis"),
    (Paint::Main, "main"),
    (Paint::Second, "second"),
    (Paint::Gain, "gain"),
    (Paint::Loss, "loss"),
    (Paint::Forecast, "forecast"),
    (Paint::Band, "band"),
    (Paint::Flag, "flag"),
    (Paint::Track, "track"),
    (Paint::Critical, "critical"),
    (Paint::Warning, "warning"),
    (Paint::Fair, "fair"),
    (Paint::Good, "good"),
    (Paint::Ground, "ground"),
];

impl Paint {
    fn colour(self) -> RGBColor {
        RGBColor(1, 0, self as u8)
    }
}

/// Which side of a text its place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// The text begins there.
    Start,
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

/// A chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub(crate) struct ChartError(String);

/// Draws; the first failure is kept and reported at the end.
pub(crate) struct Pen<'a> {
    area: Area<'a>,
    /// Width in pixels of the page.
    pub(crate) width: f64,
    failure: RefCell<Option<String>>,
}

fn at(x: f64, y: f64) -> (i32, i32) {
    // What lies far outside the picture is cut; the conversion saturates.
    ((x * SCALE).round() as i32, (y * SCALE).round() as i32)
}

impl Pen<'_> {
    fn keep<E: std::error::Error + Send + Sync>(&self, drawn: Result<(), DrawingAreaErrorKind<E>>) {
        if let Err(error) = drawn {
            self.failure.borrow_mut().get_or_insert_with(|| error.to_string());
        }
    }

    fn stroke(paint: Paint, width: f64) -> ShapeStyle {
        ShapeStyle { color: paint.colour().to_rgba(), filled: false, stroke_width: (width * SCALE).round() as u32 }
    }

    pub(crate) fn rect(&self, x: f64, y: f64, width: f64, height: f64, paint: Paint) {
        let shape = Rectangle::new([at(x, y), at(x + width.max(0.0), y + height)], paint.colour().filled());
        self.keep(self.area.draw(&shape));
    }

    pub(crate) fn line(&self, from: (f64, f64), to: (f64, f64), paint: Paint, width: f64) {
        self.path(&[from, to], paint, width);
    }

    pub(crate) fn path(&self, points: &[(f64, f64)], paint: Paint, width: f64) {
        let points: Vec<(i32, i32)> = points.iter().map(|(x, y)| at(*x, *y)).collect();
        if points.len() > 1 {
            self.keep(self.area.draw(&PathElement::new(points, Self::stroke(paint, width))));
        }
    }

    pub(crate) fn polygon(&self, points: &[(f64, f64)], paint: Paint) {
        let points: Vec<(i32, i32)> = points.iter().map(|(x, y)| at(*x, *y)).collect();
        self.keep(self.area.draw(&Polygon::new(points, paint.colour())));
    }

    pub(crate) fn dot(&self, x: f64, y: f64, radius: f64, paint: Paint) {
        self.keep(self.area.draw(&Circle::new(at(x, y), (radius * SCALE).round() as i32, paint.colour().filled())));
    }

    /// A square on its corner.
    pub(crate) fn diamond(&self, x: f64, y: f64, radius: f64, paint: Paint) {
        self.polygon(&[(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)], paint);
    }

    /// A text whose vertical middle is at `y`.
    pub(crate) fn text(&self, text: &str, x: f64, y: f64, size: f64, paint: Paint, anchor: Anchor) {
        self.write(text, (x, y), size, paint, anchor, FontStyle::Normal);
    }

    pub(crate) fn bold(&self, text: &str, x: f64, y: f64, size: f64, paint: Paint, anchor: Anchor) {
        self.write(text, (x, y), size, paint, anchor, FontStyle::Bold);
    }

    fn write(&self, text: &str, (x, y): (f64, f64), size: f64, paint: Paint, anchor: Anchor, font: FontStyle) {
        let side = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let colour = paint.colour();
        let style = TextStyle::from(("sans-serif", size * SCALE * FONT_FACTOR, font).into_font())
            .color(&colour)
            .pos(Pos::new(side, VPos::Center));
        self.keep(self.area.draw(&Text::new(clean(text), at(x, y), style)));
    }
}

/// What a chart is called and says, for those who do not see it.
pub(crate) struct Caption<'a> {
    /// Unique in the page.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) description: &'a str,
}

/// Widths at which a chart is drawn: the style sheet shows the one that fits the page.
pub(crate) type Widths = &'static [(&'static str, f64)];

/// For a chart in half of a wide page.
pub(crate) const HALF: Widths = &[("wide", 560.0), ("narrow", 330.0)];
/// For a chart in two thirds of a wide page.
pub(crate) const TWO_THIRDS: Widths = &[("wide", 760.0), ("narrow", 330.0)];
/// For a chart across the page.
pub(crate) const FULL: Widths = &[("full", 1140.0), ("medium", 660.0), ("narrow", 330.0)];
/// For a chart that is small everywhere.
pub(crate) const SMALL: Widths = &[("small", 330.0)];

/// Draws a chart at its widths; `height` is asked for the height at a width, `draw` draws.
pub(crate) fn chart(
    caption: &Caption<'_>,
    widths: Widths,
    height: impl Fn(f64) -> f64,
    draw: impl Fn(&Pen<'_>),
) -> Markup {
    let sizes = widths.iter().map(|(name, width)| (*name, svg(caption, name, (*width, height(*width)), &draw)));
    html! {
        @for (name, drawn) in sizes {
            @match drawn {
                Ok(text) => (PreEscaped(text)),
                Err(error) => p class={"absent " (name)} { (error.to_string()) },
            }
        }
    }
}

fn svg(
    caption: &Caption<'_>,
    name: &str,
    (width, height): (f64, f64),
    draw: impl Fn(&Pen<'_>),
) -> Result<String, ChartError> {
    let mut drawn = String::new();
    let size = ((width * SCALE) as u32, (height * SCALE) as u32);
    {
        let area = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
        let pen = Pen { area, width, failure: RefCell::new(None) };
        draw(&pen);
        let failure = pen.failure.take();
        let ended = pen.area.present().map_err(|error: DrawingAreaErrorKind<io::Error>| error.to_string());
        if let Some(error) = failure.or(ended.err()) {
            return Err(ChartError(error));
        }
    }
    let shapes = drawn.split_once('>').map_or("", |(_, rest)| rest);
    let id = format!("{}-{name}", caption.id);
    let head = html! {
        title id={(id) "-title"} { (clean(caption.title)) }
        desc id={(id) "-desc"} { (clean(caption.description)) }
    };
    let open = format!(
        "<svg class=\"chart {name}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">",
        size.0, size.1
    );
    Ok(format!("{open}{}{}", head.into_string(), classed(shapes)))
}

/// Puts classes in the places of the colours. Texts cannot hold a quotation mark here, because they are escaped.
fn classed(shapes: &str) -> String {
    let mut text = shapes.replace(" opacity=\"1\"", "").replace(" font-family=\"sans-serif\"", "").replace("\n", "");
    for (paint, name) in PAINTS {
        let RGBColor(red, green, blue) = paint.colour();
        let colour = format!("#{red:02X}{green:02X}{blue:02X}");
        text = text.replace(&format!("fill=\"{colour}\""), &format!("class=\"f-{name}\""));
        text = text.replace(&format!("stroke=\"{colour}\""), &format!("class=\"s-{name}\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_texts_stay_texts() {
        let caption = Caption { id: "c", title: "</title><script>", description: "a \"b\"" };
        let hostile = "</svg><script>alert(1)</script> fill=\"#010000\"";
        let drawn = chart(
            &caption,
            HALF,
            |_| 40.0,
            |pen| {
                pen.rect(0.0, 0.0, 10.0, 10.0, Paint::Loss);
                pen.line((0.0, 0.0), (5.0, 5.0), Paint::Grid, 1.0);
                pen.text(hostile, 5.0, 5.0, 12.0, Paint::Ink, Anchor::Start);
            },
        );
        let text = drawn.into_string();
        assert!(!text.contains("<script") && text.matches("</svg>").count() == 2, "{text}");
        assert!(text.contains("class=\"f-loss\"") && text.contains("class=\"s-grid\""), "{text}");
        assert!(text.contains("fill=&quot;#010000&quot;"), "{text}");
        assert_eq!(text.matches("=\"#01").count(), 0);
    }

    #[test]
    fn every_paint_has_its_own_class() {
        for (index, (paint, _)) in PAINTS.iter().enumerate() {
            assert_eq!(*paint as usize, index);
        }
    }
}
