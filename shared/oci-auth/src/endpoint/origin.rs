//! Checks of endpoints that people, variables and services give: a signed request must not go to a place that
//! was smuggled in, and a token must not cross a network in clear.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

use crate::Error;
use crate::region::label::is_host;

/// Longest part of a refused endpoint that an error shows, in characters.
const SHOWN: usize = 200;

/// The endpoint `scheme://host[:port]`, without a slash at its end and with the host in lower case.
///
/// Plain `http` is for this machine alone: `localhost`, 127.0.0.0/8 and `::1`.
///
/// # Errors
///
/// [`Error::BadEndpoint`] for another scheme, user information, a path, a query, a fragment, or a host that is
/// neither a name nor an address.
pub fn origin(text: &str) -> Result<String, Error> {
    let (uri, origin) = parts(text)?;
    if uri.path() == "/" && uri.query().is_none() {
        return Ok(origin);
    }
    Err(refused(text, "only scheme, host and port are allowed, no path or query"))
}

/// A complete URL, with the same rules for scheme, user information, host and fragment.
///
/// # Errors
///
/// [`Error::BadEndpoint`], as for [`origin`].
pub fn url(text: &str) -> Result<Uri, Error> {
    parts(text).map(|(uri, _)| uri)
}

fn parts(text: &str) -> Result<(Uri, String), Error> {
    let trimmed = text.trim();
    let refused = |reason| refused(text, reason);
    // `Uri` drops fragments without a word.
    if trimmed.contains('#') {
        return Err(refused("a fragment is not allowed"));
    }
    let uri: Uri = trimmed.parse().map_err(|_| refused("not a URL"))?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
    let scheme = scheme.ok_or_else(|| refused("it must start with https://, or http:// on this machine"))?;
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    if authority.contains('@') {
        return Err(refused("user information is not allowed"));
    }
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    if !is_address(&host) && !is_host(&host) {
        return Err(refused("the host is neither a name nor an address"));
    }
    let port = authority.get(host.len()..).unwrap_or_default();
    if !is_port(port) {
        return Err(refused("the port is not a number from 1 to 65535"));
    }
    if scheme == "http" && !is_loopback(&host) {
        return Err(refused("plain http is for localhost, 127.0.0.0/8 and ::1; use https"));
    }
    let origin = format!("{scheme}://{host}{port}");
    Ok((uri, origin))
}

fn is_address(host: &str) -> bool {
    bracketed(host).is_some()
}

fn bracketed(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn is_loopback(host: &str) -> bool {
    let v4 = || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    host == "localhost" || v4() || bracketed(host).is_some_and(|address| address.is_loopback())
}

fn is_port(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(':') else { return text.is_empty() };
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|port| port > 0)
}

fn refused(text: &str, reason: &str) -> Error {
    Error::BadEndpoint { endpoint: shown(text), reason: reason.to_owned() }
}

/// The text without what may be private: user information, query, fragment.
fn shown(text: &str) -> String {
    let (scheme, rest) = text.find("://").map_or(("", text), |at| text.split_at(at + 3));
    // First the user information, which may itself have a question mark or a hash in it.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    scheme.chars().chain(rest[..end].chars()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepted() {
        let check = |text: &str, expected: &str| assert_eq!(origin(text), Ok(expected.to_owned()), "{text}");
        check("https://iaas.us-phoenix-1.oraclecloud.com", "https://iaas.us-phoenix-1.oraclecloud.com");
        check(" HTTPS://Iaas.Example/\n", "https://iaas.example");
        check("https://a_b.example:8443", "https://a_b.example:8443");
        check("https://10.0.0.7", "https://10.0.0.7");
        check("https://[fd00::1]:443", "https://[fd00::1]:443");
        check("http://localhost:8080/", "http://localhost:8080");
        check("http://LOCALHOST", "http://localhost");
        check("http://127.0.0.1", "http://127.0.0.1");
        check("http://127.255.3.1:1", "http://127.255.3.1:1");
        check("http://[::1]:9", "http://[::1]:9");
        check("http://[0:0:0:0:0:0:0:1]", "http://[0:0:0:0:0:0:0:1]");
    }

    #[test]
    fn refused_endpoints() {
        let check = |text: &str, expected: &str| match origin(text) {
            Err(Error::BadEndpoint { reason, .. }) => assert!(reason.contains(expected), "{text}: {reason}"),
            other => panic!("{text}: {other:?}"),
        };
        for plain in ["example.com", "localhost.evil.example", "128.0.0.1", "127.1", "0177.0.0.1", "2130706433"] {
            check(&format!("http://{plain}"), "plain http");
        }
        for plain in ["169.254.169.254", "[::2]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "localhost.", "local-host"] {
            assert!(origin(&format!("http://{plain}:80")).is_err(), "{plain}");
        }
        check("https://user@example.com", "user information");
        check("https://user:secret@example.com", "user information");
        check("https://localhost@example.com", "user information");
        check("https://example.com/path", "no path");
        check("https://example.com//", "no path");
        check("https://example.com/?q", "no path");
        check("https://example.com?q=1", "no path");
        check("https://example.com/#f", "fragment");
        check("http://127.0.0.1#@evil.example", "fragment");
        check("ftp://example.com", "https://");
        check("example.com", "https://");
        check("/only/path", "https://");
        check("", "not a URL");
        check("https://", "not a URL");
        check("https://exa mple.com", "not a URL");
        check("https://a..b", "host");
        check("https://.a", "host");
        check("https://a.", "host");
        check("https://a%2fb", "");
        check("https://[::1", "");
        check("https://[::1%25lo]", "");
        check("https://example.com:", "port");
        check("https://example.com:0", "port");
        check("https://example.com:65536", "port");
        check("https://example.com:+1", "");
        check(&format!("https://{}", "a".repeat(100_000)), "not a URL");
    }

    #[test]
    fn errors_hide_what_may_be_private() {
        let check = |text: &str, expected: &str| match origin(text) {
            Err(Error::BadEndpoint { endpoint, .. }) => assert_eq!(endpoint, expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        };
        check("https://user:secret@example.com", "https://example.com");
        check("user:secret@example.com", "example.com");
        check("https://user:sec@ret@example.com/p?token=secret#secret", "https://example.com/p");
        check("https://user:secr?et@example.com", "https://example.com");
        check("https://user:secr#et@example.com#secret", "https://example.com");
        check("https://example.com?token=secret", "https://example.com");
        check(&format!("ftp://{}", "é".repeat(1000)), &format!("ftp://{}", "é".repeat(194)));
    }

    #[test]
    fn urls_may_have_paths() {
        let check = |text: &str, good: bool| assert_eq!(url(text).is_ok(), good, "{text}");
        check("https://rpt.example/20180711/token?a=b", true);
        check("http://127.0.0.1:1/x", true);
        check("http://rpt.example/x", false);
        check("https://u@rpt.example/x", false);
        check("https://rpt.example/x#y", false);
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            let _ = origin(&text);
            let _ = url(&text);
        }

        /// Whatever is accepted has a scheme, a host and perhaps a port, and nothing else.
        #[test]
        fn nothing_else_gets_through(
            scheme in "(https?|ftp)", user in "([a-z:]{1,4}@)?", host in "[a-zA-Z0-9._\\[\\]:%-]{0,12}",
            rest in "(:[0-9]{0,5})?[/?#@a-z]{0,4}",
        ) {
            let text = format!("{scheme}://{user}{host}{rest}");
            if let Ok(accepted) = origin(&text) {
                prop_assert!(user.is_empty());
                let after = accepted.split_once("://").unwrap().1.to_owned();
                prop_assert!(!after.contains(['/', '?', '#', '@', '%']));
                prop_assert_eq!(origin(&accepted), Ok(accepted.clone()));
                let parsed = accepted.parse::<Uri>().unwrap();
                prop_assert!(parsed.scheme_str() == Some("https") || is_loopback(parsed.host().unwrap()));
            }
        }

        #[test]
        fn plain_http_stays_on_this_machine(host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}", octets in any::<[u8; 4]>()) {
            prop_assume!(host != "localhost");
            let refused = origin(&format!("http://{host}")).is_err();
            prop_assert!(refused);
            let address = Ipv4Addr::from(octets);
            prop_assert_eq!(origin(&format!("http://{address}")).is_ok(), octets[0] == 127);
        }
    }
}
