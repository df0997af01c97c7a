//! A world in which nothing is there.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Clock, Effects, Environment, Exchange, Files, Http, HttpError, Random};
use crate::Error;
use crate::key::PrivateKey;

struct Nothing;

impl Environment for Nothing {
    fn var(&self, _: &str) -> Option<OsString> {
        None
    }
}

impl Files for Nothing {
    fn read(&self, _: &Path, _: usize) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[async_trait]
impl Clock for Nothing {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {}
}

#[async_trait]
impl Random for Nothing {
    fn fill(&self, _: &mut [u8]) -> Result<(), Error> {
        Err(Error::NoEffect("random numbers"))
    }

    async fn session_key(&self) -> Result<PrivateKey, Error> {
        Err(Error::NoEffect("random numbers"))
    }
}

#[async_trait]
impl Http for Nothing {
    async fn send(&self, _: http::Request<Bytes>, _: &Exchange) -> Result<http::Response<Bytes>, HttpError> {
        Err(HttpError::NotSent("this set-up has no network".to_owned()))
    }
}

impl Default for Effects {
    fn default() -> Self {
        let nothing = Arc::new(Nothing);
        Self {
            environment: nothing.clone(),
            files: nothing.clone(),
            http: nothing.clone(),
            clock: nothing.clone(),
            random: nothing,
        }
    }
}
