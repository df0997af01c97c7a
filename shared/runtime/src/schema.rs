//! JSON Schemas: derived from types, and kept as text.
//!
//! What derives a schema is code for every member of every type: some 200 to 400 KB of a program for a few texts that
//! only its command line prints. A function that has to be small keeps the texts in files, and a test of its own holds
//! them to the types with [`assert_kept`].

use schemars::generate::SchemaSettings;
use schemars::schema_for;
use serde_json::{Value, json};

use crate::Handler;

/// The schemas of a function's request and reply, derived from the types: what a request may hold when it is read, and
/// what a reply holds when it is written. Members that are left out when they are empty are not required.
#[must_use]
pub fn of<H: Handler>() -> Value {
    let reply = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<H::Reply>();
    json!({ "request": schema_for!(H::Request), "reply": reply })
}

/// A kept text in the form in which people read it.
#[must_use]
pub fn printed(kept: &str) -> String {
    serde_json::from_str(kept).map_or_else(|_| kept.to_owned(), |schema: Value| format!("{schema:#}"))
}

/// Holds a kept text to what was derived. With `WRITE_SCHEMAS=1` it writes the file `name` of the crate's folder
/// `schemas` anew, in a test that cargo runs.
///
/// # Panics
/// They differ, or the file cannot be written.
pub fn assert_kept(name: &str, kept: &str, derived: &Value) {
    let derived = format!("{derived}\n");
    if std::env::var_os("WRITE_SCHEMAS").is_some() {
        let file = std::path::Path::new("schemas").join(name);
        let written = std::fs::write(&file, derived);
        assert!(written.is_ok(), "{}: {written:?}", file.display());
        return;
    }
    assert!(kept == derived, "schemas/{name} is not up to date: run this test with WRITE_SCHEMAS=1");
}
