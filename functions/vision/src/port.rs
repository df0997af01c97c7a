//! Parts that a deployment may leave out.

/// A part, or why there is none. What was asked for and does not work is not the same as what nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port<T> {
    /// It is there.
    Ready(T),
    /// The deployment has none, and says so.
    NotSet(String),
    /// It is set, and cannot be used.
    Wrong(String),
}

impl<T> Port<T> {
    /// A part that a setting names.
    pub(crate) fn of(part: Result<T, String>, is_set: bool) -> Self {
        match part {
            Ok(part) => Self::Ready(part),
            Err(problem) if is_set => Self::Wrong(problem),
            Err(problem) => Self::NotSet(problem),
        }
    }

    pub(crate) fn map<U>(self, to: impl FnOnce(T) -> U) -> Port<U> {
        match self {
            Self::Ready(part) => Port::Ready(to(part)),
            Self::NotSet(problem) => Port::NotSet(problem),
            Self::Wrong(problem) => Port::Wrong(problem),
        }
    }

    pub(crate) fn ready(&self) -> Result<&T, &str> {
        match self {
            Self::Ready(part) => Ok(part),
            Self::NotSet(problem) | Self::Wrong(problem) => Err(problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_is_not_unset() {
        let no = || Err::<u8, _>("no".to_owned());
        for (part, is_set, expected) in [
            (Ok(1), true, Port::Ready(1)),
            (Ok(1), false, Port::Ready(1)),
            (no(), true, Port::Wrong("no".to_owned())),
            (no(), false, Port::NotSet("no".to_owned())),
        ] {
            assert_eq!(Port::of(part, is_set), expected);
        }
    }
}
