//! The document's form.

use super::*;

#[test]
fn a_document_of_somebody_else_is_refused() {
    for wrong in ["", "{}", "[]", "{\"workflow_run\":{}}"] {
        assert!(run_result(&Bytes::from_static(wrong.as_bytes())).is_err(), "{wrong}");
    }
}

#[test]
fn times_beyond_the_calendar_do_not_panic() {
    assert_eq!(time(u64::MAX), Timestamp::MAX);
    assert_eq!(time(0).to_string(), "1970-01-01T00:00:00Z");
}
