//! The other cloud, beside and never in between.

use causeway_resilience::service::Kind;

use super::world::row;
use super::*;
use crate::report::Status;

fn aws_rows() -> Vec<causeway_cloud::usage::UsageRow> {
    let first: jiff::civil::Date = "2026-09-01".parse().unwrap();
    let one = |offset| {
        let mut row = row(plus_days(first, offset), "USE1-DataTransfer-Out-Bytes", 50.0);
        (row.unit, row.sku_name) = (Some("GB".to_owned()), None);
        (row.amount, row.currency) = (Some(4.5), Some("USD".to_owned()));
        row.is_estimated = Some(true);
        row
    };
    (0..11).map(one).collect()
}

#[tokio::test]
async fn aws_is_told_beside_and_changes_nothing() {
    let rows = days("2026-08-01", &[300.0; 42]);
    let alone = World::new(rows.clone(), "2026-09-12T12:00:00Z").run().await;
    let world = World::new(rows, "2026-09-12T12:00:00Z").with_aws(aws_rows());
    let both = world.run().await;
    assert_eq!(serde_json::to_value(&alone.report).unwrap(), serde_json::to_value(&both.report).unwrap());
    let aws = both.aws.unwrap();
    assert_eq!((aws.status, aws.used_gb, aws.limit_gb), (Status::Ok, Some(550.0), 100.0));
    assert_eq!(aws.cost.unwrap().amount, "40.5");
    assert_eq!(aws.billed_amount.unwrap().amount, "49.5");
    assert!(aws.alerts.is_empty());
    let told: Vec<&str> = aws.reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert!(told.contains(&"estimated_rows"), "{told:?}");
    assert!(world.messages().iter().all(|message| !message.body.contains("550")));
    assert!(alone.aws.is_none());
}

#[tokio::test]
async fn an_aws_side_that_fails_is_an_error_of_its_own() {
    let world = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z").with_aws(aws_rows());
    world.beside.as_ref().unwrap().fates.lock().unwrap().insert(0, (3, Fate::Fails(Kind::Denied)));
    let reply = world.run().await;
    let aws = reply.aws.unwrap();
    assert_eq!((aws.status, aws.used_gb, aws.percent), (Status::Error, None, None));
    assert_eq!((reply.report.status, reply.report.used_gb), (Status::Ok, Some(3_300.0)));
    let mut unconnected = World::new(days("2026-08-01", &[300.0; 42]), "2026-09-12T12:00:00Z").with_aws(aws_rows());
    unconnected.beside = None;
    let aws = unconnected.run().await.aws.unwrap();
    assert!(
        aws.status == Status::Error && aws.reasons[0].text.contains("AWS is not connected: no credentials"),
        "{:?}",
        aws.reasons
    );
}
