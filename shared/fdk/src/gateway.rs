//! The HTTP request behind a gateway or trigger call.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header};

const PREFIX: &str = "fn-http-h-";

/// The original request as the gateway saw it, without the `Fn-Http-H-` prefixes.
#[derive(Clone)]
pub struct Gateway {
    method: String,
    url: String,
    headers: HeaderMap,
}

impl Gateway {
    /// `None` unless the call says `Fn-Intent: httprequest`, exactly.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        headers.get("fn-intent").filter(|intent| intent.as_bytes() == b"httprequest")?;
        let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Some(Self {
            method: text("fn-http-method").unwrap_or_else(|| "GET".to_owned()),
            url: text("fn-http-request-url").unwrap_or_default(),
            headers: unprefixed(headers),
        })
    }

    /// The original method; `GET` when the gateway sent none.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The request URL as sent: absolute from open-source Fn, path and query from OCI API Gateway.
    #[must_use]
    pub fn request_url(&self) -> &str {
        &self.url
    }

    /// The path, still percent-encoded, in both forms of the URL. On OCI it includes the deployment's
    /// prefix. `/` when there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.path_and_query().split(['?', '#']).next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    /// The raw query, without `?`; `None` when the URL has none.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        let rest = self.path_and_query().split('#').next().unwrap_or_default();
        rest.split_once('?').map(|(_, query)| query)
    }

    /// Decoded query pairs in order; repeated keys stay separate.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        let pairs = form_urlencoded::parse(self.query().unwrap_or_default().as_bytes());
        pairs.into_owned().collect()
    }

    /// The client's headers. `Content-Type` is the call's own, which gateways do not prefix.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    fn path_and_query(&self) -> &str {
        let Some((_, rest)) = self.url.split_once("://").filter(|(scheme, _)| !scheme.contains(['/', '?', '#'])) else {
            return &self.url;
        };
        rest.find(['/', '?', '#']).map_or("", |start| &rest[start..])
    }
}

/// Names headers without their values, and leaves out the query: both may hold credentials.
impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn unprefixed(headers: &HeaderMap) -> HeaderMap {
    let mut clean = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        // A name that is the prefix and nothing more has no meaning; HeaderName refuses an empty name.
        let Some(name) = name.as_str().strip_prefix(PREFIX) else { continue };
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        clean.append(name, HeaderValue::clone(value));
    }
    if let Some(content_type) = headers.get(header::CONTENT_TYPE) {
        clean.insert(header::CONTENT_TYPE, content_type.clone());
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(pairs: &[(&str, &str)]) -> Option<Gateway> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
            headers.append(name, HeaderValue::from_str(value).expect("value"));
        }
        Gateway::read(&headers)
    }

    fn at(url: &str) -> Gateway {
        gateway(&[("Fn-Intent", "httprequest"), ("Fn-Http-Request-Url", url)]).expect("gateway call")
    }

    #[test]
    fn only_on_the_exact_intent() {
        assert!(gateway(&[("Fn-Http-Method", "GET")]).is_none());
        assert!(gateway(&[("Fn-Intent", "cloudevent")]).is_none());
        assert!(gateway(&[("Fn-Intent", "httprequest ;")]).is_none());
        assert!(gateway(&[("Fn-Intent", "httprequest")]).is_some());
    }

    #[test]
    fn both_forms_of_the_url() {
        let check = |url: &str, path: &str, query: Option<&str>| {
            let gateway = at(url);
            assert_eq!((gateway.path(), gateway.query()), (path, query), "{url}");
        };
        check("http://my.host/t/app/hello?q=1&q=2", "/t/app/hello", Some("q=1&q=2"));
        check("/v1/show?next=http://x/y", "/v1/show", Some("next=http://x/y"));
        check("http://my.host", "/", None);
        check("http://my.host?a=b", "/", Some("a=b"));
        check("/a%20b#frag?no", "/a%20b", None);
        check("", "/", None);
    }

    #[test]
    fn repeated_query_keys_are_kept() {
        let pairs = at("/x?q=1&q=2&e=a%26b+c").query_pairs();
        let expected = [("q", "1"), ("q", "2"), ("e", "a&b c")];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn headers_lose_their_prefix() {
        let gateway = gateway(&[
            ("Fn-Intent", "httprequest"),
            ("Fn-Http-H-Yo", "dawg"),
            ("Fn-Http-H-Yo", "two"),
            ("Fn-Http-H-", "nothing"),
            ("Fn-Http-H-Content-Type", "text/forged"),
            ("Content-Type", "text/plain"),
            ("Yo", "not this"),
        ]);
        let gateway = gateway.expect("gateway call");
        let yo: Vec<_> = gateway.headers().get_all("yo").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(yo, [b"dawg".as_slice(), b"two"]);
        assert_eq!(gateway.headers()["content-type"], "text/plain");
        assert_eq!(gateway.headers().len(), 3);
    }
}
