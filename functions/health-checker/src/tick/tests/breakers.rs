//! Circuit breakers that a tick looks after, and orders of operators.

use causeway_cloud::breaker::Dependency;

use super::*;
use crate::breaker::{BreakerReport, BreakerStanding, OrderMode, Probed};
use crate::reply::BreakersReply;
use crate::request::Request;

const NAMED: &str = "checks:\n  - { id: shop, breaker: object-storage, probe: { object: { name: shop.txt } } }\n";

fn storage() -> Dependency {
    Dependency::new("object-storage", "acme").unwrap()
}

fn only(reply: &Reply) -> &BreakerReport {
    let [breaker] = reply.report.breakers.as_slice() else { panic!("{:?}", reply.report.breakers) };
    breaker
}

#[tokio::test]
async fn an_open_breaker_that_nobody_calls_is_closed_by_the_checks_own_looks() {
    let world = World::new(NAMED);
    world.put("shop.txt", "x").await;
    world.left_open(&storage()).await;
    let reply = world.tick().await;
    assert_eq!((only(&reply).standing, &only(&reply).probed), (BreakerStanding::Open, &None), "it is not due");
    assert!(only(&reply).opened_at.is_some() && only(&reply).why.as_deref().unwrap().contains("5 calls failed"));
    world.pass(11 * 60);
    let reply = world.tick().await;
    let probed = Probed { check: "shop".to_owned(), passed: 5, failed: 0, unknown: 0 };
    assert_eq!((only(&reply).standing, only(&reply).probed.clone()), (BreakerStanding::Closed, Some(probed)));
    let told: Vec<String> = world.titles().into_iter().filter(|title| title.starts_with("Circuit breaker")).collect();
    assert_eq!(told.len(), 3, "opened, tries again, closed: {told:?}");
    assert!(world.text("health-checker/status.html").await.unwrap().contains("object-storage of acme"));
}

#[tokio::test]
async fn a_dependency_that_is_still_ill_stays_open_and_the_checkers_own_trouble_says_nothing() {
    let world = World::new(NAMED);
    world.left_open(&storage()).await;
    world.pass(11 * 60);
    let reply = world.tick().await;
    assert_eq!(only(&reply).standing, BreakerStanding::Open);
    assert_eq!(only(&reply).probed.as_ref().map(|probed| (probed.passed, probed.failed)), Some((0, 1)));
    let blind = "checks:\n  - { id: shop, breaker: object-storage, probe: { oci_metric: { namespace: n, metric: m, \
                 fail_above: 1 } } }\n";
    let world = World::new(blind);
    world.left_open(&storage()).await;
    world.pass(11 * 60);
    let reply = world.tick().await;
    assert_eq!(only(&reply).probed.as_ref().map(|probed| (probed.passed, probed.unknown)), Some((0, 1)));
    assert_eq!(only(&reply).standing, BreakerStanding::HalfOpen);
}

#[tokio::test]
async fn nobody_probes_in_a_dry_run_or_where_no_check_names_it() {
    let world = World::new(NAMED);
    world.put("shop.txt", "x").await;
    world.left_open(&storage()).await;
    world.pass(11 * 60);
    let dry = world.checker.tick(true, Deadline::NONE).await.unwrap();
    assert!(only(&dry).is_probe_due && only(&dry).standing == BreakerStanding::Open && world.titles().is_empty());
    let world = World::new(SHOP);
    world.left_open(&storage()).await;
    world.pass(11 * 60);
    let reply = world.tick().await;
    assert!(only(&reply).probed.is_none());
    let is_told = |warning: &String| warning.contains("object-storage of acme waits for probes");
    assert!(reply.report.warnings.iter().any(is_told), "{:?}", reply.report.warnings);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_unknown_and_not_closed() {
    let world = World::new(SHOP);
    world.left_open(&storage()).await;
    let names = world.names().await;
    let name = names.iter().find(|name| name.starts_with("state/breakers/state/")).unwrap();
    world.put(name, "{broken").await;
    let reply = world.tick().await;
    assert_eq!(only(&reply).standing, BreakerStanding::Unknown);
    assert!(reply.report.warnings.iter().any(|warning| warning.contains("cannot be read")));
}

async fn ask(world: &World, request: serde_json::Value) -> Result<BreakersReply, Error> {
    let request: Request = serde_json::from_value(request).unwrap();
    world.checker.operate(&request, Deadline::NONE).await
}

fn order(name: &str, expires: &str) -> serde_json::Value {
    json!({
        "kind": "breaker", "action": "force_open", "name": name, "author": "oncall", "expires": expires,
        "reason": "a drill",
    })
}

#[tokio::test]
async fn an_order_holds_is_shown_and_ends_by_itself() {
    let world = World::new(SHOP);
    world.breakers().of(&storage()).enter(Deadline::NONE).await.unwrap().report(BAD, Deadline::NONE).await;
    let given = ask(&world, order("object-storage", "2h")).await.unwrap();
    assert!(given.changed && !given.partial, "{given:?}");
    let held = given.breakers[0].order.clone().unwrap();
    assert_eq!(
        (held.mode, held.author.as_str(), held.reason.as_deref()),
        (OrderMode::ForcedOpen, "oncall", Some("a drill"))
    );
    assert_eq!(held.expires_at, world.now() + SignedDuration::from_hours(2));
    assert!(world.breakers().of(&storage()).enter(Deadline::NONE).await.is_err());
    let reply = world.tick().await;
    assert_eq!(only(&reply).order.as_ref(), Some(&held));
    assert!(world.text("health-checker/status.html").await.unwrap().contains("forced open by oncall until"));
    world.pass(2 * 3600);
    let reply = world.tick().await;
    assert!(only(&reply).order.is_none() && only(&reply).standing == BreakerStanding::Closed);
    assert!(world.breakers().of(&storage()).enter(Deadline::NONE).await.is_ok());
    let told = world.titles().into_iter().filter(|title| title.starts_with("Circuit breaker")).collect::<Vec<_>>();
    assert!(told[0].contains("is held by an order") && told[1].contains("is released") && told.len() == 2, "{told:?}");
}

#[tokio::test]
async fn an_order_is_taken_back() {
    let world = World::new(SHOP);
    world.breakers().of(&storage()).enter(Deadline::NONE).await.unwrap().report(BAD, Deadline::NONE).await;
    ask(&world, order("object-storage", "2h")).await.unwrap();
    let clear = json!({"kind": "breaker", "action": "clear", "name": "object-storage", "author": "bob"});
    let cleared = ask(&world, clear).await.unwrap();
    assert!(cleared.changed && cleared.breakers[0].order.is_none(), "{cleared:?}");
    let listed = ask(&world, json!({"kind": "breaker", "name": "object-storage"})).await.unwrap();
    assert!(!listed.changed && listed.breakers.len() == 1);
}

#[tokio::test]
async fn an_order_for_nothing_for_several_or_for_too_long_changes_nothing() {
    let world = World::new(SHOP);
    let other = Dependency::new("object-storage", "other").unwrap();
    for dependency in [&storage(), &other] {
        world.breakers().of(dependency).enter(Deadline::NONE).await.unwrap().report(BAD, Deadline::NONE).await;
    }
    let check = |found: Result<BreakersReply, Error>, status: u16, part: &str| {
        let error = found.unwrap_err();
        assert!(error.http_status() == status && error.message().contains(part), "{error:?}");
    };
    check(ask(&world, order("objects", "2h")).await, 404, "no circuit breaker");
    check(ask(&world, order("object-storage", "2h")).await, 409, "object-storage of acme");
    let mut long = order("object-storage", "8d");
    long["tenant"] = json!("acme");
    check(ask(&world, long.clone()).await, 400, "longest time");
    long["expires"] = json!("7d");
    assert!(ask(&world, long).await.unwrap().changed);
    let listed = ask(&world, json!({"kind": "breaker"})).await.unwrap();
    assert_eq!(
        listed.breakers.iter().filter(|one| one.order.as_ref().is_some_and(|order| order.author == "oncall")).count(),
        1
    );
}

/// Damages the document of the only breaker.
async fn damaged(world: &World) {
    world.breakers().of(&storage()).enter(Deadline::NONE).await.unwrap().report(BAD, Deadline::NONE).await;
    let names = world.names().await;
    let name = names.iter().find(|name| name.starts_with("state/breakers/state/")).unwrap();
    world.put(name, "{broken").await;
}

#[tokio::test]
async fn one_that_cannot_be_read_is_not_told_as_absent() {
    let world = World::new(SHOP);
    damaged(&world).await;
    let list = async |rest: serde_json::Value| {
        let mut request = json!({"kind": "breaker"});
        request.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let reply = ask(&world, request).await.unwrap();
        assert_eq!(reply.partial, !reply.problems.is_empty());
        (reply.breakers.len(), reply.problems.len())
    };
    assert_eq!(list(json!({})).await, (1, 1));
    assert_eq!(list(json!({"name": "object-storage"})).await, (1, 1));
    assert_eq!(list(json!({"name": "object-storage", "tenant": "acme", "folder": "breakers"})).await, (1, 1));
    assert_eq!(list(json!({"name": "object-storage", "tenant": "other"})).await, (0, 0));
    assert_eq!(list(json!({"name": "object-storage", "folder": "chat-breakers"})).await, (0, 0));
    assert_eq!(list(json!({"name": "object"})).await, (0, 0));
    // Whose it is only the tenant tells; then the order makes it anew.
    let error = ask(&world, order("object-storage", "2h")).await.unwrap_err();
    assert!(error.http_status() == 409 && error.message().contains("cannot be read"), "{error:?}");
    let mut sure = order("object-storage", "2h");
    sure["tenant"] = json!("acme");
    let given = ask(&world, sure).await.unwrap();
    assert!(given.changed && given.breakers[0].order.is_some(), "{given:?}");
    assert!(world.breakers().of(&storage()).enter(Deadline::NONE).await.is_err());
}

#[tokio::test]
async fn an_order_needs_no_settings() {
    let world = World::from_object("checks.yaml");
    world.breakers().of(&storage()).enter(Deadline::NONE).await.unwrap().report(BAD, Deadline::NONE).await;
    let given = ask(&world, order("object-storage", "2h")).await.unwrap();
    assert!(given.changed && given.partial && given.problems[0].contains("usual folders"), "{given:?}");
    assert!(world.breakers().of(&storage()).enter(Deadline::NONE).await.is_err());
    // Those that were read once hold from then on.
    world.put("checks.yaml", SHOP).await;
    world.tick().await;
    world.put("checks.yaml", "checks: [").await;
    let listed = ask(&world, json!({"kind": "breaker"})).await.unwrap();
    assert!(listed.partial && listed.problems[0].contains("those of before"), "{listed:?}");
}

#[tokio::test]
async fn an_order_names_what_helps_where_a_folder_cannot_be_read() {
    let mut world = World::new(SHOP);
    world.breakers().of(&storage()).enter(Deadline::NONE).await.unwrap().report(BAD, Deadline::NONE).await;
    let away = world.documents("a//b");
    world.checker.breakers.folders.insert("chat-breakers", away);
    let error = ask(&world, order("object-storage", "2h")).await.unwrap_err();
    assert!(error.http_status() == 409 && error.message().contains("--folder"), "{error:?}");
    let mut sure = order("object-storage", "2h");
    sure["folder"] = json!("breakers");
    assert!(ask(&world, sure).await.unwrap().changed);
}

const BAD: causeway_resilience::breaker::Outcome = causeway_resilience::breaker::Outcome::Failed;
