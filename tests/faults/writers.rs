//! Many writers on one document.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use causeway_cloud::state::{Documents, StateError};
use causeway_oci_client::store::Bucket;
use tests::harness::{Hurried, notice};

use crate::cloud::{BUCKET, Cloud};

const WRITERS: u64 = 64;
const LENGTH: Duration = Duration::from_secs(60);
const COUNTER: &str = "contested";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_among_sixty_four_writers() {
    let cloud = Cloud::start(21).await;
    let started = Instant::now();
    let tries = Arc::new(AtomicU64::new(0));
    // Clients of their own, as 64 invocations in as many containers have them.
    let writers: Vec<_> =
        (0..WRITERS).map(|_| tokio::spawn(write(documents(&cloud), started + LENGTH, Arc::clone(&tries)))).collect();
    let mut done = Vec::new();
    for writer in writers {
        done.push(writer.await.unwrap());
    }
    let took = started.elapsed();
    let updates: u64 = done.iter().map(|done| done.updates).sum();
    let starved: u64 = done.iter().map(|done| done.starved).sum();
    let found = documents(&cloud).get::<u64>(COUNTER).await.unwrap().unwrap();
    assert_eq!(found.value, updates, "updates were lost or done twice");
    assert!(updates > 0, "nobody got through");
    let idle = done.iter().filter(|done| done.updates == 0).count();
    let conflicts = tries.load(Ordering::Relaxed) - updates;
    notice(&format!(
        "{WRITERS} writers, {:.0} s: {updates} updates, {:.0} a second, {conflicts} conflicts; {starved} given up after 64 \
         of them, {idle} writers never got through",
        took.as_secs_f64(),
        updates as f64 / took.as_secs_f64(),
    ));
}

/// With pauses of full length.
fn documents(cloud: &Cloud) -> Documents {
    let bucket = Bucket::new(cloud.direct().object_storage(), BUCKET);
    Documents::new(Arc::new(bucket), "state", Arc::new(Hurried { by: 1 }))
}

struct Done {
    updates: u64,
    /// Gave up after as many conflicts as an update has.
    starved: u64,
}

async fn write(documents: Documents, end: Instant, tries: Arc<AtomicU64>) -> Done {
    let mut done = Done { updates: 0, starved: 0 };
    while Instant::now() < end {
        let added = documents.update(COUNTER, |old: Option<u64>| {
            tries.fetch_add(1, Ordering::Relaxed);
            Ok::<_, StateError>(old.unwrap_or_default() + 1)
        });
        match added.await {
            Ok(_) => done.updates += 1,
            Err(StateError::Conflict(_)) => done.starved += 1,
            Err(other) => panic!("{other}"),
        }
    }
    done
}
