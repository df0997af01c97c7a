//! Which service and operation a request is for, from the raw path.
//!
//! Paths are matched before they are decoded: an object may be called `a/b`, which some clients send with a
//! plain slash and others as `a%2Fb`.

use futures_util::future::BoxFuture;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::pending::Pending;
use crate::reply::Reply;

/// How a request must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// By the rule of its method; the body is hashed for POST, PUT and PATCH.
    Full,
    /// Date, target and host only, whatever the method (uploads).
    HeadersOnly,
    /// Like [`Sign::Full`], or not at all: the handler decides what an unknown caller may see.
    Optional,
    /// By an instance's certificate; `host` is not signed.
    Certificate,
    /// Not at all.
    Never,
}

/// How an operation is carried out.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// With the whole body in memory, at most [`Route::max_body`] bytes.
    Whole(fn(&Emulator, &Call) -> Reply),
    /// With the body as it arrives, or with a wait.
    Streamed(fn(Emulator, Call, Pending) -> BoxFuture<'static, Reply>),
}

/// One operation of a service.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// Oracle's name of the operation, such as `PutObject`; faults select by it.
    pub(crate) name: &'static str,
    /// Such as `PUT`.
    method: &'static str,
    pattern: &'static str,
    pub(crate) sign: Sign,
    pub(crate) handler: Handler,
    /// Bytes.
    pub(crate) max_body: usize,
    /// Whether `opc-retry-token` makes a repeated call harmless.
    pub(crate) repeatable: bool,
}

/// Largest request body of an ordinary call, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;

type Whole = fn(&Emulator, &Call) -> Reply;
type Streamed = fn(Emulator, Call, Pending) -> BoxFuture<'static, Reply>;

impl Route {
    const fn new(name: &'static str, method: &'static str, pattern: &'static str, handler: Handler) -> Self {
        Self { name, method, pattern, sign: Sign::Full, handler, max_body: MAX_BODY, repeatable: false }
    }

    pub(crate) const fn get(name: &'static str, pattern: &'static str, handler: Whole) -> Self {
        Self::new(name, "GET", pattern, Handler::Whole(handler))
    }

    pub(crate) const fn head(name: &'static str, pattern: &'static str, handler: Whole) -> Self {
        Self::new(name, "HEAD", pattern, Handler::Whole(handler))
    }

    pub(crate) const fn post(name: &'static str, pattern: &'static str, handler: Whole) -> Self {
        Self::new(name, "POST", pattern, Handler::Whole(handler))
    }

    pub(crate) const fn put(name: &'static str, pattern: &'static str, handler: Whole) -> Self {
        Self::new(name, "PUT", pattern, Handler::Whole(handler))
    }

    pub(crate) const fn patch(name: &'static str, pattern: &'static str, handler: Whole) -> Self {
        Self::new(name, "PATCH", pattern, Handler::Whole(handler))
    }

    pub(crate) const fn delete(name: &'static str, pattern: &'static str, handler: Whole) -> Self {
        Self::new(name, "DELETE", pattern, Handler::Whole(handler))
    }

    pub(crate) const fn streamed(
        name: &'static str,
        method: &'static str,
        pattern: &'static str,
        run: Streamed,
    ) -> Self {
        Self::new(name, method, pattern, Handler::Streamed(run))
    }

    pub(crate) const fn sign(mut self, sign: Sign) -> Self {
        self.sign = sign;
        self
    }

    pub(crate) const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    pub(crate) const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

/// A service: where it listens and what it can do.
pub(crate) struct Service {
    /// Short name, such as `objectstorage`; faults select by it.
    pub(crate) name: &'static str,
    /// First labels of its host names, such as `telemetry`.
    pub(crate) hosts: &'static [&'static str],
    /// Prefixes before the patterns of its routes, such as `/20160918`.
    pub(crate) bases: &'static [&'static str],
    pub(crate) routes: &'static [Route],
}

/// The values in a path, decoded once.
pub(crate) type Params = Vec<(&'static str, String)>;

/// A request's place.
pub(crate) struct Found {
    pub(crate) service: &'static Service,
    pub(crate) route: &'static Route,
    pub(crate) params: Params,
}

/// Finds the operation for a method and a raw path.
///
/// # Errors
///
/// 404 `NotFound` for a path that no service has, 405 for a method that the path does not take, 400 for
/// an escape that is not UTF-8.
pub(crate) fn find(
    services: &[&'static Service],
    host: Option<&str>,
    method: &Method,
    path: &str,
) -> Result<Found, Error> {
    let mut path_exists = false;
    for service in services.iter().filter(|service| answers_to(service, services, host)) {
        for rest in service.bases.iter().filter_map(|base| path.strip_prefix(base)) {
            for route in service.routes {
                let Some(raw) = capture(route.pattern, rest) else { continue };
                if route.method == method.as_str() {
                    return Ok(Found { service, route, params: decode(raw)? });
                }
                path_exists = true;
            }
        }
    }
    Err(match path_exists {
        true => Error::new(405, "MethodNotAllowed", format!("The method {method} is not allowed here.")),
        false => Error::new(404, "NotFound", "The requested URL was not found on this server."),
    })
}

/// A real host name selects its service; any other host, such as `127.0.0.1:8080`, serves them all.
fn answers_to(service: &Service, all: &[&'static Service], host: Option<&str>) -> bool {
    let Some(host) = host else { return true };
    let is_for = |service: &Service| service.hosts.iter().any(|label| is_host_of(host, label));
    is_for(service) || !all.iter().any(|other| is_for(other))
}

/// `objectstorage.us-ashburn-1.oraclecloud.com` and `<namespace>.objectstorage.us-ashburn-1...` are of
/// `objectstorage`; `ingestion.logging.us-...` is of `ingestion.logging`.
fn is_host_of(host: &str, label: &str) -> bool {
    let after = |host: &str| host.strip_prefix(label).is_some_and(|rest| rest.starts_with('.'));
    after(host) || host.split_once('.').is_some_and(|(_, rest)| label == "objectstorage" && after(rest))
}

/// Matches segment by segment; `{name}` takes one segment and `{*name}` all the rest, slashes included.
fn capture<'a>(pattern: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut found = Vec::new();
    let mut rest = path.strip_prefix('/')?;
    let mut pieces = pattern.strip_prefix('/')?.split('/').peekable();
    while let Some(piece) = pieces.next() {
        let name = piece.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_prefix('*')) {
            (!rest.is_empty()).then(|| found.push((name, rest)))?;
            return Some(found);
        }
        let (segment, after) = rest.split_once('/').map_or((rest, None), |(s, after)| (s, Some(after)));
        match name {
            Some(name) => (!segment.is_empty()).then(|| found.push((name, segment)))?,
            None => (segment == piece).then_some(())?,
        }
        match (after, pieces.peek()) {
            (Some(after), Some(_)) => rest = after,
            (None, None) | (Some(""), None) => return Some(found),
            _ => return None,
        }
    }
    None
}

fn decode(raw: Vec<(&'static str, &str)>) -> Result<Params, Error> {
    let decode = |value| percent_decode_str(value).decode_utf8().map(std::borrow::Cow::into_owned);
    let decoded = raw.into_iter().map(|(name, value)| Ok((name, decode(value)?)));
    decoded.collect::<Result<_, std::str::Utf8Error>>().map_err(|_| Error::invalid("The path is not valid UTF-8."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_raw_paths() {
        let check = |pattern: &'static str, path: &str, expected: Option<&[&str]>| {
            let found = capture(pattern, path).map(|c| c.into_iter().map(|(_, v)| v.to_owned()).collect::<Vec<_>>());
            let expected = expected.map(|e| e.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>());
            assert_eq!(found, expected, "{pattern} {path}");
        };
        check("/n", "/n", Some(&[]));
        check("/n", "/n/", Some(&[]));
        check("/n/{ns}", "/n/", None);
        check("/n/{ns}/b/{bk}", "/n/a/b/c", Some(&["a", "c"]));
        check("/n/{ns}/b/{bk}", "/n/a/b/c/o", None);
        check("/n/{ns}/b/{bk}/o", "/n/a/b/c/o", Some(&["a", "c"]));
        check("/b/{bk}/o/{*obj}", "/b/c/o/x/y%2Fz", Some(&["c", "x/y%2Fz"]));
        check("/b/{bk}/o/{*obj}", "/b/c/o//x", Some(&["c", "/x"]));
        check("/b/{bk}/o/{*obj}", "/b/c/o/", None);
        check("/b/{bk}", "/c/x", None);
        check("/a", "", None);
    }

    #[test]
    fn host_names_select_a_service() {
        let check = |host: &str, label: &str, expected: bool| assert_eq!(is_host_of(host, label), expected, "{host}");
        check("objectstorage.us-ashburn-1.oraclecloud.com", "objectstorage", true);
        check("ns1.objectstorage.us-ashburn-1.oci.customer-oci.com", "objectstorage", true);
        check("telemetry-ingestion.us-ashburn-1.oraclecloud.com", "telemetry", false);
        check("127.0.0.1:8080", "iaas", false);
        check("generativeai.us-chicago-1.oci.oraclecloud.com", "inference.generativeai", false);
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(decode(vec![("o", "a%2Fb%2520c")]).unwrap()[0].1, "a/b%20c");
        assert_eq!(decode(vec![("o", "%ff")]).unwrap_err().status, 400);
    }
}
