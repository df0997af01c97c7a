//! Lists of two sides.

use futures_util::TryStreamExt;
use object_store::ObjectStore;
use object_store::path::Path;

use super::super::Holds;
use super::stage::{Health, Stage, listed};

use Health::{Out, Well};

async fn stage() -> Stage {
    let stage = Stage::new();
    for name in ["d/a", "d/c", "e/x"] {
        stage.first.has(name, "1").await;
        stage.second.has(&format!("copy/{name}"), "1").await;
    }
    stage.second.has("own/d/side2.b/part", "1").await;
    stage
}

#[tokio::test]
async fn a_list_has_what_is_on_either_side_once() {
    let check = async |first: Health, second: Health, prefix: Option<&str>, expected: Option<&[&str]>| {
        let stage = stage().await;
        let process = stage.data();
        stage.sides(first, second);
        let names = listed(&process, prefix).await.ok();
        assert_eq!(
            names.as_ref().map(|names| names.iter().map(String::as_str).collect::<Vec<_>>()).as_deref(),
            expected
        );
    };
    let all = ["d/a", "d/c", "d/side2.b/part", "e/x"];
    check(Well, Well, None, Some(&all)).await;
    check(Out, Well, None, Some(&all)).await;
    check(Well, Out, None, Some(&["d/a", "d/c", "e/x"])).await;
    check(Out, Out, None, None).await;
    check(Well, Well, Some("d"), Some(&all[..3])).await;
    check(Well, Well, Some("d/side2.b"), Some(&["d/side2.b/part"])).await;
    check(Out, Well, Some("d/side2.b"), Some(&["d/side2.b/part"])).await;
    check(Well, Out, Some("d/side2.b"), None).await;
}

#[tokio::test]
async fn without_a_whole_copy_a_list_of_the_second_side_is_no_answer() {
    let stage = Stage { has_copy: false, ..stage().await };
    stage.sides(Out, Well);
    assert!(listed(&stage.data(), None).await.is_err());
    assert!(stage.data().list_with_delimiter(None).await.is_err());
    stage.sides(Well, Well);
    assert_eq!(listed(&stage.data(), Some("e")).await.unwrap(), ["e/x"]);
}

#[tokio::test]
async fn folders_and_offsets() {
    let stage = stage().await;
    for (first, second) in [(Out, Well), (Well, Well)] {
        stage.sides(first, second);
        let process = stage.data();
        let found = process.list_with_delimiter(Some(&Path::from("d"))).await.unwrap();
        let names: Vec<_> = found.objects.iter().map(|meta| meta.location.as_ref()).collect();
        assert_eq!(names, ["d/a", "d/c"], "{first:?}");
        assert_eq!(found.common_prefixes, [Path::from("d/side2.b")], "{first:?}");
        let after = process.list_with_offset(None, &Path::from("d/a")).map_ok(|meta| meta.location.to_string());
        let after: Vec<_> = after.try_collect().await.unwrap();
        assert_eq!(after, ["d/c", "d/side2.b/part", "e/x"], "{first:?}");
    }
}

#[tokio::test]
async fn documents_are_listed_by_their_side() {
    let stage = stage().await;
    stage.sides(Out, Well);
    let process = stage.process(Holds::State);
    assert!(listed(&process, None).await.is_err());
    assert_eq!(listed(&process, Some("d/side2.b")).await.unwrap(), ["d/side2.b/part"]);
    stage.sides(Well, Well);
    let names = ["d/a", "d/c", "d/side2.b/part", "e/x"];
    assert_eq!(listed(&stage.process(Holds::State), None).await.unwrap(), names);
}
