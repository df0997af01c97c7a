//! What tests of several modules share.

pub(crate) mod installed;

use std::sync::Arc;

use causeway_cloud::Objects;
use causeway_cloud::object_store::ObjectStore;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use futures_executor::block_on;
use jiff::Timestamp;

/// A moment at which every clock of the tests stands still.
pub(crate) fn clock() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

/// A store with these objects.
pub(crate) fn store(objects: &[(&str, &[u8])]) -> Objects {
    let store = InMemory::new();
    for (name, content) in objects {
        block_on(store.put_opts(&Path::parse(name).unwrap(), content.to_vec().into(), Default::default())).unwrap();
    }
    Arc::new(store)
}
