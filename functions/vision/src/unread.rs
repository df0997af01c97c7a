//! Calls whose reply nobody reads: events, messages of queues and streams, detached calls. All that their sender learns is
//! whether they failed.

use causeway_runtime::{Context, Error, Kind};

use crate::measure::Counts;
use crate::reply::ItemStatus;

/// Header of OCI Functions (and of Fn) with the way of the call: `sync` or `detached`.
const INVOKE_TYPE: &str = "fn-invoke-type";

/// Fails an unread call that left work open: it has to come again, or to be found among the failures, until people know,
/// a model has said what it was asked, and every picture has its result.
///
/// # Errors
/// What is open, by its code: `alert_not_sent`, `model_failed`, `pictures_open`; and what no repetition helps:
/// `pictures_left_out`, and of messages `pictures_refused`, as for a message that names one picture.
pub(crate) fn fails(counts: &Counts, context: &Context) -> Result<(), Error> {
    match Sender::of(context) {
        None => Ok(()),
        Some(Sender::Caller) => open(counts).and_then(|()| cut(counts, |text| left_out().with_detail(text))),
        Some(Sender::Service) => {
            open(counts)?;
            // The sender's mistake: a stream goes on behind it, a queue puts it to the failures.
            cut(counts, |text| Error::client(422, "pictures_left_out", text).at("prefix"))?;
            refused(counts)
        }
    }
}

/// The error of a call that ended in one. To a caller who went away, an answer is no failure: where it says that a picture
/// is open (409: somebody else is at it, or it was replaced meanwhile), this call has to be one.
pub(crate) fn raised(error: Error, context: &Context) -> Error {
    match Sender::of(context) {
        Some(Sender::Caller) if error.http_status() == 409 => pictures_open().with_detail(error.log_text()),
        _ => error,
    }
}

/// Who does not read the reply.
enum Sender {
    /// A service that repeats what failed.
    Service,
    /// Somebody who went away; a failure goes where the deployment says, once.
    Caller,
}

impl Sender {
    fn of(context: &Context) -> Option<Self> {
        let is_detached = || context.headers.get(INVOKE_TYPE).is_some_and(|how| how == "detached");
        match context.kind {
            Kind::Event | Kind::Batch => Some(Self::Service),
            Kind::Direct if is_detached() => Some(Self::Caller),
            _ => None,
        }
    }
}

fn open(counts: &Counts) -> Result<(), Error> {
    if counts.alerts_open > 0 {
        return Err(Error::upstream("notifications", None, "alert_not_sent"));
    }
    if counts.model_failures > 0 {
        return Err(Error::upstream("chat", None, "model_failed"));
    }
    if counts.is_open() {
        return Err(pictures_open());
    }
    Ok(())
}

fn pictures_open() -> Error {
    Error::upstream("pictures", None, "pictures_open")
}

/// A folder with more pictures than one call takes.
fn cut(counts: &Counts, error: impl FnOnce(String) -> Error) -> Result<(), Error> {
    let Some(after) = &counts.cut_after else { return Ok(()) };
    Err(error(format!("the folder has more pictures than one call takes; send another with start_after {after:?}")))
}

/// An answer to a caller is no failure, and this call has to be one.
fn left_out() -> Error {
    Error::upstream("pictures", None, "pictures_left_out")
}

fn refused(counts: &Counts) -> Result<(), Error> {
    match counts.pictures.get(&ItemStatus::Refused) {
        None => Ok(()),
        Some(number) => {
            let text = format!("{number} of the pictures cannot be looked at; the log says which and why");
            Err(Error::client(422, "pictures_refused", text))
        }
    }
}
