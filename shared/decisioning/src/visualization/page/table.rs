//! Tables: on a narrow page each row becomes a block whose cells name their columns.

use maud::{Markup, html};

use crate::visualization::format::clean;

/// Rows of a table, unless it shows fewer.
const MOST_ROWS: usize = 150;

/// A column.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    Long,
}

impl Column {
    /// A column of words; the first of a table names its row.
    pub(crate) const fn text(title: &'static str) -> Self {
        Self { title, kind: Kind::Text }
    }

    /// A column of numbers.
    pub(crate) const fn number(title: &'static str) -> Self {
        Self { title, kind: Kind::Number }
    }

    /// A column of sentences.
    pub(crate) const fn long(title: &'static str) -> Self {
        Self { title, kind: Kind::Long }
    }

    fn class(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Text => None,
            Kind::Number => Some("n"),
            Kind::Long => Some("long"),
        }
    }
}

/// A table; the first cell of each row is its heading. The roles say again what the elements are, because a narrow
/// page lays them out as blocks.
pub(crate) fn table(caption: &str, columns: &[Column], mut rows: Vec<Vec<Markup>>) -> Markup {
    let total = rows.len();
    rows.truncate(MOST_ROWS);
    html! {
        table.stack role="table" {
            caption { (caption) }
            thead role="rowgroup" { tr role="row" {
                @for column in columns { th role="columnheader" scope="col" class=[column.class()] { (column.title) } }
            } }
            tbody role="rowgroup" {
                @for row in rows { tr role="row" {
                    @for (index, cell) in row.into_iter().enumerate() {
                        @if index == 0 { th role="rowheader" scope="row" { (cell) } }
                        @else if let Some(column) = columns.get(index) {
                            td role="cell" class=[column.class()] data-label=(column.title) { (cell) }
                        }
                    }
                } }
            }
        }
        (left_out(total.min(MOST_ROWS), total as u64, "rows"))
    }
}

/// A table that is opened by a click, with what its chart leaves out.
pub(crate) fn folded(summary: &str, content: &Markup) -> Markup {
    html! { details { summary { (summary) } (content) } }
}

/// A name from the data, kept apart from the words around it.
pub(crate) fn name(text: &str) -> Markup {
    html! { bdi { (clean(text)) } }
}

/// How much a list leaves out.
pub(crate) fn left_out(shown: usize, total: u64, of: &str) -> Markup {
    let more = total.saturating_sub(shown as u64);
    html! { @if more > 0 { p.note { "+" (more) " more " (of) " of " (total) "; those that the agent lists are in export.json." } } }
}
