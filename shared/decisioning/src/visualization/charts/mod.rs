//! The charts, each drawn twice: for wide and for narrow pages.

mod bars;
mod curve;
mod gauge;
mod lines;
mod matrix;
mod pen;
mod scale;

pub(crate) use bars::{Bar, BarValue, bars, wide_bars};
pub(crate) use curve::{Curve, curve};
pub(crate) use gauge::{BANDS, gauge};
pub(crate) use lines::{Ahead, Flagged, Lines, lines};
pub(crate) use matrix::{Levels, Place, matrix};
pub(crate) use pen::{Caption, Paint};
