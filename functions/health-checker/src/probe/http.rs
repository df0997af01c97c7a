//! Requests over HTTP/1.1, each on a connection of its own.

use std::collections::BTreeMap;
use std::time::Instant;

use causeway_resilience::Deadline;
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
use crate::settings::{Call, HttpProbe, Method as Reads};
use crate::target::Url;

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
    /// The answer at the end of at most `redirects` redirects. Only the host that was named gets the secrets.
    pub(super) async fn exchange(
        &self,
        request: Request<'_>,
        redirects: u8,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let began = Instant::now();
        let secrets = self.secret_headers(&request, deadline).await?;
        let first = (request.url.is_https(), request.url.host().to_owned(), request.url.port());
        let mut url = request.url.clone();
        for _ in 0..=redirects {
            let is_first = (url.is_https(), url.host(), url.port()) == (first.0, first.1.as_str(), first.2);
            let secrets = if is_first { secrets.clone() } else { HeaderMap::new() };
            let Reply { mut answer, location } = self.once(&url, &request, secrets).await?;
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
            let secret = vault.secret(reference, deadline).await;
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

    async fn once(&self, url: &Url, request: &Request<'_>, secrets: HeaderMap) -> Result<Reply, Trouble> {
        let stream = self.dial(url.host(), url.port()).await?;
        if !url.is_https() {
            return send(Box::new(stream), url, request, secrets, None).await;
        }
        let encrypted = self.encrypt(stream, url.host()).await?;
        send(encrypted.stream, url, request, secrets, encrypted.certificate_ends).await
    }
}

async fn send(
    stream: Box<dyn Stream>,
    url: &Url,
    request: &Request<'_>,
    secrets: HeaderMap,
    certificate_ends: Option<Timestamp>,
) -> Result<Reply, Trouble> {
    let head = head(url, request, secrets)?;
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

fn head(url: &Url, request: &Request<'_>, secrets: HeaderMap) -> Result<http::Request<Full<Bytes>>, Trouble> {
    let wrong = |what: &dyn std::fmt::Display| Trouble::Access(format!("the request cannot be made: {what}"));
    let mut builder = http::Request::builder().method(request.method.clone()).uri(url.path());
    builder = builder.header(HOST, url.authority()).header(USER_AGENT, AGENT);
    if !request.body.is_empty() {
        builder = builder.header(CONTENT_TYPE, "application/json");
    }
    let mut made = builder.body(Full::new(request.body.clone())).map_err(|error| wrong(&error))?;
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

/// Where a redirect leads: a whole URL, or a path of the same host. An encrypted probe stays encrypted.
fn followed(from: &Url, location: &str) -> Result<Url, Trouble> {
    let next = match location.starts_with('/') && !location.starts_with("//") {
        true => Url::parse(&format!("{}{location}", from.origin())),
        false => Url::parse(location),
    };
    let next = next.map_err(|problem| Trouble::Protocol(format!("the redirect {problem}")))?;
    if from.is_https() && !next.is_https() {
        return Err(Trouble::Protocol("the redirect leads to a connection that is not encrypted".to_owned()));
    }
    Ok(next)
}
