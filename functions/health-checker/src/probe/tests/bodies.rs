//! Bodies that do not end.

use super::*;

#[tokio::test]
async fn h_8_large_bodies_are_cut_and_slow_ones_end_with_their_time() {
    let mut world = World::new();
    let large = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", 10 << 20, "x".repeat(10 << 20));
    let (url, _) = world.serve("large.test", Answers::text(&large)).await;
    assert_eq!(look(&world, json!({"http": {"url": url}})).await, failed("body_too_large"));
    let endless = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", "4000\r\n".to_owned());
    let (url, _) = world.serve("chunked.test", Answers::text(&(endless + &"y".repeat(1 << 20)))).await;
    assert_eq!(look(&world, json!({"http": {"url": url}})).await.0, Verdict::Fail);
    let (url, _) = world.serve("drip.test", Answers::Drip).await;
    let mut check = World::check(&json!({"http": {"url": url}}));
    check.timeout_seconds = 1;
    let finding = world.prober().one(&check, seconds(20)).await;
    assert_eq!(finding.code.as_deref(), Some("timeout"));
}

#[tokio::test]
async fn heads_that_do_not_end_are_cut_too() {
    let mut world = World::new();
    let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-filler: yyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(10_000));
    let (url, _) = world.serve("head.test", Answers::text(&head)).await;
    assert_eq!(look(&world, json!({"http": {"url": url}})).await, failed("protocol"));
}

#[tokio::test]
async fn exactly_the_limit_is_not_too_much() {
    let mut world = World::new();
    for (name, size, expected) in
        [("full.test", 64 << 10, PASS), ("over.test", (64 << 10) + 1, failed("body_too_large"))]
    {
        let (url, _) = world.serve(name, Answers::ok(&"z".repeat(size))).await;
        assert_eq!(look(&world, json!({"http": {"url": url}})).await, expected, "{name}");
    }
}
