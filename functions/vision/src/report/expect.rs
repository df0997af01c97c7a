//! What a delivery was expected to be: where, and until when.

use jiff::Timestamp;

/// A place on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinates {
    /// Degrees north, from -90 to 90.
    pub latitude: f64,
    /// Degrees east, from -180 to 180.
    pub longitude: f64,
}

impl Coordinates {
    /// Whether a camera can have been there. Cameras without a fix write 0 and 0, a point in the sea.
    #[must_use]
    pub fn is_plausible(self) -> bool {
        self.is_on_earth() && (self.latitude != 0.0 || self.longitude != 0.0)
    }

    fn is_on_earth(self) -> bool {
        (-90.0..=90.0).contains(&self.latitude) && (-180.0..=180.0).contains(&self.longitude)
    }
}

/// What is expected; all of it may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Expect {
    /// Where.
    pub place: Option<Coordinates>,
    /// Until when.
    pub promised_time: Option<Timestamp>,
    /// When it was delivered, if whoever asks says so; else the time of the event counts.
    pub delivered_time: Option<Timestamp>,
}
