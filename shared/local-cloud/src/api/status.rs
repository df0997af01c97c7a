//! The status page that health-checker leaves at each tick.

use std::path::PathBuf;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use causeway_cloud::local::Store;
use causeway_cloud::object_path;
use causeway_cloud::object_store::{Error, ObjectStoreExt};
use causeway_oci_emulator::Emulator;
use http::{Method, StatusCode, header};

use super::{Api, error};
use crate::cloud::Deployment;
use crate::oci::BUCKET;
use crate::oci::target::{OCI, Target};
use crate::seed::escaped;

const FUNCTION: &str = "health-checker";
const FOLDER: (&str, &str) = ("HEALTH_CHECKER_PAGE_PREFIX", "health-checker");
const PAGE: &str = "status.html";
const NONE: &str =
    "there is no status page yet: health-checker leaves one at each tick, such as POST /t/causeway/health-checker";
/// It has no scripts and asks for nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// Where the function leaves it.
enum Place {
    Directory(PathBuf),
    Bucket(Emulator, String),
    Nowhere,
}

/// `GET /status`.
pub(super) async fn page(State(api): State<Api>) -> Response {
    let Some(function) = api.cloud.get(FUNCTION) else { return uncached(error(StatusCode::NOT_FOUND, NONE)) };
    let folder = variable(function, FOLDER.0).unwrap_or(FOLDER.1).trim_end_matches('/');
    let name = format!("{folder}/{PAGE}");
    let found = match Place::of(function, api.oci.as_ref()) {
        Place::Directory(root) => of_directory(root, &name).await,
        Place::Bucket(emulator, bucket) => of_bucket(emulator, &bucket, &name).await,
        Place::Nowhere => Ok(None),
    };
    uncached(match found {
        Ok(Some(page)) => html(page),
        Ok(None) => error(StatusCode::NOT_FOUND, NONE),
        Err(problem) => error(StatusCode::SERVICE_UNAVAILABLE, &format!("the status page cannot be read: {problem}")),
    })
}

impl Place {
    fn of(function: &Deployment, oci: Option<&Emulator>) -> Self {
        match (variable(function, "CAUSEWAY_LOCAL_ROOT"), oci) {
            (Some(root), _) => Self::Directory(root.into()),
            (None, Some(oci)) => {
                Self::Bucket(oci.clone(), variable(function, "CAUSEWAY_BUCKET").unwrap_or(BUCKET).to_owned())
            }
            (None, None) => Self::Nowhere,
        }
    }
}

fn variable<'a>(function: &'a Deployment, name: &str) -> Option<&'a str> {
    let found = function.program.environment.iter().find(|(known, value)| known == name && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

async fn of_directory(root: PathBuf, name: &str) -> Result<Option<Bytes>, String> {
    let store = Store::open(root).map_err(|error| error.to_string())?;
    let path = object_path(name).map_err(|error| error.to_string())?;
    let found = async { store.get(&path).await?.bytes().await };
    match found.await {
        Ok(page) => Ok(Some(page)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(other) => Err(other.to_string()),
    }
}

async fn of_bucket(emulator: Emulator, bucket: &str, name: &str) -> Result<Option<Bytes>, String> {
    let namespace = emulator.namespace_of(emulator.tenancy());
    let path = format!("{OCI}/n/{namespace}/b/{}/o/{}", escaped(bucket), escaped(name));
    let answer = Target::Here(emulator).ask(Method::GET, &path, None).await.map_err(|error| error.to_string())?;
    match answer.status {
        StatusCode::NOT_FOUND => Ok(None),
        _ => answer.accepted().map(|answer| Some(answer.into_body())).map_err(|error| error.to_string()),
    }
}

fn html(page: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, page).into_response()
}

/// Each tick leaves another one.
fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}
