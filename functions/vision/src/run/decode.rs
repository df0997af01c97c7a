//! From an object to a picture that is measured and ready to be sent, on another thread.

use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_runtime::{Error, blocking, until};

use super::lanes::LARGE_PIXELS;
use super::object::{self, Found};
use super::timings::Timings;
use crate::handler::Vision;
use crate::picture::{Declared, Inspected, Prepared, Rejected, Settings, inspect, prepare};

/// A picture and what is known of its file.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) inspected: Inspected,
    pub(crate) prepared: Prepared,
}

impl Vision {
    /// Reads an object and decodes it.
    ///
    /// # Errors
    /// The picture's (400, 413, 415, 422), the store's, or no time left.
    pub(crate) async fn decoded(
        &self,
        found: &Found,
        deadline: Deadline,
        timings: &mut Timings,
    ) -> Result<Decoded, Error> {
        let settings = &self.config.picture;
        let work = async {
            // The bytes count too, so the room comes before them.
            let room = self.lanes.room().await;
            timings.step("wait");
            let bytes = object::read(self.objects()?, found).await?;
            timings.step("read");
            self.decode(room, bytes, Some(found.name()), found.content_type.as_deref(), settings).await
        };
        let decoded = until(deadline, work).await.ok_or_else(|| Error::timeout("picture"))?;
        timings.step("prepare");
        decoded
    }

    /// Decodes what a request brought.
    ///
    /// # Errors
    /// As [`Vision::decoded`].
    pub(crate) async fn decoded_inline(
        &self,
        bytes: Bytes,
        name: Option<&str>,
        deadline: Deadline,
        timings: &mut Timings,
    ) -> Result<Decoded, Error> {
        let work = async {
            let room = self.lanes.room().await;
            timings.step("wait");
            self.decode(room, bytes, name, None, &self.config.picture).await
        };
        let decoded = until(deadline, work).await.ok_or_else(|| Error::timeout("picture"))?;
        timings.step("prepare");
        decoded
    }

    /// The room goes to the thread that decodes: a caller who gives up does not make place while it still works.
    pub(crate) async fn decode(
        &self,
        mut room: super::lanes::Room,
        bytes: Bytes,
        name: Option<&str>,
        content_type: Option<&str>,
        settings: &Settings,
    ) -> Result<Decoded, Error> {
        let limits = settings.limits.clone();
        let (name, content_type) = (name.map(str::to_owned), content_type.map(str::to_owned));
        let (bytes, inspected) = blocking(move || {
            let declared = Declared { name: name.as_deref(), content_type: content_type.as_deref() };
            let inspected = inspect(&bytes, &declared, &limits);
            (bytes, inspected)
        })
        .await?;
        let inspected = inspected.map_err(rejected)?;
        if u64::from(inspected.width) * u64::from(inspected.height) > LARGE_PIXELS {
            self.lanes.enlarge(&mut room).await;
        }
        let settings = settings.clone();
        let (inspected, prepared) = blocking(move || {
            let prepared = prepare(&bytes, &inspected, &settings);
            drop(bytes);
            drop(room);
            (inspected, prepared)
        })
        .await?;
        Ok(Decoded { prepared: prepared.map_err(rejected)?, inspected })
    }
}

/// A file that cannot be used is an answer to whoever sent it.
pub(crate) fn rejected(rejected: Rejected) -> Error {
    Error::client(rejected.status, rejected.code, rejected.detail)
}
