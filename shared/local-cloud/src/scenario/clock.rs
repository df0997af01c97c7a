//! One time for two processes: the scenario writes it into a file, the function reads it there.
//!
//! Only this executable can serve a function by such a clock (`__function --clock`, which the scenario sets); what is
//! deployed has the system's. Signatures, tokens and time limits go by real time in any case.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use causeway_adapters::{SETTINGS, connect};
use causeway_cloud::state::Clock;
use flex_autoscaler::{Config, FlexAutoscaler};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// The writing side.
#[derive(Debug)]
pub(crate) struct Hands {
    path: PathBuf,
}

impl Hands {
    /// In a file of this directory.
    pub(super) fn new(directory: &Path) -> Self {
        Self { path: directory.join("clock") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Readers see the time before or this one, never a part.
    pub(super) fn set(&self, now: Timestamp) -> io::Result<()> {
        let next = self.path.with_extension("next");
        fs::write(&next, now.as_millisecond().to_string())?;
        fs::rename(next, &self.path)
    }
}

/// The reading side: time stands still between two settings.
struct FileClock {
    path: PathBuf,
    /// Milliseconds since 1970 as they were read last, for the moment when the scenario ends before the function.
    last: AtomicU64,
}

impl FileClock {
    fn open(path: PathBuf) -> io::Result<Self> {
        let last = AtomicU64::new(read(&path)?);
        Ok(Self { path, last })
    }
}

impl Clock for FileClock {
    fn now(&self) -> SystemTime {
        if let Ok(now) = read(&self.path) {
            self.last.store(now, Ordering::Release);
        }
        UNIX_EPOCH + Duration::from_millis(self.last.load(Ordering::Acquire))
    }

    /// Pauses before another try are for the network, which lives in real time.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time).boxed()
    }
}

fn read(path: &Path) -> io::Result<u64> {
    fs::read_to_string(path)?.trim().parse().map_err(io::Error::other)
}

/// The autoscaler by the clock in a file.
pub(crate) fn serve_autoscaler(clock: PathBuf) -> ExitCode {
    causeway_runtime::run(SETTINGS, |config: Config| connect_by(config, clock))
}

fn connect_by(config: Config, clock: PathBuf) -> Result<FlexAutoscaler, Box<dyn Error + Send + Sync>> {
    let clock = FileClock::open(clock)?;
    FlexAutoscaler::connect(config, &connect()?, Arc::new(clock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_have_one_time() {
        let directory = tempfile::tempdir().unwrap();
        let hands = Hands::new(directory.path());
        assert!(FileClock::open(hands.path().to_owned()).is_err(), "not set yet");
        let check = |clock: &FileClock, expected: u64| assert_eq!(clock.unix_millis(), expected);
        hands.set(Timestamp::from_second(1_704_067_200).unwrap()).unwrap();
        let clock = FileClock::open(hands.path().to_owned()).unwrap();
        check(&clock, 1_704_067_200_000);
        hands.set(Timestamp::from_second(1_704_067_260).unwrap()).unwrap();
        check(&clock, 1_704_067_260_000);
        fs::remove_file(hands.path()).unwrap();
        check(&clock, 1_704_067_260_000);
    }
}
