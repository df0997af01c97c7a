//! Secrets Manager.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Builder, Region};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use causeway_cloud::Secrets;
use causeway_cloud::secrets::SecretBytes;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

use super::call::{Operation, Repetition, Tries};
use super::client::Cached;
use super::log::Logged;
use super::{Session, arn};

const GET: Operation = Operation {
    service: "secretsmanager",
    name: "GetSecretValue",
    try_time: Duration::from_secs(20),
    has_content: false,
};

/// The vault of the account.
pub(super) struct Vault {
    client: Cached<Client>,
}

impl Vault {
    pub(super) fn new(session: Session) -> Self {
        Self { client: Cached::new(session) }
    }

    async fn client(&self, tries: &Tries) -> Result<&Client, ServiceFailure> {
        self.client.get(tries, |config| Client::from_conf(Builder::from(config).interceptor(Logged).build())).await
    }
}

#[async_trait]
impl Secrets for Vault {
    async fn secret(&self, reference: &str, deadline: Deadline) -> Result<SecretBytes, ServiceFailure> {
        let tries = Tries::new(&GET, deadline, Repetition::Harmless)?;
        let get = self.client(&tries).await?.get_secret_value().secret_id(reference);
        let mut how = Builder::new().timeout_config(tries.timeouts()).retry_classifier(tries.fates());
        // A secret of another region is found there only.
        how.set_region(arn::region(reference).map(|region| Region::new(region.to_owned())));
        let found = get.customize().config_override(how).interceptor(tries.watch()).send().await.map_err(|error| {
            let is_of_state = error.as_service_error().is_some_and(GetSecretValueError::is_invalid_request_exception);
            let failure = tries.failure(&error);
            if is_of_state { unfit(&failure) } else { failure }
        })?;
        let content = match (found.secret_string, found.secret_binary) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(bytes)) => bytes.into_inner(),
            (None, None) => return Err(GET.fails(Kind::BadAnswer, "the secret has no content")),
        };
        Ok(SecretBytes::new(content))
    }
}

/// `InvalidRequestException` is about the state of the secret, such as one that waits for its deletion.
fn unfit(failure: &ServiceFailure) -> ServiceFailure {
    let same = GET.fails(Kind::Conflict, failure.reason());
    let same = same.with_answer(failure.status(), failure.code().map(str::to_owned));
    same.with_request_id(failure.request_id().map(str::to_owned))
}
