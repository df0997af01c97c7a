//! Against a server that answers from a script.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use causeway_cloud::usage::Dimension;
use causeway_oci_auth::effects::{HttpClient, SystemFiles};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::question::tests::query;
use super::*;
use crate::aws::http_client;

/// A request: its head in lower case, and its body.
#[derive(Debug, Clone)]
struct Asked {
    head: String,
    body: Value,
}

/// Status and body of each answer; the last one for ever.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    async fn start(script: Vec<(u16, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let request = read(&mut connection).await;
                let number = noted.lock().unwrap().len();
                noted.lock().unwrap().push(request);
                let (status, body) = &script[number.min(script.len() - 1)];
                let body = body.to_string();
                let head = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.1\r\nx-amzn-requestid: id-{number}\r\n\
                     connection: close\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn port(&self) -> CostExplorer {
        let network = HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap();
        let credentials = Credentials::new("throw-away", "throw-away", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
            .http_client(http_client(network.services()))
            .build();
        CostExplorer::new(Session::of(config))
    }

    async fn rows(&self) -> Result<Vec<UsageRow>, ServiceFailure> {
        let query = UsageQuery { skus: vec!["A-Out".to_owned()], with_cost: true, ..query(&[Dimension::Sku]) };
        let deadline = Deadline::at(Instant::now() + Duration::from_secs(60));
        self.port().rows(&query, deadline).try_collect().await
    }
}

async fn read(connection: &mut TcpStream) -> Asked {
    let (mut text, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = connection.read(&mut piece).await.unwrap();
        assert!(read > 0, "the request ends early");
        text.extend_from_slice(&piece[..read]);
        let all = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = all.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Asked { head, body: serde_json::from_str(body).unwrap_or_default() };
        }
    }
}

fn page(day: u8, gb: &str, next: Option<&str>) -> (u16, Value) {
    let metrics = json!({
        "UsageQuantity": { "Amount": gb, "Unit": "GB" }, "UnblendedCost": { "Amount": "0", "Unit": "USD" },
    });
    let result = json!({
        "TimePeriod": { "Start": format!("2026-09-{day:02}"), "End": format!("2026-09-{:02}", day + 1) },
        "Total": {}, "Groups": [{ "Keys": ["A-Out"], "Metrics": metrics }], "Estimated": true,
    });
    (200, json!({ "ResultsByTime": [result], "NextPageToken": next }))
}

fn refusal(status: u16, code: &str) -> (u16, Value) {
    (status, json!({ "__type": code, "Message": "because" }))
}

#[tokio::test]
async fn pages_follow_each_other() {
    let server = Server::start(vec![page(1, "1.5", Some("p2")), page(2, "2.5", Some("")), page(9, "9", None)]).await;
    let rows = server.rows().await.unwrap();
    assert_eq!(rows.iter().map(|row| row.quantity.unwrap()).collect::<Vec<_>>(), [1.5, 2.5]);
    let asked = server.asked();
    assert_eq!(asked.len(), 2, "an empty token is the end");
    assert_eq!((&asked[0].body["NextPageToken"], &asked[1].body["NextPageToken"]), (&Value::Null, &json!("p2")));
    let [first, _] = &asked[..] else { panic!("two requests") };
    assert!(first.head.contains("x-amz-target: awsinsightsindexservice.getcostandusage"), "{}", first.head);
    assert!(first.head.contains("/us-east-1/ce/aws4_request"), "the service has one region: {}", first.head);
    let expected = json!({
        "TimePeriod": { "Start": "2026-09-01", "End": "2026-09-03" },
        "Granularity": "DAILY",
        "Filter": { "And": [
            { "Not": { "Dimensions": { "Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"] } } },
            { "Dimensions": { "Key": "USAGE_TYPE", "Values": ["A-Out"] } },
        ] },
        "Metrics": ["UsageQuantity", "UnblendedCost"],
        "GroupBy": [{ "Type": "DIMENSION", "Key": "USAGE_TYPE" }],
    });
    assert_eq!(first.body, expected);
}

#[tokio::test]
async fn pages_that_go_round_end_with_an_error() {
    let round: Vec<_> = (0..40).map(|number| page(1, "1", Some(["a", "b", "c"][number % 3]))).collect();
    let server = Server::start(round).await;
    let failure = server.rows().await.unwrap_err();
    assert_eq!(failure.kind(), Kind::BadAnswer, "{failure}");
    assert!(failure.reason().contains("answered before"), "{failure}");
    assert!(server.asked().len() <= 9, "{} requests", server.asked().len());
}

#[tokio::test]
async fn refusals_are_told_apart() {
    for (status, code, kind, requests) in [
        (400, "DataUnavailableException", Kind::Unavailable, 1),
        (400, "LimitExceededException", Kind::Throttled, 3),
        (400, "ThrottlingException", Kind::Throttled, 3),
        (400, "InvalidNextTokenException", Kind::BadAnswer, 1),
        (400, "RequestChangedException", Kind::BadAnswer, 1),
        (400, "BillExpirationException", Kind::Invalid, 1),
        (400, "ValidationException", Kind::Invalid, 1),
        (400, "AccessDeniedException", Kind::Denied, 1),
        (400, "UnrecognizedClientException", Kind::Unauthenticated, 1),
        (500, "InternalFailure", Kind::Unavailable, 3),
        (503, "ServiceUnavailable", Kind::Unavailable, 3),
    ] {
        let server = Server::start(vec![refusal(status, code)]).await;
        let failure = server.rows().await.unwrap_err();
        let found = (failure.kind(), failure.status(), failure.code(), server.asked().len());
        assert_eq!(found, (kind, Some(status), Some(code), requests), "{failure}");
        assert_eq!(failure.service(), "costexplorer");
        assert!(failure.request_id().is_some_and(|id| id.starts_with("id-")), "{failure}");
    }
}

#[tokio::test]
async fn a_second_page_that_fails_is_no_end() {
    let server = Server::start(vec![page(1, "1.5", Some("p2")), refusal(400, "DataUnavailableException")]).await;
    assert_eq!(server.rows().await.unwrap_err().kind(), Kind::Unavailable);
    let server = Server::start(vec![page(1, "1.5", Some("p2")), page(2, "much", None)]).await;
    assert_eq!(server.rows().await.unwrap_err().kind(), Kind::BadAnswer);
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_an_error() {
    for body in [json!("x"), json!([1]), json!({ "ResultsByTime": "none" })] {
        let server = Server::start(vec![(200, body.clone())]).await;
        assert_eq!(server.rows().await.unwrap_err().kind(), Kind::BadAnswer, "{body}");
    }
}

#[tokio::test]
async fn what_the_service_cannot_answer_is_not_sent() {
    let server = Server::start(vec![page(1, "1", None)]).await;
    let rows = server.port().rows(&query(&[Dimension::CompartmentName]), Deadline::NONE);
    let failure = rows.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!((failure.kind(), server.asked().len()), (Kind::Invalid, 0), "{failure}");
    let over = Deadline::at(Instant::now());
    let failure = server.port().rows(&query(&[]), over).try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!((failure.kind(), server.asked().len()), (Kind::Timeout, 0), "{failure}");
}
