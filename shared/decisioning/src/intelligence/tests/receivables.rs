//! Invoices, deliveries and projects with figures worked out by hand.

use super::*;

const INVOICES: &str = "invoice_id,customer_id,invoice_date,due_date,paid_date,amount\n\
    I1,C1,2024-01-01,2024-01-31,2024-01-21,100\n\
    I2,C1,2024-02-01,2024-03-02,2024-03-12,200\n\
    I3,C2,2024-03-01,2024-03-31,,300\n\
    I4,C2,2024-06-01,2024-07-01,,400\n\
    I5,C3,2024-06-20,2024-07-20,2024-06-30,500\n";

#[test]
fn invoices_by_hand() {
    let request = r#"{"roles":{"orders":{"order_date":"invoice_date","due_date":"due_date","paid_date":"paid_date","amount":"amount"}}}"#;
    let found = data(&run(INVOICES, request));
    let cash = &found.financial_intelligence.cash_flow_intelligence;
    assert_eq!((cash.as_of.as_deref(), cash.outstanding_ar), (Some("2024-06-30"), Some(700.0)));
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
    let request = r#"{"as_of":"2024-03-10","roles":{"orders":{"order_date":"invoice_date","due_date":"due_date","paid_date":"paid_date","amount":"amount"}}}"#;
    let found = data(&run(INVOICES, request));
    let cash = &found.financial_intelligence.cash_flow_intelligence;
    assert_eq!((cash.outstanding_ar, cash.as_of.as_deref()), (Some(500.0), Some("2024-03-10")));
    near(cash.overdue_share, 200.0 / 500.0, 1e-12);
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
