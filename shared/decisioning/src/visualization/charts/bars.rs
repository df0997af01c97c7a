//! Horizontal bars: a label and its figure on one line, the bars below.

use maud::Markup;

use super::pen::{Anchor, Caption, HALF, Paint, Pen, TWO_THIRDS, Widths, chart};
use super::scale::Scale;
use crate::visualization::format::shortened;

/// One bar of a row.
pub(crate) struct BarValue {
    pub(crate) value: Option<f64>,
    pub(crate) paint: Paint,
}

/// A row of the chart.
pub(crate) struct Bar {
    pub(crate) label: String,
    /// The figures in words, which stand at the right.
    pub(crate) text: String,
    pub(crate) values: Vec<BarValue>,
}

/// Rows of a chart; the table beside it has the others.
const MOST_ROWS: usize = 40;
const ROW: f64 = 25.0;
const THICK: f64 = 9.0;
const THIN: f64 = 6.0;
/// A letter's mean width as a share of the font's size.
const LETTER: f64 = 0.58;
const SIZE: f64 = 12.5;

fn row_height(row: &Bar) -> f64 {
    ROW + THICK + THIN * row.values.len().saturating_sub(1) as f64 + 6.0
}

/// Draws bars from zero; `full` is the value of a full bar where there is a natural one.
pub(crate) fn bars(caption: &Caption<'_>, rows: &[Bar], full: Option<f64>) -> Markup {
    bars_at(HALF, caption, rows, full)
}

/// The same for two thirds of a wide page.
pub(crate) fn wide_bars(caption: &Caption<'_>, rows: &[Bar], full: Option<f64>) -> Markup {
    bars_at(TWO_THIRDS, caption, rows, full)
}

fn bars_at(widths: Widths, caption: &Caption<'_>, rows: &[Bar], full: Option<f64>) -> Markup {
    let rows = &rows[..rows.len().min(MOST_ROWS)];
    let height = rows.iter().map(row_height).sum::<f64>() + 6.0;
    chart(caption, widths, |_| height, |pen| draw(pen, rows, full))
}

fn draw(pen: &Pen<'_>, rows: &[Bar], full: Option<f64>) {
    let values = rows.iter().flat_map(|row| row.values.iter().filter_map(|bar| bar.value));
    let scale = Scale::over(values.chain(full), true, 0.0, pen.width);
    let zero = scale.at(0.0);
    let mut y = 0.0;
    for row in rows {
        let text_width = row.text.chars().count() as f64 * LETTER * SIZE;
        let letters = ((pen.width - text_width - 12.0) / (LETTER * SIZE)).max(6.0) as usize;
        pen.text(&shortened(&row.label, letters), 0.0, y + 13.0, SIZE, Paint::Ink, Anchor::Start);
        pen.text(&row.text, pen.width, y + 13.0, SIZE, Paint::Ink, Anchor::End);
        let mut top = y + ROW;
        for (index, bar) in row.values.iter().enumerate() {
            let thick = if index == 0 { THICK } else { THIN };
            if full.is_some() {
                pen.rect(zero, top, pen.width - zero, thick, Paint::Track);
            }
            if let Some(value) = bar.value.filter(|value| value.is_finite()) {
                let end = scale.at(value);
                // Even the smallest value is seen.
                let width = (end - zero).abs().max(if value == 0.0 { 0.0 } else { 1.0 });
                pen.rect(if value < 0.0 { zero - width } else { zero }, top, width, thick, bar.paint);
            }
            top += thick + 1.0;
        }
        pen.line((zero, y + ROW - 2.0), (zero, top + 1.0), Paint::Axis, 1.0);
        y += row_height(row);
    }
}
