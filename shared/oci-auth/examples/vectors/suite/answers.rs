//! What the services of a recorded flow answer.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::case::{Case, variables};
use super::keys::Keys;
use super::stub;

/// The answers of one case: the certificates and tokens that its exchanges were recorded with.
pub(crate) struct Answers {
    leaf: Option<String>,
    leaf_key: Option<String>,
    intermediate: Option<String>,
    region: String,
    instance: String,
    federated: Value,
    exchanged: Value,
    fetched: Value,
    parents: Vec<String>,
}

impl Answers {
    pub(crate) fn of(case: &Case<'_>, keys: &Keys<'_>) -> Result<Self, String> {
        let sibling = case.maybe_text("session_key").unwrap_or_default();
        let pem = |ending| keys.ending(ending, sibling).map(|name| keys.pem(name).map(str::to_owned)).transpose();
        let token = |name| json!({ "token": case.maybe_text(name).unwrap_or_default() });
        let urls = case.list("http").filter_map(|request| request.maybe_text("url"));
        let instance = urls.flat_map(|url| url.split('/')).find(|part| part.starts_with("ocid1.instance."));
        Ok(Self {
            leaf: pem("_leaf_cert")?,
            leaf_key: pem("_leaf")?,
            intermediate: pem("_intermediate_cert")?,
            region: case.maybe_text("region_from_imds").unwrap_or_default().to_owned(),
            instance: instance.unwrap_or("ocid1.instance.oc1..unknown").to_owned(),
            federated: token("security_token"),
            exchanged: token("rpst"),
            fetched: fetched(case),
            parents: parents(case),
        })
    }

    pub(crate) fn to(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let (path, url) = (request.uri().path(), request.uri().to_string());
        let is_read = request.headers().get("authorization").is_some_and(|value| value == "Bearer Oracle");
        if is_read {
            return self.metadata(path).map(|text| Response::new(Bytes::from(text)));
        }
        if request.method() == "POST" {
            let content = if path.ends_with("/x509") { &self.federated } else { &self.exchanged };
            return Some(stub::json(content));
        }
        let mut answer = stub::json(&self.fetched);
        let next = self.parents.iter().position(|parent| *parent == url).and_then(|at| self.parents.get(at + 1));
        if let Some(next) = next {
            answer.headers_mut().insert("opc-parent-rpt-url", next.parse().ok()?);
        }
        Some(answer)
    }

    fn metadata(&self, path: &str) -> Option<String> {
        match path.rsplit_once('/')?.1 {
            "cert.pem" => self.leaf.clone(),
            "key.pem" => self.leaf_key.clone(),
            "intermediate.pem" => self.intermediate.clone(),
            "region" => Some(self.region.clone()),
            "id" => Some(self.instance.clone()),
            _ => None,
        }
    }
}

/// The two tokens of the fetch, as the exchange that followed it sent them on.
fn fetched(case: &Case<'_>) -> Value {
    let bodies = case.list("http").filter_map(|request| request.bytes("body_b64").ok().flatten());
    let mut bodies = bodies.filter_map(|body| serde_json::from_slice::<Value>(&body).ok());
    let sent = bodies.find(|body| body.get("resourcePrincipalToken").is_some()).unwrap_or_default();
    let member = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or("a-token").to_owned();
    let names = ["resourcePrincipalToken", "servicePrincipalSessionToken"];
    Value::Object(names.into_iter().map(|name| (name.to_owned(), Value::from(member(name)))).collect())
}

/// The parents of a nested principal in the order of the record: each one's answer names the next.
fn parents(case: &Case<'_>) -> Vec<String> {
    let Some(first) = variables(case).remove("OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE") else {
        return Vec::new();
    };
    let is_fetch = |request: &Case<'_>| request.maybe_text("method") == Some("GET") && request.get("signed").is_some();
    let urls = case.list("http").filter(is_fetch).filter_map(|request| request.maybe_text("url"));
    let slashed = format!("{first}/");
    urls.skip_while(|url| *url != first && *url != slashed).map(str::to_owned).collect()
}
