//! What is deployed: the set-up of Oracle Cloud (`func-yaml/deploy` and the documents that it reads), that of AWS
//! (`serverless.yml`), and the document of the routes that both have.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod aws;
mod back;
mod bill;
mod descriptors;
mod openapi;
mod owners;
mod pages;
mod policies;
mod refusals;
mod routes;
mod script;
mod secrets;
mod settings;
mod starts;
#[path = "../tidy.rs"]
mod tidy;
#[path = "../images/tls.rs"]
mod tls;
mod world;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A path of the repository.
fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace root").join(relative)
}

fn text(relative: &str) -> String {
    std::fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

fn json(relative: &str) -> Value {
    serde_json::from_str(&text(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// Functions with a descriptor, by name.
fn functions() -> Vec<String> {
    let folders = std::fs::read_dir(path("func-yaml")).expect("func-yaml").map(|entry| entry.expect("entry").path());
    let described = folders.filter(|folder| folder.join("func.yaml").is_file());
    let mut names: Vec<_> = described.map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}
