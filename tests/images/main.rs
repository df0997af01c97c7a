//! The images of the functions, made by the Dockerfile and run as Fn's agent runs them: every sample event is answered,
//! names resolve, TLS needs no bundle of the image's.
//!
//! A Docker engine of their own serves these tests, so they take root and Debian's `docker.io`; without them they say so
//! and skip. The Dockerfile's last stage takes the release binaries that the other tests run, linked once more as
//! static ones. Two variables take those of the `dist` profile in their place, as a deployment does; both go with
//! `DOCKER_HOST`, an engine of this machine:
//!
//! * `TEST_BUILDER` names an image that builds them; `TEST_BUILDER_NETWORK=host` lets that have a network.
//! * `TEST_FUNCTIONS` names what has been built already: an image of the Dockerfile's stage `build`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod binaries;
mod calls;
mod cloud;
mod container;
mod engine;
mod flow;
mod images;
mod names;
mod replies;
mod sizes;
mod tls;
mod wires;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace root").to_owned()
}
