//! The client's side of one keep-alive connection, byte for byte as the Fn agent speaks it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// The agent copies bodies through a buffer of this size, one chunk per fill.
const CHUNK: usize = 32 * 1024;
const READ_BUFFER: usize = 64 * 1024;
/// A server that does not answer for this long is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// The whole request for `body`; a deadline is sent when one is given.
pub(crate) fn request(body: &[u8], deadline: Option<jiff::Timestamp>) -> Vec<u8> {
    let mut request = b"POST /call HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Go-http-client/1.1\r\n\
        Transfer-Encoding: chunked\r\nAccept: */*\r\nContent-Type: application/json\r\n\
        Fn-Call-Id: 01M7XXXAWMR00040J6M0000003\r\n"
        .to_vec();
    if let Some(deadline) = deadline {
        request.extend_from_slice(format!("Fn-Deadline: {deadline:.0}\r\n").as_bytes());
    }
    request.extend_from_slice(b"Accept-Encoding: gzip\r\n\r\n");
    for chunk in body.chunks(CHUNK) {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

/// One connection with at most one request outstanding. All buffers are kept between requests.
pub(crate) struct Connection {
    stream: UnixStream,
    buffer: Vec<u8>,
    /// The unread part of `buffer`.
    start: usize,
    end: usize,
    body: Vec<u8>,
    body_len: usize,
}

enum Framing {
    Length(usize),
    Chunked,
}

impl Connection {
    /// Connects to the socket at `path`.
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; READ_BUFFER], start: 0, end: 0, body: Vec::new(), body_len: 0 })
    }

    /// Sends the prebuilt request and reads one whole response, whose body is returned.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).context("sending the request")?;
        self.body_len = 0;
        match self.head()? {
            Framing::Length(length) => self.append_body(length)?,
            Framing::Chunked => self.chunks()?,
        }
        ensure!(self.start == self.end, "stray bytes after the response");
        Ok(&self.body[..self.body_len])
    }

    fn head(&mut self) -> Result<Framing> {
        let status = self.line()?;
        ensure!(
            self.buffer[status.clone()].starts_with(b"HTTP/1.1 200"),
            "unexpected status line {:?}",
            String::from_utf8_lossy(&self.buffer[status])
        );
        let mut framing = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return framing.context("response without Content-Length and Transfer-Encoding");
            }
            framing = framing_of(&self.buffer[line])?.or(framing);
        }
    }

    fn chunks(&mut self) -> Result<()> {
        loop {
            let line = self.line()?;
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[line])?, 16).context("chunk size")?;
            self.append_body(size)?;
            let end = self.line()?;
            ensure!(end.is_empty(), "a chunk does not end with its size");
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// The next line without its end, as a range of the buffer.
    fn line(&mut self) -> Result<std::ops::Range<usize>> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(at) = unread[searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.start..self.start + searched + at;
                self.start = line.end + 1;
                let trimmed = line.end - usize::from(self.buffer[line.clone()].ends_with(b"\r"));
                return Ok(line.start..trimmed);
            }
            searched = unread.len();
            self.fill()?;
        }
    }

    /// Reads more into the buffer, after moving what is unread to its front.
    fn fill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        ensure!(self.end < self.buffer.len(), "a line is longer than {READ_BUFFER} bytes");
        let read = self.stream.read(&mut self.buffer[self.end..]).context("reading the response")?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        self.end += read;
        Ok(())
    }

    /// Moves `length` bytes into the body: first what is buffered, the rest straight from the socket.
    fn append_body(&mut self, length: usize) -> Result<()> {
        let from = self.body_len;
        self.body_len += length;
        if self.body.len() < self.body_len {
            self.body.resize(self.body_len, 0);
        }
        let buffered = length.min(self.end - self.start);
        let (head, rest) = self.body[from..self.body_len].split_at_mut(buffered);
        head.copy_from_slice(&self.buffer[self.start..self.start + buffered]);
        self.start += buffered;
        self.stream.read_exact(rest).context("reading the body")
    }
}

/// What a header line says about where the body ends.
fn framing_of(line: &[u8]) -> Result<Option<Framing>> {
    let line = std::str::from_utf8(line).context("header line")?;
    let (name, value) = line.split_once(':').context("header line without a colon")?;
    Ok(if name.eq_ignore_ascii_case("content-length") {
        Some(Framing::Length(value.trim().parse().context("Content-Length")?))
    } else if name.eq_ignore_ascii_case("transfer-encoding") {
        ensure!(value.trim().eq_ignore_ascii_case("chunked"), "unknown transfer encoding {value}");
        Some(Framing::Chunked)
    } else {
        None
    })
}
