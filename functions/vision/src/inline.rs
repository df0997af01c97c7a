//! Pictures that come with the request: looked at, and not kept. What the model said of them is, for a while.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_runtime::Error;

use crate::handler::Vision;
use crate::reply::Extracted;
use crate::request::{MAX_INLINE_BYTES, Request, checked};
use crate::run::Looked;
use crate::run::object::Source;
use crate::run::remember::key;
use crate::run::tell;
use crate::run::timings::Timings;

/// Name of a picture that has none.
const UNNAMED: &str = "inline";

/// Judges it. The same bytes, asked about alike, are one question.
///
/// # Errors
/// As for an object.
pub(crate) async fn assess(
    vision: &Vision,
    request: &Request,
    text: &str,
    deadline: Deadline,
) -> Result<Looked, Error> {
    let (bytes, name) = read(request, text)?;
    let size = bytes.len();
    let mut timings = Timings::start();
    let job = vision.job(request, &name)?;
    let declared = request.image_name.as_deref();
    let reference = vision.reference(&job).await?;
    let key = (!job.options.overwrite).then(|| key(&bytes, &vision.keys(&job, reference.as_ref()).asked));
    let decoded = vision.decoded_inline(bytes, declared, deadline, &mut timings).await?;
    let change = vision.change(reference.as_ref(), &decoded, deadline, &mut timings).await?;
    let (prepared, samples) = (&decoded.prepared, job.options.samples);
    let asked = vision.ask_once(key.as_deref(), prepared, samples, deadline, &mut timings).await?;
    let source = Source::Inline(&name, size);
    let expectations = job.expectations.clone().or(job.happened.delivery_of(None));
    let (is_settled, replayed, model_calls) = (asked.is_settled(), asked.is_remembered, asked.calls());
    let document = tell::document(vision, &job, &source, &decoded, change, asked, &expectations, timings);
    let (result_object, alert, thumbnail) = (None, None, None);
    Ok(Looked { document, result_object, replayed, is_settled, model_calls, alert, thumbnail })
}

/// Measures it.
///
/// # Errors
/// As for an object.
pub(crate) async fn extract(
    vision: &Vision,
    request: &Request,
    text: &str,
    deadline: Deadline,
) -> Result<Extracted, Error> {
    let (bytes, name) = read(request, text)?;
    let size = bytes.len();
    let mut timings = Timings::start();
    let declared = request.image_name.as_deref();
    let decoded = vision.decoded_inline(bytes, declared, deadline, &mut timings).await?;
    let source = Source::Inline(&name, size);
    Ok(vision.extracted(&source, &decoded, request.include_gps, timings))
}

fn read(request: &Request, text: &str) -> Result<(Bytes, String), Error> {
    let name = request.image_name.clone().unwrap_or_else(|| UNNAMED.to_owned());
    checked(&name, "image_name")?;
    let encoded = match text.strip_prefix("data:") {
        Some(rest) => rest.split_once(";base64,").map(|(_, encoded)| encoded).ok_or_else(not_base64)?,
        None => text,
    };
    let too_large = || Error::client(413, "image_too_large", "an inline picture has at most 4 MB").at("image");
    // Before it is decoded: four characters are three bytes.
    if encoded.len() / 4 * 3 > MAX_INLINE_BYTES + 2 {
        return Err(too_large());
    }
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| not_base64())?;
    if bytes.len() > MAX_INLINE_BYTES { Err(too_large()) } else { Ok((bytes.into(), name)) }
}

fn not_base64() -> Error {
    Error::invalid_request("expected base64, or data:<type>;base64,<text>").at("image")
}
