//! What a run leaves for people: a table, a document, a page.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::{Done, Listed};
use crate::measure::Counts;
use crate::reply::Item;
use crate::sheet::{self, Card};

/// Pictures of one page: some 20 kB each.
const MOST_CARDS: usize = 2_000;

/// The files that were asked for. Each is written beside its place and takes it when it is whole.
pub(super) struct Files {
    csv: Option<csv::Writer<Whole>>,
    json: Option<Whole>,
    sheet: Option<Whole>,
    items: Vec<(usize, Item)>,
    cards: Vec<(usize, Card)>,
    cards_left_out: usize,
}

/// A file that is not there before it is whole; what is not finished leaves nothing.
struct Whole {
    out: BufWriter<File>,
    part: PathBuf,
    place: PathBuf,
    is_whole: bool,
}

impl Whole {
    fn create(place: &Path) -> io::Result<Self> {
        let mut part = place.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", place.display()));
        let out = BufWriter::new(File::create(&part).map_err(named)?);
        Ok(Self { out, part, place: place.to_owned(), is_whole: false })
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        std::fs::rename(&self.part, &self.place)?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.is_whole {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Files {
    /// # Errors
    /// A file cannot be made.
    pub(super) fn create(csv: Option<PathBuf>, json: Option<PathBuf>, sheet: Option<PathBuf>) -> io::Result<Self> {
        let open = |place: Option<PathBuf>| place.as_deref().map(Whole::create).transpose();
        Ok(Self {
            csv: open(csv)?.map(csv::Writer::from_writer),
            json: open(json)?,
            sheet: open(sheet)?,
            items: Vec::new(),
            cards: Vec::new(),
            cards_left_out: 0,
        })
    }

    /// One more picture.
    pub(super) fn add(&mut self, done: Done) {
        let Done { at, item, looked } = done;
        if self.sheet.is_some() {
            if self.cards.len() < MOST_CARDS {
                self.cards.push((at, Card::of(&item, looked.as_ref())));
            } else {
                self.cards_left_out += 1;
            }
        }
        if self.csv.is_some() || self.json.is_some() {
            self.items.push((at, item));
        }
    }

    /// In the order of names, however they were done.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn finish(mut self, listed: &Listed, counts: &Counts, took: Duration) -> io::Result<()> {
        self.items.sort_by_key(|(at, _)| *at);
        self.cards.sort_by_key(|(at, _)| *at);
        let items: Vec<&Item> = self.items.iter().map(|(_, item)| item).collect();
        if let Some(mut table) = self.csv {
            table.write_record(HEADS).map_err(io::Error::other)?;
            for item in &items {
                table.write_record(row(item)).map_err(io::Error::other)?;
            }
            table.into_inner().map_err(|error| io::Error::other(error.to_string()))?.finish()?;
        }
        if let Some(mut out) = self.json {
            serde_json::to_writer_pretty(&mut out, &document(listed, counts, took, &items))?;
            out.write_all(b"\n")?;
            out.finish()?;
        }
        if let Some(mut out) = self.sheet {
            let cards: Vec<Card> = self.cards.into_iter().map(|(_, card)| card).collect();
            out.write_all(sheet::page(&cards, self.cards_left_out).as_bytes())?;
            out.finish()?;
        }
        Ok(())
    }
}

/// The run in figures, then each picture.
fn document(listed: &Listed, counts: &Counts, took: Duration, items: &[&Item]) -> serde_json::Value {
    let by_status: BTreeMap<_, _> = counts.pictures.iter().map(|(status, number)| (status.word(), number)).collect();
    json!({
        "seconds": took.as_secs_f64(),
        "counts": by_status,
        "reviews": counts.reviews,
        "model_calls": counts.model_calls,
        "alerts_open": counts.alerts_open,
        "left_out": listed.left_out,
        "items": items,
    })
}

const HEADS: [&str; 13] = [
    "object_name",
    "status",
    "assessment",
    "severity",
    "damage_score",
    "package_quality",
    "quality_index",
    "band",
    "issues",
    "caption_summary",
    "result_object",
    "failure_code",
    "failure_message",
];

fn row(item: &Item) -> [String; 13] {
    let word = |value: serde_json::Value| value.as_str().map(str::to_owned).unwrap_or_default();
    let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
    let failure =
        |get: fn(&crate::reply::Failure) -> &String| item.failure.as_ref().map(get).cloned().unwrap_or_default();
    let cells = [
        item.object_name.clone(),
        item.status.word().to_owned(),
        word(json!(item.assessment)),
        word(json!(item.severity)),
        number(item.damage_score),
        number(item.package_quality),
        number(item.quality_index),
        word(json!(item.band)),
        item.issues.join(" "),
        item.caption_summary.clone().unwrap_or_default(),
        item.result_object.clone().unwrap_or_default(),
        failure(|failure| &failure.code),
        failure(|failure| &failure.message),
    ];
    cells.map(inert)
}

/// Spreadsheets take what begins so for a formula; a name or a caption must not become one.
fn inert(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_no_formulas() {
        for (cell, expected) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("a=b", "a=b"), ("", "")] {
            assert_eq!(inert(cell.to_owned()), expected);
        }
    }
}
