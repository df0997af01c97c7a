//! Server-sent events (WHATWG HTML, section 9.2) as chats use them: each is a line `data:` with JSON.

use std::collections::VecDeque;

use causeway_oci_auth::effects::HttpError;
use causeway_resilience::Deadline;
use futures_util::stream::{self, BoxStream, StreamExt};
use serde::Deserialize;

use super::chat::{Delta, Usage};
use super::{broken, cohere};
use crate::Error;
use crate::error::Cause;
use crate::transport::{BodyStream, until_error};

/// Longest event in bytes.
const MAX_EVENT: usize = 1 << 20;
/// What some models send at the very end instead of JSON.
const DONE: &str = "[DONE]";

/// Something that happened in a chat.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatEvent {
    /// More text.
    Text {
        /// Which of the answers.
        index: u32,
        /// The text.
        text: String,
    },
    /// The answer is complete.
    Finished {
        /// Which of the answers.
        index: u32,
        /// `stop`, `length` and others. After `length` the text is cut off.
        reason: String,
    },
    /// What was used. Comes after the end.
    Usage(Usage),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    index: Option<u32>,
    message: Option<Delta>,
    /// In the format `COHERE`; the last event repeats the whole.
    text: Option<String>,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

/// Reads events from a body.
pub struct ChatStream {
    body: BodyStream,
    lines: Lines,
    ready: VecDeque<ChatEvent>,
    /// Whether there was any text.
    said: bool,
    finished: bool,
    opc_request_id: Option<String>,
}

impl std::fmt::Debug for ChatStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ChatStream").field("finished", &self.finished).finish_non_exhaustive()
    }
}

impl ChatStream {
    pub(super) fn new(body: BodyStream, deadline: Deadline, opc_request_id: Option<String>) -> Self {
        let (lines, ready) = (Lines::default(), VecDeque::new());
        Self { body: until_error(body, deadline), lines, ready, said: false, finished: false, opc_request_id }
    }

    pub(super) fn events(self) -> BoxStream<'static, Result<ChatEvent, Error>> {
        let events = stream::unfold(Some(self), async |state| {
            let mut state = state?;
            match state.next().await {
                Ok(Some(event)) => Some((Ok(event), Some(state))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        events.fuse().boxed()
    }

    async fn next(&mut self) -> Result<Option<ChatEvent>, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            match self.body.next().await {
                Some(Ok(piece)) => self.read(&piece)?,
                Some(Err(failure)) => return Err(broken(Cause::Transport { failure, tries: 1 })),
                None if self.lines.has_data() => self.read(b"\n\n")?,
                None if self.finished => return Ok(None),
                None => {
                    let failure = HttpError::Broken("the stream of events ended before its answer".to_owned());
                    return Err(broken(Cause::Transport { failure, tries: 1 }));
                }
            }
        }
    }

    fn read(&mut self, piece: &[u8]) -> Result<(), Error> {
        let data = self.lines.push(piece).map_err(|reason| self.unusable(reason))?;
        for data in data {
            self.take(&data)?;
        }
        Ok(())
    }

    fn take(&mut self, data: &str) -> Result<(), Error> {
        if data.trim() == DONE {
            return Ok(());
        }
        let wire: Wire = serde_json::from_str(data).map_err(|_| self.unusable("an event is no JSON of a chat"))?;
        let index = wire.index.unwrap_or_default();
        let repeated = self.said && wire.finish_reason.is_some();
        let text = wire.message.and_then(|message| message.text()).or(wire.text.filter(|_| !repeated));
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.said = true;
            self.ready.push_back(ChatEvent::Text { index, text });
        }
        if let Some(reason) = wire.finish_reason.map(cohere::reason) {
            self.finished = true;
            self.ready.push_back(ChatEvent::Finished { index, reason });
        }
        self.ready.extend(wire.usage.map(ChatEvent::Usage));
        Ok(())
    }

    fn unusable(&self, reason: &str) -> Error {
        let opc_request_id = self.opc_request_id.clone();
        broken(Cause::Answer { status: 200, reason: reason.to_owned(), opc_request_id })
    }
}

/// Cuts bytes into events. Lines end with LF, CRLF or CR; an empty one ends the event.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
    data: Option<String>,
    /// Whether the last byte was CR, so that an LF belongs to it.
    after_cr: bool,
    /// Whether a line was there already: the first may start with a byte order mark.
    begun: bool,
}

impl Lines {
    /// Whether an event has begun: the last one may lack its empty line.
    fn has_data(&self) -> bool {
        self.data.is_some() || !self.line.is_empty()
    }

    /// The data of the events that are complete now.
    fn push(&mut self, piece: &[u8]) -> Result<Vec<String>, &'static str> {
        let mut events = Vec::new();
        for &byte in piece {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => events.extend(self.end_of_line()?),
                _ => self.line.push(byte),
            }
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > MAX_EVENT {
                return Err("an event is too long");
            }
        }
        Ok(events)
    }

    fn end_of_line(&mut self) -> Result<Option<String>, &'static str> {
        let line = String::from_utf8(std::mem::take(&mut self.line)).map_err(|_| "an event is no text")?;
        let first = !std::mem::replace(&mut self.begun, true);
        let line = if first { line.strip_prefix('\u{feff}').unwrap_or(&line) } else { &line };
        if line.is_empty() {
            return Ok(self.data.take());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            }
        }
        Ok(None)
    }
}
