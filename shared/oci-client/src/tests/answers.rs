//! Answers that are not what they should be, and lists that do not end where they seem to.

use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;

use super::world::{World, broken, json as answer, refusal, reply};
use crate::compute::ListInstances;
use crate::object_storage::ListObjects;
use crate::secrets::SecretVersion;
use crate::{Cause, Error};

fn reason(error: &Error) -> String {
    match &*error.cause {
        Cause::Answer { reason, .. } => reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn success_that_cannot_be_read() {
    for (body, expected) in [
        ("", "JSON that is cut off at line 1, column 0"),
        ("<html>canary</html>", "no JSON at line 1, column 1"),
        (r#"{"id":"canary"#, "JSON that is cut off at line 1, column 13"),
        (r#"{"id":"canary"}"#, "JSON of another shape at line 1, column 15"),
    ] {
        let world = World::new([reply(200, body).header("opc-request-id", "r1")]);
        let error = world.client().compute().instance("i").await.unwrap_err();
        assert_eq!(reason(&error), expected, "{body}");
        assert_eq!((error.status(), error.opc_request_id(), error.code()), (Some(200), Some("r1"), None));
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn refusals_say_who_what_and_why() {
    let world = World::new([refusal(404, "NotAuthorizedOrNotFound")]);
    let error = world.client().compute().instance("i").await.unwrap_err();
    assert_eq!((error.service, error.operation), ("compute", "GetInstance"));
    assert_eq!((error.status(), error.code()), (Some(404), Some("NotAuthorizedOrNotFound")));
    assert_eq!(error.opc_request_id(), Some("a/b/c"));
    assert!(error.is_not_found() && !error.is_precondition_failed() && error.tries() == 1);
    let shown = "compute GetInstance: refused with 404 NotAuthorizedOrNotFound (opc-request-id a/b/c) at try 1";
    assert_eq!(error.to_string(), shown);
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    let world = World::new([reply(400, "<html>Bad request canary</html>")]);
    let error = world.client().compute().instance("i").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), None));
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn a_broken_bundle_shows_nothing_of_itself() {
    for body in [
        json!({"secretId": "s", "secretBundleContent": {"contentType": "BASE64", "content": "canary!"}}),
        json!({"secretId": "s", "secretBundleContent": {"contentType": "canary", "content": "canary"}}),
        json!({"secretId": "s", "secretBundleContent": {"contentType": "BASE64"}}),
        json!({"secretId": "s", "secretBundleContent": "canary"}),
        json!({"secretId": "s"}),
    ] {
        let world = World::new([answer(&body)]);
        let error = world.client().secrets().bundle("s", &SecretVersion::Latest).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_not_the_end() {
    let instance = json!({"id": "i", "availabilityDomain": "a", "compartmentId": "c", "lifecycleState": "RUNNING",
        "region": "iad", "shape": "s", "timeCreated": "2026-09-05T02:00:00Z"});
    let world = World::new([
        answer(&json!([])).header("opc-next-page", "p+2/="),
        answer(&json!([instance])).header("opc-next-page", "p3"),
        answer(&json!([])),
    ]);
    let all: Vec<_> = world.client().compute().instances("c", &ListInstances::default()).try_collect().await.unwrap();
    assert_eq!((all.len(), all[0].etag.as_deref()), (1, None));
    let lines = world.lines();
    assert_eq!(lines[1], "GET iaas /20160918/instances?compartmentId=c&limit=1000&page=p%2B2%2F%3D");
    assert_eq!(lines[2], "GET iaas /20160918/instances?compartmentId=c&limit=1000&page=p3");
}

#[tokio::test]
async fn a_list_that_goes_in_circles_ends_with_an_error() {
    let page = || answer(&json!([])).header("opc-next-page", "same");
    let world = World::new([page(), page()]);
    let mut pages = world.client().compute().instances("c", &ListInstances::default());
    assert!(reason(&pages.next().await.unwrap().unwrap_err()).contains("page again"));
    assert!(pages.next().await.is_none() && pages.next().await.is_none());
    let page = || answer(&json!({"objects": [], "nextStartWith": "b"}));
    let world = World::new([page(), page()]);
    let mut objects = world.storage().objects("bk", ListObjects::default());
    assert!(reason(&objects.next().await.unwrap().unwrap_err()).contains("page again"));
    assert!(objects.next().await.is_none());
}

#[tokio::test]
async fn objects_go_on_where_the_page_says() {
    let world = World::new([
        answer(&json!({"objects": [{"name": "a"}], "nextStartWith": "b c"})),
        answer(&json!({"objects": [], "prefixes": [], "nextStartWith": "c"})),
        answer(&json!({"objects": [{"name": "c", "size": 3}], "nextStartWith": null})),
    ]);
    let list = ListObjects { start_after: Some("0".into()), ..ListObjects::default() };
    let all: Vec<_> = world.storage().objects("bk", list).try_collect().await.unwrap();
    assert_eq!(all.iter().map(|object| object.size).collect::<Vec<_>>(), [None, Some(3)]);
    let asked: Vec<_> = world.lines().iter().map(|line| line.split_once('?').unwrap().1.to_owned()).collect();
    assert_eq!(asked, ["startAfter=0", "start=b%20c", "start=c"]);
}

#[tokio::test]
async fn pages_are_fetched_when_they_are_asked_for() {
    let world = World::new([answer(&json!({"objects": [{"name": "a"}], "nextStartWith": "b"}))]);
    let mut objects = world.storage().objects("bk", ListObjects::default());
    assert!(world.lines().is_empty());
    assert_eq!(objects.next().await.unwrap().unwrap().name, "a");
    assert_eq!(world.lines().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cut_answer_is_no_answer() {
    let cut = || Ok(reply(200, "").pieces([Ok("{\"items\":"), Err(broken())]));
    let world = World::new([cut(), cut(), cut(), cut()]);
    let error = world.client().compute().instance("i").await.unwrap_err();
    assert!(matches!(&*error.cause, Cause::Transport { tries: 4, .. }), "{error:?}");
    assert_eq!((error.status(), world.sent().len()), (None, 4));
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_sent() {
    let world = World::new(Vec::<super::world::Reply>::new());
    for error in [
        world.client().compute().instance("").await.unwrap_err(),
        world.client().compute().instance("..").await.unwrap_err(),
        world.storage().delete("bk", "o", Some("caf\u{e9}")).await.unwrap_err(),
        world.storage().delete("bk", "o", Some("a\r\nb: c")).await.unwrap_err(),
    ] {
        assert!(matches!(&*error.cause, Cause::Request(_)), "{error:?}");
        assert_eq!(error.tries(), 0);
    }
}
