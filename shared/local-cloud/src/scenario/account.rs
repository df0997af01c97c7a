//! What a machine has cost, beside machines of one size.

use flex_autoscaler::replay::model::{Prices, Sizes, VIOLATION_SHARE};

use super::fleet::Seen;
use crate::terminal::{Align, Table, Terminal};

const HEADS: [(&str, Align); 9] = [
    ("MACHINE", Align::Left),
    ("HOURS", Align::Right),
    ("RESIZES", Align::Right),
    ("OCPU-H", Align::Right),
    ("SHORT MIN", Align::Right),
    ("DOWN MIN", Align::Right),
    ("COST $", Align::Right),
    ("UNCHANGED $", Align::Right),
    ("BEST STATIC $", Align::Right),
];

/// Of one machine since the first tick.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Account {
    /// The size before this minute.
    last: f64,
    minutes: f64,
    ocpu_minutes: f64,
    /// Minutes in which it ran and the load was above 90 % of it.
    short: f64,
    /// Minutes in which it did not run.
    down: f64,
    resizes: usize,
    /// For each size, and first for that of the beginning, the minutes in which it would have been too small.
    short_at: Vec<(f64, f64)>,
}

impl Account {
    pub(super) fn new(ocpus: f64) -> Self {
        let sizes = std::iter::once(ocpus).chain(Sizes::default().all().map(f64::from));
        Self {
            last: ocpus,
            minutes: 0.0,
            ocpu_minutes: 0.0,
            short: 0.0,
            down: 0.0,
            resizes: 0,
            short_at: sizes.map(|size| (size, 0.0)).collect(),
        }
    }

    /// One more minute.
    pub(super) fn minute(&mut self, seen: &Seen) {
        let short = seen.running && is_short(seen);
        self.minutes += 1.0;
        self.ocpu_minutes += seen.ocpus;
        self.short += f64::from(u8::from(short));
        self.down += f64::from(u8::from(!seen.running));
        self.resizes += usize::from(seen.ocpus != self.last);
        self.last = seen.ocpus;
        for (size, minutes) in &mut self.short_at {
            *minutes += f64::from(u8::from(seen.demand.is_some_and(|demand| is_too_much(demand, *size))));
        }
    }

    fn cost(&self, prices: Prices) -> f64 {
        dollars(prices, self.ocpu_minutes, self.short + self.down)
    }

    /// Of machines that have one size all the time: that of the beginning, then all others.
    fn static_costs(&self, prices: Prices) -> impl Iterator<Item = f64> {
        self.short_at.iter().map(move |(size, short)| dollars(prices, size * self.minutes, *short))
    }

    fn row(&self, name: &str, prices: Prices) -> [String; 9] {
        let [own, unchanged, best] = self.costs(prices);
        [
            name.to_owned(),
            format!("{:.1}", self.minutes / 60.0),
            self.resizes.to_string(),
            format!("{:.1}", self.ocpu_minutes / 60.0),
            format!("{:.0}", self.short),
            format!("{:.0}", self.down),
            format!("{own:.2}"),
            format!("{unchanged:.2}"),
            format!("{best:.2}"),
        ]
    }

    fn costs(&self, prices: Prices) -> [f64; 3] {
        let unchanged = self.static_costs(prices).next().unwrap_or_default();
        // Of the cheapest single size, which nobody could know beforehand.
        let best = self.static_costs(prices).fold(f64::INFINITY, f64::min);
        [self.cost(prices), unchanged, best]
    }
}

fn dollars(prices: Prices, ocpu_minutes: f64, violated: f64) -> f64 {
    (ocpu_minutes / 60.0).mul_add(prices.ocpu_hour, violated * prices.violation_minute)
}

/// The price of a machine of this size for an hour, in dollars.
pub(super) fn per_hour(ocpus: f64) -> f64 {
    ocpus * Prices::default().ocpu_hour
}

/// Whether the load is too much for the size.
pub(super) fn is_short(seen: &Seen) -> bool {
    seen.demand.is_some_and(|demand| is_too_much(demand, seen.ocpus))
}

/// As [`flex_autoscaler::replay::model::violates`], for sizes that need not be whole.
fn is_too_much(demand: f64, ocpus: f64) -> bool {
    demand > VIOLATION_SHARE * ocpus + 1e-9
}

/// A table of all machines with their sum, and what its columns mean.
pub(super) fn summary<'a>(accounts: impl Iterator<Item = (&'a str, &'a Account)>, terminal: &Terminal) -> String {
    let prices = Prices::default();
    let mut table = Table::new(&HEADS);
    let (mut sum, mut costs) = (Account::new(0.0), [0.0; 3]);
    for (name, account) in accounts {
        table.row(account.row(name, prices));
        sum.minutes += account.minutes;
        sum.ocpu_minutes += account.ocpu_minutes;
        sum.short += account.short;
        sum.down += account.down;
        sum.resizes += account.resizes;
        costs.iter_mut().zip(account.costs(prices)).for_each(|(sum, cost)| *sum += cost);
    }
    let mut total = sum.row("all", prices);
    total.iter_mut().skip(6).zip(costs).for_each(|(cell, cost)| *cell = format!("{cost:.2}"));
    table.row(total);
    let Prices { ocpu_hour, violation_minute, .. } = prices;
    format!(
        "\n{}\nan OCPU with 16 GB costs ${ocpu_hour} an hour, a minute that is short (load above 90 % of the machine) or \
         down ${violation_minute};\nunchanged: at the size of the beginning; best static: the cheapest single size, known \
         only afterwards\n",
        table.render(terminal)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ocpus: f64, running: bool, demand: Option<f64>) -> Seen {
        Seen { ocpus, running, demand }
    }

    #[test]
    fn minutes_are_paid_for() {
        let mut account = Account::new(32.0);
        for minute in [
            seen(32.0, true, Some(30.0)),
            seen(32.0, false, Some(30.0)),
            seen(48.0, true, Some(30.0)),
            seen(48.0, true, None),
        ] {
            account.minute(&minute);
        }
        assert_eq!((account.short, account.down, account.resizes), (1.0, 1.0, 1));
        let prices = Prices::default();
        let check = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        let [own, unchanged, best] = account.costs(prices);
        check(own, 160.0 / 60.0 * 0.062 + 1.0);
        check(unchanged, 128.0 / 60.0 * 0.062 + 1.5);
        check(best, 136.0 / 60.0 * 0.062);
    }
}
