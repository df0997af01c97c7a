//! Exchanges the certificate of an instance for a token (`POST /v1/x509`).

use std::sync::Arc;

use causeway_resilience::Deadline;
use causeway_resilience::retry::Policy;
use http::Request;
use serde::Serialize;

use super::metadata::Identity;
use super::settings::{Fingerprint, Settings};
use crate::effects::Route;
use crate::key::PrivateKey;
use crate::principals::wire::{self, Fresh, Wire};
use crate::sign::Signer;
use crate::{Effects, Error, Secret, Snapshot};

/// Name in messages.
const SERVICE: &str = "federation";

/// Members in the order of Oracle's Python SDK.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ask<'a> {
    certificate: String,
    public_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    intermediate_certificates: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint_algorithm: Option<&'static str>,
}

/// One federation request.
pub(super) struct Federation<'a> {
    pub(super) effects: &'a Effects,
    pub(super) settings: &'a Settings,
    /// Base URL of the service.
    pub(super) base: &'a str,
    pub(super) deadline: Deadline,
}

impl Federation<'_> {
    /// A token for the session key, proved by the instance's own key.
    pub(super) async fn token(&self, identity: Identity, tenancy: &str, session: &PrivateKey) -> Result<Fresh, Error> {
        let content = wire::body(&self.ask(&identity, session))?;
        let signer = self.signer(identity, tenancy);
        let (policy, route) = (Policy::federation(), Route::Service);
        let wire = Wire { effects: self.effects, service: SERVICE, policy, route, deadline: self.deadline };
        let uri = format!("{}/v1/x509", self.base);
        let answer = wire.send(|| wire.signed(Request::post(&uri), Some(&content), &Signer::WITHOUT_HOST, &signer));
        wire.fresh(&answer.await?, session)
    }

    fn ask(&self, identity: &Identity, session: &PrivateKey) -> Ask<'_> {
        Ask {
            certificate: identity.leaf.body(),
            public_key: session.spki_body(),
            purpose: self.settings.purpose.as_deref(),
            intermediate_certificates: [identity.intermediate.body()],
            fingerprint_algorithm: (self.settings.fingerprint == Fingerprint::Sha256).then_some("SHA256"),
        }
    }

    fn signer(&self, identity: Identity, tenancy: &str) -> Snapshot {
        let key_id = match self.settings.fingerprint {
            Fingerprint::Sha1 => format!("{tenancy}/fed-x509/{}", identity.leaf.sha1_fingerprint()),
            Fingerprint::Sha256 => format!("{tenancy}/fed-x509-sha256/{}", identity.leaf.sha256_fingerprint()),
        };
        wire::key_pair(Secret::new(key_id), Arc::new(identity.key))
    }
}
