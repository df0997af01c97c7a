//! Token exchange: a workload outside Oracle's cloud shows the token that its own platform gives it to an identity
//! domain that trusts that platform, and gets a session token for a key pair of its own. So a function on AWS Lambda
//! works on Oracle's cloud without a key that anybody has to keep.
//!
//! Each refresh asks for a subject token, makes a fresh session key (by
//! [`crate::effects::Random::session_key`]), and sends one `POST` of a form to the domain's token endpoint, which
//! answers `{"token": "..."}`. The domain needs a trust configuration for the issuer (Oracle calls it an identity
//! propagation trust) and a confidential application that may exchange tokens.

mod settings;
mod subject;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_resilience::retry::Policy;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

pub use settings::{Client, Settings};
pub use subject::{SubjectToken, TokenFile};

use super::wire::{Wire, now};
use crate::cache::{Cache, Rules, Source};
use crate::effects::Route;
use crate::key::PrivateKey;
use crate::token::Token;
use crate::{Effects, Error, Provider, Secret, Snapshot};

/// Name in messages.
const SERVICE: &str = "token exchange";
/// Longest exchange, tries and pauses included.
const LIMIT: Duration = Duration::from_secs(25);
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The exchange that the variables describe; see [`Settings::from_environment`]. The subject token comes from the
/// file `CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE` (or `OCI_WORKLOAD_IDENTITY_TOKEN_PATH`) or from the variable
/// `CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN`. Nothing is read or sent before credentials are asked for.
///
/// # Errors
/// [`Error::MissingVariable`] and [`Error::BadVariable`].
pub fn from_environment(effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    let settings = Settings::from_environment(effects)?;
    let subject = subject::from_environment(effects)?;
    with_settings(effects, settings, subject.ok_or_else(|| Error::MissingVariable(subject::names()))?)
}

/// An exchange with these settings, for subject tokens from any source.
///
/// # Errors
/// [`Error::BadEndpoint`] for a domain or path that gives no URL.
pub fn with_settings(
    effects: &Effects,
    settings: Settings,
    subject: Arc<dyn SubjectToken>,
) -> Result<Arc<dyn Provider>, Error> {
    let url = settings.url()?;
    Ok(Arc::new(Cache::new(Domain { url, settings, subject }, effects.clone())))
}

struct Domain {
    url: http::Uri,
    settings: Settings,
    subject: Arc<dyn SubjectToken>,
}

/// Name of the provider.
const NAME: &str = "token_exchange";

#[async_trait]
impl Source for Domain {
    fn rules(&self) -> Rules {
        Rules::of(NAME)
    }

    async fn load(&self, effects: &Effects, _: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let deadline = Deadline::within(now(), Some(LIMIT));
        let wire = Wire { effects, service: SERVICE, policy: Policy::federation(), route: Route::Service, deadline };
        let subject = self.subject_token(effects).await?;
        let session = Arc::new(effects.random.session_key().await?);
        let form = self.form(&subject, &session);
        let answer = wire.send(|| self.request(&form)).await?;
        let fresh = wire.fresh(&answer, &session)?;
        let tenancy = fresh.token.tenancy().or_else(|| fresh.token.claim("tenant"));
        Ok(Snapshot { tenancy, region: self.settings.region.clone(), ..fresh.with(session) })
    }
}

impl Domain {
    /// A token that the domain would refuse is told apart here, where its origin is known.
    async fn subject_token(&self, effects: &Effects) -> Result<Secret, Error> {
        let text = self.subject.token().await?;
        if !self.settings.subject_token_type.ends_with("jwt") {
            return Ok(text);
        }
        let origin = || self.subject.origin();
        let bad = |fault| Error::BadToken { origin: origin(), fault };
        let token = Token::parse(text.expose()).map_err(bad)?;
        let Ok(not_after) = token.not_after() else { return Ok(token.text().clone()) };
        match effects.clock.now().duration_since(not_after) {
            Ok(ago) => Err(Error::Expired { origin: origin(), ago }),
            Err(_) => Ok(token.text().clone()),
        }
    }

    fn form(&self, subject: &Secret, session: &PrivateKey) -> Zeroizing<String> {
        let (public_key, settings) = (session.spki_body(), &self.settings);
        let rpst_exp = settings.rpst_exp.map(|seconds| seconds.to_string());
        let fields = [
            ("grant_type", Some(GRANT)),
            ("requested_token_type", Some(settings.requested_token_type.as_str())),
            ("subject_token", Some(subject.expose())),
            ("subject_token_type", Some(settings.subject_token_type.as_str())),
            ("public_key", Some(public_key.as_str())),
            ("res_type", settings.resource_type.as_deref()),
            ("rpst_exp", rpst_exp.as_deref()),
        ];
        let mut form = Zeroizing::new(String::with_capacity(8 << 10));
        for (name, value) in fields.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let and = if form.is_empty() { "" } else { "&" };
            form.extend([and, name, "="].into_iter().chain(utf8_percent_encode(value, ESCAPED)));
        }
        form
    }

    fn request(&self, form: &str) -> Result<Request<Bytes>, Error> {
        let mut request = Request::post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        if let Some(client) = &self.settings.client {
            request = request.header(AUTHORIZATION, basic(client)?);
        }
        request.body(Bytes::copy_from_slice(form.as_bytes())).map_err(|error| Error::Unsignable(error.to_string()))
    }
}

fn basic(client: &Client) -> Result<HeaderValue, Error> {
    let pair = Zeroizing::new(format!("{}:{}", client.id, client.secret.expose()));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text).map_err(|error| Error::Unsignable(error.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}
