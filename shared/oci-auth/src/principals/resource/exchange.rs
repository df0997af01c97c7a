//! Two steps that versions 1.1, 2.1 and 3.0 share: fetch a resource principal token (RPT) from the service that owns
//! the resource, and exchange it for a session token (RPST) at the auth service.

use std::time::Duration;

use causeway_resilience::Deadline;
use causeway_resilience::retry::Policy;
use http::{HeaderValue, Request};
use serde::{Deserialize, Serialize};

use crate::effects::Route;
use crate::key::PrivateKey;
use crate::principals::wire::{self, Fresh, Wire};
use crate::service_error;
use crate::sign::Signer;
use crate::{Effects, Error, Provider, Secret, Snapshot};

/// Path at the auth service.
const SESSION_PATH: &str = "/v1/resourcePrincipalSessionToken";
/// Longest exchange, both steps with their tries and pauses.
const LIMIT: Duration = Duration::from_secs(25);
/// Where the owner of the resource's parent is, when the resource has one.
const PARENT: &str = "opc-parent-rpt-url";

/// What the owner answers. Members in the order of Oracle's SDKs, for the second step.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    resource_principal_token: String,
    service_principal_session_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ask<'a> {
    #[serde(flatten)]
    tokens: &'a Tokens,
    session_public_key: String,
}

/// One exchange.
pub(super) struct Exchange<'a> {
    pub(super) effects: &'a Effects,
    /// Complete URL of the first step.
    pub(super) rpt: &'a str,
    /// Base URL of the second step.
    pub(super) auth: &'a str,
    /// Sent in the first step as header `security-context`.
    pub(super) security_context: Option<&'a Secret>,
}

/// What came of it.
pub(super) struct Exchanged {
    pub(super) fresh: Fresh,
    /// The resource's parent, when it has one.
    pub(super) parent: Option<String>,
}

impl Exchange<'_> {
    /// Both steps, signed by `signer`; the new token is for `session`.
    pub(super) async fn run(&self, signer: &Snapshot, session: &PrivateKey) -> Result<Exchanged, Error> {
        let deadline = Deadline::within(wire::now(), Some(LIMIT));
        let (tokens, parent) = self.fetch(signer, deadline).await?;
        let wire = self.wire("resource principal session", deadline);
        let content = wire::body(&Ask { tokens: &tokens, session_public_key: session.spki_body() })?;
        let uri = format!("{}{SESSION_PATH}", self.auth);
        let answer = wire.send(|| wire.signed(Request::post(&uri), Some(&content), &Signer::STANDARD, signer));
        Ok(Exchanged { fresh: wire.fresh(&answer.await?, session)?, parent })
    }

    /// Both steps, signed by `principal`. When the services refuse its credentials it renews them, once.
    pub(super) async fn run_as(&self, principal: &dyn Provider, session: &PrivateKey) -> Result<Exchanged, Error> {
        let signer = principal.snapshot().await?;
        let refused = match self.run(&signer, session).await {
            Err(error @ Error::Service { status: 401, .. }) => error,
            other => return other,
        };
        match principal.renew(&signer).await? {
            Some(newer) => self.run(&newer, session).await,
            None => Err(refused),
        }
    }

    async fn fetch(&self, signer: &Snapshot, deadline: Deadline) -> Result<(Tokens, Option<String>), Error> {
        let wire = self.wire("resource principal token", deadline);
        let answer = wire.send(|| {
            let mut request = Request::get(self.rpt);
            if let Some(context) = self.security_context {
                request = request.header("security-context", sensitive(context)?);
            }
            wire.signed(request, None, &Signer::STANDARD, signer)
        });
        let answer = answer.await?;
        let tokens = wire.json(&answer, "resourcePrincipalToken and servicePrincipalSessionToken")?;
        let parent = service_error::text(answer.headers(), PARENT).map(str::trim).filter(|url| !url.is_empty());
        Ok((tokens, parent.map(str::to_owned)))
    }

    fn wire(&self, service: &'static str, deadline: Deadline) -> Wire<'_> {
        let policy = Policy { room_for: 2, ..Policy::oci_default() };
        Wire { effects: self.effects, service, policy, route: Route::Service, deadline }
    }
}

/// A header's value that no log shows.
fn sensitive(text: &Secret) -> Result<HeaderValue, Error> {
    let value = HeaderValue::from_str(text.expose());
    let mut value = value.map_err(|_| Error::Unsignable("a header is malformed".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}
