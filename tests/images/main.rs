//! The images of the functions, made by the Dockerfile and run as Fn's agent runs them: every sample event is answered,
//! names resolve, TLS needs no bundle of the image's.
//!
//! A Docker engine of their own serves these tests, so they take root and Debian's `docker.io`; without them they say so
//! and skip. The Dockerfile's last stage takes the release binaries that the other tests run, linked once more as
//! static ones. `TEST_BUILDER` names an image that builds them instead, in the `dist` profile, as a deployment does; it
//! goes with `DOCKER_HOST`, an engine of this machine that has that image.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod binaries;
mod calls;
mod cloud;
mod container;
mod engine;
mod flow;
mod images;
mod names;
mod sizes;
mod wires;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace root").to_owned()
}
