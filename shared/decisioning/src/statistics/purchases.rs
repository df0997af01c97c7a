//! The BG/NBD model of repeat purchases (Fader, Hardie and Lee 2005, "Counting Your Customers the Easy Way").
//!
//! While active a customer buys at a rate that varies over customers by a gamma distribution (`r`, `alpha`); after
//! each purchase the customer leaves with a probability that varies by a beta distribution (`a`, `b`).

use statrs::function::gamma::ln_gamma;

use super::describe::compensated;
use super::optimise::nelder_mead;

/// The history of one customer, in any unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// Repeat purchases: those after the first.
    pub repeats: f64,
    /// Time from the first to the last purchase; 0 without repeats.
    pub recency: f64,
    /// Time from the first purchase to the end of observation.
    pub age: f64,
}

/// The fitted model; `alpha` is in the histories' unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// Shape of the rates.
    pub r: f64,
    /// Scale of the rates.
    pub alpha: f64,
    /// First shape of the probabilities of leaving.
    pub a: f64,
    /// Second shape of the probabilities of leaving.
    pub b: f64,
    /// Log-likelihood of all histories.
    pub log_likelihood: f64,
}

/// A parameter beyond this is on its way to infinity: the data do not determine it.
const RUNAWAY: f64 = 1e6;

/// Why there is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No history can be used.
    #[error("there is no customer whose purchases can be followed")]
    NothingToFit,
    /// The search for the best parameters did not end.
    #[error("the search for the parameters of the model did not converge")]
    NotConverged,
    /// The likelihood is largest where nobody leaves: `a` goes to zero, or `b` to infinity.
    #[error(
        "the purchases bear no sign of customers who left: the likelihood of the model is largest where the \
         probability of leaving goes to 0, so that its parameters a and b have no estimate"
    )]
    NobodyLeaves,
    /// The likelihood is largest where all leave at once: `b` goes to zero, or `a` to infinity.
    #[error(
        "the likelihood of the model is largest where every customer leaves at once, so that its parameters a and b \
         have no estimate"
    )]
    EverybodyLeaves,
    /// The likelihood is largest where all customers buy at the same rate: `r` and `alpha` go to infinity.
    #[error(
        "customers do not differ in how often they buy: the likelihood of the model is largest where its parameters \
         r and alpha go to infinity"
    )]
    SameRate,
    /// Another parameter goes to zero or to infinity.
    #[error("the data do not determine the parameters r and alpha of the model")]
    Undetermined,
}

impl Unfit {
    /// Where a search ended that found no bounds.
    fn of([r, alpha, a, b]: [f64; 4]) -> Option<Self> {
        let (is_large, is_small) = (|p: f64| p >= RUNAWAY, |p: f64| p <= 1.0 / RUNAWAY);
        match () {
            () if is_small(a) || (is_large(b) && a / b <= 1e-3) => Some(Self::NobodyLeaves),
            () if is_small(b) || is_large(a) || is_large(b) => Some(Self::EverybodyLeaves),
            () if is_large(r) && is_large(alpha) => Some(Self::SameRate),
            () => [r, alpha].iter().any(|p| is_large(*p) || is_small(*p)).then_some(Self::Undetermined),
        }
    }
}

/// Fits the model.
///
/// # Errors
///
/// [`Unfit`] when the search does not converge or a parameter goes to zero or grows without bound.
pub fn fit(histories: &[History]) -> Result<Model, Unfit> {
    let grouped = Grouped::new(histories);
    if grouped.groups.is_empty() {
        return Err(Unfit::NothingToFit);
    }
    let start = [0.5_f64.ln(), grouped.mean_age().max(1e-3).ln(), 0.5_f64.ln(), 2.0_f64.ln()];
    let found = nelder_mead(&start, 0.6, |logs| {
        let [r, alpha, a, b] = [logs[0], logs[1], logs[2], logs[3]].map(f64::exp);
        -grouped.log_likelihood(r, alpha, a, b)
    });
    let [r, alpha, a, b] = [found.at[0], found.at[1], found.at[2], found.at[3]].map(f64::exp);
    match Unfit::of([r, alpha, a, b]) {
        Some(unfit) => Err(unfit),
        None if !found.converged => Err(Unfit::NotConverged),
        None => Ok(Model { r, alpha, a, b, log_likelihood: -found.value }),
    }
}

/// Equal histories counted once, those with the same number of repeats together.
struct Grouped {
    groups: Vec<Group>,
}

/// A number of repeats, and recency, age and number of the customers that have it.
type Group = (f64, Vec<(f64, f64, f64)>);

impl Grouped {
    fn new(histories: &[History]) -> Self {
        let usable = |h: &&History| {
            h.repeats >= 0.0 && h.age > 0.0 && h.recency >= 0.0 && h.recency <= h.age && h.age.is_finite()
        };
        let mut sorted: Vec<&History> = histories.iter().filter(usable).collect();
        sorted.sort_by(|x, y| {
            let (x, y) = ((x.repeats, x.recency, x.age), (y.repeats, y.recency, y.age));
            x.0.total_cmp(&y.0).then(x.1.total_cmp(&y.1)).then(x.2.total_cmp(&y.2))
        });
        let mut groups: Vec<Group> = Vec::new();
        for history in sorted {
            if groups.last().is_none_or(|(repeats, _)| *repeats != history.repeats) {
                groups.push((history.repeats, Vec::new()));
            }
            let Some((_, members)) = groups.last_mut() else { continue };
            match members.last_mut() {
                Some(last) if (last.0, last.1) == (history.recency, history.age) => last.2 += 1.0,
                _ => members.push((history.recency, history.age, 1.0)),
            }
        }
        Self { groups }
    }

    fn mean_age(&self) -> f64 {
        let all = || self.groups.iter().flat_map(|(_, members)| members);
        compensated(all().map(|m| m.1 * m.2)) / compensated(all().map(|m| m.2))
    }

    fn log_likelihood(&self, r: f64, alpha: f64, a: f64, b: f64) -> f64 {
        let of_group = |(x, members): &Group| {
            let constant = ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + ln_gamma(a + b) + ln_gamma(b + x)
                - ln_gamma(b)
                - ln_gamma(a + b + x);
            let left = if *x > 0.0 { a.ln() - (b + x - 1.0).ln() } else { f64::NEG_INFINITY };
            compensated(members.iter().map(|(recency, age, count)| {
                let stays = -(r + x) * (alpha + age).ln();
                let mixed = if *x > 0.0 {
                    let leaves = left - (r + x) * (alpha + recency).ln();
                    let larger = stays.max(leaves);
                    larger + ((stays - larger).exp() + (leaves - larger).exp()).ln()
                } else {
                    stays
                };
                count * (constant + mixed)
            }))
        };
        compensated(self.groups.iter().map(of_group))
    }
}

impl Model {
    /// Probability that a customer is still active at the end of observation.
    #[must_use]
    pub fn probability_active(&self, history: &History) -> f64 {
        1.0 / (1.0 + self.odds_of_having_left(history))
    }

    fn odds_of_having_left(&self, h: &History) -> f64 {
        if h.repeats <= 0.0 {
            return 0.0;
        }
        let ratio = (self.r + h.repeats) * ((self.alpha + h.age).ln() - (self.alpha + h.recency).ln());
        self.a / (self.b + h.repeats - 1.0) * ratio.exp()
    }

    /// Purchases that are expected of a customer within `time` after the end of observation.
    ///
    /// Equation 10 of the paper after Euler's transformation of its hypergeometric function, which keeps the terms
    /// small however many purchases there were.
    #[must_use]
    pub fn expected_purchases(&self, history: &History, time: f64) -> f64 {
        if time <= 0.0 {
            return 0.0;
        }
        let Self { r, alpha, b, .. } = *self;
        // The formula has a removable gap at a = 1.
        let a = if (self.a - 1.0).abs() < 1e-6 { 1.0 + 1e-6 } else { self.a };
        let z = time / (alpha + history.age + time);
        let c = a + b + history.repeats - 1.0;
        let series = hypergeometric(c - r - history.repeats, a - 1.0, c, z);
        let remaining = c / (a - 1.0) * (1.0 - (1.0 - z).powf(a - 1.0) * series);
        (remaining * self.probability_active(history)).max(0.0)
    }
}

/// Gauss's hypergeometric function by its series, for 0 <= z < 1.
fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut total) = (1.0, 1.0);
    for n in 0..100_000 {
        let n = f64::from(n);
        let divisor = (c + n) * (n + 1.0);
        if divisor == 0.0 {
            return f64::NAN;
        }
        term *= (a + n) * (b + n) / divisor * z;
        total += term;
        if term.abs() <= 1e-15 * f64::abs(total) {
            break;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypergeometric_closed_forms() {
        assert!((hypergeometric(1.0, 1.0, 2.0, 0.5) - 2.0 * 2.0_f64.ln()).abs() < 1e-12);
        assert!((hypergeometric(-0.3, 2.0, 2.0, 0.9) - 0.1_f64.powf(0.3)).abs() < 1e-10);
    }

    /// Customers who buy and leave at several rates, drawn with a fixed linear congruential generator.
    fn histories() -> Vec<History> {
        let mut state = 7_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let mut customer = |i: usize| {
            let (rate, leaves) = ([0.01, 0.03, 0.08, 0.25][i % 4], [0.05, 0.2, 0.6][i % 3]);
            let mut history = History { repeats: 0.0, recency: 0.0, age: 27.0 + 12.0 * draw() };
            let mut now = 0.0;
            while draw() > leaves {
                now -= draw().ln() / rate;
                if now > history.age {
                    break;
                }
                (history.repeats, history.recency) = (history.repeats + 1.0, now);
            }
            history
        };
        (0..1200).map(&mut customer).collect()
    }

    /// Parameters and expectation of the paper's own example.
    #[test]
    fn the_papers_customer_buys_1_226_times_in_39_weeks() {
        let model = Model { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426, log_likelihood: -9582.4 };
        let customer = History { repeats: 2.0, recency: 30.43, age: 38.86 };
        assert!((model.expected_purchases(&customer, 39.0) - 1.226).abs() < 1e-3);
    }

    #[test]
    fn expectations_grow_with_time_and_die_with_silence() {
        let model = fit(&histories()).unwrap();
        let busy = History { repeats: 8.0, recency: 49.0, age: 50.0 };
        let gone = History { recency: 10.0, ..busy };
        assert!(model.probability_active(&busy) > model.probability_active(&gone));
        assert!(model.expected_purchases(&busy, 20.0) > model.expected_purchases(&busy, 10.0));
        assert!(model.expected_purchases(&busy, 10.0) > model.expected_purchases(&gone, 10.0));
    }

    #[test]
    fn nothing_to_fit_is_no_model() {
        assert_eq!(fit(&[]), Err(Unfit::NothingToFit));
        assert_eq!(fit(&[History { repeats: 0.0, recency: 0.0, age: 0.0 }]), Err(Unfit::NothingToFit));
        assert!(fit(&[History { repeats: 0.0, recency: 0.0, age: 9.0 }; 50]).is_err(), "nobody repeats");
        let steady: Vec<History> =
            histories().iter().map(|h| History { repeats: h.age.floor(), recency: h.age, ..*h }).collect();
        assert_eq!(fit(&steady), Err(Unfit::NobodyLeaves));
    }

    #[test]
    fn order_of_customers_does_not_matter() {
        let mut turned = histories();
        turned.reverse();
        assert_eq!(fit(&turned), Ok(fit(&histories()).unwrap()));
    }
}
