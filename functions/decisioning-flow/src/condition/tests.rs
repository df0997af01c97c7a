//! The language of conditions.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn verdict(text: &str) -> Verdict {
    let results = json!({
        "discovery": {"status": "success", "data": {"score": 85.0, "rows": 80, "none": null, "tables": [{"n": 2}]}},
        "strategy": {"status": "partial", "confidence_score": 0.5},
    });
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).verdict(&|agent| results.get(agent))
}

#[test]
fn verdicts() {
    let check = |text: &str, expected: &str| {
        let found = match verdict(text) {
            Verdict::Yes => "yes".to_owned(),
            Verdict::No => "no".to_owned(),
            Verdict::Unknown(why) => why,
        };
        assert_eq!(found, expected, "{text}");
    };
    check("always", "yes");
    check("Never", "no");
    check("discovery.status == 'success'", "yes");
    check("discovery.status != \"success\"", "no");
    check("discovery.data.score >= 80", "yes");
    check("80.0 == discovery.data.rows", "yes");
    check("discovery.data.rows < -1e3", "no");
    check("discovery.data.tables[0].n > 1", "yes");
    check("discovery.data.tables[1].n > 1", "discovery.data.tables[1].n is absent");
    check("discovery.data.none == null", "yes");
    check("discovery.data.none > 1", "discovery.data.none is not compared by size with 1.0");
    check("discovery.status > 'a'", "discovery.status is not compared by size with \"a\"");
    check("discovery.data.rows == strategy.confidence_score", "no");
    check("discovery.status == 1", "no");
    check("discovery.status == 'success' AND strategy.status == 'success'", "no");
    check("discovery.status == 'success' or strategy.status == 'success' and intelligence.status == 'x'", "yes");
    check("NOT (discovery.status == 'success')", "no");
    check("not not discovery.status == 'success'", "yes");
}

#[test]
fn what_is_unknown_stays_unknown_unless_it_does_not_matter() {
    let unknown = Verdict::Unknown("intelligence.status is absent".to_owned());
    for text in ["intelligence.status == 'success'", "NOT intelligence.status == 'success'"] {
        assert_eq!(verdict(text), unknown, "{text}");
        assert_eq!(verdict(&format!("always_true.x == 1 OR {text}")).clone(), {
            Verdict::Unknown("always_true.x is absent".to_owned())
        });
        assert_eq!(verdict(&format!("({text}) AND discovery.status == 'error'")), Verdict::No);
        assert_eq!(verdict(&format!("({text}) OR discovery.status == 'success'")), Verdict::Yes);
    }
}

#[test]
fn errors_say_where_and_what_was_expected() {
    let check = |text: &str, at: usize, part: &str| {
        let error = parse(text).expect_err(text);
        assert!(error.at == at && error.message.contains(part), "{text}: {error}");
    };
    check("", 0, "expected an agent's result");
    check("discovery", 9, "expected a dot");
    check("discovery.", 10, "name of a member");
    check("discovery.status", 16, "expected one of ==");
    check("discovery.status = 'x'", 17, "expected one of ==");
    check("discovery.status == ", 20, "expected an agent's result");
    check("discovery.status == 'x", 20, "no closing '");
    check("discovery.status == 'x' AND", 27, "expected an agent's result");
    check("discovery.status == 'x' strategy.status == 'y'", 24, "expected AND, OR");
    check("(discovery.status == 'x'", 24, "AND, OR or )");
    check("discovery.data[x] == 1", 15, "a position");
    check("discovery.data[1.5] == 1", 15, "a position");
    check("discovery.data[1 == 1", 17, "expected ]");
    check("1 == 1", 0, "result of an agent");
    check("and.status == 1", 0, "expected an agent's result");
    check("discovery.status == 'x' AND always", 28, "expected an agent's result");
    check("discovery.n == 1e999", 15, "is no number");
    check("discovery.n == 1.2.3", 15, "is no number");
    check("d.ü == 1", 2, "has no meaning");
    check("d.x == 1 && d.y == 2", 9, "has no meaning");
}

#[test]
fn size_and_depth_are_bounded() {
    let deep = format!("{}d.x == 1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(parse(&deep).unwrap_err().message.contains("at most 4000"));
    let nested = format!("{}d.x == 1{}", "(".repeat(40), ")".repeat(40));
    assert!(parse(&nested).unwrap_err().message.contains("nested more than 32"));
    assert!(parse(&format!("{}d.x == 1", "not ".repeat(200))).unwrap_err().message.contains("nested"));
    assert!(parse(&format!("{}d.x == 1{}", "(".repeat(30), ")".repeat(30))).is_ok());
}

#[test]
fn agents_that_are_left_out_leave_their_place_to_others() {
    let without = |text: &str| {
        let discovery = parse("discovery.status == 'success'").unwrap();
        parse(text).unwrap().replacing(&|agent: &str| match agent {
            "strategy" => Replaced::By(discovery.clone()),
            "visualization" => Replaced::Dropped,
            _ => Replaced::Kept,
        })
    };
    let kept = |text: &str| Some(parse(text).unwrap().paths().iter().map(ToString::to_string).collect::<Vec<_>>());
    let paths =
        |found: Option<Condition>| found.map(|found| found.paths().iter().map(ToString::to_string).collect::<Vec<_>>());
    for (text, expected) in [
        ("intelligence.status == 'x' AND strategy.status == 'x'", "intelligence.a == 1 AND discovery.status == 1"),
        ("intelligence.status == 'x' OR visualization.n > 1", "intelligence.status == 'x'"),
        ("intelligence.n == 1 AND NOT strategy.n == 1", "intelligence.n == 1"),
    ] {
        let shape = |paths: Option<Vec<String>>| {
            paths.map(|paths| paths.iter().map(|path| path.split('.').next().unwrap().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(shape(paths(without(text))), shape(kept(expected)), "{text}");
    }
    assert_eq!(without("visualization.n == 1 AND (NOT visualization.n == 2)"), None);
    assert_eq!(without("always"), Some(Condition::Always));
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "[a-z0-9 .'\"()\\[\\]=!<>-]{0,80}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.at <= text.chars().count());
        }
    }

    #[test]
    fn a_condition_and_its_opposite_never_agree(score in -100.0_f64..200.0, bound in -100.0_f64..200.0) {
        let results = json!({"d": {"x": score}});
        let of = |text: String| parse(&text).unwrap().verdict(&|agent| results.get(agent));
        prop_assert_eq!(of(format!("d.x < {bound}")) == Verdict::Yes, of(format!("d.x >= {bound}")) == Verdict::No);
        prop_assert_ne!(of(format!("d.x <= {bound}")), of(format!("NOT d.x <= {bound}")));
    }
}
