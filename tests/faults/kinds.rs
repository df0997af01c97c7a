//! Ten thousand operations under each kind of fault: no write is lost or done twice, and what failed is reported so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use causeway_oci_emulator::Fault;
use tests::harness::notice;

use crate::cloud::Cloud;
use crate::model::Races;
use crate::proxy::Cuts;
use crate::worker::{Tally, Worker, counted, found};

/// Clients that work at the same time.
const WORKERS: u64 = 8;
/// Operations of one kind at full length, and of the mixture always.
const FULL: u64 = 10_000;
/// Operations of one kind otherwise.
const SHORT: u64 = 1_500;
/// Operations between two storms, or two rotations.
const BETWEEN: u64 = 150;

/// What goes wrong.
struct Kind {
    name: &'static str,
    seed: u64,
    operations: u64,
    /// In force all the time.
    faults: &'static [&'static str],
    cuts: Cuts,
    /// Come and go.
    storms: bool,
    rotations: bool,
}

impl Default for Kind {
    fn default() -> Self {
        let full = std::env::var("TEST_SLOW").is_ok_and(|slow| slow == "1");
        let operations = if full { FULL } else { SHORT };
        Self { name: "", seed: 1, operations, faults: &[], cuts: Cuts::default(), storms: false, rotations: false }
    }
}

const BUSY: &str = "status=503,rate=0.2";
const SLOW: &str = "latencyMs=15,rate=0.2";
/// Where the emulator breaks an answer off by itself.
const CUT: [&str; 3] = ["cutBodyAfter=0,rate=0.03", "cutBodyAfter=40,rate=0.03", "cutBodyAfter=20000,rate=0.1"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fifth_of_all_answers_is_503() {
    let tally = run(Kind { name: "20 % 503", seed: 11, faults: &[BUSY], ..Kind::default() }).await;
    assert!(tally.unknown > 0, "a conditional write is not repeated after 503, so some must be unknown: {tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms_of_429() {
    run(Kind { name: "storms of 429", seed: 12, storms: true, ..Kind::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_cut() {
    let cuts = Cuts { requests: 0.06, answers: 0.06, after: 0.0 };
    let tally = run(Kind { name: "cut bodies", seed: 13, faults: &CUT, cuts, ..Kind::default() }).await;
    assert!(tally.unknown > 0, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_reset() {
    let cuts = Cuts { requests: 0.04, answers: 0.02, after: 0.1 };
    run(Kind { name: "resets", seed: 14, cuts, ..Kind::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn latency() {
    let tally = run(Kind { name: "latency", seed: 15, faults: &[SLOW], ..Kind::default() }).await;
    assert_eq!(tally.unknown, 0, "nothing failed: {tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_principal_that_is_rotated() {
    run(Kind { name: "rotation", seed: 16, rotations: true, ..Kind::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_at_once() {
    let cuts = Cuts { requests: 0.02, answers: 0.02, after: 0.02 };
    let kind = Kind {
        name: "everything",
        seed: 17,
        operations: FULL,
        faults: &["status=503,rate=0.07", "status=500,rate=0.01", "latencyMs=5,rate=0.05", CUT[1]],
        cuts,
        storms: true,
        rotations: true,
    };
    let tally = run(kind).await;
    assert!(tally.done > tally.unknown + tally.no_effect, "{tally:?}");
}

async fn run(kind: Kind) -> Tally {
    let started = Instant::now();
    let cloud = Arc::new(Cloud::start(kind.seed).await);
    let races = Arc::new(Mutex::new(Races::default()));
    let faults: Vec<_> = kind.faults.iter().map(|text| cloud.emulator.add_fault(Fault::parse(text).unwrap())).collect();
    cloud.proxy.cut(kind.cuts);
    let client = cloud.client();
    let done = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| {
            let (done, races) = (Arc::clone(&done), Arc::clone(&races));
            let mut worker = Worker::new(number, kind.seed, &client, done, races);
            tokio::spawn(async move {
                worker.run(kind.operations / WORKERS).await;
                worker
            })
        })
        .collect();
    let passing = passing(&kind);
    let disturbance = tokio::spawn(disturb(Arc::clone(&cloud), done, kind.operations, kind.rotations, passing));
    let mut workers = join(workers).await;
    let mut hits = disturbance.await.unwrap();
    cloud.proxy.cut(Cuts::default());
    for fault in faults {
        let hit = cloud.emulator.end_fault(fault).unwrap();
        assert!(hit > 0, "a fault never hit");
        hits += hit;
    }
    let cut = cloud.proxy.done();
    let wanted = [kind.cuts.requests, kind.cuts.answers, kind.cuts.after];
    assert!(cut.iter().zip(wanted).all(|(cut, share)| share == 0.0 || *cut > 0), "{cut:?}");
    assert!(hits + cut.iter().sum::<u64>() > 0, "nothing went wrong");

    let (took, read_back) = (started.elapsed(), Instant::now());
    let races = std::mem::take(&mut *races.lock().unwrap());
    let tally = check(&cloud, &mut workers, &races).await;
    assert!(tally.all() >= kind.operations / WORKERS * WORKERS);
    notice(&format!(
        "{}: {} operations in {:.1} s: {} done, {} without effect, {} unknown; {hits} faults, {cut:?} cuts; read back in {:.1} s",
        kind.name,
        tally.all(),
        took.as_secs_f64(),
        tally.done,
        tally.no_effect,
        tally.unknown,
        read_back.elapsed().as_secs_f64(),
    ));
    tally
}

async fn join(workers: Vec<tokio::task::JoinHandle<Worker>>) -> Vec<Worker> {
    let mut done = Vec::new();
    for worker in workers {
        done.push(worker.await.unwrap());
    }
    done
}

/// Faults that end after some hits and come again.
fn passing(kind: &Kind) -> Vec<&'static str> {
    let mut faults = Vec::new();
    faults.extend(kind.storms.then_some("status=429,retryAfter=1,times=60"));
    // After a rotation the services stop taking the old token.
    faults.extend(kind.rotations.then_some("status=401,times=3"));
    faults
}

/// Faults that come and go with the work that is done, until it is over; how often they hit.
async fn disturb(
    cloud: Arc<Cloud>,
    done: Arc<AtomicU64>,
    operations: u64,
    rotations: bool,
    passing: Vec<&'static str>,
) -> u64 {
    let mut faults = Vec::new();
    for next in (0..operations - operations % WORKERS).step_by(BETWEEN as usize).filter(|_| !passing.is_empty()) {
        while done.load(Ordering::Relaxed) < next {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if rotations {
            let emulator = cloud.emulator.clone();
            tokio::task::spawn_blocking(move || emulator.rotate_principals().unwrap()).await.unwrap();
        }
        let new = passing.iter().map(|text| cloud.emulator.add_fault(Fault::parse(text).unwrap()));
        faults.extend(new);
    }
    while done.load(Ordering::Relaxed) < operations - operations % WORKERS {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    faults.into_iter().filter_map(|fault| cloud.emulator.end_fault(fault)).sum()
}

/// Reads everything back.
async fn check(cloud: &Cloud, workers: &mut [Worker], races: &Races) -> Tally {
    let direct = cloud.direct();
    let mut tally = Tally::default();
    for worker in workers.iter_mut() {
        worker.check(&direct).await;
        tally.add(worker.tally);
    }
    let storage = direct.object_storage();
    for name in races.names() {
        races.check(name, found(&storage, name).await);
    }
    let added: u64 = workers.iter().map(|worker| worker.added).sum();
    assert_eq!(counted(&direct).await, added, "additions were lost or done twice");
    tally
}
