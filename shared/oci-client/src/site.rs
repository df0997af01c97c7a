//! Which service a request goes to, and where that is.

use causeway_oci_auth::Error;
use causeway_oci_auth::endpoint::{Endpoints, Service};

/// A service, or an endpoint that a service named.
#[derive(Debug, Clone)]
pub(crate) enum Site {
    /// One that the endpoints know.
    Known(Service),
    /// Object Storage for one namespace.
    Namespace(String),
    /// An endpoint that an answer of the service named, such as `invokeEndpoint`.
    Member(Service, String),
}

impl Site {
    /// Name in errors and logs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Known(Service::Core) => "compute",
            Self::Known(service) | Self::Member(service, _) => service.name(),
            Self::Namespace(_) => Service::ObjectStorage.name(),
        }
    }

    /// Base URL, API version included, without a slash at its end.
    pub(crate) fn url(&self, endpoints: &Endpoints, region: &str) -> Result<String, Error> {
        match self {
            Self::Known(service) => endpoints.url(*service, region),
            Self::Namespace(namespace) => endpoints.object_storage(region, namespace),
            Self::Member(service, endpoint) => endpoints.member(*service, endpoint),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use std::collections::HashMap;
    use std::sync::Arc;

    use causeway_oci_auth::Effects;

    use super::*;

    #[test]
    fn addresses() {
        let check = |site: Site, variables: &[(&str, &str)], region: &str, expected: &str| {
            let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let environment = Arc::new(pairs.collect::<HashMap<_, _>>());
            let effects = Effects { environment, ..Effects::default() };
            let endpoints = Endpoints::new(effects).unwrap();
            assert_eq!(site.url(&endpoints, region).unwrap(), expected, "{site:?} {variables:?}");
        };
        let iad = "us-ashburn-1";
        check(Site::Known(Service::Core), &[], "PHX", "https://iaas.us-phoenix-1.oraclecloud.com/20160918");
        check(Site::Namespace("axns".into()), &[], iad, "https://objectstorage.us-ashburn-1.oraclecloud.com");
        let invoke = "https://a1.us-ashburn-1.functions.oci.oraclecloud.com";
        check(Site::Member(Service::Functions, invoke.into()), &[], iad, &format!("{invoke}/20181201"));
        check(Site::Known(Service::Limits), &[], iad, "https://limits.us-ashburn-1.oci.oraclecloud.com/20190729");
        check(
            Site::Known(Service::Limits),
            &[],
            "eu-madrid-2",
            "https://limits.eu-madrid-2.oci.oraclecloud.eu/20190729",
        );
        check(Site::Known(Service::Limits), &[], "r.example.test", "https://limits.r.example.test/20190729");
        check(
            Site::Known(Service::HealthChecks),
            &[],
            iad,
            "https://healthchecks.us-ashburn-1.oci.oraclecloud.com/20180501",
        );
        let one = [("CAUSEWAY_OCI_ENDPOINT", "http://127.0.0.1:8099")];
        check(Site::Known(Service::Limits), &one, iad, "http://127.0.0.1:8099/20190729");
        check(Site::Known(Service::HealthChecks), &one, iad, "http://127.0.0.1:8099/20180501");
        let both = [one[0], ("CAUSEWAY_OCI_ENDPOINT_LIMITS", "https://l.example")];
        check(Site::Known(Service::Limits), &both, iad, "https://l.example/20190729");
        check(
            Site::Known(Service::HealthChecks),
            &[("OCI_CLI_ENDPOINT", "https://h.example/20180501/")],
            iad,
            "https://h.example/20180501",
        );
    }

    #[test]
    fn a_clear_or_smuggled_endpoint_is_refused() {
        let endpoints = Endpoints::new(Effects::default()).unwrap();
        for endpoint in ["http://evil.example", "https://user@evil.example", "https://evil.example/path"] {
            let site = Site::Member(Service::Functions, endpoint.to_owned());
            assert!(site.url(&endpoints, "us-ashburn-1").is_err(), "{endpoint}");
        }
    }
}
