use std::fs;

use tempfile::tempdir;

use crate::replay::read::{Faults, bounded, directory, parse};
use crate::replay::trace::{Trace, halves};

use super::trace;

fn read(text: &str) -> (Trace, Faults) {
    parse("a", text.as_bytes()).unwrap()
}

#[test]
fn reads_times_with_a_header() {
    let (trace, faults) = read("timestamp,value\n2014-04-02 14:25:00,0.5\n2014-04-02 14:30:00,1.5\n");
    assert_eq!(trace.start, 1_396_448_700);
    assert_eq!(trace.percent, [Some(0.5), Some(1.5)]);
    assert_eq!(faults, Faults::default());
}

#[test]
fn reads_values_alone_seconds_and_offsets() {
    assert_eq!(read("1\n2\n3\n").0.percent, [Some(1.0), Some(2.0), Some(3.0)]);
    assert_eq!(read("600,1\n900,2\n").0.start, 600);
    assert_eq!(read("1970-01-01T01:10:00+01:00,1\n").0.start, 600);
    assert_eq!(read("600,1\r\n\r\n900,2\r\n").0.percent, [Some(1.0), Some(2.0)]);
}

#[test]
fn counts_gaps_disorder_duplicates_and_bad_lines() {
    let good = (0..100).map(|slot| format!("{},5\n", slot * 300)).collect::<String>();
    let text = format!("time,cpu\n{good}30600,7\n30300,6\n30300,9\nnonsense,1\n31000,NaN\n31800,1,2\n");
    let (trace, faults) = read(&text);
    assert_eq!(faults, Faults { bad_lines: 3, duplicates: 1, disordered: 1, gaps: 1, missing: 1 });
    assert_eq!(trace.percent[99..], [Some(5.0), None, Some(6.0), Some(7.0)]);
}

#[test]
fn a_drifting_clock_and_a_finer_step_fall_into_samples() {
    let drifting = (0..50).map(|slot| format!("{},{slot}\n", slot * 302)).collect::<String>();
    assert_eq!(read(&drifting).1, Faults::default());
    let minutes = (0..10).map(|minute| format!("{},{minute}\n", minute * 60)).collect::<String>();
    assert_eq!(read(&minutes).0.percent.len(), 3, "nearest to 0, 5 and 10 minutes");
}

#[test]
fn refuses_what_is_no_trace() {
    let bytes = "timestamp,value\n2014-04-02,16128600\n2014-04-03,9999999\n";
    let cases: [(&[u8], &str); 5] = [
        (b"", "no samples"),
        (b"timestamp,value\n", "no samples"),
        (bytes.as_bytes(), "no samples"),
        (b"0,1\n9000000000,1\n", "five years"),
        (&[0xff, 0xfe, b'\n', 0x00], "no samples"),
    ];
    for (bytes, expected) in cases {
        let error = parse("a", bytes).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let mixed = (0..100).map(|slot| format!("{},{}\n", slot * 300, slot * 10)).collect::<String>();
    assert!(parse("a", mixed.as_bytes()).unwrap_err().contains("no percentages"));
}

#[test]
fn a_directory_gives_its_traces_and_names_the_rest() {
    let folder = tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let hour = "1\n".repeat(12);
    write("b.csv", &hour);
    write("a.CSV", &hour);
    write("empty.csv", "");
    write("notes.txt", "1\n");
    let found = directory(folder.path()).unwrap();
    let names: Vec<&str> = found.traces.iter().map(|(trace, _)| trace.name.as_str()).collect();
    assert_eq!((names, found.refused.len(), found.passed_over), (vec!["a", "b"], 1, 0));
    write("my_cpu.csv", &hour);
    let found = directory(folder.path()).unwrap();
    assert_eq!((found.traces.len(), found.refused.len(), found.passed_over), (1, 0, 3));
    assert!(directory(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
}

#[test]
fn names_the_first_bad_line_and_what_is_wrong_with_it() {
    let cases = [
        ("t,v\n1500000000000,5\n1500000300000,6\n", "2 of 3 lines", "line 2 \"1500000000000\" is no date"),
        ("t;v\n1500000000;5\n1500000300;6\n", "2 of 3 lines", "line 2 \"1500000000;5\" is no number; commas"),
        ("t,host,v\n1500000000,a,5\n", "1 of 2 lines", "line 2 has 3 columns"),
        ("t,v\n\n600,5\n900,500\n", "1 of 3 lines", "line 4 \"500\" is not from 0 to 200"),
        ("t,v\n600,\"a\nb\"\n", "1 of 2 lines", "line 2 \"a\\nb\" is no number"),
    ];
    for (text, count, first) in cases {
        let error = parse("a", text.as_bytes()).unwrap_err();
        assert!(error.contains(count) && error.contains(first), "{text:?}: {error}");
    }
}

#[test]
fn stops_reading_a_trace_that_is_too_long() {
    let lines = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    // What comes after the end is not read: its bad lines are not what is told.
    let endless = lines(600_000, &|_| "1\n".to_owned()) + &"x\n".repeat(600_000);
    assert_eq!(parse("a", endless.as_bytes()).unwrap_err(), "covers more than five years");
    let seconds = lines(2_700_000, &|second| format!("{second},1\n")) + &"x\n".repeat(2_700_000);
    let error = parse("a", seconds.as_bytes()).unwrap_err();
    assert!(error.contains("more than 2635200 lines"), "{error}");
}

#[test]
fn refuses_what_is_mostly_missing() {
    let with_hole = |known: i64, hole: i64| {
        let slots = (0..known).chain(known + hole..2 * known + hole);
        parse("a", slots.map(|slot| format!("{},1\n", slot * 300)).collect::<String>().as_bytes())
    };
    assert_eq!(with_hole(50, 100).unwrap().1.missing, 100, "half of it");
    assert_eq!(with_hole(50, 101).unwrap_err(), "lacks 101 of 201 samples of five minutes");
    let error = parse("a", b"2020-01-01T00:00:00Z,1\n2024-01-01T00:00:00Z,1\n").unwrap_err();
    assert!(error.starts_with("lacks 420767 of 420769 samples"), "{error}");
}

#[test]
fn refuses_files_of_less_than_an_hour_and_directories_without_end() {
    let folder = tempdir().unwrap();
    let write = |name: &str, samples: usize| fs::write(folder.path().join(name), "1\n".repeat(samples)).unwrap();
    write("a.csv", 11);
    let found = directory(folder.path()).unwrap();
    assert!(found.traces.is_empty() && found.refused[0].to_string().contains("has 11 samples"), "{found:?}");
    write("b.csv", 12);
    write("c.csv", 12);
    let told = |files, samples| bounded(folder.path(), files, samples).map_err(|error| error.to_string());
    assert_eq!(told(3, 24).unwrap().traces.len(), 2);
    assert!(told(2, 24).unwrap_err().ends_with("has more than 2 CSV files"));
    assert!(told(3, 23).unwrap_err().ends_with("has more than 23 samples in all"));
}

#[test]
fn halves_are_disjoint_whole_and_of_the_seed() {
    let all: Vec<Trace> = (0..11).map(|number| trace(&format!("t{number:02}"), [1.0])).collect();
    let names = |traces: &[Trace]| traces.iter().map(|trace| trace.name.clone()).collect::<Vec<_>>();
    let (tuning, held_out) = halves(all.clone(), 1);
    assert_eq!((tuning.len(), held_out.len()), (5, 6));
    let mut both = [names(&tuning), names(&held_out)].concat();
    both.sort();
    assert_eq!(both, names(&all));
    let reversed = all.iter().rev().cloned().collect();
    assert_eq!(names(&halves(reversed, 1).0), names(&tuning));
    assert_ne!(names(&halves(all, 2).0), names(&tuning));
}

#[test]
fn artificial_gaps_have_their_share_and_their_length() {
    let trace = trace("a", (0..20_000).map(f64::from));
    let visible = trace.visible(1.0, 1);
    assert_eq!(visible, trace.visible(1.0, 1));
    assert_ne!(visible, trace.visible(1.0, 2));
    let hidden = visible.iter().filter(|visible| !**visible).count();
    assert!((140..260).contains(&hidden), "{hidden} of 20,000");
    assert!(
        visible
            .chunk_by(|one, other| one == other)
            .filter(|run| !run[0])
            .all(|run| run.len() % 3 == 0 || run.len() < 3)
    );
    assert!(trace.visible(0.0, 1).iter().all(|visible| *visible));
}

#[test]
fn artificial_gaps_hide_what_was_asked_for() {
    let trace = trace("a", (0..60_000).map(f64::from));
    for percent in [1.0, 5.0, 10.0, 37.0, 50.0, 90.0, 99.0, 100.0] {
        let hidden = trace.visible(percent, 1).iter().filter(|visible| !**visible).count();
        let share = hidden as f64 / 600.0;
        assert!((share - percent).abs() <= 1.0, "{share} % are hidden, not {percent} %");
    }
}
