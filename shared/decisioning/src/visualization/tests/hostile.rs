//! Names that would break out, numbers that are none, lists without end, and results of another shape.

use proptest::prelude::*;

use super::*;

const BREAKS_OUT: &str = "</svg></style><script>alert(1)</script>\" onload=\"alert(2)\u{202e}\0 <!-- ]]> &amp;";

/// Puts a text in the place of every text of a document, but for those that say what something is.
fn poison(value: &mut Value, text: &str) {
    match value {
        Value::String(old) if !old.starts_with('/') && old.len() > 1 => *old = text.to_owned(),
        Value::Array(list) => list.iter_mut().for_each(|one| poison(one, text)),
        Value::Object(members) => {
            let kept = ["status", "agent_name", "period", "measure", "role"];
            members
                .iter_mut()
                .filter(|(name, _)| !kept.contains(&name.as_str()))
                .for_each(|(_, one)| poison(one, text));
        }
        _ => {}
    }
}

fn is_harmless(page: &str) {
    assert!(!page.contains("<script"), "a script");
    assert!(!page.contains('\0') && !page.contains('\u{202e}'), "a control character");
    let opened = page.matches("<svg").count();
    assert_eq!((opened, page.matches("<style").count()), (page.matches("</svg>").count(), 1));
    let in_tag = page.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    assert!(in_tag.filter(|tag| tag.contains(" onload=")).all(|tag| tag.contains("&quot;")), "an attribute");
}

#[test]
fn texts_stay_texts() {
    let mut hostile = superstore().clone();
    for agent in ["discovery", "intelligence", "strategy", "decision"] {
        let mut data = hostile["inputs"][agent].take();
        poison(&mut data, BREAKS_OUT);
        hostile["inputs"][agent] = data;
    }
    let made = dashboard(&hostile);
    is_harmless(file(&made, "dashboard.html"));
    assert!(file(&made, "dashboard.html").contains("alert(1)"), "the names are shown");
}

#[test]
fn results_of_another_shape_are_said_to_be_absent() {
    for data in [json!({}), json!({"financial_intelligence": 5}), json!({"series": [{"points": "x"}], "coverage": []})]
    {
        let made = dashboard(
            &json!({ "discovery": {"data": data}, "intelligence": {"data": data}, "strategy": {"data": data}, "decision": {"data": data} }),
        );
        let page = file(&made, "dashboard.html");
        is_harmless(page);
        assert!(page.contains("agent gives no such figure"));
        assert!(!page.contains(">0</data>"));
    }
}

#[test]
fn long_lists_are_cut_and_counted() {
    let mut long = superstore().clone();
    let data = &mut long["inputs"]["intelligence"]["data"];
    let money = &mut data["financial_intelligence"];
    let member = money["contribution"][0]["members"][0].clone();
    money["contribution"][0]["members"] = json!(vec![member; 3000]);
    money["contribution"][0]["member_count"] = json!(1_000_000);
    let point = data["series"][0]["points"][0].clone();
    data["series"][0]["points"] = json!(vec![point; 50_000]);
    let made = dashboard(&long);
    let page = file(&made, "dashboard.html");
    assert!(page.contains("+999994 more members of 1000000"));
    assert!(page.contains("+49880 more periods of 50000"));
    assert!(page.len() < 3_000_000, "{}", page.len());
}

#[test]
fn absent_values_are_gaps_and_not_zero() {
    let mut gaps = superstore().clone();
    let points = gaps["inputs"]["intelligence"]["data"]["series"][0]["points"].as_array_mut().unwrap();
    points.iter_mut().step_by(2).for_each(|point| point["revenue"] = Value::Null);
    let made = dashboard(&gaps);
    let zero = figures(file(&made, "dashboard.html"));
    let prefix = "/agent_results/intelligence/data/series/0/points/";
    assert!(zero.iter().filter(|f| f[0].starts_with(prefix) && f[0].ends_with("/revenue")).all(|f| f[1] != "0"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever becomes of the numbers, the page is made and shows no other ones.
    #[test]
    fn any_number_can_be_shown(scale in prop_oneof![Just(0.0), Just(-1.0), Just(1e300), Just(1e-300), Just(-1e18)]) {
        let mut other = superstore().clone();
        scale_numbers(&mut other["inputs"], scale);
        let made = dashboard(&other);
        let export: Value = serde_json::from_str(file(&made, "export.json")).unwrap();
        for [pointer, value, ..] in figures(file(&made, "dashboard.html")) {
            prop_assert_eq!(value.parse::<f64>().ok(), export.pointer(&pointer).and_then(Value::as_f64));
        }
        is_harmless(file(&made, "dashboard.html"));
    }
}

fn scale_numbers(value: &mut Value, scale: f64) {
    match value {
        Value::Number(number) if number.is_f64() => *value = json!(number.as_f64().map(|n| n * scale)),
        Value::Array(list) => list.iter_mut().for_each(|one| scale_numbers(one, scale)),
        Value::Object(members) => members.values_mut().for_each(|one| scale_numbers(one, scale)),
        _ => {}
    }
}
