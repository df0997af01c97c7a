//! What becomes of reads and writes while a side is out.

use std::sync::atomic::Ordering;

use causeway_resilience::fallback::{Link, ServedBy};
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode};

use super::stage::{Health, Stage, put, read, text, write};

use Health::{Hangs, Out, Well};

#[tokio::test]
async fn a_read_is_answered_by_the_first_side_that_can() {
    let check = async |first: Health, second: Health, has_read: bool, expected: Option<(&str, Link)>| {
        let stage = Stage::new();
        stage.first.has("a", "first").await;
        stage.second.has("copy/a", "copy").await;
        let process = stage.data();
        if has_read {
            text(&process, "a").await.unwrap();
        }
        stage.sides(first, second);
        let found = read(&process, "a").await;
        let found = found.as_ref().map(|(text, link)| (text.as_str(), link.unwrap())).ok();
        assert_eq!(found, expected, "{first:?} {second:?} {has_read}");
    };
    check(Well, Well, false, Some(("first", Link::Primary))).await;
    check(Well, Out, false, Some(("first", Link::Primary))).await;
    check(Well, Hangs, false, Some(("first", Link::Primary))).await;
    check(Out, Well, false, Some(("copy", Link::Secondary))).await;
    check(Hangs, Well, false, Some(("copy", Link::Secondary))).await;
    check(Out, Well, true, Some(("copy", Link::Secondary))).await;
    check(Out, Out, true, Some(("first", Link::Cached))).await;
    check(Hangs, Hangs, true, Some(("first", Link::Cached))).await;
    check(Out, Out, false, None).await;
    check(Hangs, Out, false, None).await;
}

#[tokio::test]
async fn what_was_read_too_long_ago_is_no_answer() {
    let stage = Stage::new();
    stage.first.has("a", "1").await;
    let process = stage.data();
    text(&process, "a").await.unwrap();
    stage.sides(Out, Out);
    stage.pass(60);
    assert_eq!(read(&process, "a").await.unwrap().1, Some(Link::Cached));
    stage.pass(1);
    let error = text(&process, "a").await.unwrap_err();
    assert!(matches!(error, Error::Generic { .. }), "{error}");
}

#[tokio::test]
async fn what_the_second_side_lacks_is_not_missing() {
    let stage = Stage::new();
    stage.first.has("a", "1").await;
    stage.sides(Out, Well);
    let error = text(&stage.data(), "a").await.unwrap_err();
    assert!(matches!(error, Error::Generic { .. }), "unknown is not absent: {error}");
}

/// Nothing has to be put in order afterwards: a name has one side.
#[tokio::test]
async fn a_write_waits_for_the_side_of_its_name() {
    for mode in [PutMode::Overwrite, PutMode::Create] {
        let stage = Stage::new();
        stage.first.has("old", "0").await;
        let process = stage.data();
        stage.sides(Out, Well);
        for name in ["old", "new"] {
            let refused = put(&process, name, "1", mode.clone()).await.unwrap_err();
            assert!(matches!(refused, Error::Generic { .. }), "{name}: {refused}");
        }
        process.delete(&Path::from("old")).await.unwrap_err();
        put(&process, "side2.new", "1", mode).await.unwrap();
        assert_eq!(text(&stage.data(), "side2.new").await.unwrap(), "1");
        assert_eq!(stage.second.names().await, ["own/side2.new"]);
        stage.sides(Well, Out);
        let fresh = stage.data();
        assert_eq!(text(&fresh, "old").await.unwrap(), "0");
        text(&fresh, "side2.new").await.unwrap_err();
        fresh.delete(&Path::from("old")).await.unwrap();
    }
}

#[tokio::test]
async fn without_the_second_side_the_first_works_as_ever() {
    for second in [Out, Hangs] {
        let stage = Stage::new();
        stage.first.has("a", "1").await;
        stage.sides(Well, second);
        let process = stage.data();
        assert_eq!(text(&process, "a").await.unwrap(), "1");
        assert!(matches!(text(&process, "b").await.unwrap_err(), Error::NotFound { .. }), "{second:?}");
        write(&process, "b", "1").await.unwrap();
        put(&process, "b", "2", PutMode::Create).await.unwrap_err();
        process.delete(&Path::from("b")).await.unwrap();
        assert_eq!(stage.second.calls.load(Ordering::SeqCst), 0, "{second:?} is not asked");
    }
}

/// Another side would have the version before, or none.
#[tokio::test]
async fn a_side_with_much_to_do_is_not_left() {
    let stage = Stage::new();
    stage.first.has("a", "first").await;
    stage.second.has("copy/a", "copy").await;
    let process = stage.data();
    let found = futures_util::future::join_all((0..200).map(|_| read(&process, "a"))).await;
    for found in found {
        assert_eq!(found.unwrap(), ("first".to_owned(), Some(Link::Primary)));
    }
}

#[tokio::test]
async fn with_both_sides_out_a_write_is_an_error_and_what_was_there_stays() {
    for (first, second) in [(Out, Out), (Hangs, Hangs), (Out, Hangs), (Hangs, Out)] {
        let stage = Stage::new();
        stage.first.has("a", "0").await;
        stage.sides(first, second);
        let error = write(&stage.data(), "a", "1").await.unwrap_err();
        assert!(error.to_string().contains("first") || error.to_string().contains("place"), "{error}");
        stage.sides(Well, Well);
        assert_eq!(text(&stage.data(), "a").await.unwrap(), "0", "{first:?} {second:?}");
    }
}

#[tokio::test]
async fn a_copy_gives_parts_and_no_version() {
    let stage = Stage::new();
    stage.first.has("a", "0123").await;
    stage.second.has("copy/a", "0123").await;
    let process = stage.data();
    for (first, second) in [(Well, Out), (Out, Well)] {
        stage.sides(first, second);
        let part = process.get_range(&Path::from("a"), 1..3).await.unwrap();
        assert_eq!(part.as_ref(), b"12", "{first:?}");
        let meta = process.head(&Path::from("a")).await.unwrap();
        assert_eq!((meta.e_tag.is_some(), meta.size), (first == Well, 4));
        let listed: Vec<_> = process.list(None).try_collect().await.unwrap();
        let folder = process.list_with_delimiter(None).await.unwrap().objects;
        assert!(listed.iter().chain(&folder).all(|meta| meta.e_tag.is_some() == (first == Well)), "{first:?}");
    }
}

#[tokio::test]
async fn a_condition_on_the_version_is_no_question_for_a_copy() {
    let stage = Stage::new();
    stage.first.has("a", "0").await;
    stage.second.has("copy/a", "0").await;
    let process = stage.data();
    let version = process.head(&Path::from("a")).await.unwrap().e_tag.unwrap();
    let ask = async |tag: &str| {
        let options = GetOptions { if_match: Some(tag.to_owned()), ..GetOptions::default() };
        process.get_opts(&Path::from("a"), options).await
    };
    ask(&version).await.unwrap();
    assert!(matches!(ask("another").await.unwrap_err(), Error::Precondition { .. }));
    stage.sides(Out, Well);
    for tag in [version.as_str(), "another"] {
        let unknown = ask(tag).await.unwrap_err();
        assert!(matches!(unknown, Error::Generic { .. }), "{unknown}");
    }
}

#[tokio::test]
async fn a_read_that_began_on_one_side_does_not_go_on_with_another_version() {
    let stage = Stage::new();
    stage.first.has("a", "0123").await;
    stage.second.has("copy/a", "abcd").await;
    let process = stage.data();
    let part = async |range: std::ops::Range<u64>, if_match: Option<String>| {
        let options = GetOptions { range: Some(range.into()), if_match, ..GetOptions::default() };
        process.get_opts(&Path::from("a"), options).await
    };
    let begun = part(0..2, None).await.unwrap().meta.e_tag;
    assert!(begun.is_some());
    stage.sides(Out, Well);
    assert!(
        matches!(part(2..4, begun.clone()).await.unwrap_err(), Error::Generic { .. }),
        "the copy is no such version"
    );
    let copied = part(0..2, None).await.unwrap();
    assert_eq!(
        (copied.meta.e_tag.is_none(), copied.extensions.get::<ServedBy>().unwrap().link),
        (true, Link::Secondary)
    );
    stage.sides(Well, Well);
    stage.first.has("a", "4567").await;
    assert!(matches!(part(2..4, begun).await.unwrap_err(), Error::Precondition { .. }));
}

#[tokio::test]
async fn a_side_that_fails_again_and_again_is_left_alone() {
    let stage = Stage::new();
    stage.second.has("copy/a", "1").await;
    stage.sides(Out, Well);
    let process = stage.data();
    let asked = || stage.first.calls.load(Ordering::SeqCst);
    for _ in 0..20 {
        assert_eq!(text(&process, "a").await.unwrap(), "1");
    }
    assert_eq!(asked(), 5);
    stage.sides(Well, Well);
    stage.first.has("a", "2").await;
    stage.pass(40);
    for _ in 0..5 {
        assert_eq!(read(&process, "a").await.unwrap(), ("2".to_owned(), Some(Link::Primary)));
    }
}
