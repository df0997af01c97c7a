use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_oci_auth::effects::{Environment, Exchange, Http, HttpError};
use causeway_resilience::Deadline;
use object_store::path::Path as ObjectPath;
use object_store::{Error, ObjectStore, ObjectStoreExt};

use super::*;
use crate::SETTINGS;

/// Variables that remember which of them were asked for.
#[derive(Default)]
struct Recorded {
    variables: HashMap<String, String>,
    asked: Mutex<BTreeSet<String>>,
}

impl Environment for Recorded {
    fn var(&self, name: &str) -> Option<OsString> {
        self.asked.lock().unwrap().insert(name.to_owned());
        self.variables.get(name).map(OsString::from)
    }
}

/// A network that nothing may be sent over.
#[derive(Default)]
struct Untouched(AtomicUsize);

#[async_trait]
impl Http for Untouched {
    async fn send(&self, _: http::Request<Bytes>, _: &Exchange) -> Result<http::Response<Bytes>, HttpError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(HttpError::NotSent("nothing is sent here".to_owned()))
    }
}

struct World {
    connected: Connected,
    environment: Arc<Recorded>,
    http: Arc<Untouched>,
}

fn world(variables: &[(&str, &str)]) -> Result<World, Problem> {
    let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Arc::new(Recorded { variables: pairs.collect(), ..Recorded::default() });
    let http = Arc::<Untouched>::default();
    let network = HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles)?;
    let (shared, sender) = (Arc::clone(&environment), Arc::clone(&http));
    let effects = Effects { environment: shared, http: sender, ..Effects::default() };
    Ok(World { connected: Connected::new(effects, network)?, environment, http })
}

const OCI: &[(&str, &str)] = &[
    ("CAUSEWAY_CLOUD", "oci"),
    ("CAUSEWAY_BUCKET", "bk"),
    ("CAUSEWAY_TOPIC", "ocid1.onstopic.oc1.iad.a"),
    ("CAUSEWAY_CHAT_MODEL", "meta.llama"),
    ("CAUSEWAY_COMPARTMENT", "ocid1.compartment.oc1..a"),
];
const AWS: &[(&str, &str)] = &[
    ("CAUSEWAY_CLOUD", "aws"),
    ("CAUSEWAY_BUCKET", "bk"),
    ("CAUSEWAY_STATE_BUCKET", "state"),
    ("CAUSEWAY_TOPIC", "arn:aws:sns:us-east-1:123456789012:alerts"),
    ("CAUSEWAY_FUNCTION_PREFIX", "causeway-dev-"),
    ("CAUSEWAY_CHAT_MODEL", "amazon.nova-lite-v1:0"),
    // Nobody listens there: whatever were sent would fail.
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
];

const NO_MODEL: &str = "CAUSEWAY_CHAT_MODEL is not set: name of a model, or OCID of a dedicated endpoint, or none";

/// Every port by its name, taken; `Ok` or the message.
fn taken(ports: &Connected) -> Vec<(&'static str, Result<(), String>)> {
    fn said<T>(port: Result<T, Problem>) -> Result<(), String> {
        port.map(drop).map_err(|problem| problem.to_string())
    }
    vec![
        ("principal", said(ports.principal())),
        ("objects", said(ports.objects())),
        ("documents", said(ports.documents("tests"))),
        ("metrics", said(ports.metrics())),
        ("fleet", said(ports.fleet())),
        ("usage", said(ports.usage())),
        ("notifier", said(ports.notifier())),
        ("chat_model", said(ports.chat_model())),
        ("invoker", said(ports.invoker())),
        ("secrets", said(ports.secrets())),
    ]
}

/// The messages of ports that cannot be had.
fn missing(variables: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let world = world(variables).unwrap();
    taken(&world.connected).into_iter().filter_map(|(port, outcome)| Some((port, outcome.err()?))).collect()
}

#[test]
fn what_a_cloud_does_not_have_is_told_with_what_to_set() {
    let check = |variables: &[(&str, &str)], expected: &[(&str, &str)]| {
        let expected: Vec<_> = expected.iter().map(|(port, message)| (*port, (*message).to_owned())).collect();
        assert_eq!(missing(variables), expected, "{variables:?}");
    };
    check(OCI, &[]);
    let fleet = "there is no fleet on AWS: instance types of EC2 have fixed sizes; set CAUSEWAY_CLOUD=oci";
    check(AWS, &[("fleet", fleet)]);
    let none = |port: &'static str, what: &str| {
        (port, format!("there is no {what} without a cloud: set CAUSEWAY_CLOUD to oci or aws"))
    };
    let without = [
        none("metrics", "store of metrics"),
        none("fleet", "fleet"),
        none("usage", "record of usage"),
        none("notifier", "topic"),
        ("chat_model", NO_MODEL.to_owned()),
        none("secrets", "vault"),
    ];
    assert_eq!(missing(&[]), without);
}

#[test]
fn variables_that_a_port_needs_are_named_by_that_port() {
    let topic = "CAUSEWAY_TOPIC is not set: the topic that alerts go to, its OCID or ARN";
    let bucket = "CAUSEWAY_BUCKET is not set: the bucket that the function works on";
    let told = |variables: &[(&str, &str)]| missing(variables).into_iter().collect::<HashMap<_, _>>();
    let oci = told(&[("CAUSEWAY_CLOUD", "oci")]);
    let expected = [("objects", bucket), ("documents", bucket), ("notifier", topic), ("chat_model", NO_MODEL)];
    assert_eq!(oci, expected.map(|(port, message)| (port, message.to_owned())).into());
    let aws = told(&[("CAUSEWAY_CLOUD", "aws")]);
    assert_eq!((aws["objects"].as_str(), aws["notifier"].as_str()), (bucket, topic));
    // OCI's topic on AWS is a mistake that a first alert would find too late.
    let foreign = told(&[("CAUSEWAY_CLOUD", "aws"), ("CAUSEWAY_TOPIC", "ocid1.onstopic.oc1.iad.a")]);
    assert_eq!(foreign["notifier"], "CAUSEWAY_TOPIC is not the ARN of an SNS topic");
    let both = [("CAUSEWAY_BUCKET", "a"), ("OCI_OS_BUCKET", "b")];
    let problem = world(&both).err().unwrap().to_string();
    assert!(problem.contains("CAUSEWAY_BUCKET") && problem.contains("OCI_OS_BUCKET"), "{problem}");
    let outside = [("CAUSEWAY_STATE_PREFIX", "../x"), ("CAUSEWAY_LOCAL_ROOT", ".")];
    assert!(told(&outside)["documents"].starts_with("CAUSEWAY_STATE_PREFIX: "));
}

#[test]
fn an_unknown_cloud_is_refused_at_once() {
    for word in ["azure", "AWS", " oci"] {
        let problem = world(&[("CAUSEWAY_CLOUD", word)]).err().unwrap();
        assert_eq!(problem.to_string(), "CAUSEWAY_CLOUD must be oci, aws or auto", "{word:?}");
    }
}

#[test]
fn a_lambda_on_ocis_data_has_ocis_ports() {
    let lambda = [("AWS_REGION", "us-east-1"), ("AWS_LAMBDA_FUNCTION_NAME", "f"), ("AWS_ACCESS_KEY_ID", "x")];
    let both: Vec<_> = OCI.iter().chain(&lambda).copied().collect();
    assert_eq!(missing(&both), []);
    let world = world(&both).unwrap();
    taken(&world.connected);
    assert_eq!(world.connected.cloud(), Cloud::Oci);
    assert!(world.connected.aws.get().is_none(), "AWS was set up for nothing");
    // With OCI configured and no word about the cloud, OCI it is as well.
    let guessed: Vec<_> = [("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")].iter().chain(&lambda).copied().collect();
    assert_eq!(self::world(&guessed).unwrap().connected.cloud(), Cloud::Oci);
}

/// AWS's record beside OCI's, and never the other way round: the function that asks for it is about OCI's.
#[test]
fn the_second_record_of_usage_is_awss() {
    let both = world(OCI).unwrap().connected;
    assert!(both.usage_beside().is_ok() && both.aws.get().is_some() && both.oci.get().is_none());
    for variables in [AWS, &[]] {
        let connected = world(variables).unwrap().connected;
        assert!(connected.usage_beside().err().unwrap().to_string().contains("CAUSEWAY_CLOUD"), "{variables:?}");
        assert!(connected.aws.get().is_none());
    }
}

#[test]
fn what_is_not_taken_is_not_constructed() {
    for variables in [OCI, AWS, &[][..]] {
        let World { connected, http, .. } = world(variables).unwrap();
        assert!(connected.oci.get().is_none() && connected.aws.get().is_none(), "{variables:?}");
        taken(&connected);
        let made = (connected.oci.get().is_some(), connected.aws.get().is_some());
        assert_eq!(made, (connected.cloud() == Cloud::Oci, connected.cloud() == Cloud::Aws), "{variables:?}");
        assert_eq!(http.0.load(Ordering::Relaxed), 0, "{variables:?}: something was sent");
    }
}

/// Taking ports must not look for credentials: that is network for a Lambda's container and for an instance.
#[tokio::test]
async fn nothing_is_sent_before_the_first_call() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let oci: Vec<_> = OCI.iter().copied().chain([("CAUSEWAY_OCI_ENDPOINT", address.as_str())]).collect();
    let World { connected, http, .. } = world(&oci).unwrap();
    taken(&connected);
    let sdk = aws_config::SdkConfig::builder().endpoint_url(&address).region(aws_config::Region::new("us-east-1"));
    let aws = world(AWS).unwrap().connected.with_aws(Session::of(sdk.build()));
    taken(&aws);
    let waited = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(waited.is_err(), "somebody connected");
    assert_eq!(http.0.load(Ordering::Relaxed), 0);
    // The listener is the one that calls would reach.
    let deadline = Deadline::at(Instant::now() + Duration::from_millis(300));
    let credentials = aws_credential_types::Credentials::new("throw-away", "throw-away", None, None, "test");
    let provider = aws_credential_types::provider::SharedCredentialsProvider::new(credentials);
    let sleep = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .endpoint_url(&address)
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(provider)
        .http_client(crate::aws::http_client(
            HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap().services(),
        ));
    let aws = world(AWS).unwrap().connected.with_aws(Session::of(sleep.build()));
    let secrets = aws.secrets().unwrap();
    let (asked, accepted) = tokio::join!(secrets.secret("db", deadline), listener.accept());
    assert!(asked.is_err() && accepted.is_ok());
}

/// Names in the table; one with a star stands for all that begin so.
fn is_listed(name: &str) -> bool {
    SETTINGS.iter().any(|(listed, ..)| match listed.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => *listed == name,
    })
}

/// Every way through the choice of ports, so that what is asked for by its name anywhere is seen.
#[test]
fn every_variable_that_is_asked_for_is_in_the_table() {
    let mut asked = BTreeSet::new();
    let models = &[("CAUSEWAY_CHAT_MODEL", "openai:m@https://h.example,openai:n@https://h.example;key=B")];
    for variables in
        [OCI, AWS, models, &[], &[("CAUSEWAY_LOCAL_ROOT", ".")], &[("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")]]
    {
        let World { connected, environment, .. } = world(variables).unwrap();
        taken(&connected);
        asked.extend(environment.asked.lock().unwrap().iter().cloned());
    }
    let ours: Vec<_> = asked.iter().filter(|name| name.starts_with("CAUSEWAY_")).collect();
    assert!(ours.len() > 10, "{ours:?}");
    let unlisted: Vec<_> = ours.into_iter().filter(|name| !is_listed(name)).collect();
    assert!(unlisted.is_empty(), "not in SETTINGS: {unlisted:?}");
}

/// The same by the text of the sources, which also has what only a call would ask for; and nothing stands in the table
/// that nobody reads.
#[test]
fn the_table_and_the_sources_have_the_same_variables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeSet::new();
    for sources in [folder.join("src"), folder.join("../oci-auth/src"), folder.join("../oci-client/src")] {
        names_in(&sources, &mut named);
    }
    let unlisted: Vec<_> = named.iter().filter(|name| !is_listed(name)).collect();
    assert!(unlisted.is_empty(), "not in SETTINGS: {unlisted:?}");
    let is_read = |listed: &str| match listed.strip_suffix('*') {
        // The part that differs is put behind it.
        Some(beginning) => named.contains(beginning.trim_end_matches('_')),
        None => named.contains(listed),
    };
    let unread: Vec<_> = SETTINGS.iter().map(|(name, ..)| *name).filter(|name| !is_read(name)).collect();
    assert!(unread.is_empty(), "nobody reads {unread:?}");
}

/// Names in quotation marks, and beginnings of names. The table itself and tests are no readers.
fn names_in(folder: &Path, named: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap().to_owned();
        if entry.is_dir() && name != "tests" {
            names_in(&entry, named);
        }
        if !name.ends_with(".rs") || name == "tests.rs" || entry.ends_with("adapters/src/settings.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&entry).unwrap();
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (start, _) in product.match_indices("\"CAUSEWAY_") {
            let quoted = &product[start + 1..];
            let end = quoted.find(|each: char| !each.is_ascii_uppercase() && each != '_').unwrap_or(quoted.len());
            // `CAUSEWAY_TOPIC is not …` is a message; `CAUSEWAY_OCI_ENDPOINT_{}` a beginning.
            if quoted[end..].starts_with(['"', '{']) {
                named.insert(quoted[..end].to_owned());
            }
        }
    }
}

#[test]
fn a_second_side_that_cannot_be_is_told() {
    let check = |variables: &[(&str, &str)], expected: &str| {
        let told = world(variables).unwrap().connected.objects().err().map(|problem| problem.to_string());
        assert!(told.as_deref().is_some_and(|told| told.contains(expected)), "{variables:?}: {told:?}");
    };
    let (cloud, bucket) = (("CAUSEWAY_CLOUD", "oci"), ("CAUSEWAY_BUCKET", "bk"));
    let second = ("CAUSEWAY_SECOND_BUCKET", "mirror");
    check(&[cloud, bucket, second, ("CAUSEWAY_SECOND_ROOT", "/tmp")], "are both set");
    check(&[cloud, bucket, ("CAUSEWAY_SECOND_ROOT", "/")], "CAUSEWAY_SECOND_ROOT: ");
    check(&[cloud, bucket, ("CAUSEWAY_STORAGE_TRY_SECONDS", "5")], "there is no second side");
    check(&[cloud, bucket, ("CAUSEWAY_SECOND_HAS_COPY", "true")], "there is no second side");
    check(&[("CAUSEWAY_LOCAL_ROOT", "."), second], "set CAUSEWAY_CLOUD");
    for (name, value, expected) in [
        ("CAUSEWAY_STORAGE_TRY_SECONDS", "0", "from 1 to 60"),
        ("CAUSEWAY_STORAGE_TRY_SECONDS", "61", "from 1 to 60"),
        ("CAUSEWAY_STORAGE_TRY_SECONDS", "5s", "from 1 to 60"),
        ("CAUSEWAY_STORAGE_CACHE_SECONDS", "-1", "from 0 to 86400"),
        ("CAUSEWAY_SECOND_HAS_COPY", "yes", "true or false"),
        ("CAUSEWAY_STORAGE_BREAKER", "30", "CAUSEWAY_STORAGE_BREAKER: "),
        ("CAUSEWAY_STORAGE_BREAKER", "{\"open_secs\":1}", "open_secs"),
        ("CAUSEWAY_STORAGE_BREAKER", "{\"failure_pct\":101}", "CAUSEWAY_STORAGE_BREAKER: "),
    ] {
        check(&[cloud, bucket, second, (name, value)], expected);
    }
}

#[test]
fn the_second_side_is_the_other_clouds_or_a_directory() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [root, other_root] = [&folder, &other].map(|folder| folder.path().to_str().unwrap());
    for (variables, expected) in [(OCI, true), (AWS, true)] {
        let with: Vec<_> = variables.iter().copied().chain([("CAUSEWAY_SECOND_BUCKET", "mirror")]).collect();
        let world = world(&with).unwrap();
        assert_eq!((world.connected.objects().is_ok(), world.connected.has_second_side()), (true, expected));
        assert!(world.connected.oci.get().is_some() && world.connected.aws.get().is_some());
        assert_eq!(world.http.0.load(Ordering::Relaxed), 0, "nothing is sent before the first use");
    }
    let local = [("CAUSEWAY_LOCAL_ROOT", root), ("CAUSEWAY_SECOND_ROOT", other_root)];
    let world = world(&local).unwrap().connected;
    assert!(world.objects().is_ok() && world.documents("tests").is_ok() && world.has_second_side());
    assert!(!self::world(OCI).unwrap().connected.has_second_side());
}

#[tokio::test]
async fn the_first_side_works_alone_while_the_directory_of_the_second_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    std::fs::create_dir(&first).unwrap();
    let variables = [("CAUSEWAY_LOCAL_ROOT", &first), ("CAUSEWAY_SECOND_ROOT", &second)];
    let world = world(&variables.map(|(name, path)| (name, path.to_str().unwrap()))).unwrap().connected;
    let (objects, documents) = (world.objects().unwrap(), world.documents("tests").unwrap());
    let (own, others) = (ObjectPath::from("a"), ObjectPath::from("side2.b"));
    objects.put(&own, "1".into()).await.unwrap();
    assert_eq!(objects.get(&own).await.unwrap().bytes().await.unwrap().as_ref(), b"1");
    documents.create("lease", &1).await.unwrap();
    assert_eq!(objects.list_with_delimiter(None).await.unwrap().objects.len(), 1);
    assert!(matches!(objects.put(&others, "2".into()).await.unwrap_err(), Error::Generic { .. }));
    std::fs::create_dir(&second).unwrap();
    objects.put(&others, "2".into()).await.unwrap();
    assert_eq!(objects.get(&others).await.unwrap().bytes().await.unwrap().as_ref(), b"2");
}

#[test]
fn a_fn_server_comes_before_the_clouds_functions() {
    let url = ("CAUSEWAY_FN_API_URL", "http://localhost:8080/");
    let check = |variables: &[(&str, &str)], expected: Option<&[&str]>| {
        let world = world(variables).unwrap();
        let told = world.connected.invoker().err().map(|problem| problem.to_string());
        let fits = |told: &String| expected.is_some_and(|parts| parts.iter().all(|part| told.contains(part)));
        assert!(told.as_ref().map_or(expected.is_none(), fits), "{variables:?}: {told:?}");
        // The cloud's own client is not even made, and nothing is sent.
        assert!(world.connected.oci.get().is_none() && world.connected.aws.get().is_none());
        assert_eq!(world.http.0.load(Ordering::Relaxed), 0);
    };
    check(&[url], None);
    check(&[url, ("CAUSEWAY_CLOUD", "oci"), ("CAUSEWAY_APPLICATION", "shop")], None);
    check(&[url, ("CAUSEWAY_CLOUD", "aws")], None);
    let both: &[&str] = &["CAUSEWAY_FN_API_URL", "CAUSEWAY_FUNCTION_PREFIX"];
    check(&[url, ("CAUSEWAY_FUNCTION_PREFIX", "causeway-dev-")], Some(both));
    let both: &[&str] = &["CAUSEWAY_FN_API_URL", "CAUSEWAY_APPLICATION"];
    check(&[url, ("CAUSEWAY_APPLICATION", "ocid1.fnapp.oc1.iad.a")], Some(both));
    let far = ("CAUSEWAY_FN_API_URL", "http://fn.example:8080");
    check(&[far], Some(&["CAUSEWAY_FN_API_URL: ", "CAUSEWAY_FN_ALLOW_HTTP=true"]));
    check(&[far, ("CAUSEWAY_FN_ALLOW_HTTP", "true")], None);
    check(&[url, ("CAUSEWAY_FN_ALLOW_HTTP", "yes")], Some(&["CAUSEWAY_FN_ALLOW_HTTP must be"]));
    check(&[("CAUSEWAY_FN_API_URL", "https://user:word@fn.example")], Some(&["user information"]));
    let told = world(&[("CAUSEWAY_FN_API_URL", "https://user:word@fn.example")]).unwrap().connected.invoker();
    assert!(!told.err().unwrap().to_string().contains("word"));
}

#[test]
fn the_second_side_is_not_in_the_first_one_nor_around_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    let [root, inner, roundabout] = ["", "inner", "inner/.."].map(|name| folder.path().join(name));
    for (first, second) in [(&root, &root), (&root, &inner), (&inner, &root), (&root, &roundabout)] {
        let [first, second] = [first, second].map(|path| path.to_str().unwrap());
        let world = world(&[("CAUSEWAY_LOCAL_ROOT", first), ("CAUSEWAY_SECOND_ROOT", second)]).unwrap().connected;
        let told = world.objects().err().map(|problem| problem.to_string());
        assert!(told.as_deref().is_some_and(|told| told.contains("neither in")), "{first} {second}: {told:?}");
    }
}
