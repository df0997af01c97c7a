//! One object from the port to a sink: recognises the format, unpacks, parses, stops at limits.

use bytes::Bytes;
use causeway_cloud::Objects;
use causeway_cloud::object_store::{self, ObjectMeta};
use futures_util::StreamExt;

use super::csv::Csv;
use super::gzip::{self, Gunzip};
use super::json::Json;
use super::sniff::{self, NO_TABLE, SAMPLE_BYTES, Sniffed};
use super::version::Version;
use super::{Flow, Format, ReadLimits, ReadReport, RowSink, parquet};
use crate::budget::{Budget, yield_now};

/// Code of an object that was read from a copy, because the side of the storage that has it did not answer.
pub const READ_FROM_COPY: &str = "read_from_copy";
/// Bytes that are parsed before other tasks get a turn.
const STEP_BYTES: usize = 256 * 1024;

/// Reads one object into a sink and reports how that went; it never fails as a whole.
pub async fn object(
    objects: &Objects,
    meta: &ObjectMeta,
    limits: ReadLimits,
    budget: &Budget<'_>,
    sink: &mut dyn RowSink,
) -> ReadReport {
    let mut report = ReadReport::default();
    if meta.size == 0 {
        report.note("empty_object", None, true, "the object has no bytes");
        return report;
    }
    if let Err(error) = read(objects, meta, limits, budget, &mut report, sink).await {
        report.note(store_code(&error), None, true, store_message(&error));
    }
    report
}

async fn read(
    objects: &Objects,
    meta: &ObjectMeta,
    limits: ReadLimits,
    budget: &Budget<'_>,
    report: &mut ReadReport,
    sink: &mut dyn RowSink,
) -> object_store::Result<()> {
    let (version, head) = Version::begin(objects, meta, SAMPLE_BYTES as u64).await?;
    if version.is_copy() {
        report.note(
            READ_FROM_COPY,
            None,
            true,
            "the object was read from the copy of another side, which may be older",
        );
    }
    if head.starts_with(parquet::MAGIC) {
        report.format = Some(Format::Parquet);
        return match parquet::read(&version, limits, budget, report, sink).await {
            Ok(()) => Ok(()),
            Err(parquet::Trouble::Store(error)) => Err(error),
            Err(parquet::Trouble::Damaged(reason)) => {
                report.note("damaged_parquet", None, true, &format!("the object is {reason}"));
                Ok(())
            }
        };
    }
    let mut text = TextReader::new(meta.location.as_ref(), limits, head.starts_with(&gzip::MAGIC));
    stream(&version, head, budget, &mut text, report, sink).await?;
    text.finish(report, sink);
    Ok(())
}

async fn stream(
    version: &Version<'_>,
    head: Bytes,
    budget: &Budget<'_>,
    text: &mut TextReader,
    report: &mut ReadReport,
    sink: &mut dyn RowSink,
) -> object_store::Result<()> {
    let head_end = head.len() as u64;
    if text.push(&head, report, sink) == Flow::Stop || head_end >= version.size() {
        return Ok(());
    }
    let mut pieces = version.get(head_end..version.size()).await?.into_stream();
    let mut since_turn = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        if budget.exhausted() {
            report.out_of_time = true;
            break;
        }
        if text.push(&piece, report, sink) == Flow::Stop {
            break;
        }
        since_turn += piece.len();
        if since_turn > STEP_BYTES {
            since_turn = 0;
            yield_now().await;
        }
    }
    Ok(())
}

fn store_code(error: &object_store::Error) -> &'static str {
    match error {
        object_store::Error::NotFound { .. } => "object_not_found",
        object_store::Error::PermissionDenied { .. } => "object_refused",
        object_store::Error::Precondition { .. } => "object_changed",
        _ => "object_unreadable",
    }
}

fn store_message(error: &object_store::Error) -> &'static str {
    match error {
        object_store::Error::NotFound { .. } => "the object is not there any more",
        object_store::Error::PermissionDenied { .. } => {
            "the object may not be read: it leads outside the root, or access is denied"
        }
        object_store::Error::Precondition { .. } => {
            "the object was replaced while it was read; nothing of its new content was used"
        }
        _ => "the object store failed while the object was read",
    }
}

/// Unpacking, recognition and parsing of everything that is text in the end.
pub(crate) struct TextReader {
    gunzip: Option<Gunzip>,
    content: Content,
}

impl TextReader {
    pub(crate) fn new(name: &str, limits: ReadLimits, is_gzip: bool) -> Self {
        let content = Content {
            name: name.to_owned(),
            limits,
            left: limits.max_bytes_per_object,
            sample: Vec::new(),
            parser: Parser::Unknown,
        };
        Self { gunzip: is_gzip.then(Gunzip::new), content }
    }

    pub(crate) fn push(&mut self, piece: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let Some(gunzip) = &mut self.gunzip else {
            return self.content.push(piece, report, sink);
        };
        report.compression = Some("gzip");
        let mut flow = Flow::Continue;
        let content = &mut self.content;
        let outcome = gunzip.push(piece, |bytes| {
            flow = content.push(bytes, report, sink);
            flow == Flow::Continue
        });
        if outcome.is_err() {
            report.note("damaged_gzip", None, true, "the gzip stream is damaged; the rows before the damage were used");
            self.gunzip = None;
            self.content.end_early(report, sink);
            return Flow::Stop;
        }
        flow
    }

    pub(crate) fn finish(&mut self, report: &mut ReadReport, sink: &mut dyn RowSink) {
        let stopped = report.out_of_time || self.content.parser.is_stopped();
        if let Some(gunzip) = self.gunzip.take().filter(|_| !stopped) {
            let content = &mut self.content;
            let outcome = gunzip.finish(|bytes| content.push(bytes, report, sink) == Flow::Continue);
            if outcome.is_err() {
                report.note(
                    "truncated_gzip",
                    None,
                    true,
                    "the gzip stream ends early; the rows before the cut were used",
                );
                return self.content.end_early(report, sink);
            }
        }
        self.content.finish(report, sink);
    }
}

/// Text after decompression.
struct Content {
    name: String,
    limits: ReadLimits,
    left: u64,
    sample: Vec<u8>,
    parser: Parser,
}

enum Parser {
    Unknown,
    Csv(Box<Csv>),
    Json(Box<Json>),
    /// Reading ended before the content did.
    Stopped,
}

impl Parser {
    fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped)
    }

    fn push(&mut self, bytes: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let flow = match self {
            Self::Csv(csv) => csv.push(bytes, report, sink),
            Self::Json(json) => json.push(bytes, report, sink),
            Self::Unknown | Self::Stopped => Flow::Stop,
        };
        if flow == Flow::Stop {
            *self = Self::Stopped;
        }
        flow
    }
}

impl Content {
    fn push(&mut self, bytes: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        let (bytes, cut) = if bytes.len() > room { (&bytes[..room], true) } else { (bytes, false) };
        self.left -= bytes.len() as u64;
        let flow = self.push_within(bytes, report, sink);
        if cut && flow == Flow::Continue {
            report.note("byte_limit", None, true, "content beyond max_bytes_per_object was not read");
            self.end_early(report, sink);
            return Flow::Stop;
        }
        flow
    }

    fn push_within(&mut self, bytes: &[u8], report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        if !matches!(self.parser, Parser::Unknown) {
            return self.parser.push(bytes, report, sink);
        }
        self.sample.extend_from_slice(bytes);
        if self.sample.len() < SAMPLE_BYTES {
            return Flow::Continue;
        }
        self.recognise(false, report, sink)
    }

    /// Chooses the parser and gives it what was held back.
    fn recognise(&mut self, whole: bool, report: &mut ReadReport, sink: &mut dyn RowSink) -> Flow {
        let sample = std::mem::take(&mut self.sample);
        let text = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&sample);
        // The same bytes must be judged whatever the sizes of the pieces were.
        let judged = &text[..text.len().min(SAMPLE_BYTES - 3)];
        match sniff::sniff(judged, &self.name, whole && judged.len() == text.len()) {
            Sniffed::Csv(dialect) => {
                report.format = Some(Format::Csv);
                report.delimiter = Some(char::from(dialect.delimiter));
                report.has_header = Some(dialect.has_header);
                self.parser = Parser::Csv(Box::new(Csv::new(&dialect, self.limits)));
            }
            Sniffed::Json(format) => {
                report.format = Some(format);
                self.parser = Parser::Json(Box::new(Json::new(format, self.limits)));
            }
            Sniffed::Unsupported(code, reason) => {
                // A licence or a picture beside the tables is no loss; what looks like a table is.
                let loses_data = code != NO_TABLE;
                report.note(code, None, loses_data, &format!("the object is no table that can be read: {reason}"));
                self.parser = Parser::Stopped;
                return Flow::Stop;
            }
        }
        self.parser.push(text, report, sink)
    }

    /// Ends parsing at a limit: the record that was cut is left out.
    fn end_early(&mut self, report: &mut ReadReport, sink: &mut dyn RowSink) {
        if matches!(self.parser, Parser::Unknown) {
            self.recognise(false, report, sink);
        }
        self.parser = Parser::Stopped;
    }

    fn finish(&mut self, report: &mut ReadReport, sink: &mut dyn RowSink) {
        if report.out_of_time {
            return self.end_early(report, sink);
        }
        if matches!(self.parser, Parser::Unknown) {
            self.recognise(true, report, sink);
        }
        match &mut self.parser {
            Parser::Csv(csv) => csv.finish(report, sink),
            Parser::Json(json) => json.finish(report, sink),
            Parser::Unknown | Parser::Stopped => {}
        }
    }
}
