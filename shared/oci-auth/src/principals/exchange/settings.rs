//! With whom tokens are exchanged, and in which form.

use crate::region::Regions;
use crate::{Effects, Error, Secret, endpoint};

/// Environment variables: ours, and after them those of Oracle's Terraform provider.
const DOMAIN: [&str; 2] = ["CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL", "OCI_TOKEN_EXCHANGE_DOMAIN_URL"];
const CLIENT_ID: [&str; 2] = ["CAUSEWAY_OCI_EXCHANGE_CLIENT_ID", "OCI_TOKEN_EXCHANGE_CLIENT_ID"];
const CLIENT_SECRET: [&str; 2] = ["CAUSEWAY_OCI_EXCHANGE_CLIENT_SECRET", "OCI_TOKEN_EXCHANGE_CLIENT_SECRET"];
const SUBJECT_TYPE: [&str; 2] = ["CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_TYPE", "OCI_TOKEN_EXCHANGE_SUBJECT_TOKEN_TYPE"];
const REQUESTED_TYPE: [&str; 2] =
    ["CAUSEWAY_OCI_EXCHANGE_REQUESTED_TOKEN_TYPE", "OCI_TOKEN_EXCHANGE_REQUESTED_TOKEN_TYPE"];
const RESOURCE_TYPE: [&str; 2] = ["CAUSEWAY_OCI_EXCHANGE_RESOURCE_TYPE", "OCI_TOKEN_EXCHANGE_RESOURCE_TYPE"];
const RPST_EXP: [&str; 2] = ["CAUSEWAY_OCI_EXCHANGE_RPST_EXP", "OCI_TOKEN_EXCHANGE_RPST_EXP"];
const PATH: [&str; 1] = ["CAUSEWAY_OCI_EXCHANGE_PATH"];
/// How the exchange itself is authorised. Only the confidential application's credentials are known here.
const AUTH: &str = "OCI_TOKEN_EXCHANGE_AUTH";
const REGION: &str = "OCI_REGION";

/// A user's session token: the only kind that both of Oracle's SDKs ask for.
const UPST: &str = "urn:oci:token-type:oci-upst";
/// A resource's session token.
const RPST: &str = "urn:oci:token-type:oci-rpst";

/// With whom tokens are exchanged, and in which form.
///
/// The defaults are what `TokenExchangeSigner` of Oracle's Python SDK 2.189.0 and the token exchange provider of the
/// Go SDK 65 send. What only some of Oracle's tools send, or what no live service has confirmed, is marked
/// "unconfirmed"; all of it can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// URL of the identity domain, such as `https://idcs-0123.identity.oraclecloud.com`.
    pub domain_url: String,
    /// Path of its token endpoint.
    pub path: String,
    /// The confidential application that may exchange tokens, sent by HTTP Basic as the SDKs do: id and secret as
    /// they are, joined by a colon. Unconfirmed: that a domain takes requests without one.
    pub client: Option<Client>,
    /// `subject_token_type`: `jwt`. The Terraform provider lets people set `urn:ietf:params:oauth:token-type:jwt` as
    /// well (unconfirmed).
    pub subject_token_type: String,
    /// `requested_token_type`: `urn:oci:token-type:oci-upst`, a user's session token.
    /// `urn:oci:token-type:oci-rpst` asks for a resource's (unconfirmed).
    pub requested_token_type: String,
    /// `res_type`, the resource type of the domain's trust configuration; needed for a resource's token
    /// (unconfirmed).
    pub resource_type: Option<String>,
    /// `rpst_exp`, the wanted life of a resource's token in seconds (unconfirmed).
    pub rpst_exp: Option<u32>,
    /// The region's name, which the token does not say.
    pub region: Option<String>,
}

/// A confidential application of an identity domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
}

impl Settings {
    /// The defaults for a domain.
    ///
    /// # Errors
    /// [`Error::BadEndpoint`], as [`endpoint::origin`].
    pub fn new(domain_url: &str) -> Result<Self, Error> {
        Ok(Self {
            domain_url: endpoint::origin(domain_url)?,
            path: "/oauth2/v1/token".to_owned(),
            client: None,
            subject_token_type: "jwt".to_owned(),
            requested_token_type: UPST.to_owned(),
            resource_type: None,
            rpst_exp: None,
            region: None,
        })
    }

    /// What the variables say: `CAUSEWAY_OCI_EXCHANGE_` and `DOMAIN_URL`, `CLIENT_ID`, `CLIENT_SECRET`,
    /// `SUBJECT_TOKEN_TYPE`, `REQUESTED_TOKEN_TYPE`, `RESOURCE_TYPE`, `RPST_EXP`, `PATH`; where ours is not set, the
    /// Terraform provider's `OCI_TOKEN_EXCHANGE_` and the same endings but the last. The region is that of
    /// `OCI_REGION`.
    ///
    /// # Errors
    /// [`Error::MissingVariable`] and [`Error::BadVariable`].
    pub fn from_environment(effects: &Effects) -> Result<Self, Error> {
        let (name, domain) = first(effects, &DOMAIN)?.ok_or_else(|| Error::MissingVariable(DOMAIN[0].to_owned()))?;
        let mut settings = Self::new(&domain).map_err(|error| bad(name, &error.to_string()))?;
        check_auth(effects)?;
        settings.client = client(effects)?;
        let text = |names: &[&'static str]| Ok::<_, Error>(first(effects, names)?.map(|(_, text)| text));
        settings.subject_token_type = text(&SUBJECT_TYPE)?.unwrap_or(settings.subject_token_type);
        settings.requested_token_type = text(&REQUESTED_TYPE)?.unwrap_or(settings.requested_token_type);
        settings.resource_type = text(&RESOURCE_TYPE)?;
        if settings.requested_token_type == RPST && settings.resource_type.is_none() {
            return Err(Error::MissingVariable(RESOURCE_TYPE[0].to_owned()));
        }
        let seconds =
            |(name, text): (&'static str, String)| text.parse().map_err(|_| bad(name, "not a number of seconds"));
        settings.rpst_exp = first(effects, &RPST_EXP)?.map(seconds).transpose()?;
        settings.path = text(&PATH)?.unwrap_or(settings.path);
        settings.region = Regions::new(effects.clone()).of_variable(REGION)?.map(|region| region.id);
        settings.url().map_err(|error| bad(PATH[0], &error.to_string()))?;
        Ok(settings)
    }

    /// Whether the variables name a domain.
    pub(crate) fn is_named(effects: &Effects) -> Result<bool, Error> {
        Ok(first(effects, &DOMAIN)?.is_some())
    }

    /// The variable that names a domain, for messages.
    pub(crate) const fn variable() -> &'static str {
        DOMAIN[0]
    }

    /// URL of the token endpoint.
    pub(super) fn url(&self) -> Result<http::Uri, Error> {
        // Anything else would be the end of the host name.
        if !self.path.starts_with('/') {
            let reason = "the path must start with a slash".to_owned();
            return Err(Error::BadEndpoint { endpoint: self.path.clone(), reason });
        }
        endpoint::url(&format!("{}{}", endpoint::origin(&self.domain_url)?, self.path))
    }
}

/// The first of the variables that is set, and its value without blanks around it; an empty one counts as not set.
pub(super) fn first(effects: &Effects, names: &[&'static str]) -> Result<Option<(&'static str, String)>, Error> {
    for name in names {
        if let Some(text) = effects.text(name)?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
            return Ok(Some((name, text)));
        }
    }
    Ok(None)
}

fn check_auth(effects: &Effects) -> Result<(), Error> {
    match effects.text(AUTH)?.as_deref().map(str::trim) {
        None | Some("" | "OAuthClientCredentials") => Ok(()),
        Some(_) => Err(bad(AUTH, "only OAuthClientCredentials is known")),
    }
}

fn client(effects: &Effects) -> Result<Option<Client>, Error> {
    let missing = |name: &str| Err(Error::MissingVariable(name.to_owned()));
    match (first(effects, &CLIENT_ID)?, first(effects, &CLIENT_SECRET)?) {
        (None, None) => Ok(None),
        (Some(_), None) => missing(CLIENT_SECRET[0]),
        (None, Some(_)) => missing(CLIENT_ID[0]),
        // The colon ends the id in HTTP Basic.
        (Some((name, id)), Some(_)) if id.contains(':') => Err(bad(name, "a colon cannot be in it")),
        (Some((_, id)), Some((_, secret))) => Ok(Some(Client { id, secret: Secret::new(secret) })),
    }
}

fn bad(name: &str, reason: &str) -> Error {
    Error::BadVariable { name: name.to_owned(), reason: reason.to_owned() }
}
