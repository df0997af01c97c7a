//! Customers of CDNOW, as the papers of the two models use them; from the package lifetimes 0.11.3.

use super::near;
use crate::statistics::purchases::{self, History};
use crate::statistics::spending::{self, Spending};
use crate::tests::installed::column;

const VARIABLE: &str = "LIFETIMES_DIR";

/// Fader, Hardie and Lee 2005, table 2: .243, 4.414, .793, 2.426 with log-likelihood -9582.4.
#[test]
fn bg_nbd_of_the_papers_sample() {
    const FILE: &str = "cdnow_customers_summary.csv";
    let columns = [1, 2, 3].map(|index| column(VARIABLE, FILE, index));
    let [Some(repeats), Some(recency), Some(age)] = columns else { return };
    let all = repeats.iter().zip(&recency).zip(&age);
    let histories: Vec<History> =
        all.map(|((repeats, recency), age)| History { repeats: *repeats, recency: *recency, age: *age }).collect();
    assert_eq!(histories.len(), 2357);
    let model = purchases::fit(&histories).unwrap();
    near(model.r, 0.242_59, 1e-4);
    near(model.alpha, 4.413_53, 1e-3);
    near(model.a, 0.792_89, 1e-3);
    near(model.b, 2.425_75, 1e-3);
    near(model.log_likelihood, -9582.4256, 1e-3);
}

/// Fader and Hardie's note on the model: 6.25, 3.74, 15.44 for the 946 customers who bought again.
#[test]
fn gamma_gamma_of_those_who_bought_again() {
    const FILE: &str = "cdnow_customers_summary_with_transactions.csv";
    let columns = [1, 4].map(|index| column(VARIABLE, FILE, index));
    let [Some(repeats), Some(values)] = columns else { return };
    let all = repeats.iter().zip(&values).filter(|(repeats, _)| **repeats > 0.0);
    let customers: Vec<Spending> =
        all.map(|(repeats, value)| Spending { purchases: *repeats, mean_value: *value }).collect();
    assert_eq!(customers.len(), 946);
    let model = spending::fit(&customers).unwrap();
    near(model.p, 6.2488, 1e-2);
    near(model.q, 3.7446, 1e-2);
    near(model.v, 15.4477, 5e-2);
}
