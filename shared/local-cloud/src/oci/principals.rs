//! A resource principal for each function, with new keys and tokens before the old ones expire.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use causeway_oci_emulator::{Emulator, PrincipalError, PrincipalFiles, Resource};
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

/// How long a token is valid, unless rotation is rarer: OCI Functions caches tokens for 15 minutes.
const LIFETIME: Duration = Duration::from_secs(20 * 60);
/// How often the clock is looked at; the emulator's can be moved.
const LOOK: Duration = Duration::from_secs(1);
/// Keys are searched for on that many threads.
const THREADS: usize = 4;

/// Mints principals and replaces them.
pub(crate) struct Rotation {
    emulator: Emulator,
    every: Duration,
    /// When this was done, by the clock that judges tokens.
    done: Mutex<Timestamp>,
}

impl Rotation {
    pub(crate) fn new(emulator: Emulator, every: Duration) -> Self {
        let done = Mutex::new(emulator.clock().gate_now());
        Self { emulator, every, done }
    }

    /// Writes the files of each function into a directory of its own.
    pub(crate) fn mint(&self, names: &[&str], directory: &Path) -> Result<Vec<PrincipalFiles>, PrincipalError> {
        let share = names.len().div_ceil(THREADS).max(1);
        let shares: Vec<Result<Vec<_>, _>> = thread::scope(|scope| {
            let mint = |names: &[&str]| names.iter().map(|name| self.mint_one(name, directory)).collect();
            let running: Vec<_> = names.chunks(share).map(|names| scope.spawn(move || mint(names))).collect();
            let lost = |_| Err(PrincipalError::Key("the search for a key broke off".to_owned()));
            running.into_iter().map(|thread| thread.join().unwrap_or_else(lost)).collect()
        });
        let files: Result<Vec<Vec<_>>, _> = shares.into_iter().collect();
        self.is_done(self.emulator.clock().gate_now());
        Ok(files?.into_iter().flatten().collect())
    }

    fn mint_one(&self, name: &str, directory: &Path) -> Result<PrincipalFiles, PrincipalError> {
        let lifetime = SignedDuration::try_from(LIFETIME.max(self.every * 2)).ok();
        let resource = Resource {
            id: self.emulator.function_ocid(name),
            kind: "fnfunc".to_owned(),
            compartment: self.emulator.default_compartment(),
            lifetime,
        };
        self.emulator.mint_principal(&directory.join(name), &resource)
    }

    fn is_done(&self, now: Timestamp) {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Also when the clock was set back: tokens from the future are as bad as old ones.
    fn is_due(&self, now: Timestamp) -> bool {
        let done = *self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.duration_since(done);
        age.is_negative() || age.unsigned_abs() >= self.every
    }

    /// Rotates in time. What fails is told and tried again.
    pub(crate) async fn run(&self) {
        loop {
            sleep(LOOK.min(self.every)).await;
            let now = self.emulator.clock().gate_now();
            if !self.is_due(now) {
                continue;
            }
            let emulator = self.emulator.clone();
            let rotated = tokio::task::spawn_blocking(move || emulator.rotate_principals()).await;
            match rotated {
                Ok(Ok(_)) => self.is_done(now),
                Ok(Err(error)) => tell(&error.to_string()),
                Err(error) => tell(&error.to_string()),
            }
        }
    }
}

fn tell(problem: &str) {
    // A terminal that has gone must not stop the server.
    let _ = writeln!(io::stderr(), "the functions' keys could not be rotated: {problem}");
}
