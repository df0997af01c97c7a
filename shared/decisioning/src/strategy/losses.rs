//! Members of a dimension that lose money.

use serde_json::Value;

use super::previous::{Figures, Missing, member, word};

const AT: &str = "/financial_intelligence/contribution";

/// Losses by one dimension.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Losses {
    pub(super) dimension: String,
    pub(super) count: u64,
    pub(super) members: u64,
    /// The losses as a positive amount.
    pub(super) amount: f64,
    /// The member that loses most; absent where its name is not known.
    pub(super) worst: Option<String>,
    pub(super) pointer: String,
}

/// The dimension with few members (a category or region) whose members lose most, else any; `None` without losses.
pub(super) fn largest_losses(figures: Figures<'_>) -> Result<Option<Losses>, Missing> {
    let all = figures.list(AT);
    if all.is_empty() {
        return Err(figures.missing(AT));
    }
    if all.iter().all(|part| member(part, "loss_making_sum").is_none()) {
        return Err("no contribution has a profit".into());
    }
    let losses = all.iter().enumerate().filter_map(|(place, part)| of(place, part));
    let is_product = |loss: &(bool, Losses)| loss.0;
    let order = |a: &(bool, Losses), b: &(bool, Losses)| {
        let by_kind = is_product(b).cmp(&is_product(a));
        by_kind.then(a.1.amount.total_cmp(&b.1.amount)).then_with(|| b.1.dimension.cmp(&a.1.dimension))
    };
    Ok(losses.max_by(order).map(|(_, losses)| losses))
}

fn of(place: usize, part: &Value) -> Option<(bool, Losses)> {
    let amount = -member(part, "loss_making_sum")?;
    let worst = part.get("loss_making").and_then(Value::as_array).and_then(|list| word(list.first()?, "name"));
    let losses = Losses {
        dimension: word(part, "dimension")?.to_owned(),
        count: member(part, "loss_making_count")? as u64,
        members: member(part, "member_count")? as u64,
        amount,
        worst: worst.map(str::to_owned),
        pointer: format!("{AT}/{place}"),
    };
    (amount > 0.0).then_some((word(part, "role") == Some("product"), losses))
}
