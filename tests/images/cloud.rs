//! An OCI behind a name and TLS, with what the sample events name.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::Response;
use causeway_oci_emulator::{Emulator, Options};
use serde_json::json;
use tests::harness::Emulated;

use crate::container::{CREDENTIALS, Container, Spec};
use crate::root;
use crate::tls::Identity;
use crate::wires::{Asked, NAME, PORT, lay};

const BUCKET: &str = "causeway";
/// Where the descriptor of the flow has results.
const RESULTS_BUCKET: &str = "decisioning-results";
/// Objects of the bucket, and the files of the repository that they are.
const OBJECTS: &[(&str, &str, &str)] = &[
    ("superstore.csv", "text/csv", "superstore/superstore.csv"),
    ("superstore/superstore.csv", "text/csv", "superstore/superstore.csv"),
    ("deliveries/coffee.jpg", "image/jpeg", "pictures/coffee.jpg"),
    ("deliveries/astronaut.jpg", "image/jpeg", "pictures/astronaut.jpg"),
];

/// It ends with this value.
pub(crate) struct Cloud {
    oci: Emulated,
    identity: Identity,
    address: SocketAddr,
}

impl Cloud {
    /// One for a function.
    pub(crate) fn start(function: &'static str) -> Self {
        Self::with(Options::default(), function)
    }

    /// The same with these options.
    pub(crate) fn with(options: Options, function: &'static str) -> Self {
        let oci = Emulated::start(options, function, BUCKET, behind_tls);
        let url = &oci.variables()["CAUSEWAY_OCI_ENDPOINT"];
        let address = url.strip_prefix("http://").and_then(|host| host.parse().ok()).expect("an address");
        let identity = Identity::of(NAME);
        fs::write(oci.files().join("authority.pem"), &identity.authority).expect("written");
        for (name, kind, file) in OBJECTS {
            let content = fs::read(root().join("shared/local-cloud/data").join(file)).expect("a sample");
            oci.put(name, kind, content);
        }
        let cloud = Self { oci, identity, address };
        cloud.add_bucket(RESULTS_BUCKET);
        cloud
    }

    fn add_bucket(&self, name: &str) {
        let emulator = &self.oci.emulator;
        let route = format!("oci/n/{}/b", emulator.namespace_of(emulator.tenancy()));
        let details = json!({ "name": name, "compartmentId": emulator.default_compartment() });
        self.oci.admin("POST", &route, &details);
    }

    /// The function of that image as its principal.
    pub(crate) fn run<'a>(&self, spec: &Spec<'a>) -> (Container<'a>, Asked) {
        self.run_with(spec, &self.variables())
    }

    /// The same with other variables.
    pub(crate) fn run_with<'a>(&self, spec: &Spec<'a>, variables: &BTreeMap<String, String>) -> (Container<'a>, Asked) {
        readable(self.oci.files());
        let container = spec.start(variables, self.oci.files());
        let asked = lay(self.oci.runtime(), container.pid(), &self.identity, self.address);
        (container, asked)
    }

    /// What a deployment sets beside the descriptor, with paths and names as the container knows them.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        let outside = self.oci.files().display().to_string();
        let given = self.oci.variables().iter();
        let mut all: BTreeMap<_, _> =
            given.map(|(name, value)| (name.clone(), value.replace(&outside, CREDENTIALS))).collect();
        let own = [
            ("CAUSEWAY_OCI_ENDPOINT", format!("https://{NAME}:{PORT}")),
            ("SSL_CERT_FILE", format!("{CREDENTIALS}/authority.pem")),
            ("CAUSEWAY_COMPARTMENT", self.oci.emulator.default_compartment()),
        ];
        all.extend(own.map(|(name, value)| (name.to_owned(), value)));
        all
    }
}

/// What services say of where they are has the scheme of the way to them.
async fn behind_tls(services: Emulator, request: Request) -> Response {
    let (mut parts, body) = services.handle(request).await.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("an answer");
    let plain = format!("http://{NAME}");
    let Some(said) = std::str::from_utf8(&body).ok().filter(|said| said.contains(&plain)) else {
        return Response::from_parts(parts, body.into());
    };
    let said = said.replace(&plain, &format!("https://{NAME}"));
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(parts, said.into())
}

/// The container's user may read the files.
fn readable(directory: &Path) {
    let set = |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("mode");
    set(directory, 0o755);
    for entry in fs::read_dir(directory).expect("files") {
        set(&entry.expect("a file").path(), 0o644);
    }
}
