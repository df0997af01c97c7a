//! The Gamma-Gamma model of spending per purchase (Fader and Hardie 2013, "The Gamma-Gamma Model of Monetary Value").

use statrs::function::gamma::ln_gamma;

use super::describe::{compensated, mean};
use super::optimise::nelder_mead;

/// What one customer spends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spending {
    /// Purchases that the mean is over; above 0.
    pub purchases: f64,
    /// Mean value of these purchases; above 0.
    pub mean_value: f64,
}

/// The fitted model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// Shape of the values of one customer.
    pub p: f64,
    /// Shape of the scales over customers.
    pub q: f64,
    /// Scale of the scales over customers, in the unit of the values.
    pub v: f64,
    /// Log-likelihood of all customers.
    pub log_likelihood: f64,
}

/// A parameter beyond this is on its way to infinity: the data do not determine it.
const RUNAWAY: f64 = 1e7;

/// Fits the model to customers with positive spending; `None` when the search does not converge.
#[must_use]
pub fn fit(customers: &[Spending]) -> Option<Model> {
    let mut usable: Vec<Spending> = customers
        .iter()
        .copied()
        .filter(|c| c.purchases > 0.0 && c.mean_value > 0.0 && c.mean_value.is_finite())
        .collect();
    usable.sort_by(|x, y| x.purchases.total_cmp(&y.purchases).then(x.mean_value.total_cmp(&y.mean_value)));
    // In units of the mean, so that the search starts equally well for cents and for millions.
    let unit = mean(&usable.iter().map(|c| c.mean_value).collect::<Vec<_>>())?;
    let scaled: Vec<Spending> = usable.iter().map(|c| Spending { mean_value: c.mean_value / unit, ..*c }).collect();
    let found = nelder_mead(&[1.0, 1.0, 0.0], 0.6, |logs| {
        let [p, q, v] = [logs[0], logs[1], logs[2]].map(f64::exp);
        -log_likelihood(&scaled, p, q, v)
    });
    let [p, q, v] = [found.at[0], found.at[1], found.at[2]].map(f64::exp);
    let sound = found.converged && [p, q, v].iter().all(|x| *x < RUNAWAY && *x > 1.0 / RUNAWAY);
    sound.then(|| Model { p, q, v: v * unit, log_likelihood: log_likelihood(&usable, p, q, v * unit) })
}

fn log_likelihood(customers: &[Spending], p: f64, q: f64, v: f64) -> f64 {
    let constant = q * v.ln() - ln_gamma(q);
    // Customers are in the order of their purchases, so that the gamma functions are needed once for each number.
    let mut last = (f64::NAN, 0.0);
    compensated(customers.iter().map(|c| {
        let (x, m) = (c.purchases, c.mean_value);
        if last.0 != x {
            last = (x, ln_gamma(p * x + q) - ln_gamma(p * x) + p * x * x.ln());
        }
        last.1 + constant + (p * x - 1.0) * m.ln() - (p * x + q) * (x * m + v).ln()
    }))
}

impl Model {
    /// Mean value of a purchase that is expected of a customer; of a customer without known spending that of all.
    #[must_use]
    pub fn expected_value(&self, known: Option<&Spending>) -> Option<f64> {
        let (x, m) = known.map_or((0.0, 0.0), |k| (k.purchases, k.mean_value));
        let divisor = self.p * x + self.q - 1.0;
        (divisor > 0.0).then(|| self.p * (self.v + x * m) / divisor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customers(unit: f64) -> Vec<Spending> {
        (1..300_u32)
            .map(|i| Spending { purchases: f64::from(1 + i % 4), mean_value: unit * f64::from(10 + (i * i) % 97) })
            .collect()
    }

    #[test]
    fn expectation_lies_between_own_and_general_mean() {
        let model = fit(&customers(1.0)).unwrap();
        let general = model.expected_value(None).unwrap();
        let rich = Spending { purchases: 3.0, mean_value: 300.0 };
        let own = model.expected_value(Some(&rich)).unwrap();
        assert!(own > general && own < 300.0, "{general} {own}");
    }

    #[test]
    fn the_unit_does_not_matter() {
        let (cents, millions) = (fit(&customers(0.01)).unwrap(), fit(&customers(1e6)).unwrap());
        assert!((cents.p / millions.p - 1.0).abs() < 1e-3 && (cents.v * 1e8 / millions.v - 1.0).abs() < 1e-3);
    }

    #[test]
    fn nothing_to_fit_is_no_model() {
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[Spending { purchases: 2.0, mean_value: -4.0 }]), None);
    }
}
