use crate::replay::chart::{Panel, draw};
use crate::replay::model::{Policy, Prices, Seen, Sizes, play, tally, violates};
use crate::replay::oracle::cheapest;
use crate::replay::policies::{Hpa, Original, Unmoved, Vpa, played};
use crate::replay::race::{Conditions, Racer, race};
use crate::replay::synthetic;

use super::{ours, tally_of, trace};

fn seen(busy: Option<f64>, size: u32) -> Seen {
    Seen { at: 0, busy, size }
}

#[test]
fn violation_begins_above_nine_tenths() {
    assert!(!violates(10, Some(9.0)));
    assert!(violates(10, Some(9.01)));
    assert!(!violates(10, None));
}

#[test]
fn counts_hours_violations_resizes_and_flips() {
    let demand = [4.0, 4.0, 20.0, 4.0].map(Some);
    let tally = tally(&demand, &[16, 8, 8, 32]);
    assert!((tally.ocpu_hours - 64.0 / 12.0).abs() < 1e-9);
    assert_eq!((tally.violation_minutes, tally.resizes, tally.flips), (5.0, 2, 1));
    let cost = tally.cost(Prices { ocpu_hour: 1.2, violation_minute: 2.0, reboot_minutes: 3.0 });
    assert!((cost - (6.4 + 10.0 + 12.0)).abs() < 1e-9, "{cost}");
}

#[test]
fn a_resize_back_after_more_than_an_hour_is_no_flip() {
    let sizes = |minutes: usize| [vec![16; 2], vec![32; minutes / 5], vec![16; 2]].concat();
    let flips = |minutes| tally(&[Some(1.0); 40][..sizes(minutes).len()], &sizes(minutes)).flips;
    assert_eq!((flips(60), flips(65)), (1, 0));
}

#[test]
fn a_policy_sees_at_most_all_of_its_machine_and_acts_on_the_next_sample() {
    struct Watch(Vec<Option<f64>>);
    impl Policy for Watch {
        fn next(&mut self, seen: Seen) -> u32 {
            self.0.push(seen.busy);
            17
        }
    }
    let mut watch = Watch(Vec::new());
    let demand = [Some(8.0), Some(36.0), None, Some(9.0)];
    let sizes = play(&mut watch, Sizes::default(), 0, &demand, &[true, true, true, false]);
    assert_eq!(sizes, [16, 18, 18, 18], "17 is no size, 18 is the next");
    assert_eq!(watch.0, [Some(50.0), Some(100.0), None, None]);
}

#[test]
fn the_oracle_knows_the_cheapest_of_a_small_case() {
    let prices = Prices { ocpu_hour: 0.062, violation_minute: 0.5, reboot_minutes: 5.0 };
    let short = vec![Some(4.0); 12];
    assert_eq!(cheapest(&short, Sizes::default(), prices), vec![16; 12], "an hour does not pay for a resize");
    let long = vec![Some(4.0); 24 * 12];
    assert_eq!(cheapest(&long, Sizes::default(), prices)[1..], [8].repeat(24 * 12 - 1));
    let live = Prices { reboot_minutes: 0.0, ..prices };
    let jump = [4.0, 4.0, 27.0, 4.0].map(Some);
    assert_eq!(cheapest(&jump, Sizes::default(), live), [16, 8, 30, 8]);
    assert_eq!(cheapest(&[], Sizes::default(), prices), Vec::<u32>::new());
}

#[test]
fn the_original_halves_doubles_and_takes_silence_for_idleness() {
    let mut original = Original::new(Sizes::default());
    let cases = [(Some(81.0), 16, 32), (Some(80.0), 16, 16), (Some(29.0), 16, 8), (None, 32, 16), (Some(99.0), 64, 64)];
    for (busy, size, expected) in cases {
        assert_eq!(original.next(seen(busy, size)), expected, "{busy:?} of {size}");
    }
}

#[test]
fn target_tracking_grows_at_once_and_shrinks_late() {
    let mut hpa = Hpa::new(Sizes::default());
    assert_eq!(hpa.next(seen(Some(90.0), 16)), 24);
    assert_eq!(hpa.next(seen(Some(60.0), 24)), 24);
    assert_eq!(hpa.next(seen(Some(30.0), 24)), 24);
    assert_eq!(hpa.next(seen(Some(30.0), 24)), 12);
    assert_eq!(hpa.next(seen(None, 12)), 12);
}

#[test]
fn percentiles_settle_on_the_load_with_their_margin() {
    let load = trace("steady", [50.0; 288 * 4]);
    let demand = load.demand();
    let sizes = play(&mut Vpa::new(Sizes::default()), Sizes::default(), load.start, &demand, &vec![true; demand.len()]);
    assert_eq!(sizes.last(), Some(&20), "16 OCPUs and 15 %, in buckets of 5 %");
}

#[test]
fn a_square_wave_makes_nobody_flap() {
    let load = trace("square", (0..288 * 3).map(|step| if step % 2 == 0 { 20.0 } else { 80.0 }));
    let sizes = ours(&load);
    let steps: Vec<u32> = sizes.chunk_by(|one, other| one == other).map(|run| run[0]).collect();
    let tally = tally_of(&load, &sizes);
    assert!(steps.len() <= 4 && tally.flips == 0 && tally.violation_minutes <= 10.0, "{steps:?} {tally:?}");
    assert!(sizes[288..].windows(2).all(|pair| pair[0] == pair[1]), "stable from the second day on: {steps:?}");
}

#[test]
fn every_synthetic_load_is_there_and_none_makes_us_flap() {
    let traces = synthetic::traces(1);
    assert_eq!(traces.len(), 9);
    assert_eq!(traces, synthetic::traces(1));
    assert_ne!(traces, synthetic::traces(2));
    let heats = race(&traces, &[Racer::Ours, Racer::Original], &[Prices::default()], &Conditions::default());
    let rows = heats[0].rows();
    let of = |racer| rows.iter().find(|row| row.policy == racer).unwrap();
    assert!(of(Racer::Ours).times_oracle <= 1.5, "{:?}", of(Racer::Ours));
    // More than on recorded load: what nothing announces is answered at once.
    assert!(of(Racer::Ours).flips <= 0.05 && of(Racer::Ours).resizes <= 1.5, "{:?}", of(Racer::Ours));
    assert!(of(Racer::Original).cost > of(Racer::Ours).cost);
}

#[test]
fn the_picture_has_a_panel_for_each_policy_and_two_themes() {
    let load = trace("a<b", [20.0, 95.0, 30.0]);
    let panel = |policy: &str, size| Panel { policy: policy.to_owned(), sizes: vec![size; 3] };
    let svg = draw(&load.name, &load.demand(), &[panel("small", 8), panel("large", 64)]).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    for part in ["<title>a&lt;b</title>", "small ·", "large ·", "prefers-color-scheme:dark", "class=\"bad\""] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(!svg.contains("#0100"), "a stand-in colour is left");
    assert!(draw("none", &[], &[]).is_ok());
}

#[test]
fn unmoved_stays() {
    assert_eq!(Unmoved::new(64).next(seen(None, 16)), 64);
}

#[test]
fn the_command_takes_its_arguments_and_refuses_others() {
    let command = crate::replay::command::command;
    command().debug_assert();
    let takes = |arguments: &[&str]| command().try_get_matches_from([&["replay"], arguments].concat()).is_ok();
    let good: [&[&str]; 5] = [
        &[],
        &["--traces", "d", "--policy", "ours,vpa", "--penalty", "0.05,1", "--reboot-minutes", "0,10", "--json"],
        &["--holdout-split", "7", "--gaps", "1"],
        &["--svg", "a.svg", "--trace", "a"],
        &["--policy-file", "p.json"],
    ];
    assert!(good.iter().all(|arguments| takes(arguments)));
    let bad: [&[&str]; 5] =
        [&["--policy", "best"], &["--penalty", "-1"], &["--gaps", "101"], &["--penalty", "NaN"], &["--svg", "a.svg"]];
    assert!(bad.iter().all(|arguments| !takes(arguments)));
}

#[test]
fn a_policy_file_changes_ours_and_not_the_world() {
    let prices = Prices { violation_minute: 0.2, ..Prices::default() };
    let text = r#"{"cost": {"enabled": false}, "limits": {"min_ocpus": 2}, "mode": "off"}"#;
    let given = crate::policy_document::read(text).unwrap();
    let rules = played(&given, Sizes::default(), prices);
    assert!(!rules.cost.enabled && rules.mode == crate::policy::Mode::Enforce && rules.allow_reboot);
    assert!(!played(&given, Sizes::default(), Prices { reboot_minutes: 0.0, ..prices }).allow_reboot, "live");
    assert!((rules.limits.min_ocpus, rules.prices.violation_price_per_minute) == (8.0, 0.2), "{rules:?}");
    let traces = synthetic::traces(1);
    let conditions = Conditions { rules: given, ..Conditions::default() };
    let default = Conditions::default();
    let run = |racer: Racer, conditions| racer.run(&traces[1], conditions, prices);
    assert_ne!(run(Racer::Ours, &conditions), run(Racer::Ours, &default));
    assert_eq!(run(Racer::Vpa, &conditions), run(Racer::Vpa, &default));
}
