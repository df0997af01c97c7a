//! The file, its EXIF and its measures, without a model: the original's `extract` test.

use causeway_resilience::Deadline;
use causeway_runtime::Error;

use super::object::{self, Source};
use super::tell;
use super::timings::Timings;
use crate::handler::Vision;
use crate::picture::describe;
use crate::reply::Extracted;

impl Vision {
    /// # Errors
    /// As [`Vision::look`](super), and nothing is stored.
    pub(crate) async fn extract(&self, name: &str, include_gps: bool, deadline: Deadline) -> Result<Extracted, Error> {
        let mut timings = Timings::start();
        let found = object::find(self.objects()?, name, self.config.picture.limits.max_bytes).await?;
        let decoded = self.decoded(&found, deadline, &mut timings).await?;
        Ok(self.extracted(&Source::Object(&found), &decoded, include_gps, timings))
    }

    pub(crate) fn extracted(
        &self,
        source: &Source<'_>,
        decoded: &super::decode::Decoded,
        include_gps: bool,
        timings: Timings,
    ) -> Extracted {
        Extracted {
            test_type: "extract",
            status: "ok",
            metadata: tell::metadata(self, source, &decoded.inspected),
            exif: tell::exif(&decoded.inspected, include_gps),
            description: describe(&decoded.inspected, &decoded.prepared),
            picture: tell::picture_facts(decoded, None),
            timings_ms: timings.end(),
        }
    }
}
