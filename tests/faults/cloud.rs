//! An emulator behind a network that breaks, and a client with a resource principal as a function has it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use causeway_cloud::state::Documents;
use causeway_oci_client::Client;
use causeway_oci_client::object_storage::CreateBucket;
use causeway_oci_client::store::Bucket;
use causeway_oci_emulator::{Emulator, Options, PrincipalFiles, Resource};
use tempfile::TempDir;
use tests::harness::{Hurried, oci_client};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::proxy::Proxy;

/// Name of the bucket.
pub(crate) const BUCKET: &str = "faults";
/// Pauses between tries are this much shorter than the policy says.
pub(crate) const HURRY: Hurried = Hurried { by: 100 };

pub(crate) struct Cloud {
    pub(crate) emulator: Emulator,
    /// Where the emulator is, without faults of the network.
    pub(crate) address: SocketAddr,
    pub(crate) proxy: Proxy,
    principal: PrincipalFiles,
    server: JoinHandle<()>,
    _files: TempDir,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Cloud {
    /// One with an empty bucket.
    pub(crate) async fn start(seed: u64) -> Self {
        let emulator = Emulator::open(Options { step_ms: 1, seed, ..Options::default() }).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = emulator.clone();
        let server = tokio::spawn(async move { serving.serve(listener, std::future::pending()).await.unwrap() });
        let files = tempfile::tempdir().unwrap();
        let resource = Resource {
            id: "ocid1.fnfunc.oc1.iad.throwaway".to_owned(),
            kind: "fnfunc".to_owned(),
            compartment: emulator.default_compartment(),
            lifetime: None,
        };
        let principal = emulator.mint_principal(files.path(), &resource).unwrap();
        let proxy = Proxy::start(address, seed).await;
        let cloud = Self { emulator, address, proxy, principal, server, _files: files };
        let new = CreateBucket {
            name: BUCKET.to_owned(),
            compartment_id: cloud.emulator.default_compartment(),
            ..CreateBucket::default()
        };
        cloud.direct().object_storage().create_bucket(&new).await.unwrap();
        cloud
    }

    /// The variables of a function whose services are at this address.
    pub(crate) fn variables(&self, url: &str) -> HashMap<String, String> {
        let principal = self.principal.environment().into_iter().map(|(name, value)| (name.to_owned(), value));
        principal.chain([("CAUSEWAY_OCI_ENDPOINT".to_owned(), url.to_owned())]).collect()
    }

    /// A client behind the network that breaks.
    pub(crate) fn client(&self) -> Client {
        oci_client(self.variables(&self.proxy.url), Arc::new(HURRY))
    }

    /// A client that no fault of the network reaches.
    pub(crate) fn direct(&self) -> Client {
        oci_client(self.variables(&format!("http://{}", self.address)), Arc::new(HURRY))
    }
}

/// Documents in the bucket, as this client sees it.
pub(crate) fn documents(client: &Client, prefix: &str) -> Documents {
    let bucket = Bucket::new(client.object_storage(), BUCKET);
    Documents::new(Arc::new(bucket), prefix, Arc::new(HURRY))
}
