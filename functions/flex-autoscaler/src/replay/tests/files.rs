use std::fs;

use tempfile::tempdir;

use crate::replay::read::{Faults, directory, parse};
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
    write("b.csv", "1\n");
    write("a.CSV", "1\n");
    write("empty.csv", "");
    write("notes.txt", "1\n");
    let found = directory(folder.path()).unwrap();
    let names: Vec<&str> = found.traces.iter().map(|(trace, _)| trace.name.as_str()).collect();
    assert_eq!((names, found.refused.len(), found.passed_over), (vec!["a", "b"], 1, 0));
    write("my_cpu.csv", "1\n");
    let found = directory(folder.path()).unwrap();
    assert_eq!((found.traces.len(), found.refused.len(), found.passed_over), (1, 0, 3));
    assert!(directory(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
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
