//! The auth service: instances and resources exchange what they are for session tokens.

use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

use crate::Emulator;
use crate::auth::{PrincipalKind, PublicKey};
use crate::call::Call;
use crate::error::Error;
use crate::principals::{PrincipalError, Resource};
use crate::reply::{self, Reply, ReplyExt};
use crate::route::{Route, Service, Sign};

/// How long tokens live.
const INSTANCE_LIFETIME: SignedDuration = SignedDuration::from_mins(20);
const RESOURCE_LIFETIME: SignedDuration = SignedDuration::from_mins(20);

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "auth",
    hosts: &["auth"],
    bases: &[""],
    routes: &[
        Route::post("X509Federation", "/v1/x509", instance).sign(Sign::Certificate),
        Route::post("ResourcePrincipalSessionToken", "/v1/resourcePrincipalSessionToken", session),
        Route::get("GetResourcePrincipalToken", "/20180711/resourcePrincipalToken/{id}", resource_token),
    ],
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Federation {
    certificate: String,
    public_key: String,
    #[serde(default)]
    intermediate_certificates: Vec<String>,
}

fn failed(error: &PrincipalError) -> Error {
    tracing::error!(%error, "a token could not be made");
    Error::internal("The token could not be made.")
}

fn public_key(text: &str) -> Result<PublicKey, Error> {
    PublicKey::from_bare_base64(text)
        .ok_or_else(|| Error::invalid("The public key is no RSA key of 2048 bits or more."))
}

/// A token for the instance whose certificate has signed the request.
fn instance(emulator: &Emulator, call: &Call) -> Reply {
    let wanted: Federation = call.json()?;
    if !emulator.is_own_certificate(&wanted.certificate)? || wanted.intermediate_certificates.is_empty() {
        return Err(Error::not_authenticated("The certificate is not one of an instance."));
    }
    let key = public_key(&wanted.public_key)?;
    let claims = json!({
        "ttype": "x509",
        "opc-instance": emulator.metadata_instance(),
        "opc-compartment": emulator.default_compartment(),
        "opc-tenant": emulator.tenancy(),
        "opc-certtype": "instance",
    });
    let subject = emulator.metadata_instance();
    let token =
        emulator.token("instance", &subject, &key, INSTANCE_LIFETIME, &claims).map_err(|error| failed(&error))?;
    reply::json(&json!({ "token": token }))
}

/// What a resource shows to get its session token, for the instance it runs on.
fn resource_token(emulator: &Emulator, call: &Call) -> Reply {
    if call.principal.kind != PrincipalKind::Instance {
        return Err(Error::not_found());
    }
    let signer = emulator.token_signer()?;
    let claims = json!({ "ttype": "rpt", "res_id": call.param("id"), "opc-tenant": emulator.tenancy() });
    let make = |kind: &str| emulator.token(kind, call.param("id"), signer.public(), RESOURCE_LIFETIME, &claims);
    reply::json(&json!({
        "resourcePrincipalToken": make("rpt").map_err(|error| failed(&error))?,
        "servicePrincipalSessionToken": make("spst").map_err(|error| failed(&error))?,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    resource_principal_token: String,
    service_principal_session_token: String,
    session_public_key: String,
}

/// The session token of a resource.
fn session(emulator: &Emulator, call: &Call) -> Reply {
    let wanted: Session = call.json()?;
    let now = emulator.clock.gate_now().as_second();
    let signer = emulator.token_signer()?;
    let refused = || Error::not_authenticated("The tokens of the resource are not valid.");
    let resource = signer.holder(&wanted.resource_principal_token, now).ok_or_else(refused)?;
    let service = signer.holder(&wanted.service_principal_session_token, now).ok_or_else(refused)?;
    if resource.principal.id != service.principal.id {
        return Err(refused());
    }
    let key = public_key(&wanted.session_public_key)?;
    let resource = Resource {
        id: resource.principal.id.clone(),
        kind: "instance".to_owned(),
        compartment: emulator.default_compartment(),
        lifetime: Some(RESOURCE_LIFETIME),
    };
    let token = emulator.resource_token(&key, &resource, RESOURCE_LIFETIME).map_err(|error| failed(&error))?;
    reply::json(&json!({ "token": token })).status(StatusCode::OK)
}
