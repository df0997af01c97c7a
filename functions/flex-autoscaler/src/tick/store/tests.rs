#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use causeway_cloud::Objects;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{ObjectStore, ObjectStoreExt};
use causeway_cloud::state::lease::{Acquired, acquire};
use futures_util::TryStreamExt;
use jiff::Timestamp;

use super::*;
use crate::state::Entry;
use crate::tick::tests::Hands;

const TTL: Duration = Duration::from_secs(330);

struct Bench {
    objects: Objects,
    documents: Documents,
    clock: Arc<Hands>,
}

impl Bench {
    fn new() -> Self {
        let objects: Objects = Arc::new(InMemory::new());
        let clock = Arc::new(Hands::at(1_000_000));
        let documents = Documents::new(Arc::clone(&objects), "state", Arc::clone(&clock) as Arc<dyn Clock>);
        Self { objects, documents, clock }
    }

    async fn load(&self) -> (Store, Loaded) {
        Store::load(self.documents.clone(), Arc::clone(&self.clock) as Arc<dyn Clock>).await.unwrap()
    }

    async fn lease(&self, owner: &str) -> Lease {
        match acquire(&self.documents, "lease", owner, TTL).await.unwrap() {
            Acquired::Held(lease) => lease,
            busy => panic!("{busy:?}"),
        }
    }

    async fn names(&self) -> Vec<String> {
        let listed: Vec<_> = self.objects.list(None).try_collect().await.unwrap();
        let mut names: Vec<_> = listed.into_iter().map(|meta| meta.location.to_string()).collect();
        names.sort();
        names
    }

    async fn overwrite(&self, name: &str, text: &'static str) {
        self.objects.put(&Path::from(name), text.into()).await.unwrap();
    }
}

fn state(machines: usize) -> State {
    let now = Timestamp::from_second(1_000_000).unwrap();
    let mut state = State::new(now);
    state.instances.extend((0..machines).map(|number| (format!("ocid1.instance.oc1.iad.{number}"), Entry::new(now))));
    state
}

fn present(loaded: &Loaded) -> &State {
    match &loaded.state {
        StateRead::Present(state) => state,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_state_is_read_as_it_was_written_and_grows_by_generations() {
    let bench = Bench::new();
    let mut lease = bench.lease("one").await;
    for (machines, shards) in [(3, 1), (501, 2), (2500, 8), (10, 8)] {
        let (mut store, _) = bench.load().await;
        store.save(&state(machines), &mut lease).await.unwrap();
        let (_, loaded) = bench.load().await;
        assert_eq!(present(&loaded), &state(machines));
        let kept = bench.names().await.into_iter().filter(|name| name.contains("/shards/")).count();
        assert_eq!(kept, shards, "{machines}: earlier generations are gone");
    }
}

#[tokio::test]
async fn nothing_is_not_corrupt() {
    let (_, loaded) = Bench::new().load().await;
    assert!(loaded.state.is_absent() && loaded.quarantined.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_stays_and_the_state_goes_on_elsewhere() {
    for text in ["{\"write_id\":\"x\",\"value\":{\"version\":99}}", "{\"write_id\"", "", "[]"] {
        let bench = Bench::new();
        let mut lease = bench.lease("one").await;
        let (mut store, _) = bench.load().await;
        store.save(&state(600), &mut lease).await.unwrap();
        let names = bench.names().await;
        let shard = names.iter().find(|name| name.contains("/shards/") && name.ends_with("/1.json")).unwrap().clone();
        bench.overwrite(&shard, text).await;

        let (mut store, loaded) = bench.load().await;
        assert_eq!(loaded.quarantined.len(), 1, "{text}");
        let left = present(&loaded).instances.len();
        assert!((1..600).contains(&left), "{text}: {left}");
        bench.clock.advance(300);
        let read = present(&loaded).clone();
        store.save(&read, &mut lease).await.unwrap();
        let kept = bench.objects.get(&Path::from(shard)).await.unwrap().bytes().await.unwrap();
        assert_eq!(kept, text.as_bytes());
        assert_eq!(present(&bench.load().await.1).instances.len(), left);
    }
}

#[tokio::test]
async fn an_index_that_cannot_be_read_is_a_state_that_is_lost() {
    let bench = Bench::new();
    let mut lease = bench.lease("one").await;
    let (mut store, _) = bench.load().await;
    store.save(&state(3), &mut lease).await.unwrap();
    bench.overwrite("state/index.json", "{").await;
    let (mut store, loaded) = bench.load().await;
    assert!(matches!(loaded.state, StateRead::Corrupt { .. }), "{loaded:?}");
    bench.clock.advance(1);
    store.save(&state(4), &mut lease).await.unwrap();
    assert_eq!(present(&bench.load().await.1).instances.len(), 4);
}

#[tokio::test]
async fn a_tick_that_slept_cannot_write_over_its_successor() {
    let bench = Bench::new();
    let mut first = bench.lease("one").await;
    let (mut store, _) = bench.load().await;
    store.save(&state(3), &mut first).await.unwrap();
    let (mut slow, _) = bench.load().await;
    bench.clock.advance(330);
    let mut second = bench.lease("two").await;
    let (mut quick, _) = bench.load().await;
    quick.save(&state(4), &mut second).await.unwrap();
    let late = slow.save(&state(5), &mut first).await.unwrap_err();
    assert!(matches!(late, StateError::Conflict(_) | StateError::Fenced { .. }), "{late}");
    assert_eq!(present(&bench.load().await.1).instances.len(), 4);
}

#[tokio::test]
async fn a_lease_that_was_lost_does_not_lock_the_state() {
    let bench = Bench::new();
    for _ in 0..3 {
        let mut lease = bench.lease("one").await;
        let (mut store, _) = bench.load().await;
        store.save(&state(3), &mut lease).await.unwrap();
        bench.clock.advance(330);
    }
    bench.documents.remove("lease").await.unwrap();
    let mut anew = bench.lease("two").await;
    assert_eq!(anew.epoch(), 1);
    let (mut store, loaded) = bench.load().await;
    assert_eq!(present(&loaded).instances.len(), 3);
    store.save(&state(4), &mut anew).await.unwrap();
    assert_eq!(present(&bench.load().await.1).instances.len(), 4);
}

#[tokio::test]
async fn what_has_not_changed_is_not_written() {
    let bench = Bench::new();
    let mut lease = bench.lease("one").await;
    let (mut store, _) = bench.load().await;
    store.save(&state(3), &mut lease).await.unwrap();
    let (mut store, _) = bench.load().await;
    assert!(store.due(&state(3)).unwrap().is_empty());
    assert_eq!(store.due(&state(4)).unwrap().len(), 1);
    store.save(&state(3), &mut lease).await.unwrap();
}
