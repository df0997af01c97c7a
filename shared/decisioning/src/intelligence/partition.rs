//! Tables that lie in several objects: `orders_2016.csv` and `orders_2017.csv`, or one folder per month.
//!
//! Objects are parts of one table when they have the same columns and belong to one family by name. Both are needed:
//! a file of expenses may well have the columns of a file of sales.

use std::collections::BTreeMap;

use super::catalogue::{Column, Table};
use crate::dataset::date;

/// Words of object names that tell parts apart, and not tables.
const GENERIC: [&str; 26] = [
    "part", "parts", "data", "file", "files", "export", "exports", "chunk", "batch", "page", "copy", "backup", "table",
    "year", "month", "week", "day", "date", "quarter", "old", "new", "full", "all", "latest", "final", "delta",
];

/// One object of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) object: String,
    pub(crate) name: String,
}

/// A table with the objects that it lies in, in name order.
#[derive(Debug, Clone)]
pub(crate) struct Joined {
    pub(crate) table: Table,
    pub(crate) parts: Vec<Part>,
}

/// Puts the parts of each table together. Tables and parts come out in the order of their objects.
pub(crate) fn join(mut tables: Vec<Table>) -> Vec<Joined> {
    tables.sort_by(|a, b| a.object.cmp(&b.object));
    let mut groups: Vec<Vec<Table>> = Vec::new();
    let mut by_key: BTreeMap<(String, Vec<String>), Vec<usize>> = BTreeMap::new();
    for table in tables {
        let known = by_key.entry((family(&table.object), columns(&table))).or_default();
        let fits = |group: &usize| !table.columns.is_empty() && groups[*group].iter().all(|other| agree(other, &table));
        match known.iter().copied().find(fits) {
            Some(group) => groups[group].push(table),
            None => {
                known.push(groups.len());
                groups.push(vec![table]);
            }
        }
    }
    groups.into_iter().filter_map(merged).collect()
}

/// The names of the columns in alphabetical order.
pub(crate) fn columns(table: &Table) -> Vec<String> {
    let mut names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    names.sort();
    names
}

fn order(column: &Column) -> Option<&str> {
    column.dates.as_ref().and_then(|dates| dates.day_month_order.as_deref()).filter(|order| *order != "ambiguous")
}

/// Whether no column is certain to be written with the day first in one table and with the month first in the other.
fn agree(one: &Table, other: &Table) -> bool {
    let differs = |column: &Column| {
        let there = other.column(&column.name).and_then(order);
        order(column).zip(there).is_some_and(|(here, there)| here != there)
    };
    !one.columns.iter().any(differs)
}

/// One table: roles by the part with the most rows; personal and with its dates as any part says.
fn merged(parts: Vec<Table>) -> Option<Joined> {
    let lead = parts.iter().rev().max_by_key(|table| table.row_count)?;
    let mut table = lead.clone();
    table.row_count = parts.iter().map(|part| part.row_count).fold(0, u64::saturating_add);
    for column in &mut table.columns {
        let same = || parts.iter().filter_map(|part| part.column(&column.name));
        let dates = same().find(|column| order(column).is_some()).and_then(|column| column.dates.clone());
        let pii = same().find(|column| !column.pii.is_empty()).map(|column| column.pii.clone());
        column.dates = dates.or(column.dates.take());
        column.pii = pii.unwrap_or_default();
    }
    let parts: Vec<Part> = parts.into_iter().map(|part| Part { object: part.object, name: part.name }).collect();
    let first = parts.first()?;
    (table.object, table.name) = (first.object.clone(), first.name.clone());
    Some(Joined { table, parts })
}

/// The first telling word of the file's name, else that of its nearest folder.
fn family(object: &str) -> String {
    let telling = |segment: &str| {
        let stem = segment.split('.').next().unwrap_or_default().to_lowercase();
        stem.split(|c: char| !c.is_alphabetic()).find(|word| is_telling(word)).map(str::to_owned)
    };
    object.rsplit('/').find_map(telling).unwrap_or_default()
}

fn is_telling(word: &str) -> bool {
    let is_month = word == "sept" || date::month(word.as_bytes()).is_some();
    word.chars().count() > 1 && !GENERIC.contains(&word) && !is_month
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::Dates;
    use super::*;

    fn table(object: &str, rows: u64, columns: &[(&str, &str)]) -> Table {
        let column = |(name, order): &(&str, &str)| Column {
            name: (*name).to_owned(),
            dates: Some(Dates { day_month_order: Some((*order).to_owned()) }),
            ..Column::default()
        };
        let columns = columns.iter().map(column).collect();
        Table { name: object.to_owned(), object: object.to_owned(), row_count: rows, columns, ..Table::default() }
    }

    #[test]
    fn families() {
        let check = |object: &str, expected: &str| assert_eq!(family(object), expected, "{object}");
        check("orders_2016.csv", "orders");
        check("sales/Orders-2017-03.csv.gz", "orders");
        check("orders/2016/part-0.parquet", "orders");
        check("orders/year=2016/month=03/data.csv", "orders");
        check("north/jan.csv", "north");
        check("north/marketing.csv", "marketing");
        check("copy.csv", "");
        check("2016/Bestellungen_März.csv", "bestellungen");
    }

    #[test]
    fn parts_have_one_family_and_the_same_columns() {
        let two = [("d", "ambiguous"), ("amount", "ambiguous")];
        let turned = [("amount", "ambiguous"), ("d", "day_first")];
        let month_first = [("d", "month_first"), ("amount", "ambiguous")];
        let tables = vec![
            table("orders_2017.csv", 5, &turned),
            table("expenses.csv", 9, &two),
            table("orders_2016.csv", 7, &two),
            table("orders_2018.csv", 1, &month_first),
            table("orders_more.csv", 1, &two[..1]),
            table("x.csv", 0, &[]),
            table("x_2.csv", 0, &[]),
        ];
        let names = |joined: &[Joined]| {
            let of = |one: &Joined| one.parts.iter().map(|part| part.object.clone()).collect::<Vec<_>>().join(" ");
            joined.iter().map(of).collect::<Vec<_>>()
        };
        let joined = join(tables.clone());
        let expected = [
            "expenses.csv",
            "orders_2016.csv orders_2017.csv",
            "orders_2018.csv",
            "orders_more.csv",
            "x.csv",
            "x_2.csv",
        ];
        assert_eq!(names(&joined), expected);
        assert_eq!((joined[1].table.row_count, order(&joined[1].table.columns[0])), (12, Some("day_first")));
        assert_eq!(names(&join(tables.into_iter().rev().collect())), expected);
    }
}
