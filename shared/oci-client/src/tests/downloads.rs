//! Bodies that break, and bodies that are not what was asked for.

use std::time::Duration;

use bytes::Bytes;
use causeway_oci_auth::effects::HttpError;
use causeway_resilience::Deadline;
use futures_util::StreamExt;

use super::world::{Reply, World, broken, refusal, reply};
use crate::object_storage::{ByteRange, GetObject};
use crate::transport::until_error;
use crate::{Cause, Error};

type Pieces = Vec<Result<&'static str, HttpError>>;

fn whole(length: &str, pieces: Pieces) -> Reply {
    reply(200, "").header("etag", "e").header("content-length", length).pieces(pieces)
}

fn part(range: &str, pieces: Pieces) -> Reply {
    reply(206, "").header("etag", "e").header("content-range", range).pieces(pieces)
}

async fn read(
    replies: impl IntoIterator<Item = Reply>,
    range: Option<ByteRange>,
) -> (Vec<String>, Result<Bytes, Error>) {
    let world = World::new(replies);
    let options = GetObject { range, ..GetObject::default() };
    let read = async {
        let found = world.storage().get("bk", "o", &options).await?;
        found.bytes(1 << 20).await
    };
    let read = read.await;
    let asked = world
        .sent()
        .into_iter()
        .map(|sent| format!("{} {}", sent.header("range").unwrap_or("-"), sent.header("if-match").unwrap_or("-")));
    (asked.collect(), read)
}

#[tokio::test(start_paused = true)]
async fn a_broken_body_is_continued_where_it_ended() {
    let replies = [
        whole("10", vec![Ok("012"), Ok(""), Err(broken())]),
        part("bytes 3-9/10", vec![Ok("345")]),
        part("bytes 6-9/10", vec![Err(HttpError::TimedOut(Duration::from_secs(1)))]),
        part("bytes 6-9/10", vec![Ok("67"), Ok("89")]),
    ];
    let (asked, read) = read(replies, None).await;
    assert_eq!(read.unwrap(), "0123456789");
    assert_eq!(asked, ["- -", "bytes=3-9 e", "bytes=6-9 e", "bytes=6-9 e"]);
}

#[tokio::test(start_paused = true)]
async fn a_part_is_continued_within_itself() {
    let replies = [part("bytes 4-7/10", vec![Ok("45"), Err(broken())]), part("bytes 6-7/10", vec![Ok("67")])];
    let (asked, read) = read(replies, Some(ByteRange::Last(6))).await;
    assert_eq!(read.unwrap(), "4567");
    assert_eq!(asked, ["bytes=-6 -", "bytes=6-7 e"]);
}

#[tokio::test(start_paused = true)]
async fn another_content_is_not_appended() {
    let (_, read) = read([whole("10", vec![Ok("012"), Err(broken())]), refusal(412, "IfMatchFailed")], None).await;
    assert!(read.unwrap_err().is_precondition_failed());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_goes_on_is_given_up() {
    let again = || part("bytes 3-9/10", vec![Err(broken())]);
    let (asked, read) = read([whole("10", vec![Ok("012"), Err(broken())]), again(), again(), again()], None).await;
    assert!(matches!(*read.unwrap_err().cause, Cause::Transport { .. }));
    assert_eq!(asked.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn without_an_etag_nothing_is_continued() {
    let reply = reply(200, "").header("content-length", "9").pieces([Ok("012")]);
    let (asked, read) = read([reply], None).await;
    assert!(matches!(*read.unwrap_err().cause, Cause::Transport { .. }));
    assert_eq!(asked.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn answers_that_do_not_fit() {
    let check = async |replies: Vec<Reply>, range: Option<ByteRange>, expected: &str| {
        let error = read(replies, range).await.1.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    let from = Some(ByteRange::From(3));
    check(vec![whole("10", vec![Ok("0123456789")])], from, "whole object").await;
    check(vec![part("bytes 3-2/10", vec![])], from, "cannot be read").await;
    check(vec![part("bytes 3-10/10", vec![])], from, "cannot be read").await;
    check(vec![part("bytes 3-18446744073709551615/10", vec![])], from, "cannot be read").await;
    check(vec![reply(206, "x")], from, "content-range is missing").await;
    check(vec![reply(200, "x")], None, "content-length is missing").await;
    check(vec![whole("2", vec![Ok("012")])], None, "longer than announced").await;
    let other = part("bytes 2-9/10", vec![Ok("23456789")]);
    check(vec![whole("10", vec![Ok("012"), Err(broken())]), other], None, "another part").await;
    let other = reply(206, "3456789").header("etag", "f").header("content-range", "bytes 3-9/10");
    check(vec![whole("10", vec![Ok("012"), Err(broken())]), other], None, "other content").await;
    check(vec![whole("1048577", vec![])], None, "larger than").await;
    check(vec![], Some(ByteRange::Between(3, 3)), "range is empty").await;
    check(vec![], Some(ByteRange::Last(0)), "range is empty").await;
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_after_its_error() {
    let world = World::new([whole("10", vec![Ok("012"), Err(broken())]), refusal(404, "ObjectNotFound")]);
    let mut body = world.storage().get("bk", "o", &GetObject::default()).await.unwrap().into_stream();
    assert_eq!(body.next().await.unwrap().unwrap(), "012");
    assert!(body.next().await.unwrap().is_err());
    assert!(body.next().await.is_none() && body.next().await.is_none());
}

#[tokio::test]
async fn heads_of_objects() {
    let head = whole("10", vec![]).header("last-modified", "Sat, 05 Sep 2026 02:00:00 GMT");
    let head = head.header("opc-meta-tenant", "42").header("content-type", "text/plain").header("version-id", "v");
    let world = World::new([head]);
    let found = world.storage().head("bk", "o", &GetObject::default()).await.unwrap();
    assert_eq!((found.size, found.version_id.as_deref()), (10, Some("v")));
    assert_eq!(found.last_modified.unwrap().to_string(), "2026-09-05T02:00:00Z");
    assert_eq!(found.attributes.metadata["tenant"], "42");
    assert_eq!((found.content_md5, found.archival_state), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_silent_body_is_left_at_the_deadline() {
    let silent = || futures_util::stream::pending().boxed();
    let now = tokio::time::Instant::now();
    let limits = [(None, 30), (Some(Duration::from_secs(7)), 7), (Some(Duration::ZERO), 0), (Some(Duration::MAX), 30)];
    for (left, expected) in limits {
        let begun = tokio::time::Instant::now();
        let mut body = until_error(silent(), Deadline::within(begun.into_std(), left));
        let failure = body.next().await.unwrap().unwrap_err();
        assert!(matches!(failure, HttpError::TimedOut(_)), "{failure:?}");
        assert_eq!(begun.elapsed().as_secs(), expected, "{left:?}");
        assert!(body.next().await.is_none());
    }
    assert!(now.elapsed().as_secs() >= 67);
}
