//! Tables at the edge of what there is to say, through all five agents to the page.

use std::fmt::Write;
use std::sync::Arc;

use causeway_cloud::local::Store;
use serde_json::Value;

use crate::results::{run, write};

const HEADER: &str = "order_id,customer_id,order_date,amount,quantity,profit,category,currency";
const REVENUE: &str = "/agent_results/intelligence/data/financial_intelligence/revenue_analysis/total_revenue";

struct Case {
    name: &'static str,
    rows: String,
    /// The sum of the amounts, or a part of the reason why there is none.
    revenue: Result<f64, &'static str>,
}

/// Twelve orders in each of these years.
fn rows(years: &[i32], line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for (number, (year, month)) in years.iter().flat_map(|year| (1..=12).map(move |month| (year, month))).enumerate() {
        writeln!(text, "O{number},C{},{year}-{month:02}-15,{}", number % 5, line(number)).unwrap();
    }
    text
}

fn cases() -> Vec<Case> {
    let years = [2022, 2023];
    let of = |years: &[i32], line: &str| rows(years, |_| line.to_owned());
    let case = |name, rows, revenue| Case { name, rows, revenue };
    let currency = |number: usize| format!("10.00,1,2.00,chairs,{}", ["USD", "EUR"][number % 2]);
    let one = "O1,C1,2023-04-15,10.50,1,2.25,chairs,USD\n".to_owned();
    let one_customer = of(&years, "10.00,1,2.00,chairs,USD").replace("C1,", "C0,").replace("C2,", "C0,");
    let one_customer = one_customer.replace("C3,", "C0,").replace("C4,", "C0,");
    vec![
        case("negative", of(&years, "-10.00,-1,-2.00,chairs,USD"), Ok(-240.0)),
        case("zero", of(&years, "0.00,0,0.00,chairs,USD"), Ok(0.0)),
        case("one-row", one, Ok(10.5)),
        case("one-customer", one_customer, Ok(240.0)),
        case("all-null", of(&years, ",,,,"), Err("amount")),
        case("mixed-currency", rows(&years, currency), Err("several currencies")),
        case("ten-year-gap", of(&[2012, 2023], "10.00,1,2.00,chairs,USD"), Ok(240.0)),
    ]
}

fn check(case: &Case) {
    let Case { name, rows, revenue } = case;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("orders.csv"), format!("{HEADER}\n{rows}")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let inputs = runtime.block_on(run(Arc::new(Store::open(folder.path()).unwrap()), "orders.csv"));
    let written = write(&inputs);
    let (export, page) = (written.export(), std::fs::read_to_string(written.page()).unwrap());
    for agent in ["discovery", "intelligence", "strategy", "decision"] {
        let status = &export["agent_results"][agent]["status"];
        assert!(["success", "partial", "error"].iter().any(|known| status == known), "{name}: {agent} {status}");
    }
    let found = export.pointer(REVENUE).and_then(Value::as_f64);
    assert_eq!(found, revenue.ok(), "{name}");
    match revenue {
        Ok(_) => assert!(page.contains(&format!("data-pointer=\"{REVENUE}\"")), "{name}: not on the page"),
        Err(reason) => assert!(page.contains(reason), "{name}: the page does not say why there is no revenue"),
    }
    for wrong in ["NaN", "Infinity", "undefined", ">inf<", ">-inf<", ">null<", ">None<"] {
        assert!(!page.contains(wrong), "{name}: {wrong} on the page");
    }
    assert!(
        page.ends_with("</html>") && page.matches("<section").count() == page.matches("</section>").count(),
        "{name}"
    );
}

#[test]
fn every_agent_answers_and_the_page_says_what_there_is() {
    cases().iter().for_each(check);
}
