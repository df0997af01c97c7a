//! What a report needs to know of the picture.

/// A picture as a report sees it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// Whether it is good enough to be judged; the default is that it is not.
    pub gate_passed: bool,
    /// Why it is not, in words such as `too_dark`.
    pub gate_reasons: Vec<String>,
    /// Its measures, on the copy of at most 1,024 pixels a side.
    pub measures: Option<Measures>,
}

/// Measures of a picture, on BT.601 luma from 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Variance of the Laplacian.
    pub sharpness: f64,
    /// Mean luma.
    pub luma_mean: f64,
    /// Share of pixels at the black or white end, from 0 to 1.
    pub clipped_share: f64,
    /// Standard deviation of luma.
    pub contrast: f64,
}
