//! The README: its commands are real ones, and its calls get answers.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tests::harness::{LocalCloud, programs};

use super::blocks;
use crate::{functions, path, text};

fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let begun = page.split(&format!("\n## {title}\n")).nth(1).unwrap_or_else(|| panic!("no section {title}"));
    begun.split("\n## ").next().expect("a text")
}

#[test]
fn every_command_is_one_for_a_shell() {
    for file in ["README.md", "func-yaml/README.md", ".github/CONTRIBUTING.md"] {
        let page = text(file);
        // Words in angle brackets stand for what a reader puts there.
        let blocks = blocks(&page, "sh").into_iter().map(|block| block.replace(['<', '>'], "_"));
        let blocks: Vec<_> = blocks.filter(|block| !block.contains("__'YAML'")).collect();
        assert!(!blocks.is_empty(), "{file}");
        for block in blocks {
            let output = Command::new("bash").args(["-nc", &block]).output().expect("bash");
            assert!(output.status.success(), "{file}: {}{block}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// A cloud on this machine answers the sample calls; one line for each function.
#[test]
fn sample_calls_are_answered() {
    let page = text("README.md");
    let calls: Vec<_> = section(&page, "Functions").lines().filter(|line| line.contains(":8080/t/causeway/")).collect();
    let root = tempfile::tempdir().expect("a folder");
    let cloud = LocalCloud::start(&root.path().join("state"), 120, &[]);
    seed(&cloud, page.split("up --seed-file ").nth(1).and_then(|rest| rest.split('`').next()).expect("a seed"));
    let mut answered = Vec::new();
    for call in calls {
        let here = call.replace("localhost:8080", &cloud.address).replacen("curl", "curl -sSf", 1);
        let output = Command::new("bash").args(["-euc", &here]).current_dir(path("")).output().expect("bash");
        let said = String::from_utf8_lossy(&output.stdout);
        let answer: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{call}: {error}: {output:?}"));
        assert!(output.status.success() && answer.is_object() && answer.get("error").is_none(), "{call}: {answer:#}");
        assert_ne!(answer["status"], "error", "{call}: {answer:#}");
        answered.push(call.split("/t/causeway/").nth(1).and_then(|rest| rest.split(' ').next()).expect("a name"));
    }
    answered.sort_unstable();
    assert_eq!(answered, functions());
}

/// A command of the page for this cloud, with this build in the place of `cargo run`.
fn here(command: &str, cloud: &LocalCloud) -> String {
    let endpoint = format!("--endpoint http://{}", cloud.address);
    let command = command.replace("localhost:8080", &cloud.address).replace("-- env", &format!("-- env {endpoint}"));
    let command = command.replace("-- seed", &format!("-- seed {endpoint}"));
    command.replace("cargo run --release --quiet -- ", "causeway ").replace("cargo run --release -- ", "causeway ")
}

/// What a shell says to it; its home is `home`.
fn said(command: &str, cloud: &LocalCloud, home: &Path) -> String {
    let folder = programs::causeway().parent().expect("a folder").display().to_string();
    let tools = path("target/tools/oci-python/bin").display().to_string();
    let mut shell = Command::new("bash");
    shell.args(["-euc", &here(command, cloud)]).current_dir(path("")).env_clear().env("HOME", home);
    let output = shell.env("PATH", format!("{folder}:{tools}:/usr/bin:/bin")).output().expect("bash");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_same_call_is_answered_by_other_ways() {
    let page = text("README.md");
    let is_one = |line: &&str| {
        line.starts_with("curl localhost:8080/2015") || line.starts_with("cargo run --release -- invoke ")
    };
    let calls: Vec<_> = page.lines().filter(is_one).collect();
    assert_eq!(calls.len(), 2, "{calls:?}");
    let root = tempfile::tempdir().expect("a folder");
    let cloud = LocalCloud::start(&root.path().join("state"), 120, &[]);
    for call in calls {
        let answer: Value = serde_json::from_str(&said(call, &cloud, root.path())).expect("JSON");
        assert_eq!(answer["agent_name"], "discovery", "{call}: {answer:#}");
    }
}

#[test]
fn oracles_command_line_does_what_the_page_says() {
    let page = text("README.md");
    let block = blocks(section(&page, "An OCI on your machine"), "sh")[0];
    if !path("target/tools/oci-python/bin/oci").exists() {
        return tests::harness::skip("Oracle's command line on the README", ".ci/test-tools installs it");
    }
    let root = tempfile::tempdir().expect("a folder");
    let cloud = LocalCloud::start(&root.path().join("state"), 120, &[]);
    let said = said(block, &cloud, root.path());
    for expected in ["superstore/superstore.csv", "\"agent_name\":\"discovery\""] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

/// What `--seed-file` loads before anything is served.
fn seed(cloud: &LocalCloud, file: &str) {
    let endpoint = format!("http://{}", cloud.address);
    let mut command = Command::new(programs::causeway());
    let output = command.args(["seed", "--endpoint", &endpoint]).arg(path(file)).env_clear().output();
    let output = output.expect("causeway");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Names of variables that a block sets.
fn exported(block: &str) -> Vec<&str> {
    let lines = block.lines().filter_map(|line| line.strip_prefix("export "));
    lines.flat_map(|line| line.split(' ')).filter_map(|word| word.split('=').next()).collect()
}

#[test]
fn what_oracles_cloud_needs_is_exported() {
    let page = text("README.md");
    let section = section(&page, "Deploy to Oracle Cloud");
    let block = blocks(section, "sh")[0];
    assert!(block.lines().count() <= 10, "{block}");
    let script = text("func-yaml/deploy");
    let required = script.split("required=(").nth(1).and_then(|rest| rest.split(')').next()).expect("a list");
    for name in required.split_whitespace() {
        assert!(exported(block).contains(&name), "{name} is required");
    }
    for option in ["--dry-run", "--only", "--image-tag", "--function"] {
        assert!(section.contains(option) && script.contains(&format!("  {option}")), "{option}");
    }
    let arguments = block.split("--build-arg ").skip(1).filter_map(|rest| rest.split('=').next());
    let arguments: Vec<_> = arguments.collect();
    assert_eq!(arguments, ["FUNCTION", "VERSION", "REVISION"]);
    let image = text("Dockerfile");
    let (_, last) = image.rsplit_once("FROM scratch").expect("the image");
    for argument in arguments {
        assert!(
            last.contains(&format!("\nARG {argument}")) && last.contains(&format!("=\"${{{argument}}}\"")),
            "{argument}"
        );
    }
    // A push to a registry that nobody has logged in to is refused.
    let at = |command: &str| block.find(command).unwrap_or_else(|| panic!("no {command}"));
    assert!(at("docker login") < at("docker push"));
}

#[test]
fn what_aws_needs_is_exported() {
    let page = text("README.md");
    let block = blocks(section(&page, "Deploy to AWS"), "sh")[0];
    assert!(block.lines().count() <= 10, "{block}");
    let template = text("serverless.yml");
    let variables = template.split("${env:").skip(1).filter_map(|rest| rest.split('}').next());
    for name in variables.filter(|variable| !variable.contains(',')) {
        assert!(exported(block).contains(&name), "{name} has no default");
    }
    let tested = text(".ci/test-tools");
    let packager = block.split_whitespace().find(|word| word.starts_with("osls@")).expect("a version");
    assert!(tested.contains(packager), "{packager} is not what the tests hold to");
    // Messages of panics have the paths of sources, so the bytes would be those of a folder and a home.
    for file in ["README.md", "func-yaml/README.md"] {
        for prefix in ["$PWD=/src", "${CARGO_HOME:-$HOME/.cargo}=/cargo"] {
            assert!(text(file).contains(&format!("--remap-path-prefix={prefix}")), "{file}: {prefix}");
        }
    }
}
