//! cargo-lambda brings a bootstrap that cargo has built to AWS.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::harness::programs;

use crate::moto::{Moto, python};

const REGION: &str = "eu-central-1";
const ROLE: &str = "arn:aws:iam::123456789012:role/decision-agent";

/// With credentials that nobody checks.
fn aws(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("AWS_ACCESS_KEY_ID", "TESTONLY").env("AWS_SECRET_ACCESS_KEY", "test-only-not-a-secret");
    command.env("AWS_REGION", REGION).env("AWS_DEFAULT_REGION", REGION);
    command
}

fn succeeded(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// What the account's own side says.
fn account(moto: &Moto, function: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/cargo_lambda.py");
    let said = aws(&python()).arg(script).arg(moto.url()).args(function).output().expect("python");
    serde_json::from_str(&succeeded(&said)).expect("JSON")
}

fn tool() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace");
    let tool = root.join("target/tools/cargo-lambda/bin/cargo-lambda");
    if tool.is_file() {
        return Some(tool);
    }
    tests::harness::skip("cargo-lambda", "it is missing; .ci/test-tools installs it");
    None
}

#[test]
fn cargo_lambda_deploys_what_cargo_built() {
    let (Some(tool), Some(moto)) = (tool(), Moto::start()) else { return };
    account(&moto, &[]);
    let program = programs::function("decision-agent");
    let mut deploy = aws(&tool);
    deploy.args(["lambda", "deploy", "--endpoint-url", &moto.url(), "--role", ROLE, "--s3-bucket", "code"]);
    deploy.args(["--runtime", "provided.al2023", "--memory", "256", "--timeout", "29", "--binary-path"]);
    deploy.arg(&program.path).arg(program.name).current_dir(env!("CARGO_MANIFEST_DIR"));
    succeeded(&deploy.output().expect("cargo-lambda starts"));

    let found = account(&moto, &[program.name]);
    let settings = ["Runtime", "Handler", "MemorySize", "Timeout", "Role"].map(|name| &found["settings"][name]);
    assert_eq!(settings, [&json!("provided.al2023"), &json!("bootstrap"), &json!(256), &json!(29), &json!(ROLE)]);
    let digest = Sha256::digest(fs::read(&program.path).expect("the bootstrap"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&found["entries"], &found["modes"]), (&json!({ "bootstrap": digest }), &json!(["0o100755"])));
}
