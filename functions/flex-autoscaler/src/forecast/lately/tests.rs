#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

const NOON: i64 = 28_400_160;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

/// What a tick leaves that reads these minutes before `now`, each with this amount.
fn tick(lately: &mut Lately, now: i64, minutes: std::ops::Range<i64>, used: f64) {
    let read = || minutes.clone().map(|back| (now - back, used)).rev();
    lately.record(at(now), 180, read(), read());
}

#[test]
fn what_was_not_asked_for_again_is_remembered() {
    let mut lately = Lately::default();
    tick(&mut lately, NOON, 1..181, 10.0);
    for number in 1..=10 {
        tick(&mut lately, NOON + 5 * number, 1..91, 4.0);
    }
    let now = NOON + 50;
    let earlier = lately.cpu().earlier(now - 180, now - 90..now - 90 + 180);
    assert_eq!(earlier.minutes, 90);
    assert!((10.0..10.1).contains(&earlier.highest.unwrap()), "{earlier:?}");
    assert_eq!(lately.memory().earlier(now - 180, now - 90..now - 90 + 180), earlier);
    let later = lately.cpu().earlier(now - 60, now..now + 180);
    assert!(later.minutes == 60 && later.highest.unwrap() < 4.1, "what is read again is believed: {later:?}");
}

#[test]
fn what_nobody_has_read_is_not_known() {
    let mut lately = Lately::default();
    assert_eq!((lately.until(), lately.cpu().earlier(NOON - 180, NOON..NOON + 180)), (None, Earlier::default()));
    tick(&mut lately, NOON, 1..181, 10.0);
    tick(&mut lately, NOON + 120, 1..31, 10.0);
    let now = NOON + 120;
    assert_eq!(lately.cpu().earlier(now - 180, now..now + 180).minutes, 60 + 30, "90 minutes without a tick");
    assert_eq!(lately.until(), Some(at(now)));
    tick(&mut lately, NOON + 1000, 1..1, 0.0);
    assert_eq!(lately.cpu().earlier(NOON + 820, NOON + 1000..NOON + 1000 + 180), Earlier::default());
}

#[test]
fn a_clock_that_went_back_has_no_past() {
    let mut lately = Lately::default();
    tick(&mut lately, NOON + 600, 1..31, 10.0);
    tick(&mut lately, NOON, 1..31, 5.0);
    assert_eq!(lately.cpu().earlier(NOON - 180, NOON..NOON + 180).minutes, 30);
    tick(&mut lately, NOON - 5, 1..11, 5.0);
    assert_eq!(lately.cpu().earlier(NOON - 185, NOON - 5..NOON - 5 + 180).minutes, 25, "of five minutes it loses five");
}

#[test]
fn it_is_short_and_foreign_texts_are_refused() {
    let mut lately = Lately::default();
    tick(&mut lately, NOON, 1..181, 10.0);
    assert!(lately.to_string().len() < 250, "{lately}");
    for text in ["1", "1:5:", "2:5:000:000", "1:x:000:000", "1:5:00:000", "1:5:0!0:000", "1:5::", "1:5:000"] {
        assert!(serde_json::from_value::<Lately>(text.into()).is_err(), "{text}");
    }
    assert!(serde_json::from_value::<Lately>("".into()).unwrap().is_empty());
}

proptest! {
    #[test]
    fn survives_its_text(points in proptest::collection::vec((0_i64..300, 0.0_f64..900.0), 0..90), now in 0_i64..400) {
        let mut points = points;
        points.sort_by_key(|(minute, _)| *minute);
        let mut lately = Lately::default();
        lately.record(at(NOON + now), 180, points.iter().map(|(minute, used)| (NOON + minute, *used)), std::iter::empty());
        let text = serde_json::to_string(&lately).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Lately>(&text).unwrap(), &lately);
        let once = lately.clone();
        lately.record(at(NOON + now), 180, points.iter().map(|(minute, used)| (NOON + minute, *used)), std::iter::empty());
        prop_assert_eq!(lately, once, "read again nothing changes");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[0-9A-Za-z:_-]{0,60}") {
        if let Ok(lately) = serde_json::from_value::<Lately>(text.into()) {
            let _ = (lately.until(), lately.cpu().earlier(0, 3_000..3_000 + 180));
        }
    }
}
