//! The metadata service of a compute instance (IMDS version 2).

use std::time::Duration;

use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_resilience::retry::Policy;
use http::{HeaderValue, Request, header};

use crate::Certificate;
use crate::effects::Route;
use crate::key::PrivateKey;
use crate::principals::wire::{Wire, now};
use crate::{Effects, Error, region};

/// Where every instance finds it (Oracle's page "Getting Instance Metadata").
const BASE: &str = "http://169.254.169.254/opc/v2";
/// Name in messages.
pub(super) const SERVICE: &str = "instance metadata";
/// Longest probe: link-local, so an instance answers in milliseconds.
pub(super) const PROBE: Duration = Duration::from_secs(1);

/// The metadata service, reachable from the instance alone.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    base: String,
    policy: Policy,
}

impl Metadata {
    /// At the usual address, or at `OCI_METADATA_BASE_URL`.
    pub(crate) fn from_environment(effects: &Effects) -> Result<Self, Error> {
        let base = effects.text("OCI_METADATA_BASE_URL")?.filter(|base| !base.is_empty());
        let base = base.map_or_else(|| BASE.to_owned(), |base| base.trim_end_matches('/').to_owned());
        Ok(Self { base, policy: Policy::imds() })
    }

    /// Asks once and for no longer than a second.
    pub(crate) fn impatient(mut self) -> Self {
        self.policy = Policy { per_try: PROBE, total: PROBE, ..Policy::never() };
        self
    }

    /// A small text, without the space around it.
    pub(crate) async fn text(&self, effects: &Effects, path: &str, deadline: Deadline) -> Result<String, Error> {
        let bytes = self.read(effects, path, deadline).await?;
        let text = std::str::from_utf8(&bytes).map(|text| text.trim().to_owned()).unwrap_or_default();
        if text.is_empty() { Err(bad_answer(path, "no text")) } else { Ok(text) }
    }

    /// The description of the instance's region, when the service gives a whole one.
    pub(super) async fn region_info(&self, effects: &Effects, deadline: Deadline) -> Option<region::Metadata> {
        let text = self.text(effects, "/instance/regionInfo", deadline).await.ok()?;
        region::parse_metadata(&text).ok()?.into_iter().find_map(Result::ok)
    }

    /// Certificate, key and intermediate certificate. They are replaced together but read one by one, so they are
    /// read again when certificate and key are of different pairs.
    pub(super) async fn identity(&self, effects: &Effects, deadline: Deadline) -> Result<Identity, Error> {
        for _ in 0..2 {
            let identity = self.identity_once(effects, deadline).await?;
            if identity.leaf.names(&identity.key) {
                return Ok(identity);
            }
            effects.clock.sleep(Duration::from_millis(200)).await;
        }
        Err(bad_answer("/identity", "certificate and key are of different pairs"))
    }

    async fn identity_once(&self, effects: &Effects, deadline: Deadline) -> Result<Identity, Error> {
        let leaf = self.certificate(effects, "/identity/cert.pem", deadline).await?;
        let path = "/identity/key.pem";
        let key = PrivateKey::from_pem(&self.read(effects, path, deadline).await?, None);
        let key = key.map_err(|fault| Error::BadKey { origin: format!("{SERVICE} {path}"), fault })?;
        let intermediate = self.certificate(effects, "/identity/intermediate.pem", deadline).await?;
        Ok(Identity { leaf, key, intermediate })
    }

    async fn certificate(&self, effects: &Effects, path: &str, deadline: Deadline) -> Result<Certificate, Error> {
        let pem = self.read(effects, path, deadline).await?;
        Certificate::from_pem(&pem).map_err(|fault| bad_answer(path, &fault.to_string()))
    }

    async fn read(&self, effects: &Effects, path: &str, deadline: Deadline) -> Result<Bytes, Error> {
        let (policy, route) = (self.policy.clone(), Route::Metadata);
        let wire = Wire { effects, service: SERVICE, policy, route, deadline };
        let uri = format!("{}{path}", self.base);
        let answer = wire.send(|| {
            let request = Request::get(&uri).header(header::AUTHORIZATION, HeaderValue::from_static("Bearer Oracle"));
            request.body(Bytes::new()).map_err(|_| bad_base())
        });
        Ok(answer.await?.into_body())
    }
}

/// What an instance proves with who it is.
pub(super) struct Identity {
    pub(super) leaf: Certificate,
    pub(super) key: PrivateKey,
    pub(super) intermediate: Certificate,
}

/// Whether this machine has a metadata service. Elsewhere the address is a black hole, so the question is asked
/// once and costs a second at most.
pub async fn is_there(effects: &Effects) -> bool {
    let Ok(metadata) = Metadata::from_environment(effects) else { return false };
    let deadline = Deadline::within(now(), Some(PROBE));
    metadata.impatient().text(effects, "/instance/region", deadline).await.is_ok()
}

fn bad_base() -> Error {
    Error::BadVariable { name: "OCI_METADATA_BASE_URL".to_owned(), reason: "not a URL".to_owned() }
}

fn bad_answer(path: &str, reason: &str) -> Error {
    Error::BadAnswer { service: SERVICE, reason: format!("{path}: {reason}") }
}
