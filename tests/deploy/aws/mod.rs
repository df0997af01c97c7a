//! The set-up of AWS: `serverless.yml` as osls packages it, with archives of nothing in place of the functions'.

mod alarms;
mod archives;
mod functions;
mod gateway;
mod pictures;
mod roles;
mod site;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::world::{Ran, ran};
use crate::{functions, path, text};

const OSLS: &str = "target/tools/osls/node_modules/osls/bin/serverless.js";
const CFN_LINT: &str = "target/tools/cfn-lint/bin/cfn-lint";
const TEMPLATE: &str = ".serverless/cloudformation-template-update-stack.json";
/// A zip archive without files.
const ARCHIVE: [u8; 22] = [b'P', b'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// osls names dependencies that references imply; CloudFormation takes them for what they are.
const IGNORED: &str = "W3005";

/// What a site says of itself.
const SITE: &[(&str, &str)] = &[
    ("CAUSEWAY_JWT_ISSUER", "https://identity.dec.example/"),
    ("CAUSEWAY_JWT_AUDIENCE", "causeway"),
    ("CAUSEWAY_CORS_ORIGIN", "https://app.dec.example"),
    ("CAUSEWAY_BUCKET", "dec-example-causeway"),
    ("CAUSEWAY_RESULTS_BUCKET", "dec-example-results"),
    ("CAUSEWAY_METRICS_NAMESPACE", "dec_example"),
];
/// What it says besides when it lets the autoscaler work on Oracle's machines.
const FLEET: &[(&str, &str)] = &[
    ("CAUSEWAY_FLEET", "oci"),
    ("CAUSEWAY_OCI_BUCKET", "causeway"),
    ("CAUSEWAY_OCI_TOPIC", "ocid1.onstopic.oc1.iad.aaaatopic"),
    ("CAUSEWAY_OCI_COMPARTMENT", "ocid1.compartment.oc1..aaaacompartment"),
    ("CAUSEWAY_OCI_REGION", "us-ashburn-1"),
    ("CAUSEWAY_OCI_DOMAIN_URL", "https://idcs-dec.identity.example"),
    ("CAUSEWAY_OCI_CLIENT_ID", "dec-client"),
];

/// A folder with `serverless.yml`, what it refers to, and archives.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("func-yaml/aws")).expect("a folder");
        fs::create_dir_all(at("target/lambda")).expect("a folder");
        fs::create_dir_all(at(".github")).expect("a folder");
        for file in fs::read_dir(path("func-yaml/aws")).expect("func-yaml/aws").map(|entry| entry.expect("entry")) {
            fs::copy(file.path(), at("func-yaml/aws").join(file.file_name())).expect("copied");
        }
        for file in ["serverless.yml", ".github/SETTINGS.md"] {
            fs::copy(path(file), at(file)).expect("copied");
        }
        for function in functions() {
            fs::write(at(&format!("target/lambda/{function}.zip")), ARCHIVE).expect("written");
        }
        Self(folder)
    }

    fn at(&self) -> &Path {
        self.0.path()
    }

    fn package(&self, site: &[(&str, &str)]) -> Ran {
        let mut node = Command::new("node");
        node.arg(path(OSLS)).arg("package").current_dir(self.at()).env_clear();
        node.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.at());
        // No questions of its own to the network.
        node.env("SLS_TELEMETRY_DISABLED", "1").env("SLS_NOTIFICATIONS_MODE", "off");
        ran(node.envs(site.iter().copied()).output().expect("node"))
    }

    /// What it says about a part of `serverless.yml` that another text replaces.
    fn package_with(&self, part: &str, other: &str, site: &[(&str, &str)]) -> Ran {
        let file = text("serverless.yml");
        assert!(file.contains(part), "{part}");
        fs::write(self.at().join("serverless.yml"), file.replacen(part, other, 1)).expect("written");
        self.package(site)
    }
}

/// Lines that are not the news of a packaging without fault.
fn warnings(said: &Ran) -> Vec<String> {
    let is_news = |line: &&str| {
        let line = line.trim();
        line.is_empty() || line.starts_with("Packaging causeway") || line.contains("Service packaged")
    };
    let lines = said.stdout.lines().chain(said.stderr.lines());
    lines.filter(|line| !is_news(line)).map(str::to_owned).collect()
}

/// What CloudFormation gets.
struct Template(Value);

impl Template {
    /// The template of this site; `None` where there is no osls.
    fn of(test: &str, site: &[(&str, &str)]) -> Option<Self> {
        has_osls(test).then(|| {
            let folder = Folder::new();
            let said = folder.package(site).succeeded();
            assert_eq!(warnings(&said), Vec::<String>::new());
            let template = fs::read_to_string(folder.at().join(TEMPLATE)).expect("a template");
            Self(serde_json::from_str(&template).expect("JSON"))
        })
    }

    /// Properties of all resources of a type, by their names in the template.
    fn all(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let resources = self.0["Resources"].as_object().expect("resources").iter();
        resources
            .filter(|(_, one)| one["Type"] == kind)
            .map(|(name, one)| (name.as_str(), &one["Properties"]))
            .collect()
    }

    /// Functions by the names that they have in this repository, with their names in the template and their properties.
    fn functions(&self) -> BTreeMap<String, (&str, &Value)> {
        let all = self.all("AWS::Lambda::Function").into_iter();
        let name = |function: &Value| {
            let name = function["FunctionName"].as_str().expect("a name");
            name.strip_prefix("causeway-prod-").expect("the prefix of the stage").to_owned()
        };
        all.map(|(logical, function)| (name(function), (logical, function))).collect()
    }

    /// The function that a reference, or the ARN made of one, is about.
    fn function_of(&self, reference: &Value) -> String {
        let logical = reference["Ref"].as_str().or_else(|| reference["Fn::GetAtt"][0].as_str());
        let mut found = self.functions().into_iter().filter(|(_, (name, _))| Some(*name) == logical);
        found.next().unwrap_or_else(|| panic!("{reference} is no function")).0
    }
}

/// The template, packaged once for all tests that look at it.
fn template() -> Option<&'static Template> {
    static PACKAGED: LazyLock<Option<Template>> = LazyLock::new(|| Template::of("the template of AWS", SITE));
    PACKAGED.as_ref()
}

/// That of a site whose autoscaler works on Oracle's machines.
fn with_fleet() -> Option<&'static Template> {
    static PACKAGED: LazyLock<Option<Template>> =
        LazyLock::new(|| Template::of("the template of AWS with a fleet", &[SITE, FLEET].concat()));
    PACKAGED.as_ref()
}

fn has_osls(test: &str) -> bool {
    let has_node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has_node {
        tests::harness::skip(test, "there is no Node.js");
    } else if !path(OSLS).exists() {
        tests::harness::skip(test, &format!("{OSLS} is not there"));
    }
    has_node && path(OSLS).exists()
}

#[test]
fn packaging_refuses_what_is_wrong_and_warns_of_nothing() {
    if !has_osls("packaging for AWS") {
        return;
    }
    let folder = Folder::new();
    assert_eq!(warnings(&folder.package(SITE).succeeded()), Vec::<String>::new());

    let slow = folder.package_with("role: VisionRole\n", "role: VisionRole\n    timeout: 120\n", SITE);
    assert!(warnings(&slow).iter().any(|line| line.contains("timeout")), "a warning is seen: {slow:?}");
    let misspelt = folder.package_with("architecture:", "architektur:", SITE);
    assert!(
        misspelt.code != Some(0) && warnings(&misspelt).iter().any(|line| line.contains("architektur")),
        "{misspelt:?}"
    );
    let without = folder.package_with("architecture:", "architecture:", &SITE[1..]);
    let is_named = warnings(&without).iter().any(|line| line.contains("issuerUrl"));
    assert!(without.code != Some(0) && is_named, "{without:?}");
}

#[test]
fn cloudformations_linter_finds_nothing() {
    if !path(CFN_LINT).exists() {
        return tests::harness::skip("the linter of CloudFormation", &format!("{CFN_LINT} is not there"));
    }
    let Some(none) = template() else { return };
    let Some(oci) = with_fleet() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let findings = |template: &Value| {
        let file = folder.path().join("template.json");
        fs::write(&file, template.to_string()).expect("written");
        let mut lint = Command::new(path(CFN_LINT));
        let lint =
            lint.args(["--ignore-checks", IGNORED, "--template"]).arg(file).env_clear().env("HOME", folder.path());
        ran(lint.env("LC_ALL", "C.UTF-8").output().expect("cfn-lint"))
    };
    for template in [none, oci] {
        let found = findings(&template.0);
        assert_eq!((found.code, found.stdout.as_str()), (Some(0), ""), "{found:?}");
    }
    let mut wrong = none.0.clone();
    wrong["Resources"]["Alerts"]["Properties"]["TopicNam"] = Value::from("x");
    assert!(findings(&wrong).stdout.contains("TopicNam"), "what is wrong is found");
}
