//! Token and key are two files that somebody else replaces. For a moment they may be of two pairs, half written or
//! absent: they are read again until a whole pair is there.

use std::sync::Arc;
use std::time::Duration;

use crate::{Effects, Error, Snapshot};

/// Waits before the files are read again, in milliseconds.
pub(super) const PAUSES: [u64; 5] = [5, 10, 20, 40, 80];
/// How long a new pair must stay as it is when its token does not say which key it is for.
const STEADY: Duration = Duration::from_millis(35);

/// What one reading found.
pub(super) struct Pair {
    pub(super) snapshot: Snapshot,
    /// Whether token and key surely belong together.
    pub(super) sure: bool,
}

/// Reads until a whole pair is there, for a limited time. `old` is the pair in use: it stays, while it is valid,
/// when only one half differs from it or the files do not come to rest.
pub(super) async fn settled<F>(
    effects: &Effects,
    provider: &'static str,
    old: Option<&Arc<Snapshot>>,
    read: F,
) -> Result<Snapshot, Error>
where
    F: Fn() -> Result<Pair, Error> + Send + Sync + 'static,
{
    let read = Arc::new(read);
    let once = || {
        blocking(provider, {
            let read = Arc::clone(&read);
            move || read()
        })
    };
    let mut found = once().await;
    let mut steady = Duration::ZERO;
    for pause in PAUSES.map(Duration::from_millis) {
        match found {
            Ok(pair) if is_whole(&pair, old, steady) => return Ok(pair.snapshot),
            last => {
                effects.clock.sleep(pause).await;
                found = once().await;
                steady = if is_unchanged(&last, &found) { steady + pause } else { Duration::ZERO };
            }
        }
    }
    let pair = found?;
    let usable = old.filter(|old| old.is_valid(effects.clock.now()) && !is_whole(&pair, Some(old), steady));
    Ok(usable.map_or(pair.snapshot, |old| (**old).clone()))
}

fn is_whole(pair: &Pair, old: Option<&Arc<Snapshot>>, steady: Duration) -> bool {
    let changed = old.map(|old| changed(&pair.snapshot, old));
    match changed {
        _ if pair.sure => true,
        Some((false, false)) => true,
        Some((true, true)) | None => steady >= STEADY,
        Some(_) => false,
    }
}

/// Whether token and key differ.
fn changed(new: &Snapshot, old: &Snapshot) -> (bool, bool) {
    (new.key_id != old.key_id, new.key.spki_der() != old.key.spki_der())
}

fn is_unchanged(last: &Result<Pair, Error>, found: &Result<Pair, Error>) -> bool {
    matches!((last, found), (Ok(last), Ok(found)) if changed(&found.snapshot, &last.snapshot) == (false, false))
}

/// Reads files and parses keys where that holds up nobody: to decrypt a key can take seconds, and a runtime may have
/// one thread.
pub(super) async fn blocking<T, F>(provider: &'static str, work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Error> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Error::BrokenOff { provider }))
}
