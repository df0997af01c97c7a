//! The functions' images, built once for all tests.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tests::harness::programs;

use crate::engine::{Engine, text};
use crate::{binaries, root};

/// An image that has nothing but the folder `/functions`.
const BINARIES: &str = "causeway-test-binaries";

/// Who builds the binaries, and how they come into an image.
struct Source {
    profile: &'static str,
    arguments: Vec<String>,
}

/// Names of the functions' images, by function.
pub(crate) fn images(engine: &Engine) -> &'static BTreeMap<&'static str, String> {
    static IMAGES: OnceLock<BTreeMap<&'static str, String>> = OnceLock::new();
    IMAGES.get_or_init(|| programs::functions().iter().map(|it| (it.name, image(engine, it.name))).collect())
}

fn image(engine: &Engine, function: &str) -> String {
    let name = format!("causeway-test/{function}");
    let mut docker = build(engine, function);
    docker.args(["--quiet", "--tag", &name]);
    text(docker);
    name
}

/// Everything that the image of a function holds.
pub(crate) fn contents(engine: &Engine, function: &str) -> Vec<String> {
    let mut docker = build(engine, function);
    let archive = docker.args(["--output", "type=tar,dest=-"]).output().expect("docker").stdout;
    let archive = tempfile_with(&archive);
    let mut tar = Command::new("tar");
    tar.arg("-t").arg("-f").arg(archive.path());
    text(tar).lines().map(str::to_owned).collect()
}

fn tempfile_with(content: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), content).expect("written");
    file
}

/// The command that builds a function's image, without where to.
fn build(engine: &Engine, function: &str) -> Command {
    static SOURCE: OnceLock<Source> = OnceLock::new();
    let source = SOURCE.get_or_init(|| source(engine));
    let mut docker = engine.docker(&["build"]);
    docker.args(&source.arguments).arg("--build-arg").arg(format!("FUNCTION={function}"));
    docker.arg("--build-arg").arg(format!("PROFILE={}", source.profile)).arg(root());
    docker
}

fn source(engine: &Engine) -> Source {
    let argument = |name: &str, value: &str| vec!["--build-arg".to_owned(), format!("{name}={value}")];
    if let Ok(image) = std::env::var("TEST_FUNCTIONS") {
        return Source { profile: "dist", arguments: argument("FUNCTIONS", &image) };
    }
    if let Ok(builder) = std::env::var("TEST_BUILDER") {
        // Unless it is told otherwise, what cargo needs is in the site's image.
        let network = std::env::var("TEST_BUILDER_NETWORK").unwrap_or_else(|_| "none".to_owned());
        let arguments = [argument("BUILDER", &builder), vec![format!("--network={network}")]].concat();
        return Source { profile: "dist", arguments };
    }
    import(engine);
    Source { profile: "release", arguments: argument("FUNCTIONS", BINARIES) }
}

/// Brings the binaries of this machine into the engine.
fn import(engine: &Engine) {
    let folder = binaries::folder();
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(folder.path()).args(["-c", "functions"]).stdout(Stdio::piped());
    let mut tar = tar.spawn().expect("tar");
    let mut import = engine.docker(&["import", "-", BINARIES]);
    import.stdin(tar.stdout.take().expect("the archive"));
    text(import);
    assert!(tar.wait().expect("tar").success());
}
