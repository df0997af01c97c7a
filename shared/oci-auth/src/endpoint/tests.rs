#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::*;

fn effects(variables: &[(&str, &str)]) -> Effects {
    let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Effects { environment: Arc::new(pairs.collect::<HashMap<_, _>>()), ..Effects::default() }
}

fn endpoints(variables: &[(&str, &str)]) -> Endpoints {
    Endpoints::new(effects(variables)).unwrap()
}

#[track_caller]
fn check(endpoints: &Endpoints, service: Service, region: &str, expected: &str) {
    assert_eq!(endpoints.url(service, region).as_deref(), Ok(expected), "{service:?} {region}");
}

#[test]
fn both_families() {
    let plain = endpoints(&[]);
    check(&plain, Service::ObjectStorage, "iad", "https://objectstorage.us-ashburn-1.oraclecloud.com");
    check(&plain, Service::Core, "LTN", "https://iaas.uk-gov-london-1.oraclegovcloud.uk/20160918");
    check(&plain, Service::Auth, "eu-frankfurt-2", "https://auth.eu-frankfurt-2.oraclecloud.eu");
    let ingestion = "https://telemetry-ingestion.us-phoenix-1.oraclecloud.com/20180401";
    check(&plain, Service::MonitoringIngestion, "phx", ingestion);
    let chat = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/20231130";
    check(&plain, Service::GenerativeAi, "ord", chat);
    check(&plain, Service::Streaming, "phx", "https://streaming.us-phoenix-1.oci.oraclecloud.com/20180418");
    check(&plain, Service::Functions, "phx", "https://functions.us-phoenix-1.oci.oraclecloud.com/20181201");
    check(&plain, Service::Limits, "phx", "https://limits.us-phoenix-1.oci.oraclecloud.com/20190729");
    check(&plain, Service::HealthChecks, "phx", "https://healthchecks.us-phoenix-1.oci.oraclecloud.com/20180501");
}

#[test]
fn complete_domains() {
    let plain = endpoints(&[]);
    check(&plain, Service::Core, "us-x-1.Example.cloud", "https://iaas.us-x-1.example.cloud/20160918");
    check(&plain, Service::GenerativeAi, "x.example", "https://inference.generativeai.x.example/20231130");
    check(&plain, Service::Streaming, "x.example", "https://streams.x.example/20180418");
}

#[test]
fn switches() {
    let dual = endpoints(&[(DUAL_STACK, "True")]);
    check(&dual, Service::ObjectStorage, "iad", "https://objectstorage.us-ashburn-1.ds.oci.oraclecloud.com");
    check(&dual, Service::Core, "iad", "https://iaas.us-ashburn-1.ds.oci.oraclecloud.com/20160918");
    let chat = "https://inference.generativeai.us-ashburn-1.ds.oci.oraclecloud.com/20231130";
    check(&dual, Service::GenerativeAi, "iad", chat);
    check(&dual, Service::Monitoring, "iad", "https://telemetry.us-ashburn-1.oraclecloud.com/20180401");
    check(&dual, Service::ObjectStorage, "x.example", "https://objectstorage.x.example");

    let realm = endpoints(&[(REALM_TEMPLATES, "true")]);
    let host = "objectstorage.us-ashburn-1.oci.customer-oci.com";
    check(&realm, Service::ObjectStorage, "iad", &format!("https://{host}"));
    let template = realm.template(Service::ObjectStorage, "iad").unwrap();
    assert_eq!(template, format!("https://{{namespaceName+Dot}}{host}"));
    assert_eq!(realm.object_storage("iad", "axaxnp").unwrap(), format!("https://axaxnp.{host}"));
    for wrong in ["", "a.b", "a/b", "evil.example/"] {
        assert!(matches!(realm.object_storage("iad", wrong), Err(Error::BadEndpoint { .. })), "{wrong}");
    }
    check(&realm, Service::ObjectStorage, "ric", "https://objectstorage.us-gov-ashburn-1.oraclegovcloud.com");
    check(&realm, Service::ObjectStorage, "xx-1", "https://objectstorage.xx-1.oraclecloud.com");
    check(&realm, Service::Core, "iad", "https://iaas.us-ashburn-1.oraclecloud.com/20160918");
    assert_eq!(endpoints(&[]).object_storage("ric", "a/b"), realm.url(Service::ObjectStorage, "ric"));

    let both = endpoints(&[(REALM_TEMPLATES, "true"), (DUAL_STACK, "true")]);
    let expected = "https://n.objectstorage.us-ashburn-1.ds.oci.customer-oci.com";
    assert_eq!(both.object_storage("iad", "n").as_deref(), Ok(expected));
    let neither = endpoints(&[(REALM_TEMPLATES, "1"), (DUAL_STACK, "yes")]);
    check(&neither, Service::ObjectStorage, "iad", "https://objectstorage.us-ashburn-1.oraclecloud.com");
}

#[test]
fn functions_version() {
    let newer = endpoints(&[(FUNCTIONS_VERSION, "20260325")]);
    check(&newer, Service::Functions, "phx", "https://functions.us-phoenix-1.oci.oraclecloud.com/20260325");
    check(&newer, Service::Core, "phx", "https://iaas.us-phoenix-1.oraclecloud.com/20160918");
    let empty = endpoints(&[(FUNCTIONS_VERSION, "")]);
    check(&empty, Service::Functions, "phx", "https://functions.us-phoenix-1.oci.oraclecloud.com/20181201");
    for wrong in ["latest", "2026-03-25", "/2026032", "../../..", "２０２６"] {
        let refused = Endpoints::new(effects(&[(FUNCTIONS_VERSION, wrong)]));
        assert!(matches!(refused, Err(Error::BadVariable { .. })), "{wrong}");
    }
}

#[test]
fn overrides_by_rank() {
    let here = "http://127.0.0.1:9000/";
    let all = endpoints(&[("CAUSEWAY_OCI_ENDPOINT", here), ("CAUSEWAY_OCI_ENDPOINT_CORE", "https://core.example")]);
    check(&all, Service::ObjectStorage, "", "http://127.0.0.1:9000");
    check(&all, Service::Monitoring, "not a region", "http://127.0.0.1:9000/20180401");
    check(&all, Service::Auth, "iad", "http://127.0.0.1:9000");
    check(&all, Service::Core, "iad", "https://core.example/20160918");
    assert_eq!(all.object_storage("", "ns").as_deref(), Ok("http://127.0.0.1:9000"));
    assert!(all.is_overridden(Service::Dns) && !endpoints(&[]).is_overridden(Service::Dns));

    let cli = endpoints(&[
        ("OCI_CLI_ENDPOINT", "https://cli.example/20160918/"),
        ("OCI_CLI_FEDERATION_ENDPOINT", "https://fed.example/v1/x509"),
    ]);
    check(&cli, Service::Core, "", "https://cli.example/20160918");
    check(&cli, Service::Auth, "", "https://fed.example");
    let go = [("OCI_SDK_AUTH_CLIENT_REGION_URL", "https://go.example"), ("OCI_CLI_ENDPOINT", "")];
    check(&endpoints(&go), Service::Auth, "", "https://go.example");
    assert_eq!(endpoints(&go).url(Service::Core, ""), Err(Error::RegionRequired));
}

#[test]
fn bad_overrides_name_their_variable() {
    let secret = "https://user:secret@core.example";
    for (name, value) in [
        ("CAUSEWAY_OCI_ENDPOINT_OBJECT_STORAGE", "http://example.com"),
        ("CAUSEWAY_OCI_ENDPOINT", secret),
        ("OCI_CLI_ENDPOINT", "https://cli.example/path"),
        ("OCI_CLI_FEDERATION_ENDPOINT", "http://169.254.169.254/v1/x509"),
    ] {
        let error = Endpoints::new(effects(&[(name, value)])).unwrap_err();
        assert!(matches!(&error, Error::BadVariable { name: named, .. } if named == name), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn members_are_checked() {
    let plain = endpoints(&[]);
    let invoke = plain.member(Service::Functions, "https://abc.us-phoenix-1.functions.oci.oraclecloud.com/");
    assert_eq!(invoke.unwrap(), "https://abc.us-phoenix-1.functions.oci.oraclecloud.com/20181201");
    assert!(plain.member(Service::Functions, "http://abc.example").is_err());
    assert!(plain.member(Service::Streaming, "https://u@abc.example").is_err());
}

#[test]
fn every_service_has_a_name_of_its_own_and_a_url() {
    let names = Service::ALL.iter().map(|service| service.name()).collect::<BTreeSet<_>>();
    assert_eq!(names.len(), Service::ALL.len());
    for service in Service::ALL {
        let url = endpoints(&[]).url(service, "iad").unwrap();
        assert!(super::url(&url).is_ok(), "{url}");
    }
}
