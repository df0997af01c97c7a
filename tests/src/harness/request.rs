//! Requests as the agent writes them, with every part open to change.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `Content-Length`.
    Length,
    /// Chunks of at most this many bytes.
    Chunks(usize),
    /// Neither header.
    Bare,
}

/// A request under construction.
#[derive(Debug, Clone)]
pub struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    framing: Option<Framing>,
}

impl Request {
    /// `POST /call` with the headers that an agent sends, and 30 s to the deadline.
    #[must_use]
    pub fn call(body: impl Into<Vec<u8>>) -> Self {
        let headers = [
            ("Host", "localhost"),
            ("User-Agent", "Go-http-client/1.1"),
            ("Fn-Call-Id", "01M7XXXAWMR00040J6M0000003"),
            ("Accept-Encoding", "gzip"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let request = Self { line: "POST /call HTTP/1.1".to_owned(), headers, body: body.into(), framing: None };
        request.deadline_in(30)
    }

    /// A call that commands the probe through its header.
    #[must_use]
    pub fn probe(command: &Value) -> Self {
        Self::call("").header("Probe", &command.to_string())
    }

    /// A call behind a gateway.
    #[must_use]
    pub fn gateway(self, method: &str, url: &str) -> Self {
        self.header("Fn-Intent", "httprequest").header("Fn-Http-Method", method).header("Fn-Http-Request-Url", url)
    }

    /// Replaces the request line.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        line.clone_into(&mut self.line);
        self
    }

    /// Adds a header, also when there is one of that name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// Replaces the deadline's text.
    #[must_use]
    pub fn deadline(self, text: &str) -> Self {
        self.without("Fn-Deadline").header("Fn-Deadline", text)
    }

    /// Sets the deadline so many seconds from now, cut to the second as the agent does.
    #[must_use]
    pub fn deadline_in(self, seconds: i64) -> Self {
        let deadline = Timestamp::now() + SignedDuration::from_secs(seconds);
        self.deadline(&Timestamp::from_second(deadline.as_second()).expect("a time").to_string())
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the framing. By default it is that of the agent: chunked, or a length of 0.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = Some(framing);
        self
    }

    /// True when the answer is for a gateway's client.
    #[must_use]
    pub fn is_gateway(&self) -> bool {
        self.headers.iter().any(|(name, value)| name == "Fn-Intent" && value == "httprequest")
    }

    /// Everything up to and including the empty line.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &match self.effective_framing() {
            Framing::Length => format!("Content-Length: {}\r\n\r\n", self.body.len()),
            Framing::Chunks(_) => "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
            Framing::Bare => "\r\n".to_owned(),
        };
        head.into_bytes()
    }

    /// The whole request.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        let Framing::Chunks(size) = self.effective_framing() else {
            bytes.extend_from_slice(&self.body);
            return bytes;
        };
        for chunk in self.body.chunks(size) {
            bytes.extend_from_slice(&Self::chunk(chunk));
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        bytes
    }

    /// One chunk with its size line.
    #[must_use]
    pub fn chunk(data: &[u8]) -> Vec<u8> {
        [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
    }

    fn effective_framing(&self) -> Framing {
        let usual = if self.body.is_empty() { Framing::Length } else { Framing::Chunks(32 * 1024) };
        self.framing.unwrap_or(usual)
    }
}
