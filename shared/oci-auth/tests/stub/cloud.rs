//! Answers of a metadata service, a federation and the services that give out resource tokens.

use serde_json::json;

use super::{BEGIN, LEAF, Reply, SECOND, TENANCY, World, certificate, ok, rpst, token};

pub const METADATA: &str = "http://169.254.169.254/opc/v2";
pub const FEDERATION: &str = "POST https://auth.us-phoenix-1.oraclecloud.com/v1/x509";
pub const SESSION: &str = "POST https://auth.us-phoenix-1.oraclecloud.com/v1/resourcePrincipalSessionToken";

/// A token as the federation gives out; it names no key.
pub fn given(name: &str, expiry: u64) -> String {
    token(&json!({"sub": name, "exp": expiry, "iat": BEGIN, "opc-tenant": TENANCY}))
}

/// The federation's answer with such a token.
pub fn answer(name: &str, expiry: u64) -> Reply {
    ok(json!({"token": given(name, expiry)}).to_string())
}

/// Certificate of an instance.
pub fn leaf(tenancy: &str) -> String {
    certificate(LEAF, &format!("opc-tenant:{tenancy}"))
}

/// A metadata service and a federation that gives out `one` and then `two`.
pub fn add_instance(world: &World) {
    add_metadata(world, METADATA);
    world.web.on(FEDERATION, &[answer("one", BEGIN + 1200), answer("two", BEGIN + 2400)]);
}

/// A metadata service.
pub fn add_metadata(world: &World, base: &str) {
    for (path, content) in [
        ("identity/cert.pem", leaf(TENANCY)),
        ("identity/key.pem", LEAF.to_owned()),
        ("identity/intermediate.pem", certificate(SECOND, "intermediate")),
        ("instance/region", " PHX\n".to_owned()),
        ("instance/id", "ocid1.instance.oc1.phx.throwaway".to_owned()),
    ] {
        world.web.on(&format!("GET {base}/{path}"), &[ok(content)]);
    }
}

/// What the owner of a resource answers.
pub fn tokens() -> Reply {
    ok(json!({"resourcePrincipalToken": "rpt", "servicePrincipalSessionToken": "spst", "more": 1}).to_string())
}

/// The auth service's answer with a session token.
pub fn session(name: &str, pem: &str) -> Reply {
    ok(json!({"token": rpst(name, pem, BEGIN + 1200)}).to_string())
}
