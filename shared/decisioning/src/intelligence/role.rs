//! The parts that columns play in the figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a column means to a figure. Discovery infers roles from headers and values; a request may set them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Names an order or invoice.
    OrderId,
    /// When it was ordered or invoiced.
    OrderDate,
    /// When it was shipped or delivered.
    ShipDate,
    /// When it was promised.
    PromisedDate,
    /// When payment, or a project, is due.
    DueDate,
    /// When it was paid.
    PaidDate,
    /// Any date, where no other fits.
    Date,
    /// When work began.
    StartDate,
    /// When work ended.
    EndDate,
    /// Value of the line after discount, without tax.
    Amount,
    /// Units.
    Quantity,
    /// Value of one unit.
    Price,
    /// Cost of the line; of one unit where the header says so.
    Cost,
    /// Amount less cost.
    Profit,
    /// Discount as a share, in percent or as an amount.
    Discount,
    /// Units that were delivered.
    DeliveredQuantity,
    /// Whether the line came back.
    Returned,
    /// What was paid so far.
    PaidAmount,
    /// What is still to be paid.
    OpenAmount,
    /// Planned cost.
    Budget,
    /// Cost so far.
    Actual,
    /// Hours or units used.
    Used,
    /// Hours or units available.
    Capacity,
    /// State of an order or a project.
    Status,
    /// Currency of the amounts.
    Currency,
    /// Names a customer.
    Customer,
    /// Names a product.
    Product,
    /// Groups of products or customers; several columns may play this part.
    Category,
    /// Places; several columns may play this part.
    Region,
}

/// How the cells of a role are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number, as whole millionths.
    Number,
    /// A day counted from 1970-01-01.
    Day,
    /// True or false.
    Flag,
    /// A hash that stands for a name.
    Key,
    /// The place of a name in a list of all names.
    Member,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 29] = [
        Self::OrderId,
        Self::OrderDate,
        Self::ShipDate,
        Self::PromisedDate,
        Self::DueDate,
        Self::PaidDate,
        Self::Date,
        Self::StartDate,
        Self::EndDate,
        Self::Amount,
        Self::Quantity,
        Self::Price,
        Self::Cost,
        Self::Profit,
        Self::Discount,
        Self::DeliveredQuantity,
        Self::Returned,
        Self::PaidAmount,
        Self::OpenAmount,
        Self::Budget,
        Self::Actual,
        Self::Used,
        Self::Capacity,
        Self::Status,
        Self::Currency,
        Self::Customer,
        Self::Product,
        Self::Category,
        Self::Region,
    ];

    /// The name that discovery and requests use, such as `order_date`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderId => "order_id",
            Self::OrderDate => "order_date",
            Self::ShipDate => "ship_date",
            Self::PromisedDate => "promised_date",
            Self::DueDate => "due_date",
            Self::PaidDate => "paid_date",
            Self::Date => "date",
            Self::StartDate => "start_date",
            Self::EndDate => "end_date",
            Self::Amount => "amount",
            Self::Quantity => "quantity",
            Self::Price => "price",
            Self::Cost => "cost",
            Self::Profit => "profit",
            Self::Discount => "discount",
            Self::DeliveredQuantity => "delivered_quantity",
            Self::Returned => "returned",
            Self::PaidAmount => "paid_amount",
            Self::OpenAmount => "open_amount",
            Self::Budget => "budget",
            Self::Actual => "actual",
            Self::Used => "used",
            Self::Capacity => "capacity",
            Self::Status => "status",
            Self::Currency => "currency",
            Self::Customer => "customer",
            Self::Product => "product",
            Self::Category => "category",
            Self::Region => "region",
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::OrderDate
            | Self::ShipDate
            | Self::PromisedDate
            | Self::DueDate
            | Self::PaidDate
            | Self::Date
            | Self::StartDate
            | Self::EndDate => Kind::Day,
            Self::Returned => Kind::Flag,
            Self::OrderId | Self::Customer => Kind::Key,
            Self::Status | Self::Currency | Self::Product | Self::Category | Self::Region => Kind::Member,
            _ => Kind::Number,
        }
    }

    /// Whether cells are amounts of money.
    pub(crate) fn is_money(self) -> bool {
        matches!(
            self,
            Self::Amount
                | Self::Price
                | Self::Cost
                | Self::Profit
                | Self::PaidAmount
                | Self::OpenAmount
                | Self::Budget
                | Self::Actual
        )
    }

    /// How many columns may play this part in one table.
    pub(crate) fn most_columns(self) -> usize {
        if matches!(self, Self::Category | Self::Region) { 4 } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_on_the_wire() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
    }
}
