//! Which table serves for what.

use std::collections::BTreeMap;

use super::catalogue::Table;
use super::data::NotUsed;
use super::partition::{Joined, columns};
use super::parts::Areas;
use super::request::{Request, wrong};
use super::role::Role;
use crate::discovery::RequestError;

/// Tables with what each serves for, in the order of their objects.
pub(crate) struct Choice {
    pub(crate) tables: Vec<(Joined, Areas)>,
    pub(crate) not_used: Vec<NotUsed>,
}

/// How well a table serves an area; 0 for not at all.
type Score = fn(&Table) -> u32;

/// Chooses for each area the table with the most columns for it, then the one with the most rows, then the first
/// in name order.
pub(crate) fn choose(joined: Vec<Joined>) -> Choice {
    let tables: Vec<&Table> = joined.iter().map(|one| &one.table).collect();
    let mut areas = vec![Areas::default(); tables.len()];
    let mut give = |score: Score, mark: fn(&mut Areas)| {
        let best = (0..tables.len())
            .max_by_key(|place| (score(tables[*place]), tables[*place].row_count, std::cmp::Reverse(*place)));
        if let Some(best) = best.filter(|place| score(tables[*place]) > 0) {
            mark(&mut areas[best]);
        }
    };
    give(for_sales, |areas| areas.sales = true);
    give(for_delivery, |areas| areas.delivery = true);
    give(for_receivables, |areas| areas.receivables = true);
    give(for_work, |areas| areas.work = true);
    let used: Vec<&Table> = tables.iter().zip(&areas).filter(|(_, a)| !a.is_empty()).map(|(table, _)| *table).collect();
    let left = joined.iter().zip(&areas).filter(|(_, areas)| areas.is_empty());
    let not_used = left.flat_map(|(one, _)| {
        let reason = reason(&one.table, &used);
        one.parts.iter().map(move |part| NotUsed { object: part.object.clone(), reason: reason.clone() })
    });
    let not_used = not_used.collect();
    let chosen = joined.into_iter().zip(areas).filter(|(_, areas)| !areas.is_empty());
    Choice { tables: chosen.collect(), not_used }
}

fn reason(table: &Table, used: &[&Table]) -> String {
    match used.iter().find(|other| columns(other) == columns(table)) {
        Some(other) => format!(
            "has the same columns as {} and is no part of it by its name or the order of its dates; one of them is read",
            other.object
        ),
        None if [for_sales, for_delivery, for_receivables, for_work].iter().any(|score| score(table) > 0) => {
            "another table serves the same figures with more columns or rows".to_owned()
        }
        None => "no column plays a part in any figure".to_owned(),
    }
}

fn points(table: &Table, parts: &[(Role, u32)]) -> u32 {
    parts.iter().filter(|(role, _)| table.has(*role)).map(|(_, points)| points).sum()
}

fn has_amount(table: &Table) -> bool {
    table.has(Role::Amount) || (table.has(Role::Quantity) && table.has(Role::Price))
}

fn has_date(table: &Table) -> bool {
    table.has(Role::OrderDate) || table.has(Role::Date)
}

fn for_sales(table: &Table) -> u32 {
    let knows_visits = table.has(Role::Customer) && has_date(table);
    if !has_amount(table) && !knows_visits {
        return 0;
    }
    let others = [(Role::Customer, 3), (Role::OrderId, 2), (Role::Product, 2), (Role::Profit, 1), (Role::Cost, 1)];
    let more = [(Role::Quantity, 1), (Role::Category, 1), (Role::Region, 1), (Role::Discount, 1)];
    let basic = 8 * u32::from(has_amount(table)) + 6 * u32::from(has_date(table));
    basic + points(table, &others) + points(table, &more)
}

fn for_delivery(table: &Table) -> u32 {
    let leads = table.has(Role::ShipDate) && (has_date(table) || table.has(Role::PromisedDate));
    let fills = table.has(Role::DeliveredQuantity) && table.has(Role::Quantity);
    let returns = table.has(Role::Returned) || table.has(Role::Quantity) || has_amount(table);
    8 * u32::from(leads) + 4 * u32::from(fills) + 2 * u32::from(table.has(Role::Returned)) + u32::from(returns)
}

fn for_receivables(table: &Table) -> u32 {
    let parts = [(Role::DueDate, 2), (Role::PaidDate, 3), (Role::PaidAmount, 2), (Role::OpenAmount, 3)];
    let found = points(table, &parts);
    let is_project = table.has(Role::Budget) && !table.has(Role::PaidDate);
    if is_project || !(has_amount(table) || table.has(Role::OpenAmount)) { 0 } else { found }
}

fn for_work(table: &Table) -> u32 {
    let budget = table.has(Role::Budget) && (table.has(Role::Actual) || table.has(Role::Cost));
    let hours = table.has(Role::Used) && table.has(Role::Capacity);
    let span = table.has(Role::StartDate) && table.has(Role::EndDate);
    let found = 4 * u32::from(budget) + 3 * u32::from(hours) + 2 * u32::from(span);
    if found > 0 { found + u32::from(table.has(Role::Status)) } else { 0 }
}

/// Sets the roles that the request demands.
///
/// # Errors
///
/// [`RequestError`] for a table or column that is not there.
pub(crate) fn apply(request: &Request, tables: &mut [Joined]) -> Result<(), RequestError> {
    for (name, roles) in &request.roles {
        let is_meant = |one: &&mut Joined| one.parts.iter().any(|part| part.object == *name || part.name == *name);
        let found = tables.iter_mut().find(is_meant);
        let found =
            found.ok_or_else(|| wrong(&format!("roles.{name}"), "names no table of the catalogue".to_owned()))?;
        set(&mut found.table, name, roles)?;
    }
    Ok(())
}

fn set(table: &mut Table, name: &str, roles: &BTreeMap<Role, Option<String>>) -> Result<(), RequestError> {
    for (role, column) in roles {
        match column {
            Some(column) if table.column(column).is_some() => {
                table.roles.insert(role.name().to_owned(), vec![column.clone()]);
            }
            Some(column) => {
                let path = format!("roles.{name}.{}", role.name());
                return Err(wrong(&path, format!("the table has no column {column}")));
            }
            None => {
                table.roles.remove(role.name());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::Column;
    use super::super::partition::join;
    use super::*;

    fn table(object: &str, rows: u64, roles: &[(Role, &str)]) -> Table {
        let columns = roles.iter().map(|(_, name)| Column { name: (*name).to_owned(), ..Column::default() });
        Table {
            name: object.trim_end_matches(".csv").to_owned(),
            object: object.to_owned(),
            row_count: rows,
            columns: columns.collect(),
            roles: roles.iter().map(|(role, name)| (role.name().to_owned(), vec![(*name).to_owned()])).collect(),
        }
    }

    #[test]
    fn each_area_gets_its_table() {
        let orders = [(Role::Amount, "sales"), (Role::OrderDate, "date"), (Role::Customer, "c"), (Role::ShipDate, "s")];
        let invoices = [(Role::Amount, "amount"), (Role::OrderDate, "date"), (Role::PaidDate, "paid")];
        let projects = [(Role::Budget, "budget"), (Role::Actual, "actual")];
        let tables = vec![
            table("projects.csv", 10, &projects),
            table("orders.csv", 100, &orders),
            table("copy.csv", 90, &orders),
            table("invoices.csv", 900, &invoices),
            table("notes.csv", 9, &[]),
        ];
        let choice = choose(join(tables));
        let served: Vec<(&str, Areas)> = choice.tables.iter().map(|(t, a)| (t.table.name.as_str(), *a)).collect();
        let sales = Areas { sales: true, delivery: true, ..Areas::default() };
        let receivables = Areas { receivables: true, ..Areas::default() };
        let work = Areas { work: true, ..Areas::default() };
        assert_eq!(served, [("invoices", receivables), ("orders", sales), ("projects", work)]);
        assert!(choice.not_used[0].reason.starts_with("has the same columns as orders.csv"));
        assert_eq!(choice.not_used[1].reason, "no column plays a part in any figure");
    }

    #[test]
    fn roles_of_the_request_win() {
        let request: Request = serde_json::from_str(r#"{"roles":{"a":{"amount":"net","profit":null}}}"#).unwrap();
        let roles = [(Role::Amount, "gross"), (Role::Profit, "p"), (Role::Price, "net")];
        let mut tables = join(vec![table("a.csv", 1, &roles)]);
        apply(&request, &mut tables).unwrap();
        let found = &tables[0].table;
        assert_eq!((found.columns_of(Role::Amount), found.has(Role::Profit)), (&["net".to_owned()][..], false));
        for (bad, path) in [(r#"{"roles":{"b":{}}}"#, "roles.b"), (r#"{"roles":{"a":{"cost":"x"}}}"#, "roles.a.cost")] {
            let request: Request = serde_json::from_str(bad).unwrap();
            assert_eq!(apply(&request, &mut tables).unwrap_err().path, path);
        }
    }
}
