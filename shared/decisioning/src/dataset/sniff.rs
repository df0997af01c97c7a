//! What an object holds, judged from its first bytes and only then from its name.

use csv_core::{ReadRecordResult, ReaderBuilder};

use super::Format;
use super::cell::{Cell, Reading, Value};
use crate::discovery::pii;

/// Bytes that are enough to judge.
pub(crate) const SAMPLE_BYTES: usize = 64 * 1024;
/// Code of text that holds no table.
pub(crate) const NO_TABLE: &str = "no_table";
/// Records of the sample that are looked at.
const SAMPLE_RECORDS: usize = 200;
/// Share of records with the same number of fields from which a delimiter is believed.
const CONSISTENT_SHARE: f64 = 0.9;

/// What the first bytes show.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sniffed {
    Csv(Dialect),
    Json(Format),
    /// Not a table that can be read: a stable code and a reason.
    Unsupported(&'static str, &'static str),
}

/// How a CSV is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) has_header: bool,
}

/// Magic bytes of formats that are recognised in order to be refused with a reason.
const FOREIGN: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xFF\xD8\xFF", "a JPEG picture"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"ARROW1", "an Arrow file"),
    (b"BZh", "bzip2-compressed"),
    (b"\x28\xB5\x2F\xFD", "zstd-compressed"),
];

/// Judges the beginning of the content; `whole` says that the sample is everything there is.
pub(crate) fn sniff(sample: &[u8], name: &str, whole: bool) -> Sniffed {
    if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return Sniffed::Unsupported("unsupported_format", what);
    }
    if sample.starts_with(b"\xFF\xFE") || sample.starts_with(b"\xFE\xFF") {
        return Sniffed::Unsupported("unsupported_encoding", "UTF-16 text; convert it to UTF-8");
    }
    if sample.contains(&0) {
        return Sniffed::Unsupported("binary_content", "binary content, it holds NUL bytes");
    }
    match sample.trim_ascii_start().first() {
        None => Sniffed::Unsupported("empty_object", "empty"),
        Some(b'{' | b'[') => sniff_json(sample.trim_ascii_start(), name),
        Some(_) => sniff_csv(sample, name, whole),
    }
}

fn sniff_json(text: &[u8], name: &str) -> Sniffed {
    if text[0] == b'[' {
        let next = text[1..].trim_ascii_start().first();
        return match next {
            Some(b'{' | b']') | None => Sniffed::Json(Format::JsonArray),
            Some(_) if extension(name) == "csv" => sniff_csv(text, name, false),
            Some(_) => Sniffed::Unsupported("not_records", "JSON, but not an array of objects"),
        };
    }
    let line = text.split(|b| *b == b'\n').next().unwrap_or(text);
    let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(line);
    match parsed {
        Ok(_) => Sniffed::Json(Format::JsonLines),
        Err(_) => Sniffed::Json(Format::JsonObject),
    }
}

fn extension(name: &str) -> String {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.rsplit_once('.').map_or(String::new(), |(_, e)| e.to_ascii_lowercase())
}

fn sniff_csv(sample: &[u8], name: &str, whole: bool) -> Sniffed {
    let named_so = matches!(extension(name).as_str(), "csv" | "tsv" | "tab" | "psv");
    let scored = [b',', b';', b'\t', b'|'].map(|delimiter| {
        let records = records(sample, delimiter, whole);
        (score(&records), delimiter, records)
    });
    // The first of equals wins, so that a comma is preferred.
    let best = scored.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best });
    let Some((score, delimiter, records)) = best else {
        return Sniffed::Unsupported("empty_object", "empty");
    };
    let is_table = score.0 >= CONSISTENT_SHARE && score.1 > 1 && records.len() > 1;
    if !named_so && !is_table {
        return Sniffed::Unsupported(NO_TABLE, "text without consistent columns");
    }
    Sniffed::Csv(Dialect { delimiter, has_header: has_header(&records) })
}

/// Share of records with the usual number of fields, and that number; one field scores lowest.
fn score(records: &[Vec<String>]) -> (f64, usize) {
    let mut counts = std::collections::BTreeMap::new();
    for record in records {
        *counts.entry(record.len()).or_insert(0_usize) += 1;
    }
    let usual = counts.iter().max_by_key(|(fields, n)| (**n, **fields));
    match usual {
        Some((&fields, &n)) if fields > 1 => (n as f64 / records.len() as f64, fields),
        _ => (0.0, 1),
    }
}

fn records(sample: &[u8], delimiter: u8, whole: bool) -> Vec<Vec<String>> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let (mut out, mut ends) = (vec![0; sample.len() + 1], vec![0; sample.len() + 2]);
    let (mut input, mut found) = (sample, Vec::new());
    let (mut length, mut fields) = (0, 0);
    while found.len() < SAMPLE_RECORDS {
        let (result, nin, nout, nend) = reader.read_record(input, &mut out[length..], &mut ends[fields..]);
        input = &input[nin..];
        (length, fields) = (length + nout, fields + nend);
        match result {
            ReadRecordResult::Record => {
                found.push(split(&out[..length], &ends[..fields]));
                (length, fields) = (0, 0);
            }
            // The last record of a cut sample is cut too; without a further call it is left out.
            ReadRecordResult::InputEmpty if whole || found.is_empty() => {}
            _ => break,
        }
    }
    found
}

fn split(out: &[u8], ends: &[usize]) -> Vec<String> {
    let mut start = 0;
    let field = |end: &usize| {
        let text = String::from_utf8_lossy(&out[start..*end]).into_owned();
        start = *end;
        text
    };
    ends.iter().map(field).collect()
}

/// Whether the first record names the columns.
///
/// It does not when a cell looks like personal data or repeats; it does when some column is text in the
/// first record and typed below, or when no cell of the first record is typed at all.
fn has_header(records: &[Vec<String>]) -> bool {
    let Some((first, body)) = records.split_first() else { return false };
    let names: Vec<&String> = first.iter().filter(|cell| !cell.trim().is_empty()).collect();
    if names.is_empty() || names.iter().any(|name| pii::looks_personal(name)) {
        return false;
    }
    let names_a_year =
        |column: usize| is_year(&first[column]) && !body.iter().any(|r| r.get(column).is_some_and(|c| is_year(c)));
    let typed = (0..first.len()).filter(|column| is_typed(&first[*column]) && !names_a_year(*column)).count();
    let contrast = (0..first.len()).any(|column| {
        let cells = body.iter().filter_map(|r| r.get(column)).filter(|c| !is_null(c));
        let (typed, all) = cells.fold((0, 0), |(t, n), c| (t + usize::from(is_typed(c)), n + 1));
        !first[column].trim().is_empty() && !is_typed(&first[column]) && all > 0 && typed * 5 >= all * 4
    });
    typed == 0 || (contrast && typed * 2 <= first.len())
}

fn is_typed(cell: &str) -> bool {
    matches!(Cell::Text(cell).read(), Reading::Value(value, _) if !matches!(value, Value::Text(_)))
}

fn is_year(cell: &str) -> bool {
    matches!(Cell::Text(cell).read(), Reading::Value(Value::Int(1900..=2100), _))
}

fn is_null(cell: &str) -> bool {
    matches!(Cell::Text(cell).read(), Reading::Null(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, name: &str, expected: Option<(char, bool)>) {
        let found = match sniff(text.as_bytes(), name, true) {
            Sniffed::Csv(d) => Some((char::from(d.delimiter), d.has_header)),
            _ => None,
        };
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn dialect_and_header() {
        check("a,b\n1,2\n3,4\n", "x.csv", Some((',', true)));
        check("a;b\n1,5;2\n3;4\n", "x.csv", Some((';', true)));
        check("a\tb\n1\t2\n", "x", Some(('\t', true)));
        check("a|b\n1|2\n", "x.txt", Some(('|', true)));
        check("1,2\n3,4\n", "x.csv", Some((',', false)));
        check("\"a\nb\",c\n1,2\n", "x.csv", Some((',', true)));
        check("code,name\nUA,United\nDL,Delta\n", "x.csv", Some((',', true)));
        check("ann@example.org,Ann\nbob@example.org,Bob\n", "x.csv", Some((',', false)));
        check("region,2014,city\nA,1,x\nB,2,y\n", "x.csv", Some((',', true)));
        check("only\n", "x.csv", Some((',', true)));
        check("just a sentence, with a comma\nand another one\n", "LICENSE", None);
        check("\0\0\0", "x.csv", None);
    }

    #[test]
    fn json_shapes() {
        let check = |text: &str, expected: Format| {
            assert_eq!(sniff(text.as_bytes(), "x", true), Sniffed::Json(expected), "{text}");
        };
        check("[{\"a\":1}]", Format::JsonArray);
        check("{\"a\":1}\n{\"a\":2}\n", Format::JsonLines);
        check("{\n \"a\":1}", Format::JsonObject);
        assert!(matches!(sniff(b"[1,2]", "x.json", true), Sniffed::Unsupported("not_records", _)));
    }
}
