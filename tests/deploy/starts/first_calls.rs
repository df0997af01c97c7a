//! First calls of functions in an OCI: with signed requests, and with the same requests over TLS.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_oci_emulator::{Emulator, Options};
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use tests::harness::{Emulated, RESULTS_BUCKET};

use super::counted::Counted;
use crate::tls::Identity;

const BUCKET: &str = "starts";
const ADDRESS: &str = "127.0.0.1";

/// A request of each function that takes few requests to the cloud, and next to no work.
fn request(function: &str) -> Value {
    match function {
        "discovery-agent" | "intelligence-agent" | "strategy-agent" => json!({ "data_sources": ["nothing"] }),
        "decision-agent" | "visualization-agent" => json!({ "inputs": { "discovery": { "object": "nothing.json" } } }),
        "decisioning-flow" => json!({ "run_id": "nothing", "continue": true }),
        "vision" => json!({ "prefix": "nothing" }),
        "health-checker" => json!({ "kind": "breaker", "action": "list" }),
        "egress-monitor" => json!({ "kind": "tick", "dry_run": true }),
        "flex-autoscaler" => json!({ "kind": "tick", "mode": "dry_run" }),
        other => panic!("say here what {other} is to be asked"),
    }
}

/// An OCI that counts the signed requests that it gets.
pub(super) struct Cloud {
    function: &'static str,
    oci: Emulated,
    signed: Arc<AtomicUsize>,
}

impl Cloud {
    pub(super) fn start(function: &'static str) -> Self {
        let signed = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&signed);
        let way = move |services: Emulator, request: axum::extract::Request| {
            counter.fetch_add(usize::from(request.headers().contains_key(AUTHORIZATION)), Ordering::Relaxed);
            async move { services.handle(request).await }
        };
        let mut oci = Emulated::start(Options::default(), function, BUCKET, way);
        oci.add_bucket(RESULTS_BUCKET);
        let compartment = oci.emulator.default_compartment();
        oci.set("CAUSEWAY_COMPARTMENT", &compartment);
        Self { function, oci, signed }
    }

    /// Instructions from the start to the first answer.
    pub(super) fn first_call(&self) -> u64 {
        self.counted(self.oci.variables())
    }

    /// The same behind TLS, with an authority that a variable names.
    pub(super) fn first_call_over_tls(&self) -> u64 {
        let identity = Identity::of(ADDRESS);
        let authority = self.oci.files().join("authority.pem");
        fs::write(&authority, &identity.authority).expect("written");
        let mut variables = self.oci.variables().clone();
        let plain = variables["CAUSEWAY_OCI_ENDPOINT"].clone();
        let to = plain.strip_prefix("http://").and_then(|host| host.parse().ok()).expect("an address");
        let listener = tokio::net::TcpListener::bind((ADDRESS, 0));
        let listener = self.oci.runtime().block_on(listener).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        self.oci.runtime().spawn(identity.pass_on(listener, to));
        variables.insert("CAUSEWAY_OCI_ENDPOINT".to_owned(), format!("https://{ADDRESS}:{port}"));
        variables.insert("SSL_CERT_FILE".to_owned(), authority.display().to_string());
        self.counted(&variables)
    }

    fn counted(&self, variables: &HashMap<String, String>) -> u64 {
        let before = self.signed.load(Ordering::Relaxed);
        let process = Counted::start(self.function, variables);
        let answer = process.answer(&request(self.function));
        let signed = self.signed.load(Ordering::Relaxed) - before;
        assert!(signed > 0, "{}: the call signs nothing: {answer}", self.function);
        process.instructions()
    }
}
