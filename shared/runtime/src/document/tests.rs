#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use proptest::prelude::*;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Garden {
    name: String,
    beds: Vec<Bed>,
    area: f64,
}

impl Default for Garden {
    fn default() -> Self {
        Self { name: String::new(), beds: Vec::new(), area: 1.0 }
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bed {
    plant: String,
    #[serde(default)]
    rows: Option<u8>,
}

fn garden(text: &str) -> Result<Document<Garden>, Problem> {
    read(text, 1000)
}

#[test]
fn yaml_and_json_are_read_alike() {
    let bed = |plant: &str, rows| Bed { plant: plant.to_owned(), rows };
    let check = |text: &str, name: &str, beds: Vec<Bed>| {
        let read = garden(text).unwrap_or_else(|problem| panic!("{text}: {problem}")).value;
        assert_eq!((read.name.as_str(), read.beds), (name, beds), "{text}");
    };
    check("", "", vec![]);
    check("# nothing\n", "", vec![]);
    check("{}", "", vec![]);
    check(
        "name: a\nbeds:\n  - plant: kale\n    rows: 3\n  - {plant: \"12\"}\n",
        "a",
        vec![bed("kale", Some(3)), bed("12", None)],
    );
    check("\u{feff}{\"name\":\"b\",\"beds\":[{\"plant\":\"leek\",\"rows\":null}]}", "b", vec![bed("leek", None)]);
    check("name: no\n", "no", vec![]);
    check("beds:\n  - &first {plant: kale}\n  - *first\n", "", vec![bed("kale", None), bed("kale", None)]);
}

#[test]
fn what_is_wrong_has_a_line_and_a_column() {
    let check = |text: &str, path: &str, place: Option<(u64, u64)>, part: &str| {
        let problem = garden(text).unwrap_err();
        let found = problem.place.map(|place| (place.line, place.column));
        assert_eq!((problem.path.as_str(), found), (path, place), "{text}: {problem}");
        assert!(problem.text.contains(part) && !problem.text.contains('\n'), "{text}: {problem}");
    };
    check("name: a\nbed: []\n", "bed", Some((2, 1)), "unknown field");
    check("name: a\nbeds:\n  - plant: kale\n    rows: many\n", "beds[0].rows", Some((4, 5)), "invalid type");
    check("beds:\n  - rows: 2\n", "beds[0]", Some((2, 5)), "missing field `plant`");
    check("beds:\n  - plant: kale\n    rows: 300\n", "beds[0].rows", Some((3, 5)), "300");
    check("{\"beds\":[{\"plant\":1}]}", "beds[0].plant", Some((1, 11)), "invalid type");
    check("name: a\nname: b\n", "", Some((2, 1)), "duplicate");
    check("7", "", Some((1, 1)), "invalid type");
    check(&"x".repeat(1001), "", None, "is longer than 1000 bytes");
}

#[test]
fn later_findings_have_their_place_too() {
    let document = garden("name: a\nbeds:\n  - plant: kale\n").unwrap();
    let check = |path: &str, expected: &str| {
        assert_eq!(document.problem(path, "is wrong").to_string(), format!("{expected}is wrong"));
    };
    check("beds[0].plant", "line 3, column 5: beds[0].plant: ");
    check("beds[0].rows", "line 3, column 5: beds[0].rows: ");
    check("area", "line 1, column 1: area: ");
}

#[test]
fn documents_that_swell_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", ")));
    }
    assert!(read::<Value>(&text, 10_000).is_err());
    assert!(read::<Value>(&"[".repeat(5_000), 10_000).is_err());
}

proptest! {
    #[test]
    fn no_text_panics(text in "[ -~\n]{0,200}") {
        let _ = garden(&text);
    }

    #[test]
    fn json_comes_out_as_it_went_in(names in prop::collection::vec("[a-z ]{0,9}", 0..9), number in any::<i64>()) {
        let value = serde_json::json!({ "names": names, "number": number });
        prop_assert_eq!(read::<Value>(&value.to_string(), 10_000).unwrap().value, value);
    }
}
