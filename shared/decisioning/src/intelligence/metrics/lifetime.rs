//! What customers are worth: so far, and by the models of purchases and spending.

use std::collections::BTreeMap;

use super::definitions::{HISTORICAL_VALUE, LIFETIME_MODEL};
use super::people::{People, Person, Visit};
use super::{Inputs, basis};
use crate::intelligence::data::{CustomerIntelligence, Holdout, LifetimeModel, LifetimeValue};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Ledger, Why};
use crate::intelligence::periods::day_name;
use crate::intelligence::role::Role;
use crate::statistics::correlation;
use crate::statistics::describe::{mean, sum};
use crate::statistics::purchases::{self, History};
use crate::statistics::spending::{self, Spending};

/// Customers who bought again below whom no model is fitted.
pub(crate) const NEEDED_REPEAT_BUYERS: usize = 100;
/// How far the models look ahead, in weeks.
const HORIZON_WEEKS: f64 = 52.0;
/// The part of the data that the holdout check fits to.
const CALIBRATION_SHARE: f64 = 2.0 / 3.0;
/// Days that a customer must be known for a rate per year.
const KNOWN_DAYS: i64 = 30;

pub(crate) fn compute(
    inputs: &Inputs<'_>,
    people: Result<&People<'_>, &Why>,
    ledger: &mut Ledger,
    out: &mut CustomerIntelligence,
) {
    let people = people.map_err(Why::clone);
    let value = people.clone().and_then(|people| {
        inputs.money()?;
        Ok(historical(people))
    });
    let roles = [Role::Customer, Role::Amount, Role::OrderDate, Role::Date];
    let n = people.as_ref().map_or(0, |people| people.persons.len() as u64);
    let value = ledger.enter(&HISTORICAL_VALUE, basis(inputs, &roles, n), value);
    let model = people.and_then(|people| model(inputs, people));
    let n = model.as_ref().map_or(0, |model| model.repeat_buyers);
    let reason = match &model {
        Err(Why::Absent(reason) | Why::NotApplicable(reason)) => Some(reason.clone()),
        Ok(_) => None,
    };
    let model = ledger.enter(&LIFETIME_MODEL, basis(inputs, &roles, n), model);
    if value.is_some() || model.is_some() {
        out.lifetime_value = Some(LifetimeValue { model, model_reason: reason, ..value.unwrap_or_default() });
    }
}

fn historical(people: &People<'_>) -> LifetimeValue {
    let total: i128 = people.persons.iter().map(|person| person.net).sum();
    let as_of = people.as_of.unwrap_or(i64::MIN);
    let known = || people.dated().filter(|person| as_of - person.first >= KNOWN_DAYS);
    let days: i64 = known().map(|person| as_of - person.first).sum();
    let spent: i128 = known().map(|person| person.net).sum();
    LifetimeValue {
        historical_mean: Some(to_f64(total) / people.persons.len() as f64),
        historical_mean_per_year: (days > 0).then(|| to_f64(spent) / (days as f64 / 365.25)),
        ..LifetimeValue::default()
    }
}

/// One customer's purchases up to a day.
struct Known {
    history: History,
    spending: Option<Spending>,
    /// Purchases after that day.
    later: f64,
}

/// What is known of a customer on a day; `None` before the first purchase or on its day.
fn known(people: &People<'_>, person: &Person, until: i64) -> Option<Known> {
    let age = until - person.first;
    let visits: Vec<Visit> = people.visits(person).collect();
    let before = visits.partition_point(|visit| visit.day <= until);
    let last = visits[..before].last()?.day;
    let repeats = (before - 1) as f64;
    let spent: i128 = visits[1..before].iter().map(|visit| i128::from(visit.amount)).sum();
    let history = History { repeats, recency: (last - person.first) as f64 / 7.0, age: age as f64 / 7.0 };
    let spending = (spent > 0).then(|| Spending { purchases: repeats, mean_value: to_f64(spent) / repeats });
    (age > 0).then(|| Known { history, spending, later: (visits.len() - before) as f64 })
}

fn model(inputs: &Inputs<'_>, people: &People<'_>) -> Result<LifetimeModel, Why> {
    let as_of = people.needed_day()?;
    // Persons are in the order of their hashes, so the first ones are a sample by hash.
    let sample: Vec<&Person> = people.dated().take(inputs.limits.max_fit_customers).collect();
    let known_now: Vec<Known> = sample.iter().filter_map(|person| known(people, person, as_of)).collect();
    let (fitted, repeat_buyers) = fit(&known_now)?;
    let expect = |known: &Known| fitted.expected_purchases(&known.history, HORIZON_WEEKS);
    let expected: Vec<f64> = known_now.iter().map(expect).collect();
    let active: Vec<f64> = known_now.iter().map(|known| fitted.probability_active(&known.history)).collect();
    let spent: Vec<Spending> = known_now.iter().filter_map(|known| known.spending).collect();
    let spending = inputs.money().ok().and_then(|_| spending::fit(&spent));
    let per_customer = spending.and_then(|model| value_per_customer(&model, &known_now, &expected));
    let count = people.dated().count() as f64 / people.share;
    Ok(LifetimeModel {
        fitted_customers: known_now.len() as u64,
        repeat_buyers: repeat_buyers as u64,
        purchases: named([("r", fitted.r), ("alpha", fitted.alpha), ("a", fitted.a), ("b", fitted.b)]),
        purchases_log_likelihood: fitted.log_likelihood,
        spending: spending.map(|m| named([("p", m.p), ("q", m.q), ("v", m.v)])).unwrap_or_default(),
        spending_log_likelihood: spending.map(|model| model.log_likelihood),
        frequency_value_correlation: correlation::pearson(
            &spent.iter().map(|s| s.purchases).collect::<Vec<_>>(),
            &spent.iter().map(|s| s.mean_value).collect::<Vec<_>>(),
        ),
        horizon_weeks: HORIZON_WEEKS,
        expected_purchases_per_customer: mean(&expected).unwrap_or_default(),
        active_share: mean(&active).unwrap_or_default(),
        expected_value: per_customer.map(|value| value * count),
        expected_value_per_customer: per_customer,
        holdout: holdout(people, &sample, as_of),
    })
}

fn named<const N: usize>(parameters: [(&str, f64); N]) -> BTreeMap<String, f64> {
    parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn fit(customers: &[Known]) -> Result<(purchases::Model, usize), Why> {
    let repeat_buyers = customers.iter().filter(|known| known.history.repeats > 0.0).count();
    if repeat_buyers < NEEDED_REPEAT_BUYERS {
        let reason = format!("{repeat_buyers} customers bought again; the models take {NEEDED_REPEAT_BUYERS}");
        return Err(Why::Absent(reason));
    }
    let histories: Vec<History> = customers.iter().map(|known| known.history).collect();
    let fitted = purchases::fit(&histories).map_err(|unfit| Why::Absent(unfit.to_string()))?;
    Ok((fitted, repeat_buyers))
}

/// Mean over customers of expected purchases x expected value; `None` where the model has no mean.
fn value_per_customer(model: &spending::Model, customers: &[Known], expected: &[f64]) -> Option<f64> {
    let of = |(known, purchases): (&Known, &f64)| Some(purchases * model.expected_value(known.spending.as_ref())?);
    let values: Option<Vec<f64>> = customers.iter().zip(expected).map(of).collect();
    mean(&values?)
}

/// Fits to the first part of the data and compares the purchases foretold with those that came.
fn holdout(people: &People<'_>, sample: &[&Person], as_of: i64) -> Option<Holdout> {
    let first = sample.iter().map(|person| person.first).min()?;
    let until = first + ((as_of - first) as f64 * CALIBRATION_SHARE) as i64;
    let weeks = (as_of - until) as f64 / 7.0;
    let customers: Vec<Known> = sample.iter().filter_map(|person| known(people, person, until)).collect();
    let (fitted, _) = fit(&customers).ok()?;
    let expected: Vec<f64> = customers.iter().map(|k| fitted.expected_purchases(&k.history, weeks)).collect();
    let pairs = || customers.iter().zip(&expected);
    let errors: Vec<f64> = pairs().map(|(known, expected)| (known.later - expected).abs()).collect();
    let own_rate = |known: &Known| known.history.repeats / known.history.age * weeks;
    let naive: Vec<f64> = customers.iter().map(|known| (known.later - own_rate(known)).abs()).collect();
    let actual: f64 = customers.iter().map(|known| known.later).sum();
    let total = sum(&expected);
    Some(Holdout {
        until: day_name(until),
        weeks,
        customers: customers.len() as u64,
        expected: total,
        actual,
        error: (actual > 0.0).then(|| (total - actual) / actual),
        mean_absolute_error: mean(&errors)?,
        naive_mean_absolute_error: mean(&naive)?,
    })
}
