use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use causeway_cloud::Secrets;
use causeway_oci_auth::effects::{HttpClient, SystemFiles};
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata as EventMetadata, Subscriber};

use super::*;
use crate::aws::secrets::Vault;
use crate::aws::{Session, http_client};

type Line = BTreeMap<String, String>;

/// Keeps the lines of this crate.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>);

struct Fields<'a>(&'a mut Line);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &EventMetadata<'_>) -> bool {
        metadata.target().starts_with("causeway_adapters")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::new();
        event.record(&mut Fields(&mut line));
        self.0.lock().unwrap().push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn vault(url: &str) -> Vault {
    let network = HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap();
    let credentials = Credentials::new("throw-away", "hidden-secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_secs(30)))
        .http_client(http_client(network.services()))
        .build();
    Vault::new(Session::of(config))
}

fn within(millis: u64) -> Deadline {
    Deadline::at(Instant::now() + Duration::from_millis(millis))
}

/// The lines of one call, without their times.
async fn lines(url: &str, deadline: Deadline, kind: Kind, may_have_happened: bool) -> Vec<Line> {
    let lines = Lines::default();
    let guard = tracing::subscriber::set_default(lines.clone());
    let failure = vault(url).secret("hidden-name", deadline).await.unwrap_err();
    drop(guard);
    assert_eq!((failure.kind(), failure.may_have_happened()), (kind, may_have_happened), "{failure}");
    let mut lines = std::mem::take(&mut *lines.0.lock().unwrap());
    assert!(!format!("{lines:?}").contains("hidden"), "{lines:?}");
    for line in &mut lines {
        line.remove("ms").expect("a time");
    }
    lines
}

fn line(pairs: &[(&str, &str)]) -> Line {
    let given = [("service", "\"Secrets Manager\""), ("operation", "\"GetSecretValue\""), ("attempt", "1")];
    given.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn each_request_has_a_line_and_no_more_than_is_fit_for_logs() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let _ = connection.read(&mut [0; 8192]).await;
        let answer = "HTTP/1.1 400 Bad Request\r\nx-amzn-requestid: id-1\r\nx-amzn-errortype: AccessDeniedException\r\n\
            content-length: 2\r\n\r\n{}";
        connection.write_all(answer.as_bytes()).await.unwrap();
        listener
    });
    let refused = lines(&url, within(20_000), Kind::Denied, false).await;
    let head = [("status", "400"), ("aws_request_id", "\"id-1\""), ("message", "outbound call")];
    assert_eq!(refused, [line(&head)]);

    // The server takes the next connection and says nothing: the try is given up with the call, and logged.
    let listener = server.await.unwrap();
    let (silent, connection) = tokio::join!(lines(&url, within(1000), Kind::Timeout, true), listener.accept());
    assert_eq!(silent, [line(&[("message", "outbound call without an answer")])]);
    drop((connection, listener));

    // Nobody listens, and the time runs out in the pause before the second try: nothing was ever sent.
    let dead = lines(&url, within(1000), Kind::Timeout, false).await;
    assert_eq!(dead, [line(&[("message", "outbound call without an answer")])]);
}
