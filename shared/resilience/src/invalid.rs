//! Settings that make no sense.

/// A setting out of its range. The text names the setting and says what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {problem}")]
pub struct Invalid {
    /// Name of the setting, such as `backoff.cap`.
    pub setting: &'static str,
    /// What is wrong, as the end of a sentence.
    pub problem: &'static str,
}

impl Invalid {
    /// `Ok` when `holds`, else the error.
    pub(crate) fn unless(holds: bool, setting: &'static str, problem: &'static str) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self { setting, problem }) }
    }
}
