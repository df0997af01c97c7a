//! Credentials for ORDS, from the vault.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_cloud::results::{Database, Login};
use causeway_cloud::{Problem, Secrets};
use causeway_oci_auth::effects::Http;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use http::{HeaderValue, Uri};
use serde_json::Value;

use super::{address, exchange, failure, post};

/// A token is not used in its last minute.
const MARGIN: Duration = Duration::from_secs(60);

/// How the header is made. A secret is read when it is needed and not kept; a token is, until it ends or is refused.
pub(super) struct Credentials {
    secrets: Arc<dyn Secrets>,
    reference: String,
    /// Where tokens are issued; none with HTTP Basic.
    token_url: Option<Uri>,
    token: Mutex<Option<(HeaderValue, Instant)>>,
}

impl Credentials {
    pub(super) fn new(secrets: Arc<dyn Secrets>, database: &Database) -> Result<Self, Problem> {
        let token_url = match &database.login {
            Login::Basic => None,
            Login::ClientCredentials { token_url } => Some(address(token_url)?),
        };
        Ok(Self { secrets, reference: database.secret.clone(), token_url, token: Mutex::default() })
    }

    /// The `Authorization` header.
    pub(super) async fn header(&self, http: &dyn Http, deadline: Deadline) -> Result<HeaderValue, ServiceFailure> {
        let Some(url) = &self.token_url else { return self.basic("username", "password", deadline).await };
        if let Some(token) = self.kept() {
            return Ok(token);
        }
        let client = self.basic("client_id", "client_secret", deadline).await?;
        let form = Bytes::from_static(b"grant_type=client_credentials");
        let request = post(url, client, "application/x-www-form-urlencoded", form)?;
        let answer = http.send(request, &exchange(deadline, 0)).await;
        let answer = answer.map_err(|error| failure(Kind::Unavailable, &format!("no token: {error}")))?;
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            let told = failure(Kind::of_status(status), &format!("no token: status {status}"));
            return Err(told.with_answer(Some(status), None));
        }
        self.keep(answer.body())
    }

    fn keep(&self, answer: &[u8]) -> Result<HeaderValue, ServiceFailure> {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let token = answer.get("access_token").and_then(Value::as_str).unwrap_or_default();
        let header = sensitive(&format!("Bearer {token}")).filter(|_| !token.is_empty());
        let header = header.ok_or_else(|| failure(Kind::BadAnswer, "the answer has no access_token"))?;
        let seconds = answer.get("expires_in").and_then(Value::as_u64).unwrap_or_default();
        let ends = Instant::now().checked_add(Duration::from_secs(seconds).saturating_sub(MARGIN));
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = ends.map(|ends| (header.clone(), ends));
        Ok(header)
    }

    fn kept(&self) -> Option<HeaderValue> {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        token.as_ref().filter(|(_, ends)| Instant::now() < *ends).map(|(token, _)| token.clone())
    }

    /// Drops a token that was refused; whether there was one.
    pub(super) fn forget(&self) -> bool {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    async fn basic(&self, user: &str, password: &str, deadline: Deadline) -> Result<HeaderValue, ServiceFailure> {
        let secret = self.secrets.secret(&self.reference, deadline).await?;
        let wrong = || {
            let reason = format!("the secret is no JSON object with {user} and {password}");
            failure(Kind::NotConfigured, &reason)
        };
        let secret: Value = serde_json::from_slice(secret.expose()).map_err(|_| wrong())?;
        let text = |member: &str| secret.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(name), Some(word)) = (text(user), text(password)) else { return Err(wrong()) };
        if name.contains(':') {
            return Err(wrong());
        }
        sensitive(&format!("Basic {}", base64(format!("{name}:{word}").as_bytes()))).ok_or_else(wrong)
    }
}

/// A header that no log shows.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
