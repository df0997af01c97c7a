//! What seeds have put there, so that the same seed does nothing when it comes again.
//!
//! Routes that add (metrics, usage rows, scripts, versions of secrets) would add twice. A request with the
//! header `x-causeway-seed` names its part of a seed and, after a space, the digest of its content; it is
//! carried out unless that part with that digest was the last one of its name.

use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Emulator;
use crate::documents;
use crate::error::Error;
use crate::reply::{Reply, ReplyExt, no_content};

const KIND: &str = "seedmark";
const HEADER: &str = "x-causeway-seed";

#[derive(Serialize, Deserialize)]
struct Kept {
    digest: String,
    at: Timestamp,
}

/// The part of a seed that a request says it is.
pub(crate) struct Mark<'a> {
    part: &'a str,
    digest: &'a str,
}

impl<'a> Mark<'a> {
    /// The request's header, if there is one.
    pub(crate) fn of(headers: &'a HeaderMap) -> Result<Option<Self>, Error> {
        let Some(value) = headers.get(HEADER) else { return Ok(None) };
        let parts = value.to_str().ok().and_then(|text| text.rsplit_once(' '));
        let parts = parts.filter(|(part, digest)| !part.is_empty() && !digest.is_empty() && part.len() <= 1024);
        let malformed = || Error::invalid(format!("The header {HEADER} is a name, a space and a digest."));
        parts.map(|(part, digest)| Some(Self { part, digest })).ok_or_else(malformed)
    }

    /// Carries a request out, unless it has been already.
    pub(crate) fn once(&self, emulator: &Emulator, carry_out: impl FnOnce() -> Reply) -> Reply {
        let kept: Option<Kept> = documents::find(&emulator.store.read()?, KIND, self.part)?;
        if kept.as_ref().is_some_and(|kept| kept.digest == self.digest) {
            return no_content().header(HEADER, "unchanged");
        }
        let reply = carry_out()?;
        let mark = Kept { digest: self.digest.to_owned(), at: emulator.clock.now() };
        emulator.store.write(|writer| Ok(documents::put(writer, KIND, self.part, &mark)?))?;
        Ok(reply).header(HEADER, if kept.is_some() { "changed" } else { "new" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use axum::body::Body;
    use http::Request;

    use crate::{Emulator, Options};

    #[tokio::test]
    async fn a_part_is_carried_out_once_for_each_content() {
        let emulator = Emulator::open(Options::default()).unwrap();
        let check = async |mark: Option<&str>, status: u16, said: Option<&str>| {
            let mut request = Request::post("/_causeway/compartments");
            if let Some(mark) = mark {
                request = request.header("x-causeway-seed", mark);
            }
            let response = emulator.handle(request.body(Body::from(r#"{"name":"a"}"#)).unwrap()).await;
            let told = response.headers().get("x-causeway-seed").map(|value| value.to_str().unwrap());
            assert_eq!((response.status().as_u16(), told), (status, said), "{mark:?}");
        };
        check(None, 200, None).await;
        check(Some("part/a 1"), 200, Some("new")).await;
        check(Some("part/a 1"), 204, Some("unchanged")).await;
        check(Some("part/b 1"), 200, Some("new")).await;
        check(Some("part/a 2"), 200, Some("changed")).await;
        check(Some("part/a 1"), 200, Some("changed")).await;
        check(Some("part/a"), 400, None).await;
        check(Some(" 1"), 400, None).await;
    }

    /// What failed has not been carried out.
    #[tokio::test]
    async fn a_refused_part_is_tried_again() {
        let emulator = Emulator::open(Options::default()).unwrap();
        let send = async |body: &'static str| {
            let request = Request::post("/_causeway/compartments").header("x-causeway-seed", "part 1");
            emulator.handle(request.body(Body::from(body)).unwrap()).await.status().as_u16()
        };
        assert_eq!(send(r#"{"name":"a","id":"no ocid"}"#).await, 400);
        assert_eq!(send(r#"{"name":"a"}"#).await, 200);
        assert_eq!(send(r#"{"name":"a"}"#).await, 204);
    }
}
