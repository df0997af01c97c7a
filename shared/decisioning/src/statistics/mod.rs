//! Statistics as pure functions on slices: nothing here knows a table, a clock or a column name.
//!
//! Functions give `None` where the input is too small or of the wrong kind, never a default. Sums do not depend
//! on the order of their terms where the order of rows must not matter ([`describe::sum`]).
//!
//! | module | methods |
//! |---|---|
//! | [`describe`] | sum, mean, deviation, quantiles, median absolute deviation, autocorrelation |
//! | [`concentration`] | Gini, Herfindahl-Hirschman, shares of the largest |
//! | [`correlation`] | Pearson, Spearman |
//! | [`trend`] | Mann-Kendall (plain, Hamed-Rao, seasonal), Theil-Sen slope with interval |
//! | [`change_point`] | Pettitt's change point |
//! | [`seasonal`] | seasonal-trend decomposition by LOESS, strengths of trend and season |
//! | [`anomalies`] | generalised extreme Studentised deviate, seasonal-hybrid ESD, robust z |
//! | [`forest`] | isolation forest |
//! | [`forecast`] | seasonal naive, exponential smoothing, scaled error over rolling origins |
//! | [`false_discovery`] | Benjamini-Hochberg |
//! | [`purchases`] | BG/NBD model of repeat purchases |
//! | [`spending`] | Gamma-Gamma model of spending per purchase |
//! | [`optimise`] | Nelder-Mead simplex |

pub mod anomalies;
pub mod change_point;
pub mod concentration;
pub mod correlation;
pub mod describe;
pub mod false_discovery;
pub mod forecast;
pub mod forest;
pub mod optimise;
pub mod purchases;
pub mod seasonal;
pub mod spending;
pub mod trend;

#[cfg(test)]
mod tests;
