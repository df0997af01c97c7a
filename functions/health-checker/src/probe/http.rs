//! Requests over HTTP/1.1, each on a connection of its own.

use std::collections::BTreeMap;
use std::time::Instant;

use causeway_resilience::Deadline;
use causeway_runtime::until;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::dial::Stream;
use super::{Prober, millis};
use crate::judge::{Answer, MAX_BODY, Trouble};
use crate::settings::{Call, HttpProbe, Method as Reads, ResultsCall};
use crate::target::{Guard, Url};

/// Most bytes of an answer's head.
const MAX_HEAD: usize = 64 << 10;
const AGENT: &str = concat!("causeway-health-checker/", env!("CARGO_PKG_VERSION"));

/// What is sent.
#[derive(Clone)]
pub(super) struct Request<'a> {
    method: Method,
    url: Url,
    headers: &'a BTreeMap<String, String>,
    secret_headers: &'a BTreeMap<String, String>,
    body: Bytes,
}

impl<'a> Request<'a> {
    pub(super) fn of_probe(probe: &'a HttpProbe) -> Result<Self, Trouble> {
        let method = match probe.method {
            Reads::Get => Method::GET,
            Reads::Head => Method::HEAD,
        };
        Self::new(method, &probe.url, &probe.headers, &probe.secret_headers, Bytes::new())
    }

    pub(super) fn of_call(call: &'a Call) -> Result<Self, Trouble> {
        Self::new(Method::POST, &call.url, &call.headers, &call.secret_headers, call.body.to_string().into())
    }

    pub(super) fn of_results(call: &'a ResultsCall) -> Result<Self, Trouble> {
        Self::new(Method::GET, &call.url, &call.headers, &call.secret_headers, Bytes::new())
    }

    fn new(
        method: Method,
        url: &str,
        headers: &'a BTreeMap<String, String>,
        secret_headers: &'a BTreeMap<String, String>,
        body: Bytes,
    ) -> Result<Self, Trouble> {
        let url = Url::parse(url).map_err(Trouble::Protocol)?;
        Ok(Self { method, url, headers, secret_headers, body })
    }
}

/// One answer, and where it leads.
struct Reply {
    answer: Answer,
    location: Option<String>,
}

impl Prober<'_> {
    /// What another vantage point tells.
    pub(crate) async fn fetch(&self, call: &ResultsCall, deadline: Deadline) -> Result<Answer, Trouble> {
        self.exchange(Request::of_results(call)?, 0, deadline).await
    }

    /// The answer at the end of at most `redirects` redirects. Only the host that was named gets headers, and only a host
    /// that is allowed may lead to another that is.
    pub(super) async fn exchange(
        &self,
        request: Request<'_>,
        redirects: u8,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let secrets = self.secret_headers(&request, deadline).await?;
        let began = Instant::now();
        let first = (request.url.is_https(), request.url.host().to_owned(), request.url.port());
        let mut url = request.url.clone();
        for _ in 0..=redirects {
            let is_first = (url.is_https(), url.host(), url.port()) == (first.0, first.1.as_str(), first.2);
            let own = is_first.then(|| secrets.clone());
            let Reply { mut answer, location } = self.once(&url, &request, own, deadline).await?;
            answer.took_ms = millis(began);
            let next = location.filter(|_| redirects > 0 && matches!(answer.status, 301 | 302 | 303 | 307 | 308));
            match next {
                Some(next) => url = followed(&url, &next)?,
                None => return Ok(answer),
            }
        }
        Err(Trouble::Redirects(redirects))
    }

    async fn secret_headers(&self, request: &Request<'_>, deadline: Deadline) -> Result<HeaderMap, Trouble> {
        let mut headers = HeaderMap::new();
        for (name, reference) in request.secret_headers {
            let vault = self.secrets.map_err(|reason| Trouble::Access(reason.to_owned()))?;
            // A vault that hangs is no fault of the target, so it must not use up the target's time.
            let half = Deadline::within(Instant::now(), deadline.share(Instant::now(), 2));
            let secret = until(half, vault.secret(reference, half)).await;
            let secret = secret.ok_or_else(|| Trouble::Access("the vault did not answer in time".to_owned()))?;
            let secret = secret.map_err(|failure| Trouble::Access(format!("the vault: {failure}")))?;
            let name = name.parse::<HeaderName>().map_err(|_| Trouble::Access(format!("{name:?} is no header")))?;
            let value = HeaderValue::from_bytes(secret.expose());
            // The value stays out of every text.
            let mut value = value.map_err(|_| Trouble::Access(format!("the secret of {name} is no header's value")))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// Where a request may go whose check names this host: a host that is not allowed itself leads to none that is.
    pub(super) fn guard_of(&self, named: &str, is_own: bool) -> Guard {
        if is_own || self.guard.allows(named) { self.guard.clone() } else { Guard::default() }
    }

    /// One request; `own` are the secrets for the host that was named, and absent for any other.
    async fn once(
        &self,
        url: &Url,
        request: &Request<'_>,
        own: Option<HeaderMap>,
        deadline: Deadline,
    ) -> Result<Reply, Trouble> {
        let guard = self.guard_of(request.url.host(), own.is_some());
        let stream = self.dial(url.host(), url.port(), &guard, deadline).await?;
        if !url.is_https() {
            return send(Box::new(stream), url, request, own, None).await;
        }
        let encrypted = self.encrypt(stream, url.host()).await?;
        send(encrypted.stream, url, request, own, encrypted.certificate_ends).await
    }
}

async fn send(
    stream: Box<dyn Stream>,
    url: &Url,
    request: &Request<'_>,
    own: Option<HeaderMap>,
    certificate_ends: Option<Timestamp>,
) -> Result<Reply, Trouble> {
    let head = head(url, request, own)?;
    let broken = |error: hyper::Error| match () {
        () if error.is_parse() => Trouble::Protocol(error.to_string()),
        () => Trouble::Connection(error.to_string()),
    };
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // The connection ends with this look, whatever becomes of it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let response = sender.send_request(head).await.map_err(broken)?;
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (body, is_cut) = read(response.into_body()).await.map_err(broken)?;
    Ok(Reply { answer: Answer { status, body, is_cut, took_ms: 0, certificate_ends }, location })
}

fn head(url: &Url, request: &Request<'_>, own: Option<HeaderMap>) -> Result<http::Request<Full<Bytes>>, Trouble> {
    let wrong = |what: &dyn std::fmt::Display| Trouble::Access(format!("the request cannot be made: {what}"));
    let mut builder = http::Request::builder().method(request.method.clone()).uri(url.path());
    builder = builder.header(HOST, url.authority()).header(USER_AGENT, AGENT);
    if !request.body.is_empty() {
        builder = builder.header(CONTENT_TYPE, "application/json");
    }
    let mut made = builder.body(Full::new(request.body.clone())).map_err(|error| wrong(&error))?;
    let Some(secrets) = own else { return Ok(made) };
    for (name, value) in request.headers {
        let name = name.parse::<HeaderName>().map_err(|error| wrong(&error))?;
        let value = value.parse::<HeaderValue>().map_err(|error| wrong(&error))?;
        made.headers_mut().insert(name, value);
    }
    made.headers_mut().extend(secrets);
    Ok(made)
}

/// Up to [`MAX_BODY`], and whether there was more.
async fn read(mut body: Incoming) -> Result<(Vec<u8>, bool), hyper::Error> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = MAX_BODY - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Ok((bytes, true));
        }
    }
    Ok((bytes, false))
}

/// Where a redirect leads: a whole URL, or a reference to one (RFC 3986, section 5.2). An encrypted probe stays encrypted.
fn followed(from: &Url, location: &str) -> Result<Url, Trouble> {
    let next = Url::parse(&resolved(from, location));
    let next = next.map_err(|problem| Trouble::Protocol(format!("the redirect {problem}")))?;
    if from.is_https() && !next.is_https() {
        return Err(Trouble::Protocol("the redirect leads to a connection that is not encrypted".to_owned()));
    }
    Ok(next)
}

/// The whole URL. What has a scheme is one already.
fn resolved(from: &Url, location: &str) -> String {
    let path = from.path();
    let path = path.split('?').next().unwrap_or_default();
    let end = location.find(['/', '?', '#']).unwrap_or(location.len());
    match location {
        _ if location[..end].contains(':') => location.to_owned(),
        _ if location.starts_with("//") => format!("{}:{location}", if from.is_https() { "https" } else { "http" }),
        _ if location.starts_with('/') => format!("{}{location}", from.origin()),
        "" => format!("{}{}", from.origin(), from.path()),
        _ if location.starts_with(['?', '#']) => format!("{}{path}{location}", from.origin()),
        _ => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{}{}", from.origin(), plain(&format!("{folder}/{location}")))
        }
    }
}

/// A path without `.` and `..`.
fn plain(path: &str) -> String {
    let (path, rest) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let slash = if path.ends_with("/.") || path.ends_with("/..") { "/" } else { "" };
    format!("/{}{slash}{rest}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_redirect_may_be_a_reference() {
        let check = |from: &str, location: &str, expected: Option<&str>| {
            let next = followed(&Url::parse(from).unwrap(), location).ok();
            let next = next.map(|next| format!("{}{}", next.origin(), next.path()));
            assert_eq!(next.as_deref(), expected, "{from} {location}");
        };
        let from = "https://h:444/a/b?c=/d/";
        check(from, "login", Some("https://h:444/a/login"));
        check(from, "login?to=/x/y", Some("https://h:444/a/login?to=/x/y"));
        check(from, "../../../login/.", Some("https://h:444/login/"));
        check(from, "./c/../d", Some("https://h:444/a/d"));
        check(from, "/login", Some("https://h:444/login"));
        check(from, "//other/login", Some("https://other/login"));
        check(from, "?e", Some("https://h:444/a/b?e"));
        check(from, "", Some("https://h:444/a/b?c=/d/"));
        check(from, "https://other/", Some("https://other/"));
        check(from, "http://other/", None);
        check(from, "mailto:oncall", None);
        check(from, "//", None);
        check("http://h", "login", Some("http://h/login"));
    }
}
