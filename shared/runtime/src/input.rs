//! Input that cannot be had, as an error of a handler.

use causeway_resilience::InputError;

use crate::Error;

impl From<InputError> for Error {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Wrong { path, message } => Self::invalid_request(message).at(path),
            InputError::Store(source) => Self::upstream("objects", None, "objects_failed").with_source(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_or_the_store_has_to_act() {
        let wrong = InputError::Wrong { path: "inputs.strategy".to_owned(), message: "is given twice".to_owned() };
        let error = Error::from(wrong);
        assert_eq!(
            (error.http_status(), error.code(), error.path()),
            (400, "invalid_request", Some("inputs.strategy"))
        );
        let error = Error::from(InputError::Store("disk 7 is gone".into()));
        assert_eq!((error.http_status(), error.code(), error.path()), (502, "objects_failed", None));
        assert!(error.log_text().contains("disk 7") && !error.to_string().contains("disk"), "{error}");
    }
}
