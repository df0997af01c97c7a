//! The clock of this machine is wrong.

use crate::stub::{BEGIN, FEDERATION, Reply, answer, given};
use crate::{machine, refused_within, seconds};

fn at(status: u16, second: u64, reply: &Reply) -> Reply {
    let date = httpdate::fmt_http_date(std::time::SystemTime::UNIX_EPOCH + seconds(second));
    let Reply::Say(_, body, _) = reply else { unreachable!("an answer") };
    Reply::Say(status, body.clone(), vec![("date", date)])
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_off_are_named() {
    for (shift, side) in [(600, "ahead of"), (-600, "behind")] {
        let (world, provider) = machine();
        world.clock.shift(shift);
        world.web.on(FEDERATION, &[at(401, BEGIN, &answer("x", 0))]);
        let expected =
            format!("federation answered 401; the clock of this machine is 600 s {side} that of the service");
        assert_eq!(refused_within(&provider, seconds(0)).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn within_five_minutes_a_401_is_a_401() {
    let (world, provider) = machine();
    world.clock.shift(299);
    world.web.on(FEDERATION, &[at(401, BEGIN, &answer("x", 0))]);
    assert_eq!(refused_within(&provider, seconds(0)).await, "federation answered 401");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_over_on_arrival_tells_the_clock() {
    let (world, provider) = machine();
    world.clock.shift(3600);
    world.web.on(FEDERATION, &[at(200, BEGIN, &answer("x", BEGIN + 1200))]);
    let expected = "federation answered 200; the clock of this machine is 3600 s ahead of that of the service";
    assert_eq!(refused_within(&provider, seconds(0)).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_neither_locks_nor_floods() {
    let (world, provider) = machine();
    world.web.on(FEDERATION, &[answer("one", BEGIN + 1200), answer("two", BEGIN + 20_000)]);
    let one = provider.snapshot().await.unwrap();
    world.clock.shift(-7200);
    assert_eq!(provider.snapshot().await.unwrap().key_id, one.key_id);
    world.clock.shift(7200 + 1200);
    for _ in 0..5 {
        let now = provider.snapshot().await.unwrap();
        assert_eq!(now.key_id.expose(), format!("ST${}", given("two", BEGIN + 20_000)));
    }
    assert_eq!(world.web.count(FEDERATION), 2);
}
