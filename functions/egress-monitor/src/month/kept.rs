//! Totals of a month as they are recorded.
//!
//! Bytes by SKU and day, which is all that rows come to: what can be made from that is not recorded beside it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Notes, Top, Usage};
use crate::exact::Exact;
use crate::forecast::DayTotal;
use crate::period::Period;
use crate::tariff::Transfer;

/// The recorded form.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    period: Period,
    notes: Notes,
    transfers: Vec<SkuDays>,
    as_of: Option<Timestamp>,
    #[serde(with = "crate::exact")]
    after_as_of: i128,
    known: Vec<DayTotal>,
    silent_days: u32,
    #[serde(default)]
    missing_days: u32,
    tops: Vec<Top>,
    amount: Option<(Exact<Decimal>, String)>,
    currencies: Vec<String>,
}

/// Bytes of one SKU.
#[derive(Serialize, Deserialize)]
struct SkuDays {
    sku: String,
    geography: String,
    days: BTreeMap<Date, Exact<i128>>,
}

impl From<Usage> for Kept {
    fn from(usage: Usage) -> Self {
        let mut skus: BTreeMap<(String, String), BTreeMap<Date, Exact<i128>>> = BTreeMap::new();
        for Transfer { day, sku, geography, bytes } in usage.all {
            skus.entry((sku, geography)).or_default().insert(day, Exact(bytes));
        }
        Self {
            period: usage.period,
            notes: usage.notes,
            transfers: skus.into_iter().map(|((sku, geography), days)| SkuDays { sku, geography, days }).collect(),
            as_of: usage.as_of,
            after_as_of: usage.after_as_of,
            known: usage.known,
            silent_days: usage.silent_days,
            missing_days: usage.missing_days,
            tops: usage.tops,
            amount: usage.amount.map(|(amount, currency)| (Exact(amount), currency)),
            currencies: usage.currencies,
        }
    }
}

impl From<Kept> for Usage {
    fn from(kept: Kept) -> Self {
        let transfer = |sku: &SkuDays, (day, bytes): (&Date, &Exact<i128>)| Transfer {
            day: *day,
            sku: sku.sku.clone(),
            geography: sku.geography.clone(),
            bytes: bytes.0,
        };
        let of_sku = |sku: &SkuDays| sku.days.iter().map(|day| transfer(sku, day)).collect::<Vec<_>>();
        let mut all: Vec<Transfer> = kept.transfers.iter().flat_map(of_sku).collect();
        all.sort_by(|one, other| (one.day, &one.sku, &one.geography).cmp(&(other.day, &other.sku, &other.geography)));
        let period = kept.period;
        let transfers: Vec<Transfer> = all.iter().filter(|transfer| period.has(transfer.day)).cloned().collect();
        Self {
            period,
            billed: transfers.iter().fold(0, |sum, transfer| sum.saturating_add(transfer.bytes)),
            transfers,
            all,
            notes: kept.notes,
            as_of: kept.as_of,
            after_as_of: kept.after_as_of,
            known: kept.known,
            silent_days: kept.silent_days,
            missing_days: kept.missing_days,
            tops: kept.tops,
            amount: kept.amount.map(|(amount, currency)| (amount.0, currency)),
            currencies: kept.currencies,
        }
    }
}
