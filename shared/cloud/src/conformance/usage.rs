//! The usage port, with rows that the test has put there.

use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};

use super::{Finding, expect, refused, works};
use crate::Usage;
use crate::usage::{Dimension, Granularity, UsageQuery, UsageRow};

/// What the test has prepared.
#[derive(Debug, Clone)]
pub struct Prepared<'a> {
    /// Midnight UTC at the beginning of a day with two rows of `sku`, and rows of others.
    pub day: Timestamp,
    /// A part number.
    pub sku: &'a str,
    /// What its rows of the day add up to.
    pub quantity: f64,
    /// Of each call.
    pub deadline: Deadline,
}

/// Runs every check.
///
/// # Errors
///
/// The first finding.
pub async fn all(usage: &dyn Usage, prepared: &Prepared<'_>) -> Finding {
    rows_are_added_up(usage, prepared).await?;
    no_rows_are_no_failure(usage, prepared).await?;
    days_begin_at_midnight(usage, prepared).await
}

/// Rows of a part number are one row of the day with their sum.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn rows_are_added_up(usage: &dyn Usage, prepared: &Prepared<'_>) -> Finding {
    let rows = rows(usage, &prepared.query()).await?;
    let [row] = &rows[..] else { return Err(format!("{} rows of one part on one day", rows.len())) };
    let is_right = row.sku.as_deref() == Some(prepared.sku) && row.from == prepared.day && row.quantity.is_some();
    expect(is_right, || format!("{row:?}"))?;
    let quantity = row.quantity.unwrap_or(f64::NAN);
    expect((quantity - prepared.quantity).abs() < 1e-9, || format!("{quantity}, not {}", prepared.quantity))?;
    let all = self::rows(usage, &UsageQuery { skus: Vec::new(), ..prepared.query() }).await?;
    expect(all.len() > 1, || "without a part number there is nothing else".to_owned())
}

/// A time without rows gives none.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn no_rows_are_no_failure(usage: &dyn Usage, prepared: &Prepared<'_>) -> Finding {
    let long_ago = |time: Timestamp| time - SignedDuration::from_hours(24 * 300);
    let query = prepared.query();
    let empty = UsageQuery { from: long_ago(query.from), to: long_ago(query.to), ..query };
    let rows = rows(usage, &empty).await?;
    expect(rows.is_empty(), || format!("{} rows of a time without any", rows.len()))
}

/// A question about days that begin at noon is refused.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn days_begin_at_midnight(usage: &dyn Usage, prepared: &Prepared<'_>) -> Finding {
    let noon = UsageQuery { from: prepared.day + SignedDuration::from_hours(12), ..prepared.query() };
    let outcome = usage.rows(&noon, prepared.deadline).try_collect::<Vec<_>>().await;
    refused("a day from noon", outcome, &[Kind::Invalid]).map(drop)
}

async fn rows(usage: &dyn Usage, query: &UsageQuery) -> Result<Vec<UsageRow>, String> {
    works("asking", usage.rows(query, Deadline::NONE).try_collect().await)
}

impl Prepared<'_> {
    fn query(&self) -> UsageQuery {
        UsageQuery {
            from: self.day,
            to: self.day + SignedDuration::from_hours(24),
            granularity: Granularity::Daily,
            group_by: vec![Dimension::Sku, Dimension::Unit],
            skus: vec![self.sku.to_owned()],
            with_cost: false,
        }
    }
}
