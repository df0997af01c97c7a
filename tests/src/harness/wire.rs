//! A strict HTTP/1 client over a Unix socket: what deviates from RFC 9112 in a response is an error here,
//! also where real clients are lenient.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::Request;

/// Bound on waiting for bytes; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no reply.
#[derive(Debug)]
pub enum WireError {
    /// The peer closed the connection before the first byte of a reply.
    Closed,
    /// No byte came in time.
    Silent,
    /// What came is not a proper response.
    Malformed(String),
    /// Anything else.
    Io(io::Error),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Silent,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

fn malformed(what: impl Into<String>) -> WireError {
    WireError::Malformed(what.into())
}

/// A complete response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: String,
    /// Wire status.
    pub status: u16,
    /// Header lines in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body without its framing.
    pub body: Vec<u8>,
}

impl Reply {
    /// All values of a header, in order.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&str> {
        let matching = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        matching.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that must not be repeated.
    ///
    /// # Panics
    /// When it is repeated.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let values = self.values(name);
        assert!(values.len() < 2, "{name} is repeated: {values:?}");
        values.first().copied()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A connection to a function.
#[derive(Debug)]
pub struct Connection {
    reader: Reader<UnixStream>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Those of `connect(2)`.
    pub fn try_open(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { reader: Reader::new(stream) })
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the peer has closed the connection.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.source.write_all(bytes)
    }

    /// Sends bytes; the peer must take them.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the peer takes all bytes");
    }

    /// Reads the next response, interim ones included.
    ///
    /// # Errors
    /// When there is none or it is not proper HTTP.
    pub fn try_reply(&mut self) -> Result<Reply, WireError> {
        self.reader.reply()
    }

    /// Reads the next response, which must come.
    #[must_use]
    pub fn reply(&mut self) -> Reply {
        self.try_reply().unwrap_or_else(|error| panic!("no reply: {error:?}"))
    }

    /// Sends a request and reads its response.
    #[must_use]
    pub fn call(&mut self, request: &Request) -> Reply {
        self.send(&request.bytes());
        self.reply()
    }

    /// Like [`Self::call`], for a peer that may fail.
    ///
    /// # Errors
    /// When the connection breaks or the reply is not proper HTTP.
    pub fn try_call(&mut self, request: &Request) -> Result<Reply, WireError> {
        self.try_send(&request.bytes())?;
        self.try_reply()
    }

    /// Bounds the wait for the next bytes.
    pub fn set_patience(&mut self, patience: Duration) {
        self.reader.source.set_read_timeout(Some(patience)).expect("read timeout");
    }

    /// Whether no byte arrives for this long, on a connection that stays open.
    #[must_use]
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        self.set_patience(time);
        let silent = matches!(self.reader.fill(), Err(WireError::Silent));
        self.set_patience(PATIENCE);
        silent && self.reader.buffer.is_empty()
    }

    /// Tells the peer that nothing more will be sent.
    pub fn finish_sending(&mut self) {
        // The peer may have closed already.
        let _ = self.reader.source.shutdown(Shutdown::Write);
    }

    /// All bytes until the peer closes.
    #[must_use]
    pub fn rest(&mut self) -> Vec<u8> {
        self.reader.rest().unwrap_or_else(|error| panic!("still open: {error:?}"))
    }
}

/// Parses responses out of a byte source.
#[derive(Debug)]
struct Reader<R> {
    source: R,
    buffer: Vec<u8>,
}

impl<R: Read> Reader<R> {
    fn new(source: R) -> Self {
        Self { source, buffer: Vec::new() }
    }

    /// Reads more bytes; false at the end.
    fn fill(&mut self) -> Result<bool, WireError> {
        let mut part = [0; 64 * 1024];
        let count = self.source.read(&mut part)?;
        self.buffer.extend_from_slice(&part[..count]);
        Ok(count > 0)
    }

    fn reply(&mut self) -> Result<Reply, WireError> {
        if self.buffer.is_empty() && !self.fill()? {
            return Err(WireError::Closed);
        }
        let (version, status) = parse_status_line(&self.line()?)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            headers.push(parse_header(&line)?);
        }
        let body = self.body(status, &headers)?;
        Ok(Reply { version, status, headers, body })
    }

    fn body(&mut self, status: u16, headers: &[(String, String)]) -> Result<Vec<u8>, WireError> {
        let values = |name: &str| headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value).collect();
        let lengths: Vec<&String> = values("content-length");
        let codings: Vec<&String> = values("transfer-encoding");
        match (lengths.as_slice(), codings.as_slice()) {
            ([], []) if status < 200 || status == 204 || status == 304 => Ok(Vec::new()),
            ([], []) => self.rest(),
            ([length], []) => self.exactly(parse_length(length)?),
            ([], [coding]) if *coding == "chunked" => self.chunks(),
            _ => Err(malformed(format!("framing {lengths:?} {codings:?}"))),
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>, WireError> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = usize::from_str_radix(&line, 16).map_err(|_| malformed(format!("chunk size {line:?}")))?;
            let last = size == 0;
            body.extend(self.exactly(size)?);
            if !self.line()?.is_empty() {
                return Err(malformed("bytes after a chunk"));
            }
            if last {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> Result<String, WireError> {
        let mut searched = 0;
        let end = loop {
            if let Some(offset) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                break searched + offset;
            }
            searched = self.buffer.len();
            if !self.fill()? {
                return Err(malformed("the connection ended inside a line"));
            }
        };
        let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
        line.pop();
        if line.pop_if(|byte| *byte == b'\r').is_none() || line.contains(&b'\r') {
            return Err(malformed("a line that does not end with one CR LF"));
        }
        String::from_utf8(line).map_err(|_| malformed("a line that is not text"))
    }

    fn exactly(&mut self, count: usize) -> Result<Vec<u8>, WireError> {
        while self.buffer.len() < count {
            if !self.fill()? {
                return Err(malformed(format!("{} of {count} bytes", self.buffer.len())));
            }
        }
        Ok(self.buffer.drain(..count).collect())
    }

    fn rest(&mut self) -> Result<Vec<u8>, WireError> {
        loop {
            match self.fill() {
                Ok(true) => {}
                Ok(false) | Err(WireError::Closed) => return Ok(std::mem::take(&mut self.buffer)),
                Err(error) => return Err(error),
            }
        }
    }
}

fn parse_status_line(line: &str) -> Result<(String, u16), WireError> {
    let bad = || malformed(format!("status line {line:?}"));
    let (version, rest) = line.split_once(' ').ok_or_else(bad)?;
    let (status, _reason) = rest.split_once(' ').ok_or_else(bad)?;
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || status.len() != 3 {
        return Err(bad());
    }
    Ok((version.to_owned(), status.parse().map_err(|_| bad())?))
}

fn parse_header(line: &str) -> Result<(String, String), WireError> {
    let (name, value) = line.split_once(':').ok_or_else(|| malformed(format!("header {line:?}")))?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) || value.contains(|c: char| c.is_control() && c != '\t') {
        return Err(malformed(format!("header {line:?}")));
    }
    Ok((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()))
}

fn parse_length(text: &str) -> Result<usize, WireError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| malformed(format!("length {text:?}")))
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
