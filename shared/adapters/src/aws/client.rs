//! The client of one service, made at the first call.

use std::sync::OnceLock;

use aws_config::SdkConfig;
use causeway_resilience::ServiceFailure;

use super::Session;
use super::call::Tries;

/// A client of the SDK that is made when it is needed, and kept.
pub(super) struct Cached<C> {
    session: Session,
    client: OnceLock<C>,
}

impl<C> Cached<C> {
    pub(super) fn new(session: Session) -> Self {
        Self { session, client: OnceLock::new() }
    }

    /// The client, which `make` makes of region and credentials.
    ///
    /// # Errors
    /// Those of [`Session::ready`].
    pub(super) async fn get(&self, tries: &Tries, make: impl FnOnce(&SdkConfig) -> C) -> Result<&C, ServiceFailure> {
        let config = self.session.ready(tries).await?;
        Ok(self.client.get_or_init(|| make(config)))
    }
}
