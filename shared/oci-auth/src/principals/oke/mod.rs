//! Workload identity of Oracle's Kubernetes engine (OKE): a pod shows its service account token to the cluster and
//! gets a token for a key pair of its own.
//!
//! Each refresh reads the service account token and the cluster's authority again, makes a fresh session key (by
//! [`crate::effects::Random::session_key`]: tests give a known one), and sends one `POST` whose server certificate
//! must be signed by that authority ([`crate::effects::Route::Pinned`]). Nothing is signed in it.

mod account;

use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_resilience::retry::Policy;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use serde::Serialize;

use self::account::Account;
use crate::cache::{Cache, Rules, Source};
use crate::effects::Route;
use crate::key::PrivateKey;
use crate::principals::wire::{self, Given, Wire};
use crate::region::Regions;
use crate::{Effects, Error, Provider, Snapshot};

/// Port of the cluster's token service.
const PORT: u16 = 12250;
/// Name in messages.
const SERVICE: &str = "OKE workload identity";
/// Longest exchange, tries and pauses included.
const LIMIT: Duration = Duration::from_secs(25);
/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The principal of this pod, from `KUBERNETES_SERVICE_HOST`, `OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH` (optional)
/// and `OCI_RESOURCE_PRINCIPAL_REGION` (optional). Nothing is read or sent before credentials are asked for.
///
/// # Errors
/// [`Error::MissingVariable`], [`Error::BadVariable`], and what [`Regions::resolve`] says.
pub fn from_environment(effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    let region = effects.text("OCI_RESOURCE_PRINCIPAL_REGION")?.filter(|region| !region.is_empty());
    let region = region.map(|region| Regions::new(effects.clone()).resolve(&region)).transpose()?;
    let pod = Pod { url: url(effects)?, account: Account::find(effects)?, region: region.map(|region| region.id) };
    Ok(Arc::new(Cache::new(pod, effects.clone())))
}

fn url(effects: &Effects) -> Result<String, Error> {
    let name = "KUBERNETES_SERVICE_HOST";
    let host = effects.required(name)?;
    let host = host.trim();
    let bracketed = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() };
    let origin = crate::endpoint::origin(&format!("https://{bracketed}:{PORT}"));
    let bad = |_| Error::BadVariable { name: name.to_owned(), reason: "neither a host name nor an address".to_owned() };
    Ok(format!("{}/resourcePrincipalSessionTokens", origin.map_err(bad)?))
}

struct Pod {
    url: String,
    account: Account,
    region: Option<String>,
}

/// Name of the provider.
const NAME: &str = "oke_workload_identity";

#[async_trait]
impl Source for Pod {
    fn rules(&self) -> Rules {
        Rules::of(NAME)
    }

    async fn load(&self, effects: &Effects, _: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let bearer = self.account.bearer(effects)?;
        let authority = self.account.authority(effects)?;
        let session = Arc::new(effects.random.session_key().await?);
        let policy = Policy { room_for: 2, ..Policy::oci_default() };
        let deadline = Deadline::within(wire::now(), Some(LIMIT));
        let wire = Wire { effects, service: SERVICE, policy, route: Route::Pinned(authority), deadline };
        let answer = self.ask(&wire, &bearer, &session).await?;
        let fresh = wire.fresh_token(&answer, &token(&wire, &answer)?, &session)?;
        Ok(Snapshot { region: self.region.clone(), ..fresh.with(session) })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ask {
    pod_key: String,
}

impl Pod {
    async fn ask(&self, wire: &Wire<'_>, bearer: &HeaderValue, session: &PrivateKey) -> Result<Response<Bytes>, Error> {
        let content = Bytes::from(wire::body(&Ask { pod_key: session.spki_body() })?);
        let answer = wire.send(|| {
            let request = Request::post(&self.url).header("authorization", bearer);
            let request = request.header(CONTENT_TYPE, "application/json");
            let request = request.header("opc-request-id", wire.request_id(3)?).body(content.clone());
            request.map_err(|_| wire.bad_answer("the URL is malformed".to_owned()))
        });
        answer.await.map_err(|error| match error {
            Error::Service { status: 403, .. } => {
                wire.bad_answer("403: is the cluster of the enhanced type?".to_owned())
            }
            other => other,
        })
    }
}

/// The answer is a JSON text that holds base64 of `{"token": "ST$..."}`.
fn token(wire: &Wire<'_>, answer: &Response<Bytes>) -> Result<String, Error> {
    let outer: String = wire.json(answer, "a text")?;
    let inner = BASE64.decode(outer.trim()).map_err(|_| wire.bad_answer("no base64".to_owned()))?;
    let given: Given = wire.json(&Response::new(Bytes::from(inner)), "the member token")?;
    Ok(given.token)
}
