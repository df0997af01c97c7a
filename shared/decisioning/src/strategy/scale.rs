//! Piecewise-linear maps from a figure to a score: monotone, with every corner written down.

/// A map through corners in rising order of the figure; flat beyond the first and the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale(pub &'static [(f64, f64)]);

impl Scale {
    /// The score of a figure.
    #[must_use]
    pub fn at(&self, figure: f64) -> f64 {
        let Some((first, last)) = self.0.first().zip(self.0.last()) else { return 0.0 };
        if figure <= first.0 {
            return first.1;
        }
        let corner = self.0.windows(2).find(|pair| figure <= pair[1].0);
        corner.map_or(last.1, |pair| {
            let (from, to) = (pair[0], pair[1]);
            from.1 + (to.1 - from.1) * (figure - from.0) / (to.0 - from.0)
        })
    }

    /// The corners in words, as `0.2 -> 85, 0.4 -> 60`.
    #[must_use]
    pub fn describe(&self) -> String {
        self.0.iter().map(|(figure, score)| format!("{figure} -> {score}")).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_and_between() {
        let scale = Scale(&[(0.0, 100.0), (0.5, 50.0), (1.0, 0.0)]);
        let check = |figure, expected| assert_eq!(scale.at(figure), expected, "{figure}");
        check(-1.0, 100.0);
        check(0.25, 75.0);
        check(0.5, 50.0);
        check(7.0, 0.0);
        assert_eq!(scale.describe(), "0 -> 100, 0.5 -> 50, 1 -> 0");
        assert_eq!(Scale(&[]).at(1.0), 0.0);
    }
}
