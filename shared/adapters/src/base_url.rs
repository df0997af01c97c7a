//! Addresses of servers that variables name.

use causeway_oci_auth::{Error, endpoint};
use http::Uri;

/// A base URL by the rules of endpoints: no user information, no fragment and no query; plain http only to this machine,
/// or with `allows_http`, which is what the variable `allowed_by` says.
///
/// # Errors
/// What is wrong with it, without the URL.
pub(crate) fn base_url(base: &str, allows_http: bool, allowed_by: &str) -> Result<Uri, String> {
    let checked = match base.strip_prefix("http://") {
        Some(rest) if allows_http => endpoint::url(&format!("https://{rest}")),
        _ => endpoint::url(base),
    };
    let uri = checked.map_err(|error| match error {
        Error::BadEndpoint { reason, .. } if reason.contains("plain http") => {
            format!("{reason}, or set {allowed_by}=true")
        }
        Error::BadEndpoint { reason, .. } => reason,
        _ => "no URL".to_owned(),
    })?;
    if uri.query().is_some() { Err("the URL must have no query".to_owned()) } else { Ok(uri) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |base: &str, allows_http: bool, expected: Result<&str, &str>| {
            let found = base_url(base, allows_http, "ALLOW");
            match expected {
                Ok(path) => assert_eq!(found.as_ref().map(Uri::path), Ok(path), "{base}"),
                Err(reason) => assert!(found.as_ref().is_err_and(|told| told.contains(reason)), "{base}: {found:?}"),
            }
        };
        check("http://localhost:8080", false, Ok("/"));
        check("http://127.0.0.1:8080/fn", false, Ok("/fn"));
        check("https://fn.example", false, Ok("/"));
        check("http://fn.example:8080", true, Ok("/"));
        check("http://fn.example:8080", false, Err("set ALLOW=true"));
        check("https://user:word@fn.example", false, Err("user information"));
        check("http://user:word@fn.example", true, Err("user information"));
        check("https://fn.example?a=b", false, Err("no query"));
        check("https://fn.example#a", false, Err("fragment"));
        check("ftp://fn.example", true, Err("https://"));
        check("localhost:8080", false, Err("https://"));
        check("", false, Err("not a URL"));
    }
}
