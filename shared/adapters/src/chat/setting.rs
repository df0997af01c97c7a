//! `CAUSEWAY_CHAT_MODEL`: which providers there are, in order.
//!
//! ```text
//! list    = entry *("," entry)
//! entry   = model | scheme ":" model *(";" name "=" value)
//!
//! name or OCID                          the cloud's own: Generative AI on OCI, Bedrock on AWS; an OCID is always OCI's
//! oci:MODEL[;format=F]                  Generative AI; F is generic, cohere or coherev2, for endpoints of one's own
//! oci-openai:MODEL[;path=P][;key=K]     Generative AI by its OpenAI-compatible route, P is /openai/v1 unless set
//! openai:MODEL@URL[;key=K]              any OpenAI-compatible server; without a path in the URL it is /v1
//! bedrock:MODEL[;region=R]              Bedrock Converse
//! replay:PATH                           recorded answers
//! none                                  no model, alone in the list
//! ```

use std::path::PathBuf;

use causeway_oci_auth::endpoint;
use causeway_oci_client::generative_ai::ApiFormat;

use crate::base_url::base_url;

/// Most entries of a list.
const MAX_ENTRIES: usize = 8;
/// What an OpenAI-compatible route of OCI is below, unless it is set.
pub(crate) const OCI_PATH: &str = "/openai/v1";
const SCHEMES: [&str; 5] = ["oci", "oci-openai", "openai", "bedrock", "replay"];

/// What a model without a scheme means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    Oci,
    Bedrock,
    /// There is no cloud that has models.
    Nothing,
}

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spec {
    None,
    Oci { model: String, format: Option<ApiFormat> },
    OciOpenAi { model: String, path: String },
    OpenAi { model: String, base: String },
    Bedrock { model: String, region: Option<String> },
    Replay { path: PathBuf },
}

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) spec: Spec,
    /// Name of the key, the end of `CAUSEWAY_CHAT_API_KEY_*`.
    pub(crate) key: Option<String>,
}

/// Reads the list.
///
/// # Errors
/// Every fault, with the number of its entry. None shows an entry: a URL may hold what is private.
pub(crate) fn read(text: &str, bare: Bare, allows_http: bool) -> Result<Vec<Entry>, Vec<String>> {
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    for (at, part) in text.split(',').enumerate() {
        match entry(part.trim(), bare, allows_http) {
            Ok(entry) if entries.contains(&entry) => faults.push(format!("entry {}: it is there twice", at + 1)),
            Ok(entry) => entries.push(entry),
            Err(fault) => faults.push(format!("entry {}: {fault}", at + 1)),
        }
    }
    if entries.len() > MAX_ENTRIES {
        faults.push(format!("more than {MAX_ENTRIES} entries"));
    }
    if entries.len() > 1 && entries.iter().any(|entry| entry.spec == Spec::None) {
        faults.push("none is only good alone".to_owned());
    }
    if faults.is_empty() { Ok(entries) } else { Err(faults) }
}

fn entry(text: &str, bare: Bare, allows_http: bool) -> Result<Entry, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text == "none" {
        return Ok(Entry { spec: Spec::None, key: None });
    }
    let mut pieces = text.split(';');
    let (scheme, model) = scheme(pieces.next().unwrap_or_default(), bare)?;
    let mut options = Options::read(pieces)?;
    let spec = spec(scheme, model, &mut options, allows_http).map_err(|fault| format!("{scheme}: {fault}"))?;
    let key = options.take("key").map(|key| key_name(&key)).transpose()?;
    if key.is_some() && !matches!(spec, Spec::OpenAi { .. } | Spec::OciOpenAi { .. }) {
        return Err(format!("{scheme}: it takes no key"));
    }
    options.end(scheme)?;
    Ok(Entry { spec, key })
}

/// The scheme and what follows it. Model names may have colons (`llava:7b`, ARNs, `...-v1:0`), so only a plain word
/// before the first one is taken for a scheme.
fn scheme(text: &str, bare: Bare) -> Result<(&'static str, &str), String> {
    let head = text.split_once(':');
    if let Some((word, model)) = head {
        if let Some(known) = SCHEMES.iter().find(|known| **known == word) {
            return Ok((known, model.trim()));
        }
        let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if is_word && word != "arn" {
            return Err(format!("an unknown scheme; known are {}", SCHEMES.join(", ")));
        }
    }
    match bare {
        _ if text.starts_with("ocid1.") => Ok(("oci", text)),
        _ if text.starts_with("arn:") => Ok(("bedrock", text)),
        Bare::Oci => Ok(("oci", text)),
        Bare::Bedrock => Ok(("bedrock", text)),
        Bare::Nothing => Err(format!(
            "a name alone is a model of the cloud, and there is none: set CAUSEWAY_CLOUD, or begin with one of {}",
            SCHEMES.join(", ")
        )),
    }
}

fn spec(scheme: &str, model: &str, options: &mut Options, allows_http: bool) -> Result<Spec, String> {
    if model.is_empty() || model.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("it names no model, or one with blanks".to_owned());
    }
    let model = model.to_owned();
    Ok(match scheme {
        "oci" => Spec::Oci { model, format: options.take("format").map(|name| format(&name)).transpose()? },
        "oci-openai" => Spec::OciOpenAi { model, path: path(options.take("path"))? },
        "openai" => {
            let (model, base) = at_server(&model, allows_http)?;
            Spec::OpenAi { model, base }
        }
        "bedrock" => Spec::Bedrock { model, region: options.take("region").map(|name| region(&name)).transpose()? },
        _ => Spec::Replay { path: PathBuf::from(model) },
    })
}

fn format(name: &str) -> Result<ApiFormat, String> {
    match name {
        "generic" => Ok(ApiFormat::Generic),
        "cohere" => Ok(ApiFormat::Cohere),
        "coherev2" => Ok(ApiFormat::CohereV2),
        _ => Err("format must be generic, cohere or coherev2".to_owned()),
    }
}

fn path(given: Option<String>) -> Result<String, String> {
    let path = given.unwrap_or_else(|| OCI_PATH.to_owned());
    let path = path.trim_end_matches('/');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    let fits = path.starts_with('/') && !path.contains("//") && path.bytes().all(plain);
    if fits { Ok(path.to_owned()) } else { Err("path must be such as /openai/v1".to_owned()) }
}

fn region(name: &str) -> Result<String, String> {
    let fits =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits { Ok(name.to_owned()) } else { Err("region must be such as us-east-1".to_owned()) }
}

fn key_name(name: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let fits = !name.is_empty() && name.len() <= 40 && name.bytes().all(plain);
    let wrong = "key is the end of a variable's name: capital letters, digits and _";
    if fits { Ok(name.to_owned()) } else { Err(wrong.to_owned()) }
}

/// Model and base URL, with `/v1` where the URL has no path.
fn at_server(text: &str, allows_http: bool) -> Result<(String, String), String> {
    let at = text.find("@http://").or_else(|| text.find("@https://")).ok_or("it must be model@URL")?;
    let (model, base) = (&text[..at], text[at + 1..].trim_end_matches('/'));
    if model.is_empty() {
        return Err("it names no model".to_owned());
    }
    let uri = base_url(base, allows_http, "CAUSEWAY_CHAT_ALLOW_HTTP")?;
    let path = if uri.path() == "/" { "/v1" } else { "" };
    Ok((model.to_owned(), format!("{base}{path}")))
}

/// What follows a model.
struct Options(Vec<(String, String)>);

impl Options {
    fn read<'a>(pieces: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let pair = |piece: &'a str| piece.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
        let mut options: Vec<(String, String)> = Vec::new();
        for piece in pieces {
            let (name, value) = pair(piece).filter(|(_, value)| !value.is_empty()).ok_or("after ; comes name=value")?;
            if options.iter().any(|(known, _)| known == name) {
                return Err("an option is there twice".to_owned());
            }
            options.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self(options))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    fn end(self, scheme: &str) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("{scheme}: it has an option that is unknown here")) }
    }
}

/// The variable of each entry's key, where it has one; faults of keys that would reach a server they are not for.
///
/// # Errors
/// Every fault.
pub(crate) fn keys(entries: &[Entry], has_common: bool) -> Result<Vec<Option<String>>, Vec<String>> {
    const COMMON: &str = "CAUSEWAY_CHAT_API_KEY";
    let mut faults = Vec::new();
    let common = |entry: &Entry| match &entry.spec {
        Spec::OpenAi { base, .. } if entry.key.is_none() && has_common => Some(origin(base)),
        _ => None,
    };
    let mut servers: Vec<String> = entries.iter().filter_map(common).collect();
    servers.dedup();
    if servers.len() > 1 {
        faults.push(format!("{COMMON} is for one server, and there are several: give each ;key=NAME"));
    }
    let named = |entry: &Entry| match (&entry.key, common(entry)) {
        (Some(name), _) => Some(format!("{COMMON}_{name}")),
        (None, Some(_)) => Some(COMMON.to_owned()),
        (None, None) => None,
    };
    let variables: Vec<_> = entries.iter().map(named).collect();
    for (at, (entry, variable)) in entries.iter().zip(&variables).enumerate() {
        if let (Spec::OpenAi { base, .. }, Some(_)) = (&entry.spec, variable)
            && base.starts_with("http://")
            && endpoint::url(base).is_err()
        {
            faults.push(format!("entry {}: a key is not sent over plain http", at + 1));
        }
    }
    if faults.is_empty() { Ok(variables) } else { Err(faults) }
}

/// Scheme, host and port of a base URL that was checked.
fn origin(base: &str) -> String {
    let end = base.find("://").and_then(|at| base[at + 3..].find('/').map(|end| at + 3 + end)).unwrap_or(base.len());
    base[..end].to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
