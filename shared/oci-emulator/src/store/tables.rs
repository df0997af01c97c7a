//! The names of the tables.

use super::Definition;

macro_rules! tables {
    ($($variant:ident = $name:literal, $about:literal;)*) => {
        /// A table of the store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Table { $(#[doc = $about] $variant,)* }

        impl Table {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in the file; never change one.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

tables! {
    Meta = "meta", "Clock, id counter and the like.";
    Keys = "keys", "Public keys of users by key id.";
    Compartments = "compartments", "Compartments by OCID.";
    Retries = "retries", "Answers by retry token.";
    Buckets = "buckets", "By namespace and name.";
    Counters = "counters", "Objects and bytes of each bucket.";
    Objects = "objects", "Current objects by bucket and name.";
    Versions = "versions", "Earlier objects by bucket, name and age.";
    Bodies = "bodies", "What objects contain: small bodies themselves, large ones as lists of files.";
    Uploads = "uploads", "Multipart uploads under way by bucket and id.";
    Parts = "parts", "Their parts by upload and number.";
    Pars = "pars", "Pre-authenticated requests by bucket and id.";
    ParTokens = "par_tokens", "Their places by hashed token.";
    Jobs = "jobs", "Work that is due later, by due time.";
    WorkRequests = "work_requests", "Reports on such work.";
    Documents = "documents", "Resources of the other services by kind and OCID.";
    Streams = "metric_streams", "Metric streams by name and dimensions.";
    Points = "metric_points", "Data points by stream and time.";
    Usage = "usage", "Usage rows by day.";
    LogEntries = "log_entries", "Log entries by log and arrival.";
    Messages = "messages", "Published notifications by topic and arrival.";
}

impl Table {
    pub(crate) fn definition(self) -> Definition {
        Definition::new(self.name())
    }
}
