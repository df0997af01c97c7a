//! The federation service errs, throttles, is slow, hangs, or answers too much.

use causeway_oci_auth::effects::HttpError;

use crate::stub::{BEGIN, FEDERATION, Reply, after, answer, given, status};
use crate::{machine, refused_within, seconds, timed};

#[tokio::test(start_paused = true)]
async fn errors_are_retried_and_then_told() {
    for code in [500, 502, 503, 504] {
        let (world, provider) = machine();
        world.web.on(FEDERATION, &[status(code)]);
        let expected = format!("federation answered {code} TestCode (opc-request-id test/request/id)");
        assert_eq!(refused_within(&provider, seconds(6)).await, expected);
        assert_eq!(world.web.count(FEDERATION), 3, "tries");
        assert_eq!(refused_within(&provider, seconds(0)).await, expected);
        assert_eq!(world.web.count(FEDERATION), 3, "a second caller gets the failure that is known");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_are_final() {
    for code in [400, 401, 403, 404, 429, 501] {
        let (world, provider) = machine();
        world.web.on(FEDERATION, &[status(code)]);
        let expected = format!("federation answered {code} TestCode (opc-request-id test/request/id)");
        assert_eq!(refused_within(&provider, seconds(0)).await, expected);
        assert_eq!(world.web.count(FEDERATION), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_passing_error_is_not_noticed_and_each_try_has_its_own_date() {
    let broken = Reply::Fail(HttpError::Broken("connection reset by peer".to_owned()));
    for passing in [status(503), Reply::Silence, broken] {
        let (world, provider) = machine();
        world.web.on(FEDERATION, &[passing, answer("one", BEGIN + 1200)]);
        let (outcome, _) = timed(&provider).await;
        assert_eq!(outcome.unwrap().key_id.expose(), format!("ST${}", given("one", BEGIN + 1200)));
        let seen: Vec<_> = world.web.seen().into_iter().filter(|seen| seen.method == "POST").collect();
        assert_eq!(seen.len(), 2);
        assert_ne!(seen[0].header("date"), seen[1].header("date"));
        assert_ne!(seen[0].header("authorization"), seen[1].header("authorization"));
        assert_eq!(seen[0].body, seen[1].body, "the session key stays");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_in_time() {
    let (world, provider) = machine();
    world.web.on(FEDERATION, &[Reply::Silence]);
    let refused = refused_within(&provider, seconds(20)).await;
    assert!(refused.starts_with("federation: no answer within ") && refused.ends_with(" ms"), "{refused}");
    assert_eq!(world.web.count(FEDERATION), 2, "room for a second try is kept");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_forgets_its_limit_is_left() {
    let (world, provider) = machine();
    world.web.on(FEDERATION, &[Reply::Hang, answer("one", BEGIN + 1200)]);
    assert_eq!(refused_within(&provider, seconds(60)).await, "instance_principal: no credentials within 60 s");
    tokio::time::sleep(seconds(1)).await;
    assert!(provider.snapshot().await.is_ok(), "it is not lost for ever");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_is_not_asked_for_again() {
    let (world, provider) = machine();
    world.web.on(FEDERATION, &[Reply::Fail(HttpError::TooLarge(262_144))]);
    assert_eq!(refused_within(&provider, seconds(0)).await, "federation: answer larger than 262144 bytes");
    assert_eq!(world.web.count(FEDERATION), 1);
    assert_eq!(world.web.last().how.max_bytes, 262_144);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_bridged_while_the_token_lives_and_ends_with_the_outage() {
    let (world, provider) = machine();
    let one = provider.snapshot().await.unwrap();
    world.web.on(FEDERATION, &[after(3, status(500))]);
    tokio::time::sleep(seconds(901)).await;
    let mut longest = seconds(0);
    // A call each second until the token is over.
    while world.clock_seconds() < BEGIN + 1199 {
        let (outcome, took) = timed(&provider).await;
        assert_eq!(outcome.unwrap().key_id, one.key_id);
        longest = longest.max(took);
        tokio::time::sleep(seconds(1)).await;
    }
    assert!(longest <= seconds(5), "a caller with a good token waited {longest:?}");
    let asked = world.web.count(FEDERATION) - 1;
    assert!((9..=45).contains(&asked), "{asked} requests in five minutes");
    tokio::time::sleep(seconds(10)).await;
    let expected = "federation answered 500 TestCode (opc-request-id test/request/id)";
    assert_eq!(refused_within(&provider, seconds(20)).await, expected);
    world.web.on(FEDERATION, &[answer("two", BEGIN + 4000)]);
    tokio::time::sleep(seconds(30)).await;
    assert_eq!(provider.snapshot().await.unwrap().key_id.expose(), format!("ST${}", given("two", BEGIN + 4000)));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_refresh_costs_a_caller_with_a_good_token_five_seconds_at_most() {
    let (world, provider) = machine();
    let one = provider.snapshot().await.unwrap();
    tokio::time::sleep(seconds(1000)).await;
    world.web.on(FEDERATION, &[Reply::Hang]);
    let (outcome, took) = timed(&provider).await;
    assert_eq!((outcome.unwrap().key_id.clone(), took), (one.key_id.clone(), seconds(5)));
    let (outcome, took) = timed(&provider).await;
    assert_eq!((outcome.unwrap().key_id.clone(), took), (one.key_id.clone(), seconds(0)), "the next one not at all");
}
