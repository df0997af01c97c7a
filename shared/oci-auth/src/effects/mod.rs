//! The outside world as arguments: variables, files, HTTP, clock, random numbers.
//!
//! [`Effects::default`] touches nothing: no variable is set, no file exists, no request leaves, the clock
//! stands at 1970. [`Effects::system`] is this process's world. Tests put in what they need.

mod http_client;
mod noop;
mod system;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_resilience::retry::Failure;

pub use http_client::{HttpClient, innermost, unchanged};
pub use system::{SystemClock, SystemEnvironment, SystemFiles, SystemRandom};

use crate::Error;
use crate::key::PrivateKey;

/// Environment variables.
pub trait Environment: Send + Sync {
    /// The value, `None` when it is not set.
    fn var(&self, name: &str) -> Option<OsString>;
}

/// Small files, read whole.
pub trait Files: Send + Sync {
    /// The content of `path`.
    ///
    /// # Errors
    /// As the file system says; [`io::ErrorKind::FileTooLarge`] above `max` bytes.
    fn read(&self, path: &Path, max: usize) -> io::Result<Vec<u8>>;
}

/// Time, and waiting for it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;
    /// Waits.
    async fn sleep(&self, time: Duration);
}

/// Random numbers and fresh key pairs.
#[async_trait]
pub trait Random: Send + Sync {
    /// Fills the buffer from a cryptographic source.
    ///
    /// # Errors
    /// [`Error::NoEffect`] when the source fails.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Error>;
    /// A fresh RSA key of 2048 bits, as the session keys of instance principals are.
    ///
    /// # Errors
    /// [`Error::NoEffect`] when the source fails.
    async fn session_key(&self) -> Result<PrivateKey, Error>;
}

/// Sends requests. Implementations follow no redirect (the signature covers one target), unpack no body and
/// change no header.
#[async_trait]
pub trait Http: Send + Sync {
    /// The answer, whatever its status.
    ///
    /// # Errors
    /// [`HttpError`] when there is none.
    async fn send(&self, request: http::Request<Bytes>, how: &Exchange) -> Result<http::Response<Bytes>, HttpError>;
}

/// Limits and route of one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// For the whole exchange, connecting included.
    pub timeout: Duration,
    /// Largest answer in bytes.
    pub max_bytes: usize,
    /// Which way the request goes.
    pub route: Route,
}

/// Which way a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// An OCI service: the usual trust roots.
    Service,
    /// The metadata service of a machine: link-local, plain http, never through a proxy.
    Metadata,
    /// A server whose certificate is signed by these PEM certificates and by nobody else.
    Pinned(Bytes),
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The request never left: name, connection or TLS failed. Safe to send again.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The time ran out.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The connection broke before the answer was complete.
    #[error("broken off: {0}")]
    Broken(String),
    /// The answer is larger than the caller takes.
    #[error("answer larger than {0} bytes")]
    TooLarge(usize),
}

impl HttpError {
    /// What it means for a repetition; `None` when the same answer would come again.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::NotSent(_) => Some(Failure::NeverSent),
            Self::TimedOut(_) => Some(Failure::Timeout { sent: true }),
            Self::Broken(_) => Some(Failure::Broken),
            Self::TooLarge(_) => None,
        }
    }
}

/// The outside world. Cloning shares it.
#[derive(Clone)]
pub struct Effects {
    /// Variables.
    pub environment: Arc<dyn Environment>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// Network.
    pub http: Arc<dyn Http>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Random numbers and session keys.
    pub random: Arc<dyn Random>,
}

impl Effects {
    /// A number from 0 to 1 for jitter, which needs no secret: without a source it is the middle.
    pub(crate) fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        let filled = self.random.fill(&mut bytes);
        filled.map_or(0.5, |()| f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX))
    }

    /// The variable's value; a value that is no UTF-8 is an error, not an absence.
    ///
    /// # Errors
    /// [`Error::BadVariable`].
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let value = self.environment.var(name).map(OsString::into_string).transpose();
        value.map_err(|_| Error::BadVariable { name: name.to_owned(), reason: "not UTF-8".to_owned() })
    }

    /// The variable's value; absence is an error.
    ///
    /// # Errors
    /// [`Error::MissingVariable`], [`Error::BadVariable`].
    pub fn required(&self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| Error::MissingVariable(name.to_owned()))
    }

    /// A small file as text, up to 1 MiB, as it is.
    ///
    /// # Errors
    /// [`Error::Unreadable`] with `what` as its purpose.
    pub fn read_text(&self, what: &'static str, path: &Path) -> Result<zeroize::Zeroizing<String>, Error> {
        let unreadable = |kind| Error::Unreadable { what, path: path.to_owned(), kind };
        let bytes = self.files.read(path, MAX_FILE).map_err(|error| unreadable(error.kind()))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(io::ErrorKind::InvalidData))?;
        Ok(zeroize::Zeroizing::new(text))
    }
}

/// Largest credential file. A token has 2 to 8 KB, a key 2 to 4 KB.
pub(crate) const MAX_FILE: usize = 1 << 20;

impl fmt::Debug for Effects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Effects")
    }
}

/// Variables from a map, for tests and for callers that hold them already.
impl Environment for HashMap<String, String> {
    fn var(&self, name: &str) -> Option<OsString> {
        self.get(name).map(OsString::from)
    }
}

/// Files from a map, for tests and for callers that hold them already.
impl Files for HashMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path, max: usize) -> io::Result<Vec<u8>> {
        let content = self.get(path).ok_or(io::ErrorKind::NotFound)?;
        if content.len() > max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(content.clone()) }
    }
}
