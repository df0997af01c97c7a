//! The state port, on any adapter of the object port: its promises hold on the conditional writes of the store.
//!
//! The clock is turned by hand, so nothing waits for a lease to run out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};

use super::{Finding, expect};
use crate::Objects;
use crate::state::lease::{Acquired, Lease, acquire};
use crate::state::once::{Begun, Claim, Once};
use crate::state::{Clock, Documents, StateError};

const TTL: Duration = Duration::from_secs(330);
const LEFT: Duration = Duration::from_secs(60);
const KEEP: Duration = Duration::from_secs(86_400);
/// Writers that come at once.
const WRITERS: u64 = 6;

/// A clock that stands still unless it is turned, or somebody waits.
struct Hands(AtomicU64);

impl Hands {
    fn advance(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.advance(time);
        std::future::ready(()).boxed()
    }
}

fn documents(objects: &Objects, prefix: &str) -> (Documents, Arc<Hands>) {
    let hands = Arc::new(Hands(AtomicU64::new(1_000_000)));
    (Documents::new(Arc::clone(objects), prefix, Arc::clone(&hands) as Arc<dyn Clock>), hands)
}

/// Runs every check below `prefix`, which must be empty.
///
/// # Errors
///
/// The first finding.
pub async fn all(objects: &Objects, prefix: &str) -> Finding {
    created_once(objects, &format!("{prefix}/created")).await?;
    replaced_if_unchanged(objects, &format!("{prefix}/replaced")).await?;
    no_update_is_lost(objects, &format!("{prefix}/updated")).await?;
    a_lease_excludes(objects, &format!("{prefix}/lease")).await?;
    one_gets_the_lease(objects, &format!("{prefix}/race")).await?;
    a_late_holder_is_fenced_off(objects, &format!("{prefix}/fenced")).await?;
    work_happens_once(objects, &format!("{prefix}/once")).await?;
    a_dead_claim_is_taken_over(objects, &format!("{prefix}/claims")).await
}

/// Of two creations of a document one works, and its content stays.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn created_once(objects: &Objects, prefix: &str) -> Finding {
    let (documents, _) = documents(objects, prefix);
    expect(documents.get::<u64>("a").await.map_err(say)?.is_none(), || "a missing document was read".to_owned())?;
    documents.create("a", &1).await.map_err(say)?;
    conflicts("a second creation", documents.create("a", &2).await)?;
    let creations = join_all((0..WRITERS).map(|number| documents.create_one("race", number))).await;
    let winners: Vec<u64> = creations.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let [winner] = winners[..] else { return Err(format!("{} of {WRITERS} creations worked", winners.len())) };
    let kept = read(&documents, "race").await?;
    expect(kept == winner, || format!("creation {winner} worked and {kept} is kept"))
}

/// A replacement works on the version that was read, and on no earlier one.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn replaced_if_unchanged(objects: &Objects, prefix: &str) -> Finding {
    let (documents, _) = documents(objects, prefix);
    let first = documents.create("a", &0_u64).await.map_err(say)?;
    let second = documents.replace("a", &1_u64, &first).await.map_err(say)?;
    conflicts("a replacement of an old version", documents.replace("a", &9_u64, &first).await)?;
    // The same content again is another version: else a late writer would find "its" state unchanged.
    let third = documents.replace("a", &1_u64, &second).await.map_err(say)?;
    conflicts("a replacement of a version with the same content", documents.replace("a", &9_u64, &second).await)?;
    documents.remove("a").await.map_err(say)?;
    conflicts("a replacement of what is gone", documents.replace("a", &9_u64, &third).await)?;
    expect(documents.get::<u64>("a").await.map_err(say)?.is_none(), || "a removed document was read".to_owned())
}

/// Updates that come at once all count.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn no_update_is_lost(objects: &Objects, prefix: &str) -> Finding {
    let (documents, _) = documents(objects, prefix);
    let more = |old: Option<u64>| Ok::<_, StateError>(old.unwrap_or(0) + 1);
    let updates = join_all((0..WRITERS).map(|_| documents.update("counter", more))).await;
    updates.into_iter().collect::<Result<Vec<_>, _>>().map_err(say)?;
    let count = read(&documents, "counter").await?;
    expect(count == WRITERS, || format!("{WRITERS} updates counted to {count}"))
}

/// A lease keeps others out until it is over or given back; its epoch grows with every holder.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_lease_excludes(objects: &Objects, prefix: &str) -> Finding {
    let (documents, hands) = documents(objects, prefix);
    let mut first = held(&documents, "one").await?;
    busy(&documents, "two", "one").await?;
    hands.advance(TTL / 2);
    first.renew(&documents, TTL).await.map_err(say)?;
    hands.advance(TTL - Duration::from_millis(1));
    busy(&documents, "two", "one").await?;
    hands.advance(Duration::from_millis(1));
    let second = held(&documents, "two").await?;
    expect(second.epoch() > first.epoch(), || format!("epoch {} after {}", second.epoch(), first.epoch()))?;
    conflicts("the renewal of a lost lease", first.renew(&documents, TTL).await)?;
    first.release(&documents).await.map_err(say)?;
    busy(&documents, "three", "two").await?;
    let epoch = second.epoch();
    second.release(&documents).await.map_err(say)?;
    let third = held(&documents, "three").await?;
    expect(third.epoch() > epoch, || format!("epoch {} after {epoch}", third.epoch()))
}

/// Of many that come at once one gets the lease.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn one_gets_the_lease(objects: &Objects, prefix: &str) -> Finding {
    let (documents, _) = documents(objects, prefix);
    let owners: Vec<String> = (0..WRITERS).map(|number| format!("owner {number}")).collect();
    let tries = join_all(owners.iter().map(|owner| acquire(&documents, "lease", owner, TTL))).await;
    let outcomes = tries.into_iter().collect::<Result<Vec<_>, _>>().map_err(say)?;
    let holders = outcomes.iter().filter(|outcome| matches!(outcome, Acquired::Held(_))).count();
    expect(holders == 1, || format!("{holders} of {WRITERS} hold the lease"))
}

/// A holder that slept past its time cannot write over its successor, whichever version it read.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_late_holder_is_fenced_off(objects: &Objects, prefix: &str) -> Finding {
    let (documents, hands) = documents(objects, prefix);
    let first = held(&documents, "one").await?;
    let version = documents.write_fenced("work", &1_u64, None, first.epoch()).await.map_err(say)?;
    hands.advance(TTL);
    let second = held(&documents, "two").await?;
    let written = documents.write_fenced("work", &2_u64, Some(&version), second.epoch()).await.map_err(say)?;
    for (what, version) in [("its old version", &version), ("the newest version", &written)] {
        match documents.write_fenced("work", &9_u64, Some(version), first.epoch()).await {
            Err(StateError::Fenced { .. } | StateError::Conflict(_)) => {}
            other => return Err(format!("a late write on {what} gave {other:?}")),
        }
    }
    let kept = read(&documents, "work").await?;
    expect(kept == 2, || format!("a late holder left {kept}"))
}

/// A repetition gets the stored reply; one that comes meanwhile, or with another payload, is told so.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn work_happens_once(objects: &Objects, prefix: &str) -> Finding {
    let (documents, hands) = documents(objects, prefix);
    let once = Once::new(documents, KEEP);
    let payload = "{\"n\": 1}";
    let calls = join_all((0..WRITERS).map(|_| once.begin("key", payload, LEFT))).await;
    let mut claims = Vec::new();
    for call in calls {
        match call.map_err(say)? {
            Begun::Work(claim) => claims.push(claim),
            Begun::InProgress { .. } => {}
            other => return Err(format!("a call at the same time gave {other:?}")),
        }
    }
    let claim = claims.pop().filter(|_| claims.is_empty()).ok_or("not exactly one of the calls may work")?;
    claim.complete(&once, "done").await.map_err(say)?;
    match once.begin("key", payload, LEFT).await.map_err(say)? {
        Begun::Done(reply) if reply == "done" => {}
        other => return Err(format!("a repetition gave {other:?}")),
    }
    match once.begin("key", "2", LEFT).await.map_err(say)? {
        Begun::OtherPayload => {}
        other => return Err(format!("another payload under the same key gave {other:?}")),
    }
    hands.advance(KEEP);
    claimed(&once, "key").await.map(drop).map_err(|found| format!("after the time of keeping: {found}"))
}

/// A claim ends with its holder's time; the late holder is told, and work that failed may be tried again at once.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_dead_claim_is_taken_over(objects: &Objects, prefix: &str) -> Finding {
    let (documents, hands) = documents(objects, prefix);
    let once = Once::new(documents, KEEP);
    let dead = claimed(&once, "key").await?;
    hands.advance(LEFT);
    let second = claimed(&once, "key").await?;
    conflicts("the reply of a dead claim", dead.complete(&once, "late").await)?;
    second.abandon(&once).await.map_err(say)?;
    claimed(&once, "key").await?.complete(&once, "third").await.map_err(say)?;
    match once.begin("key", "1", LEFT).await.map_err(say)? {
        Begun::Done(reply) if reply == "third" => Ok(()),
        other => Err(format!("the reply of the third holder was {other:?}")),
    }
}

impl Documents {
    /// The number, when its creation was the one that worked.
    async fn create_one(&self, key: &str, number: u64) -> Result<Option<u64>, String> {
        match self.create(key, &number).await {
            Ok(_) => Ok(Some(number)),
            Err(StateError::Conflict(_)) => Ok(None),
            Err(other) => Err(say(other)),
        }
    }
}

async fn read(documents: &Documents, key: &str) -> Result<u64, String> {
    let found = documents.get::<u64>(key).await.map_err(say)?;
    found.map(|found| found.value).ok_or_else(|| format!("{key} is gone"))
}

async fn held(documents: &Documents, owner: &str) -> Result<Lease, String> {
    match acquire(documents, "lease", owner, TTL).await.map_err(say)? {
        Acquired::Held(lease) => Ok(lease),
        busy => Err(format!("{owner} did not get the lease: {busy:?}")),
    }
}

async fn busy(documents: &Documents, owner: &str, holder: &str) -> Finding {
    match acquire(documents, "lease", owner, TTL).await.map_err(say)? {
        Acquired::Busy { owner: found, .. } if found == holder => Ok(()),
        other => Err(format!("{owner} found {other:?} where {holder} holds the lease")),
    }
}

async fn claimed(once: &Once, key: &str) -> Result<Claim, String> {
    match once.begin(key, "1", LEFT).await.map_err(say)? {
        Begun::Work(claim) => Ok(claim),
        other => Err(format!("a free key gave {other:?}")),
    }
}

fn conflicts<T: std::fmt::Debug>(what: &str, outcome: Result<T, StateError>) -> Finding {
    match outcome {
        Err(StateError::Conflict(_)) => Ok(()),
        other => Err(format!("{what} gave {other:?}")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn say(error: StateError) -> String {
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
