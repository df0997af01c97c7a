//! What is beyond the allowance, and what that costs.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::skus::{ASIA_PACIFIC_SOUTH_AMERICA, MIDDLE_EAST_AFRICA, NORTH_AMERICA_EUROPE};
use crate::units::GbMeaning;

/// Decimals of a sum of money. What a single byte costs has 12.
const MONEY_DECIMALS: u32 = 8;

/// What the free allowance is counted for. Oracle does not say; the stricter is the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllowanceScope {
    /// Once for the tenancy.
    #[default]
    Tenancy,
    /// Once for each SKU, as each has a free tier of its own in the price list.
    Sku,
}

/// Price of one geography.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The geography.
    pub geography: String,
    /// Price of a GB beyond the allowance, as decimal text.
    #[serde(with = "decimal_text")]
    #[schemars(with = "String")]
    pub price_per_gb: Decimal,
}

/// Allowance and prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tariff {
    /// GB of a month that are free.
    #[serde(with = "decimal_text")]
    #[schemars(with = "String")]
    pub allowance_gb: Decimal,
    /// What these are counted for.
    pub allowance_scope: AllowanceScope,
    /// Geographies that use up the allowance first, in this order, whatever their days; those that are not named come
    /// after them, in order of time. All are in order of time when it is empty. Oracle does not say which it is.
    pub consumption_order: Vec<String>,
    /// Prices by geography.
    pub tiers: Vec<Tier>,
    /// Currency of the prices.
    pub currency: String,
}

impl Default for Tariff {
    /// Oracle's list prices in US dollars; that of the Middle East and Africa is not confirmed.
    fn default() -> Self {
        let tier = |geography: &str, price: i64| Tier {
            geography: geography.to_owned(),
            price_per_gb: Decimal::new(price, 4),
        };
        Self {
            allowance_gb: Decimal::from(10_240),
            allowance_scope: AllowanceScope::Tenancy,
            consumption_order: Vec::new(),
            tiers: vec![
                tier(NORTH_AMERICA_EUROPE, 85),
                tier(ASIA_PACIFIC_SOUTH_AMERICA, 250),
                tier(MIDDLE_EAST_AFRICA, 500),
            ],
            currency: "USD".to_owned(),
        }
    }
}

/// Decimals as text, since JSON numbers go through floats; numbers are taken too.
mod decimal_text {
    use super::Decimal;
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Whole(i64),
        Number(f64),
    }

    pub(super) fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = match Written::deserialize(deserializer)? {
            Written::Text(text) => text,
            Written::Whole(number) => number.to_string(),
            Written::Number(number) => format!("{number:e}"),
        };
        crate::units::decimal(&text).ok_or_else(|| serde::de::Error::custom("is no decimal number"))
    }
}

/// What one SKU transferred on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The day.
    pub day: Date,
    /// The SKU.
    pub sku: String,
    /// Its geography.
    pub geography: String,
    /// Bytes; corrections can make them negative.
    pub bytes: i128,
}

/// What counts against one allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeUse {
    /// `tenancy`, or the SKU.
    pub scope: String,
    /// Bytes of the month.
    pub used: i128,
    /// Bytes that are free.
    pub limit: i128,
    /// Bytes beyond, by geography.
    pub over: BTreeMap<String, i128>,
}

impl ScopeUse {
    /// Bytes beyond the allowance.
    #[must_use]
    pub fn over_bytes(&self) -> i128 {
        self.over.values().sum()
    }
}

/// Why there is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// A geography has none.
    #[error("there is no price for {0:?}")]
    NoTier(String),
    /// The sum is out of range.
    #[error("the cost is out of range")]
    OutOfRange,
}

/// Bytes by geography.
type Bytes = BTreeMap<String, i128>;
/// Bytes of one scope before the allowance is taken off.
type Days = BTreeMap<Date, Bytes>;

impl Tariff {
    /// Bytes of the allowance; `None` when it is out of range.
    #[must_use]
    pub fn allowance(&self, gb: GbMeaning) -> Option<i128> {
        gb.of_gb(self.allowance_gb)
    }

    /// Sets transfers of one month off against the allowance: those of [`Tariff::consumption_order`] first, the others
    /// in order of time. What a day has beyond it is shared among the day's geographies in proportion. The order of
    /// `transfers` has no meaning.
    #[must_use]
    pub fn uses(&self, transfers: &[Transfer], limit: i128) -> Vec<ScopeUse> {
        let mut scopes: BTreeMap<&str, Days> = BTreeMap::new();
        if self.allowance_scope == AllowanceScope::Tenancy {
            scopes.insert("tenancy", Days::new());
        }
        for transfer in transfers {
            let scope = match self.allowance_scope {
                AllowanceScope::Tenancy => "tenancy",
                AllowanceScope::Sku => transfer.sku.as_str(),
            };
            let day = scopes.entry(scope).or_default().entry(transfer.day).or_default();
            *day.entry(transfer.geography.clone()).or_default() += transfer.bytes;
        }
        scopes.into_iter().map(|(scope, days)| scope_use(scope, &self.turns(days), limit)).collect()
    }

    /// What uses up the allowance, one turn after the other: a geography's whole month, or what is left of a day.
    fn turns(&self, mut days: Days) -> Vec<Bytes> {
        settle(&mut days);
        let mut turns = Vec::new();
        for geography in &self.consumption_order {
            let month = days.values_mut().filter_map(|day| day.remove(geography)).sum();
            turns.push(Bytes::from([(geography.clone(), month)]));
        }
        turns.extend(days.into_values());
        turns
    }

    /// Exact price of what is beyond the allowance, to 8 decimals.
    ///
    /// # Errors
    /// [`PriceError`].
    pub fn price(&self, uses: &[ScopeUse], gb: GbMeaning) -> Result<Decimal, PriceError> {
        let mut cost = Decimal::ZERO;
        let over = uses.iter().flat_map(|scope| &scope.over).filter(|(_, bytes)| **bytes > 0);
        for (geography, bytes) in over {
            let tier = self.tiers.iter().find(|tier| tier.geography == *geography);
            let tier = tier.ok_or_else(|| PriceError::NoTier(geography.clone()))?;
            let part = priced(*bytes, tier.price_per_gb, gb).ok_or(PriceError::OutOfRange)?;
            cost = cost.checked_add(part).ok_or(PriceError::OutOfRange)?;
        }
        Ok(cost.round_dp(MONEY_DECIMALS).normalize())
    }
}

fn priced(bytes: i128, price_per_gb: Decimal, gb: GbMeaning) -> Option<Decimal> {
    Decimal::from_i128(bytes)?.checked_mul(price_per_gb)?.checked_div(Decimal::from_i128(gb.bytes())?)
}

fn scope_use(scope: &str, turns: &[Bytes], limit: i128) -> ScopeUse {
    let (mut used, mut over) = (0_i128, Bytes::new());
    for turn in turns {
        let total: i128 = turn.values().sum();
        let beyond = (used + total - limit).clamp(0, total.max(0));
        used += total;
        for (geography, part) in shared(beyond, total, turn) {
            *over.entry(geography).or_default() += part;
        }
    }
    ScopeUse { scope: scope.to_owned(), used, limit, over }
}

/// Takes corrections off what they correct: a day below zero is taken off the same geography's latest day before it,
/// then off later ones. What is left is below zero as a whole and stays on its day.
fn settle(days: &mut Days) {
    let geographies: Vec<String> = days.values().flat_map(BTreeMap::keys).cloned().collect();
    for geography in geographies {
        let mut lines: Vec<&mut i128> = days.values_mut().filter_map(|day| day.get_mut(&geography)).collect();
        let owed = carry_back(&mut lines);
        if let Some(first) = lines.first_mut() {
            **first -= owed;
        }
    }
}

/// Takes what days have below zero off the latest days before them, then off later ones. The days are in order of
/// time. What could not be taken off.
pub(crate) fn carry_back(days: &mut [&mut i128]) -> i128 {
    let mut left = 0_i128;
    for index in 0..days.len() {
        let (before, rest) = days.split_at_mut(index);
        let Some((day, after)) = rest.split_first_mut() else { continue };
        let mut owed = (-**day).max(0);
        **day = (**day).max(0);
        for other in before.iter_mut().rev().chain(after) {
            let taken = owed.min((**other).max(0));
            **other -= taken;
            owed -= taken;
        }
        left += owed;
    }
    left
}

/// `beyond` in proportion to the parts of the turn. Whole bytes that division leaves over go to the first geographies.
fn shared(beyond: i128, total: i128, turn: &Bytes) -> Bytes {
    if beyond <= 0 || total <= 0 {
        return Bytes::new();
    }
    let positive: i128 = turn.values().filter(|bytes| **bytes > 0).sum();
    let part = |bytes: i128| beyond.checked_mul(bytes).map_or(0, |product| product / positive);
    let mut parts: Bytes = turn
        .iter()
        .filter(|(_, bytes)| **bytes > 0)
        .map(|(geography, bytes)| (geography.clone(), part(*bytes)))
        .collect();
    let mut left = beyond - parts.values().sum::<i128>();
    for (geography, part) in &mut parts {
        let room = turn.get(geography).map_or(0, |bytes| bytes - *part).min(left);
        *part += room;
        left -= room;
    }
    parts
}

#[cfg(test)]
mod tests;
