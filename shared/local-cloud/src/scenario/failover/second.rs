//! The second side of the drill: S3 as moto plays it where that is installed, else a directory.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::body::Body;
use causeway_adapters::aws::{Session, http_client, objects::Bucket};
use causeway_cloud::local::Store;
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::{Objects, object_path};
use causeway_oci_auth::effects::{HttpClient, SystemEnvironment, SystemFiles};
use http::{Method, Request};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::cli::CliError;
use crate::oci::target::Target;

/// Bucket of the second side.
const BUCKET: &str = "causeway-second";
const REGION: &str = "us-east-1";
/// Keys that open nothing but a moto of this machine.
const KEY: &str = "throw-away";
/// moto's server, and where `.ci/test-tools` puts it.
const MOTO: &str = "moto_server";
const TOOLS: &str = "target/tools/aws-python/bin";
/// Time for moto to start.
const START: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// A place that is not OCI's.
pub(super) struct Second {
    place: Place,
    pub(super) objects: Objects,
}

enum Place {
    /// Ends with this value.
    Moto {
        url: String,
        _process: Child,
    },
    Directory(PathBuf),
}

impl Second {
    /// # Errors
    /// Neither can be had.
    pub(super) async fn start(directory: &Path) -> Result<Self, CliError> {
        if let Some(program) = program() {
            return Self::moto(&program).await;
        }
        std::fs::create_dir(directory).map_err(|error| CliError::io("the second side", &error))?;
        let store = Store::open(directory).map_err(|error| failed(&error))?;
        Ok(Self { place: Place::Directory(directory.to_owned()), objects: Arc::new(store) })
    }

    async fn moto(program: &Path) -> Result<Self, CliError> {
        let address = free_address().await.map_err(|error| CliError::io("a port for moto", &error))?;
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C is for us: moto goes when everything else has.
        let process = command.process_group(0).spawn().map_err(|error| CliError::io(program.display(), &error))?;
        let ready = async {
            while TcpStream::connect(address).await.is_err() {
                sleep(POLL).await;
            }
        };
        timeout(START, ready).await.map_err(|_| failed(&format!("{} does not answer", program.display())))?;
        let url = format!("http://{address}");
        make_bucket(&url).await?;
        let objects = Arc::new(Bucket::of_session(session(&url)?, BUCKET));
        Ok(Self { place: Place::Moto { url, _process: process }, objects })
    }

    /// Puts an object into the copy of a bucket.
    ///
    /// # Errors
    /// The place refuses.
    pub(super) async fn copy(&self, bucket: &str, name: &str, bytes: &'static [u8]) -> Result<(), CliError> {
        let path = object_path(&format!("{bucket}/copy/{name}")).map_err(|error| failed(&error))?;
        self.objects.put(&path, bytes.into()).await.map(drop).map_err(|error| failed(&error))
    }

    /// What functions have to know of it.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let place = match &self.place {
            Place::Moto { url, .. } => vec![
                ("CAUSEWAY_SECOND_BUCKET", BUCKET.to_owned()),
                ("AWS_ENDPOINT_URL_S3", url.clone()),
                ("AWS_REGION", REGION.to_owned()),
                ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
                ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
            ],
            Place::Directory(directory) => vec![("CAUSEWAY_SECOND_ROOT", directory.display().to_string())],
        };
        let all = place.into_iter().chain([("CAUSEWAY_SECOND_HAS_COPY", "true".to_owned())]);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Name of its breaker, as functions call it.
    pub(super) fn is_s3(&self) -> bool {
        matches!(self.place, Place::Moto { .. })
    }
}

impl fmt::Display for Second {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Moto { url, .. } => write!(formatter, "S3, played by moto on {url}"),
            Place::Directory(_) => formatter.write_str("a directory (S3 where moto_server is installed)"),
        }
    }
}

/// moto's server, in the path or where the tests' tools are.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from(TOOLS)]);
    places.map(|place| place.join(MOTO)).find(|program| program.is_file())
}

async fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()
}

async fn make_bucket(url: &str) -> Result<(), CliError> {
    let target = Target::at(url).map_err(|problem| failed(&problem))?;
    let request = Request::builder().method(Method::PUT).uri(format!("/{BUCKET}")).body(Body::empty());
    let answer = target.send(request.map_err(|error| failed(&error))?).await.map_err(|error| failed(&error))?;
    answer.accepted().map(drop).map_err(|error| failed(&error))
}

fn session(url: &str) -> Result<Session, CliError> {
    let network = HttpClient::new(&SystemEnvironment, &SystemFiles).map_err(|error| failed(&error))?;
    let credentials = Credentials::new(KEY, KEY, None, None, "drill");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client(network.services()))
        .build();
    Ok(Session::of(config))
}

fn failed(error: &dyn fmt::Display) -> CliError {
    CliError { text: format!("the second side: {error}"), exit: 74 }
}
