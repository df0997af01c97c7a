//! Signature version 4.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use http::Request;

use super::WHERE;

/// Name of the service in signatures. Its host is called otherwise.
const SIGNED_AS: &str = "bedrock";
/// Credentials are not used in their last minute.
const MARGIN: Duration = Duration::from_secs(60);

/// Signs requests. Credentials that end are kept until then; others are at hand anyway.
#[derive(Default)]
pub(super) struct Signer {
    known: Mutex<Option<Credentials>>,
}

impl Signer {
    /// Adds date, session token and signature.
    ///
    /// # Errors
    /// No credentials, or a request that cannot be signed.
    pub(super) async fn sign(
        &self,
        request: &mut Request<Bytes>,
        config: &SdkConfig,
        region: &str,
        now: SystemTime,
    ) -> Result<(), ServiceFailure> {
        let credentials = self.credentials(config, now).await?;
        let wrong = |reason: &str| WHERE.fails(Kind::Invalid, format!("the request cannot be signed: {reason}"));
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder().identity(&identity).region(region).name(SIGNED_AS).time(now);
        let parameters =
            parameters.settings(SigningSettings::default()).build().map_err(|_| wrong("a part is missing"))?;
        let (method, url) = (request.method().to_string(), request.uri().to_string());
        let headers: Vec<_> = request.headers().iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let texts = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(request.body());
        let signable = SignableRequest::new(&method, &url, texts, body).map_err(|_| wrong("it is malformed"))?;
        let signed = sign(signable, &parameters.into()).map_err(|_| wrong("the signature cannot be made"))?;
        signed.into_parts().0.apply_to_request_http1x(request);
        Ok(())
    }

    async fn credentials(&self, config: &SdkConfig, now: SystemTime) -> Result<Credentials, ServiceFailure> {
        let lasts = |known: &Credentials| known.expiry().is_some_and(|end| end > now + MARGIN);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(lasts);
        if let Some(known) = known {
            return Ok(known);
        }
        let none = || WHERE.fails(Kind::Unauthenticated, "there are no credentials");
        let provider = config.credentials_provider().ok_or_else(none)?;
        let found = provider.provide_credentials().await.map_err(|error| none().with_source(error))?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }

    /// The credentials were refused: the next call looks for others.
    pub(super) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_credential_types::provider::{SharedCredentialsProvider, future};

    use super::*;

    /// Hands out credentials that last for a while, and counts.
    #[derive(Debug, Clone, Default)]
    struct Lent {
        seconds: Option<u64>,
        asked: Arc<AtomicU64>,
    }

    impl ProvideCredentials for Lent {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let end = self.seconds.map(at);
            future::ProvideCredentials::ready(Ok(Credentials::new(format!("AK{number}"), "s", None, end, "test")))
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    async fn asked(seconds: Option<u64>, times: &[u64]) -> u64 {
        let lent = Lent { seconds, ..Lent::default() };
        let shared = SharedCredentialsProvider::new(lent.clone());
        let config = SdkConfig::builder().credentials_provider(shared).build();
        let signer = Signer::default();
        for time in times {
            let mut request = Request::post("https://h.example/model/a%3A0/converse").body(Bytes::new()).unwrap();
            signer.sign(&mut request, &config, "us-east-1", at(*time)).await.unwrap();
            let header = request.headers()["authorization"].to_str().unwrap().to_owned();
            assert!(header.contains("/us-east-1/bedrock/aws4_request"), "{header}");
        }
        lent.asked.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn credentials_are_kept_until_they_end() {
        assert_eq!(asked(Some(600), &[0, 10, 500]).await, 1);
        assert_eq!(asked(Some(600), &[0, 541]).await, 2, "the last minute is not used");
        assert_eq!(asked(None, &[0, 1]).await, 2, "what does not end may change at any time");
    }

    #[tokio::test]
    async fn without_credentials_nothing_is_signed() {
        let mut request = Request::post("https://h.example/").body(Bytes::new()).unwrap();
        let config = SdkConfig::builder().build();
        let failure = Signer::default().sign(&mut request, &config, "us-east-1", at(0)).await.unwrap_err();
        assert_eq!(failure.kind(), Kind::Unauthenticated);
    }
}
