//! Regions that the program does not know, described by JSON: what OCI Functions puts into
//! `OCI_REGION_METADATA`, the metadata service answers to `/instance/regionInfo`, and
//! `~/.oci/regions-config.json` lists.

use serde::Deserialize;
use serde_json::Value;

use super::label::{is_host, is_label};

/// A region as its metadata describes it, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// `realmKey`, such as `oc1`.
    pub realm: String,
    /// `realmDomainComponent`, the second-level domain.
    pub domain: String,
    /// `regionKey`, the short code.
    pub code: String,
    /// `regionIdentifier`, the name.
    pub name: String,
}

/// Why region metadata is left out of account. Holds nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// No JSON.
    #[error("not JSON (line {line}, column {column})")]
    NotJson {
        /// 1-based line of the fault.
        line: usize,
        /// 1-based column of the fault.
        column: usize,
    },
    /// Neither an object nor an array of objects.
    #[error("not an object")]
    NotAnObject,
    /// A member is not there, is empty, or is no text.
    #[error("{0} is missing, empty or no text")]
    Missing(&'static str),
    /// A member has characters that cannot stand in a host name.
    #[error("{0} cannot be part of a host name")]
    BadText(&'static str),
}

/// Reads one description or an array of them, with one outcome for each. Unknown members are skipped.
///
/// # Errors
///
/// [`MetadataError`] when the text as a whole is of no use.
pub fn parse_metadata(text: &str) -> Result<Vec<Result<Metadata, MetadataError>>, MetadataError> {
    let value = serde_json::from_str(text)
        .map_err(|error| MetadataError::NotJson { line: error.line(), column: error.column() })?;
    match value {
        Value::Array(entries) => Ok(entries.into_iter().map(read).collect()),
        single => Ok(vec![Ok(read(single)?)]),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    realm_key: Option<Value>,
    realm_domain_component: Option<Value>,
    region_key: Option<Value>,
    region_identifier: Option<Value>,
}

fn read(entry: Value) -> Result<Metadata, MetadataError> {
    // Serde would take an array for a struct as well.
    if !entry.is_object() {
        return Err(MetadataError::NotAnObject);
    }
    let raw = Raw::deserialize(entry).map_err(|_| MetadataError::NotAnObject)?;
    Ok(Metadata {
        realm: member("realmKey", raw.realm_key.as_ref(), is_label)?,
        domain: member("realmDomainComponent", raw.realm_domain_component.as_ref(), is_host)?,
        code: member("regionKey", raw.region_key.as_ref(), is_label)?,
        name: member("regionIdentifier", raw.region_identifier.as_ref(), is_label)?,
    })
}

fn member(name: &'static str, value: Option<&Value>, fits: fn(&str) -> bool) -> Result<String, MetadataError> {
    let text = value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or(MetadataError::Missing(name))?.to_ascii_lowercase();
    if fits(&text) { Ok(text) } else { Err(MetadataError::BadText(name)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    const GOOD: &str = r#"{"realmKey":"OC99","realmDomainComponent":"OracleCloud99.com","regionKey":"XNT",
        "regionIdentifier":"xx-newtown-1","more":[1]}"#;

    fn good() -> Metadata {
        let owned = str::to_owned;
        let (realm, domain) = (owned("oc99"), owned("oraclecloud99.com"));
        Metadata { realm, domain, code: owned("xnt"), name: owned("xx-newtown-1") }
    }

    #[test]
    fn object_or_array() {
        assert_eq!(parse_metadata(GOOD), Ok(vec![Ok(good())]));
        let listed = parse_metadata(&format!("[{GOOD}, 7, {{}}, {GOOD}]")).unwrap();
        assert_eq!(listed[0], Ok(good()));
        assert_eq!(listed[1], Err(MetadataError::NotAnObject));
        assert_eq!(listed[2], Err(MetadataError::Missing("realmKey")));
        assert_eq!(listed[3], Ok(good()));
    }

    #[test]
    fn faults() {
        let check = |text: &str, expected: MetadataError| assert_eq!(parse_metadata(text), Err(expected), "{text}");
        check(r#"{"realmKey":"oc99""#, MetadataError::NotJson { line: 1, column: 18 });
        check("\"text\"", MetadataError::NotAnObject);
        check(&GOOD.replace("OC99\"", "\""), MetadataError::Missing("realmKey"));
        check(&GOOD.replace("\"XNT\"", "7"), MetadataError::Missing("regionKey"));
        check(&GOOD.replace("xx-newtown-1", "xx/../1"), MetadataError::BadText("regionIdentifier"));
        check(&GOOD.replace("OracleCloud99.com", "a@evil.example"), MetadataError::BadText("realmDomainComponent"));
        check(&GOOD.replace("OracleCloud99.com", "evil.example#"), MetadataError::BadText("realmDomainComponent"));
        let deep = "[".repeat(100_000);
        assert!(matches!(parse_metadata(&deep), Err(MetadataError::NotJson { .. })));
    }
}
