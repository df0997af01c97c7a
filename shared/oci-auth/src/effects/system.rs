//! This process's world.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ring::rand::{SecureRandom, SystemRandom as Source};

use super::{Clock, Effects, Environment, Files, HttpClient, Random};
use crate::Error;
use crate::key::PrivateKey;

impl Effects {
    /// Variables, files, network, clock and random numbers of this process.
    ///
    /// # Errors
    /// [`Error::BadVariable`] when `SSL_CERT_FILE` is set and cannot be used.
    pub fn system() -> Result<Self, Error> {
        let environment = Arc::new(SystemEnvironment);
        let http = HttpClient::new(environment.as_ref(), &SystemFiles)?;
        Ok(Self {
            environment,
            files: Arc::new(SystemFiles),
            http: Arc::new(http),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        })
    }
}

/// The process environment.
#[derive(Debug, Clone, Copy)]
pub struct SystemEnvironment;

impl Environment for SystemEnvironment {
    fn var(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }
}

/// The file system.
#[derive(Debug, Clone, Copy)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn read(&self, path: &Path, max: usize) -> io::Result<Vec<u8>> {
        let file = std::fs::File::open(path)?;
        let mut content = Vec::new();
        file.take(max as u64 + 1).read_to_end(&mut content)?;
        if content.len() > max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(content) }
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// The system's random numbers.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandom;

#[async_trait]
impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Error> {
        Source::new().fill(buffer).map_err(|_| Error::NoEffect("random numbers"))
    }

    /// Made on a thread of its own: it takes a tenth of a second and more.
    async fn session_key(&self) -> Result<PrivateKey, Error> {
        let made = tokio::task::spawn_blocking(PrivateKey::generate).await;
        made.map_err(|_| Error::NoEffect("random numbers"))?
    }
}
