//! Text that must not be shown.

use std::fmt;

use zeroize::Zeroizing;

/// A token, passphrase or delegation token. `Debug` hides it, there is no `Display`, and the memory is
/// overwritten when the value is dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Its callers hand it to a wire or a cipher, never to a log or an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<hidden>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_it() {
        assert_eq!(
            format!("{:?} {:#?}", Secret::from("top"), Some(Secret::from("top"))),
            "<hidden> Some(\n    <hidden>,\n)"
        );
    }
}
