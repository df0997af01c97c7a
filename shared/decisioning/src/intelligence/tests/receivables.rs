//! Invoices, deliveries and projects with figures worked out by hand.

use super::*;

const INVOICES: &str = "invoice_id,customer_id,invoice_date,due_date,paid_date,amount\n\
    I1,C1,2024-01-01,2024-01-31,2024-01-21,100\n\
    I2,C1,2024-02-01,2024-03-02,2024-03-12,200\n\
    I3,C2,2024-03-01,2024-03-31,,300\n\
    I4,C2,2024-06-01,2024-07-01,,400\n\
    I5,C3,2024-06-20,2024-07-20,2024-06-30,500\n";

/// What invoices of this form come to; `more` are members of the request before the roles.
fn invoices(content: &str, more: &str) -> Data {
    let roles =
        r#"{"orders":{"order_date":"invoice_date","due_date":"due_date","paid_date":"paid_date","amount":"amount"}}"#;
    data(&run(content, &format!(r#"{{{more}"roles":{roles}}}"#)))
}

#[test]
fn invoices_by_hand() {
    let found = invoices(INVOICES, "");
    let cash = &found.financial_intelligence.cash_flow_intelligence;
    assert_eq!((cash.as_of.as_deref(), cash.outstanding_ar), (Some("2024-06-30"), Some(700.0)));
    assert_eq!((cash.overdue_amount, cash.known_rows, cash.unknown_rows), (Some(300.0), Some(5), Some(0)));
    near(cash.overdue_share, 300.0 / 700.0, 1e-12);
    near(cash.days_sales_outstanding, 700.0 / 1500.0 * 365.0, 1e-9);
    near(cash.collection_efficiency, 100.0 * 800.0 / 1100.0, 1e-9);
    assert_eq!(cash.liquidity_risk.as_deref(), Some("high"));
    let ages: Vec<(&str, f64)> =
        cash.ageing.iter().filter(|a| a.rows > 0).map(|a| (a.age.as_str(), a.amount)).collect();
    assert_eq!(ages, [("not_due", 400.0), ("over_90", 300.0)]);
    let payment = &found.customer_intelligence.payment_behavior_analysis;
    assert_eq!(payment.days_to_pay.as_ref().map(|d| (d.count, d.median)), Some((3, 20.0)));
    near(payment.late_share, 1.0 / 3.0, 1e-12);
}

#[test]
fn the_past_can_be_judged() {
    let found = invoices(INVOICES, r#""as_of":"2024-03-10","#);
    let cash = &found.financial_intelligence.cash_flow_intelligence;
    assert_eq!((cash.outstanding_ar, cash.as_of.as_deref()), (Some(500.0), Some("2024-03-10")));
    near(cash.overdue_share, 200.0 / 500.0, 1e-12);
    assert_eq!(issue(&found, "later_invoices"), Some((2, false)));
}

/// Count of an issue and whether it loses data.
fn issue(data: &Data, code: &str) -> Option<(u64, bool)> {
    data.issues.iter().find(|issue| issue.code == code).map(|issue| (issue.count, issue.loses_data))
}

/// 100 invoices of 10 in ten months, due after 30 days, with something in the column of open amounts.
fn opens(open: impl Fn(usize) -> &'static str) -> Answer {
    let row = |i: usize| {
        let (month, day) = (1 + i / 10, 1 + i % 10);
        format!("I{i},C{},2024-{month:02}-{day:02},2024-{:02}-{day:02},10,{}\n", i % 7, month + 1, open(i))
    };
    let rows = (0..100).map(row).collect::<String>();
    run(
        &format!("invoice_id,customer_id,invoice_date,due_date,amount,open_amount\n{rows}"),
        r#"{"metrics":["financial_health"],"roles":{"orders":{"order_date":"invoice_date","due_date":"due_date",
            "amount":"amount","open_amount":"open_amount"}}}"#,
    )
}

#[test]
fn open_amounts_that_are_not_told_are_left_out_and_counted() {
    for gap in ["", "abc", "n/a"] {
        let answer = opens(|i| if i % 10 < 3 { gap } else { "5" });
        let found = data(&answer);
        let cash = &found.financial_intelligence.cash_flow_intelligence;
        assert_eq!(
            (cash.outstanding_ar, cash.known_rows, cash.unknown_rows),
            (Some(350.0), Some(70), Some(30)),
            "{gap:?}"
        );
        near(found.financial_intelligence.working_capital.ar_to_revenue_ratio, 0.5, 1e-12);
        assert_eq!(issue(&found, "open_amount_unknown"), Some((30, true)), "{gap:?}");
        assert_eq!(answer.status, Status::Partial);
        assert!(answer.insights.iter().any(|text| text.contains("Of 30 more invoices it is not known.")));
    }
}

#[test]
fn receivables_of_which_nothing_is_told_are_no_zero() {
    for gap in ["", "abc"] {
        let answer = opens(|_| gap);
        let found = data(&answer);
        let cash = &found.financial_intelligence.cash_flow_intelligence;
        assert_eq!((cash.outstanding_ar, cash.overdue_amount, cash.liquidity_risk.clone()), (None, None, None));
        assert_eq!(found.financial_intelligence.working_capital.ar_to_revenue_ratio, None);
        assert_eq!(reason(&found, "outstanding_ar"), "no row tells what is open", "{gap:?}");
        assert_eq!(issue(&found, "open_amount_unknown"), Some((100, true)), "{gap:?}");
    }
    let all_paid = data(&opens(|_| "0"));
    let cash = &all_paid.financial_intelligence.cash_flow_intelligence;
    assert_eq!((cash.outstanding_ar, cash.overdue_amount), (Some(0.0), Some(0.0)));
    assert_eq!((issue(&all_paid, "open_amount_unknown"), cash.unknown_rows), (None, Some(0)));
}

#[test]
fn a_paid_date_that_cannot_be_read_is_not_unpaid() {
    let found = invoices(&INVOICES.replace("2024-03-31,,300", "2024-03-31,soon,300"), "");
    let cash = &found.financial_intelligence.cash_flow_intelligence;
    assert_eq!((cash.outstanding_ar, cash.overdue_amount, cash.unknown_rows), (Some(400.0), Some(0.0), Some(1)));
    near(cash.collection_efficiency, 100.0, 1e-9);
}

#[test]
fn what_has_no_due_day_is_not_overdue() {
    let found = invoices(&INVOICES.replace("2024-06-01,2024-07-01", "2024-06-01,"), "");
    let cash = &found.financial_intelligence.cash_flow_intelligence;
    assert_eq!((cash.outstanding_ar, cash.overdue_amount, cash.overdue_share), (Some(700.0), Some(300.0), Some(1.0)));
    let late = cash.ageing.iter().filter(|age| !["not_due", "no_due_day"].contains(&age.age.as_str()));
    assert_eq!(Some(late.map(|age| age.amount).sum()), cash.overdue_amount);
    let undated = cash.ageing.iter().find(|age| age.age == "no_due_day").map(|age| (age.amount, age.rows));
    assert_eq!(undated, Some((400.0, 1)));
    let none = invoices(&INVOICES.replace(",2024-03-31,", ",,").replace(",2024-07-01,", ",,"), "");
    let cash = &none.financial_intelligence.cash_flow_intelligence;
    assert_eq!((cash.outstanding_ar, cash.overdue_amount), (Some(700.0), None));
    assert_eq!(reason(&none, "overdue_amount"), "no open amount has a due day");
}

const PAYMENTS: &str = "invoice_id,invoice_date,due_date,paid_date,amount,paid_amount,open_amount\n\
    I1,2024-01-01,2024-01-31,2024-01-21,100,100,0\n\
    I2,2024-02-01,2024-02-20,2024-05-12,200,150,50\n\
    I3,2024-02-10,2024-03-31,,300,,300\n\
    I4,2024-02-20,2024-03-01,,400,40,360\n\
    I5,2024-05-20,2024-06-20,2024-05-30,500,500,0\n";

fn payments(as_of: &str, column: &str) -> Data {
    let request = format!(
        r#"{{{as_of}"metrics":["financial_health"],"roles":{{"orders":{{"order_date":"invoice_date","due_date":"due_date",
            "paid_date":"paid_date","amount":"amount","paid_amount":null,"open_amount":null,"{column}":"{column}"}}}}}}"#
    );
    data(&run(PAYMENTS, &request))
}

#[test]
fn payments_after_the_day_have_not_been_made() {
    let now = payments("", "paid_amount").financial_intelligence.cash_flow_intelligence;
    assert_eq!((now.outstanding_ar, now.unknown_rows), (Some(50.0 + 300.0 + 360.0), Some(0)));
    let found = payments(r#""as_of":"2024-03-15","#, "paid_amount");
    let cash = &found.financial_intelligence.cash_flow_intelligence;
    // I2 was paid later; nobody knows when 40 of I4 were.
    assert_eq!((cash.outstanding_ar, cash.overdue_amount), (Some(200.0 + 300.0), Some(200.0)));
    assert_eq!((cash.known_rows, cash.unknown_rows), (Some(3), Some(1)));
    assert_eq!(
        (issue(&found, "open_amount_unknown"), issue(&found, "later_invoices")),
        (Some((1, true)), Some((1, false)))
    );
}

#[test]
fn open_amounts_tell_of_no_earlier_day() {
    let past = payments(r#""as_of":"2024-03-15","#, "open_amount");
    assert_eq!(past.financial_intelligence.cash_flow_intelligence.outstanding_ar, None);
    let reason = reason(&past, "outstanding_ar");
    assert_eq!(reason, "open amounts are those of 2024-05-30 and do not tell what was open on 2024-03-15");
    for as_of in ["", r#""as_of":"2024-05-30","#, r#""as_of":"2024-08-01","#] {
        let cash = payments(as_of, "open_amount").financial_intelligence.cash_flow_intelligence;
        assert_eq!(cash.outstanding_ar, Some(710.0), "{as_of}");
    }
}

#[test]
fn deliveries_by_hand() {
    let content = "order_id,order_date,ship_date,required_date,quantity,delivered_quantity,amount,returned\n\
        O1,2024-01-01,2024-01-03,2024-01-05,10,10,10,no\n\
        O2,2024-01-02,2024-01-08,2024-01-05,10,5,10,yes\n\
        O3,2024-01-03,2024-01-02,2024-01-05,4,4,10,no\n\
        O4,2024-01-04,,2024-01-05,6,,10,no\n";
    let request = r#"{"roles":{"orders":{"order_date":"order_date","ship_date":"ship_date","promised_date":"required_date",
        "quantity":"quantity","delivered_quantity":"delivered_quantity","amount":"amount","returned":"returned"}}}"#;
    let work = data(&run(content, request)).operational_intelligence;
    assert_eq!(work.lead_time.map(|l| (l.count, l.mean, l.median)), Some((2, 4.0, 2.0)));
    near(work.on_time_share, 2.0 / 3.0, 1e-12);
    near(work.fill_rate, 19.0 / 24.0, 1e-12);
    assert_eq!(work.return_rate.map(|r| (r.row_share, r.basis)), Some((0.25, "flag".to_owned())));
}

#[test]
fn projects_by_hand() {
    let content = "project_id,start_date,end_date,due_date,budget,actual,used_hours,available_hours,status\n\
        P1,2024-01-01,2024-01-31,2024-02-01,100,90,30,40,Done\n\
        P2,2024-01-01,2024-03-01,2024-02-01,100,150,40,40,closed\n\
        P3,2024-02-01,,2024-06-01,200,60,10,40,running\n\
        P4,2024-02-01,,2024-06-01,,10,,40,Cancelled\n";
    let request = r#"{"roles":{"orders":{"start_date":"start_date","end_date":"end_date","due_date":"due_date","budget":"budget",
        "actual":"actual","used":"used_hours","capacity":"available_hours","status":"status"}}}"#;
    let work = data(&run(content, request)).operational_intelligence;
    let projects = &work.project_performance;
    near(projects.completion_rate, 2.0 / 3.0, 1e-12);
    near(projects.budget_variance, -100.0 / 400.0, 1e-12);
    near(projects.over_budget_share, 1.0 / 3.0, 1e-12);
    near(projects.ended_on_time_share, 0.5, 1e-12);
    assert_eq!(projects.duration.as_ref().map(|d| (d.count, d.mean)), Some((2, 45.0)));
    near(work.utilisation, 80.0 / 120.0, 1e-12);
}
