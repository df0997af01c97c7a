//! The directory adapter: it keeps the port's promises and stays inside its root.

use std::os::unix::fs::symlink;

use futures_executor::block_on;
use futures_util::StreamExt;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;

use super::*;
use crate::conformance;

struct Yard {
    inside: tempfile::TempDir,
    outside: tempfile::TempDir,
}

fn yard() -> Yard {
    let yard = Yard { inside: tempfile::tempdir().unwrap(), outside: tempfile::tempdir().unwrap() };
    std::fs::write(yard.outside.path().join("secret.csv"), "a\n1\n").unwrap();
    std::fs::write(yard.inside.path().join("fine.csv"), "a\n1\n").unwrap();
    yard
}

fn listed(store: &Store) -> (Vec<String>, Vec<String>) {
    let items: Vec<_> = block_on(store.list(None).collect());
    let (fine, refused): (Vec<_>, Vec<_>) = items.into_iter().partition(Result::is_ok);
    (
        fine.into_iter().map(|m| m.unwrap().location.to_string()).collect(),
        refused.into_iter().map(|e| e.unwrap_err().to_string()).collect(),
    )
}

#[test]
fn both_adapters_keep_the_promises_of_the_port() {
    let directory = tempfile::tempdir().unwrap();
    block_on(conformance::all(&Store::open(directory.path()).unwrap())).unwrap();
    block_on(conformance::all(&InMemory::new())).unwrap();
}

#[test]
fn a_link_that_leads_outside_is_named_and_never_read() {
    let yard = yard();
    symlink(yard.outside.path().join("secret.csv"), yard.inside.path().join("file-link.csv")).unwrap();
    symlink(yard.outside.path(), yard.inside.path().join("folder-link")).unwrap();
    let store = Store::open(yard.inside.path()).unwrap();

    let (fine, refused) = listed(&store);
    assert_eq!(fine, ["fine.csv"]);
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[0].contains("file-link.csv") && refused[1].contains("folder-link"), "{refused:?}");

    for name in ["file-link.csv", "folder-link/secret.csv", "folder-link/new.csv"] {
        let location = Path::parse(name).unwrap();
        let read = block_on(store.get(&location)).unwrap_err();
        assert!(matches!(read, object_store::Error::PermissionDenied { .. }), "{name}: {read}");
        let written = block_on(store.put(&location, "x".into())).unwrap_err();
        assert!(matches!(written, object_store::Error::PermissionDenied { .. }), "{name}: {written}");
    }
    assert!(!yard.outside.path().join("new.csv").exists());
}

#[test]
fn a_dangling_link_is_not_written_through() {
    let yard = yard();
    symlink(yard.outside.path().join("later.csv"), yard.inside.path().join("dangling.csv")).unwrap();
    let store = Store::open(yard.inside.path()).unwrap();
    assert!(block_on(store.put(&Path::from("dangling.csv"), "x".into())).is_err());
    assert!(!yard.outside.path().join("later.csv").exists());
}

#[test]
fn a_link_inside_the_root_is_readable() {
    let yard = yard();
    symlink(yard.inside.path().join("fine.csv"), yard.inside.path().join("again.csv")).unwrap();
    let store = Store::open(yard.inside.path()).unwrap();
    assert_eq!(listed(&store).0, ["again.csv", "fine.csv"]);
    assert!(block_on(store.get(&Path::from("again.csv"))).is_ok());
}

#[test]
fn a_link_loop_ends_and_is_reported() {
    let yard = yard();
    symlink(yard.inside.path(), yard.inside.path().join("loop")).unwrap();
    let (fine, refused) = listed(&Store::open(yard.inside.path()).unwrap());
    assert_eq!((fine.len(), refused.len()), (1, 1));
}

#[test]
fn a_missing_root_is_a_clear_error() {
    let error = Store::open("/nonexistent/bucket").unwrap_err();
    assert!(matches!(error, Error::Root { .. }), "{error}");
    let yard = yard();
    assert!(Store::open(yard.inside.path().join("fine.csv")).is_err(), "a file is not a root");
}
