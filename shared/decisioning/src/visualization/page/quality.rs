//! What the data is like that everything rests on.

use maud::{Markup, html};
use serde_json::Value;

use super::table::{Column, folded, left_out, name, table};
use super::{DISCOVERY, absent};
use crate::visualization::charts::{Bar, BarValue, Caption, Paint, bars};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, clean, words};

const MOST_TABLES: usize = 25;
const MOST_FLAGS: usize = 15;

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    html! {
        section id="quality" aria-labelledby="quality-title" {
            h2 #quality-title { "Data quality" }
            @if doc.at(DISCOVERY).is_none() { (absent(&doc.reason(&format!("{DISCOVERY}/quality")))) }
            @else { div.grid { (parts(doc)) (flags(doc)) (tables(doc)) } }
        }
    }
}

fn parts(doc: &Doc<'_>) -> Markup {
    let place = format!("{DISCOVERY}/quality/parts");
    let bar = |part: &Value| {
        let value = part["value"].as_f64();
        let reason = || part["reason"].as_str().map_or("not available".to_owned(), |why| format!("not judged: {why}"));
        Bar {
            label: words(part["name"].as_str().unwrap_or("?")),
            text: value.and_then(|value| Unit::Share.text(value)).unwrap_or_else(reason),
            values: vec![BarValue { value, paint: Paint::Main }],
        }
    };
    let row = |(index, part): (usize, &Value)| {
        vec![
            html! { (words(part["name"].as_str().unwrap_or("?"))) },
            doc.figure(&format!("{place}/{index}/value"), Unit::Share).short(),
            doc.figure(&format!("{place}/{index}/weight"), Unit::Number).short(),
            html! { (clean(part["reason"].as_str().unwrap_or_default())) },
        ]
    };
    let all = doc.list(&place);
    html! {
        div."card half" {
            h3 { "Quality " (doc.figure(&format!("{DISCOVERY}/quality/value"), Unit::Share).short()) }
            (bars(&Caption { id: "quality-parts", title: "Parts of the data quality",
                description: "One bar of 0 to 100 percent for each part of the quality score." },
                &all.iter().map(bar).collect::<Vec<_>>(), Some(1.0)))
            (folded("Table", &table("Parts and their weights",
                &[Column::text("Part"), Column::number("Value"), Column::number("Weight"), Column::long("Why it is absent")],
                all.iter().enumerate().map(row).collect())))
        }
    }
}

fn flags(doc: &Doc<'_>) -> Markup {
    let flags = doc.list(&format!("{DISCOVERY}/anomaly_flags"));
    let issues = doc.list(&format!("{DISCOVERY}/issues"));
    html! {
        div."card half" {
            h3 { "What stands out in the data" }
            @if flags.is_empty() && issues.is_empty() { p { "Nothing." } }
            ul.items { @for flag in flags.iter().take(MOST_FLAGS).filter_map(Value::as_str) { li { (name(flag)) } } }
            (left_out(flags.len().min(MOST_FLAGS), flags.len() as u64, "flags"))
            @if !issues.is_empty() {
                h3 { "What the reader met" }
                ul.items { @for issue in issues.iter().take(MOST_FLAGS) {
                    li { (name(issue["object"].as_str().unwrap_or_default())) ": " (name(issue["message"].as_str().unwrap_or_default()))
                        @if issue["loses_data"] == true { " " span.tag { "▲ content was left unread" } } }
                } }
                (left_out(issues.len().min(MOST_FLAGS), issues.len() as u64, "issues"))
            }
            p.note {
                "Links between tables: " (doc.figure(&format!("{DISCOVERY}/data_relationships/strong_links"), Unit::Count).short())
                "; share of references that are found: " (doc.figure(&format!("{DISCOVERY}/data_relationships/referential_integrity"), Unit::Share).html())
            }
        }
    }
}

fn tables(doc: &Doc<'_>) -> Markup {
    const COLUMNS: [Column; 6] = [
        Column::text("Table"),
        Column::number("Rows"),
        Column::number("Columns"),
        Column::number("Quality"),
        Column::text("Read"),
        Column::long("Columns that may be personal"),
    ];
    let place = format!("{DISCOVERY}/tables");
    let all = doc.list(&place);
    let row = |(index, one): (usize, &Value)| {
        let personal = one["columns"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|c| c["pii"].as_array().is_some_and(|p| !p.is_empty()));
        let personal: Vec<&str> = personal.filter_map(|column| column["name"].as_str()).collect();
        vec![
            name(one["name"].as_str().unwrap_or_default()),
            doc.figure(&format!("{place}/{index}/row_count"), Unit::Count).short(),
            doc.figure(&format!("{place}/{index}/column_count"), Unit::Count).short(),
            doc.figure(&format!("{place}/{index}/quality/value"), Unit::Share).short(),
            html! { @if one["complete"] == true { "in full" } @else { "▲ in part" } },
            html! { @for (i, column) in personal.iter().take(8).enumerate() { @if i > 0 { ", " } (name(column)) }
            @if personal.len() > 8 { " and " (personal.len() - 8) " more" } },
        ]
    };
    html! {
        div.card {
            h3 { "Tables" }
            (table("Tables that were profiled", &COLUMNS, all.iter().enumerate().take(MOST_TABLES).map(row).collect()))
            (left_out(all.len().min(MOST_TABLES), all.len() as u64, "tables"))
        }
    }
}
