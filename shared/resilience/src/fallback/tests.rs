//! Which chains are allowed, and which failures lead on.

use super::*;

fn plan(primary: &str, secondary: &str) -> Plan {
    Plan::new(primary).with_secondary(secondary)
}

#[test]
fn s_13_a_chain_that_comes_back_is_refused() {
    let circle = |names: &[&str]| ChainError::Cycle(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(check(&[plan("a", "b"), plan("b", "a")]).unwrap_err(), circle(&["a", "b", "a"]));
    assert_eq!(check(&[plan("a", "a")]).unwrap_err(), circle(&["a", "a"]));
    let three = [plan("a", "b"), plan("b", "c"), plan("c", "b")];
    assert_eq!(check(&three).unwrap_err(), circle(&["a", "b", "c", "b"]));
    assert_eq!(check(&three[..2]), Ok(()));
    assert_eq!(check(&three).unwrap_err().to_string(), "the fallbacks go in a circle: a -> b -> c -> b");
}

#[test]
fn a_chain_has_at_most_three_fallbacks() {
    let full = plan("a", "b").with_cached(60).with_degraded();
    assert_eq!(check(&[full.clone(), Plan::new("b")]), Ok(()));
    let too_long = check(&[full, Plan::new("b").with_cached(1)]).unwrap_err();
    assert_eq!(too_long, ChainError::TooLong("a".to_owned(), 4));
}

#[test]
fn plans_without_sense_are_named() {
    let check = |plans: &[Plan], expected: ChainError| assert_eq!(check(plans).unwrap_err(), expected);
    check(&[Plan::new("a"), Plan::new("a")], ChainError::Twice("a".to_owned()));
    check(&[Plan::new(" ")], ChainError::Name);
    check(&[plan("a", "")], ChainError::Name);
    check(&[Plan::new("a".repeat(101))], ChainError::Name);
    check(&[Plan { concurrency: 0, ..Plan::new("a") }], ChainError::Concurrency("a".to_owned()));
}

#[test]
fn a_plan_is_read_with_its_defaults_and_no_unknown_names() {
    let plan: Plan = serde_json::from_str(r#"{"primary": "a", "secondary": "b"}"#).unwrap();
    assert_eq!((plan.concurrency, plan.least_ms), (10, 1_000));
    assert_eq!(plan, self::plan("a", "b"));
    assert!(serde_json::from_str::<Plan>(r#"{"primary": "a", "third": "c"}"#).is_err());
}

#[test]
fn only_illness_leads_on_and_no_write_is_done_twice() {
    use Idempotency::{Idempotent, NotIdempotent, WithRetryToken};
    let check = |kind: Kind, uncertain: bool, idempotency: Idempotency, primary: bool, fallback: bool| {
        let failure = ServiceFailure::new(kind, "objects", "PutObject", "no").with_unknown_effect(uncertain);
        let found = [Link::Primary, Link::Secondary].map(|link| moves_on(link, &failure, idempotency));
        assert_eq!(found, [primary, fallback], "{kind:?} {uncertain} {idempotency:?}");
    };
    for ill in [Kind::Unavailable, Kind::Timeout, Kind::Throttled, Kind::BadAnswer] {
        check(ill, false, NotIdempotent, true, true);
        check(ill, true, Idempotent, true, true);
        check(ill, true, WithRetryToken, false, false);
        check(ill, true, NotIdempotent, false, false);
    }
    for mistake in [Kind::NotFound, Kind::Conflict, Kind::Invalid] {
        check(mistake, false, Idempotent, false, false);
    }
    for gap in [Kind::NotConfigured, Kind::Unauthenticated, Kind::Denied] {
        check(gap, false, Idempotent, false, true);
    }
}

#[test]
fn every_provider_has_its_part_of_the_time() {
    let now = Instant::now();
    let ms = Duration::from_millis;
    let check = |left: u64, providers: u32, expected: Option<u64>| {
        let part = share(Deadline::at(now + ms(left)), now, providers, ms(1_000));
        assert_eq!(part.map(|part| part.remaining(now).unwrap()), expected.map(ms), "{left} {providers}");
    };
    check(10_000, 2, Some(5_000));
    check(10_000, 1, Some(10_000));
    check(10_000, 0, Some(10_000));
    check(1_500, 2, Some(1_000));
    check(1_000, 2, Some(1_000));
    check(999, 1, None);
    assert_eq!(share(Deadline::NONE, now, 2, ms(1_000)), Some(Deadline::NONE));
    assert_eq!(share(Deadline::at(now), now, 1, Duration::ZERO), None);
}

#[test]
fn old_and_lesser_answers_are_degraded() {
    for (link, expected) in
        [(Link::Primary, false), (Link::Cached, true), (Link::Secondary, false), (Link::Degraded, true)]
    {
        assert_eq!(ServedBy { link, name: "a".to_owned(), age_ms: None }.is_degraded(), expected, "{link:?}");
    }
    let served = ServedBy { link: Link::Cached, name: "a".to_owned(), age_ms: Some(7) };
    assert_eq!(serde_json::to_string(&served).unwrap(), r#"{"link":"cached","name":"a","age_ms":7}"#);
}
