#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
enum Shape {
    Nothing,
    One(u8),
    Two(u8, String),
    Named { side: f32, tags: Option<Vec<String>> },
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Point { at: u16 },
    Line(Line),
}

#[derive(Debug, Deserialize, PartialEq)]
struct Line {
    from: i8,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Texts(Vec<String>),
}

#[derive(Debug, Deserialize, PartialEq)]
struct Wrapped(Option<bool>);

/// What is wrong with a value only after it was read.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(try_from = "i32")]
struct Even(i32);

impl TryFrom<i32> for Even {
    type Error = String;

    fn try_from(number: i32) -> Result<Self, String> {
        if number % 2 == 0 { Ok(Self(number)) } else { Err(format!("{number} is odd")) }
    }
}

fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() < 4 { Ok(text) } else { Err(D::Error::custom("is long")) }
}

/// The same kinds, each plain, in a list and in an enum.
#[derive(Debug, Deserialize, PartialEq, Default)]
#[serde(default)]
struct Late {
    even: Option<Box<Even>>,
    evens: Vec<Even>,
    #[serde(deserialize_with = "short")]
    short: String,
    loose: Vec<Loose>,
    tagged: BTreeMap<String, Tagged>,
    choice: Option<Choice>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Choice {
    Even(Even),
    Loose(Loose),
    Pair(Even, Even),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Whole {
    name: String,
    #[serde(default)]
    shapes: Vec<Shape>,
    tagged: Option<Tagged>,
    loose: Option<Loose>,
    #[serde(default)]
    by_number: BTreeMap<i16, Wrapped>,
    #[serde(default)]
    by_truth: HashMap<bool, char>,
    pair: Option<(u8, u8)>,
    unit: Option<()>,
    #[serde(default)]
    late: Late,
}

/// Members that fit and members that do not.
fn members() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-300..300_i64).prop_map(Value::from),
        any::<f32>().prop_map(|number| json!(number)),
        prop_oneof!["Nothing", "One", "Two", "point", "line", "[a-c]"].prop_map(Value::from),
    ];
    let names = prop_oneof![
        "name|shapes|tagged|loose|by_number|by_truth|pair|unit|late",
        "even|evens|short|choice|pair",
        "One|Two|Named|Nothing|side|tags|kind|at|from|1|-7|true|false|70000"
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// What `serde_path_to_error` says; its path of the whole value is a dot.
fn peer(value: Value) -> Result<Whole, (String, String)> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        (if path == "." { String::new() } else { path }, without_line(&error.inner().to_string()))
    })
}

/// It gives the place within a name that is read as a number.
fn without_line(text: &str) -> String {
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

fn ours(value: Value) -> Result<Whole, (String, String)> {
    read(value).map_err(|misfit: Misfit| (misfit.path, misfit.error.to_string()))
}

/// The other crate reads an object from a list, and of a name that is no number where one is read it tells neither.
fn agree(value: &Value) -> Result<(), String> {
    let (ours, peer) = (ours(value.clone()), peer(value.clone()));
    let same = match (&ours, &peer) {
        (Err((_, text)), _) if text.starts_with("invalid type: sequence, expected struct ") => true,
        (Err((path, _)), Err((other, _))) if other.ends_with('?') => path.starts_with(other.trim_end_matches('?')),
        _ => ours == peer,
    };
    if same { Ok(()) } else { Err(format!("{value}: {ours:?}, and by the other crate {peer:?}")) }
}

fn check(value: &Value) {
    assert_eq!(agree(value), Ok(()));
}

#[test]
fn what_fits_and_what_does_not_is_told_as_by_the_general_crate() {
    for shape in [
        json!("Nothing"),
        json!({"Nothing": null}),
        json!({"Nothing": 1}),
        json!("One"),
        json!({"One": 7}),
        json!({"One": "7"}),
        json!({"One": 7, "Two": 8}),
        json!({}),
        json!(7),
        json!("Three"),
        json!({"Three": 3}),
        json!("Two"),
        json!({"Two": []}),
        json!({"Two": [1]}),
        json!({"Two": [1, "a"]}),
        json!({"Two": [1, "a", 2]}),
        json!({"Two": [1, 2]}),
        json!({"Two": {}}),
        json!("Named"),
        json!({"Named": {"side": 1, "tags": ["a"]}}),
        json!({"Named": {"side": 1, "tags": ["a", 2]}}),
        json!({"Named": {"tags": null}}),
        json!({"Named": [1]}),
    ] {
        check(&json!({"name": "a", "shapes": [{"One": 1}, shape]}));
    }
    for (name, value) in [
        ("tagged", json!({"kind": "point", "at": 1})),
        ("tagged", json!({"kind": "point", "at": -1})),
        ("tagged", json!({"kind": "line", "from": 300})),
        ("tagged", json!({"at": 1})),
        ("loose", json!(1)),
        ("loose", json!(["a"])),
        ("loose", json!(["a", 1])),
        ("by_number", json!({"1": true, "-7": null})),
        ("by_number", json!({"x": true})),
        ("by_number", json!({"70000": true})),
        ("by_number", json!({"1": 1})),
        ("by_truth", json!({"true": "a", "false": "b"})),
        ("by_truth", json!({"yes": "a"})),
        ("by_truth", json!({"true": "ab"})),
        ("pair", json!([1, 2])),
        ("pair", json!([1, 2, 3])),
        ("pair", json!([1])),
        ("pair", json!([1, 256])),
        ("unit", json!(null)),
        ("unit", json!(0)),
        ("late", json!({"even": 1})),
        ("late", json!({"evens": [2, 3]})),
        ("late", json!({"short": "abcd"})),
        ("late", json!({"loose": [1, true]})),
        ("late", json!({"tagged": {"a": {"kind": "line", "from": 300}}})),
        ("late", json!({"tagged": {"a": {"kind": "point"}}})),
        ("late", json!({"choice": {"even": 3}})),
        ("late", json!({"choice": {"loose": {}}})),
        ("late", json!({"choice": {"pair": [2, 3]}})),
        ("late", json!({"choice": {"pair": [2, 4]}})),
        ("other", json!(0)),
        ("name", json!(["a"])),
    ] {
        check(&json!({"name": "a", name: value}));
    }
    check(&json!({}));
    check(&json!([]));
    check(&json!(["a"]));
    check(&json!("a"));
    check(&json!(null));
}

proptest! {
    #[test]
    fn any_value_is_read_as_by_the_general_crate(value in members(), name in any::<bool>()) {
        let mut value = value;
        if let (Some(members), true) = (value.as_object_mut(), name) {
            members.insert("name".to_owned(), "a".into());
        }
        prop_assert_eq!(agree(&value), Ok(()));
    }
}

#[test]
fn a_list_is_no_object() {
    let error = ours(json!({"name": "a", "tagged": null, "by_number": []})).unwrap_err();
    assert_eq!(error, ("by_number".to_owned(), "invalid type: sequence, expected a map".to_owned()));
    let error = ours(json!(["a", [], null, null, {}, {}, null, null, {}])).unwrap_err();
    assert_eq!(error, (String::new(), "invalid type: sequence, expected struct Whole".to_owned()));
}

#[test]
fn the_text_of_a_value_can_be_asked_for() {
    let read = |value| read::<BTreeMap<String, Box<RawValue>>>(value).map_err(|misfit| misfit.error).unwrap();
    assert_eq!(read(json!({"a": [1, {"b": null}]}))["a"].get(), r#"[1,{"b":null}]"#);
}
