//! Our client, set up by the variables that a function would have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use causeway_cloud::state;
use causeway_oci_auth::effects::{Clock, HttpClient, SystemClock, SystemFiles, SystemRandom};
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::{Chain, Effects};
use causeway_oci_client::Client;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// A client with the principal that the variables describe.
///
/// # Panics
/// When they describe none.
#[must_use]
pub fn oci_client(variables: HashMap<String, String>, clock: Arc<dyn Clock>) -> Client {
    let (effects, network) = effects(variables, clock);
    let transport = Arc::new(network.services());
    let provider = Arc::new(Chain::from_environment(effects.clone()).expect("a principal"));
    let endpoints = Endpoints::new(effects.clone()).expect("endpoints");
    Client::new(effects, provider, endpoints, transport)
}

/// What a function with these variables works with, and its way to services.
///
/// # Panics
/// When there is no such way.
pub(super) fn effects(variables: HashMap<String, String>, clock: Arc<dyn Clock>) -> (Effects, HttpClient) {
    let network = HttpClient::new(&variables, &SystemFiles).expect("a network");
    let (http, files, random) = (Arc::new(network.clone()), Arc::new(SystemFiles), Arc::new(SystemRandom));
    (Effects { environment: Arc::new(variables), files, http, clock, random }, network)
}

/// Real time, with pauses that are shorter than asked for. Policies stay as they are and tests end soon.
#[derive(Debug, Clone, Copy)]
pub struct Hurried {
    /// Pauses are divided by this.
    pub by: u32,
}

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> SystemTime {
        SystemClock.now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time / self.by).await;
    }
}

impl state::Clock for Hurried {
    fn now(&self) -> SystemTime {
        SystemClock.now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time / self.by))
    }
}

/// A time that stands still, with pauses like those of [`Hurried`].
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The time.
    pub at: Timestamp,
    /// Pauses are divided by this.
    pub by: u32,
}

impl state::Clock for Standing {
    fn now(&self) -> SystemTime {
        self.at.into()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time / self.by))
    }
}
