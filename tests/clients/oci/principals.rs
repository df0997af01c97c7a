//! Other ways to sign than a user's key: resource principals and session tokens.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use causeway_oci_emulator::{PrincipalFiles, Resource};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::harness::{Cloud, check, printed, program, refusal};

/// The files that OCI Functions would give to a function.
fn mint(cloud: &Cloud, lifetime: SignedDuration) -> PrincipalFiles {
    let resource = Resource {
        id: cloud.emulator.function_ocid("example"),
        kind: "fnfunc".to_owned(),
        compartment: cloud.compartment(),
        lifetime: Some(lifetime),
    };
    cloud.emulator.mint_principal(&cloud.folder.path().join("principal"), &resource).expect("files")
}

fn as_resource(mut command: Command, files: &PrincipalFiles) -> Command {
    command.env_remove("OCI_CLI_CONFIG_FILE").envs(files.environment());
    command
}

#[test]
fn a_resource_principal_uses_the_command_line() {
    let Some(cloud) = Cloud::start("resource principals") else { return };
    let files = mint(&cloud, SignedDuration::from_mins(20));
    let run = |arguments: &str, more: &[&str]| {
        let arguments = format!("{arguments} --auth resource_principal");
        let output = as_resource(cloud.command(&arguments, more), &files).output().unwrap();
        printed(&output, &arguments)
    };
    let namespace = run("os ns get", &[]);
    assert_eq!(namespace["data"], cloud.emulator.namespace_of(cloud.emulator.tenancy()));
    let made = run("os bucket create --name bk", &["-c", &cloud.compartment()]);
    check(&made, [("/data/created-by", json!(cloud.emulator.function_ocid("example")))]);
    cloud.write("in", "by a function");
    run("os object put -bn bk --name k --file in", &[]);
    check(&run("os object head -bn bk --name k", &[]), [("/content-length", json!("13"))]);
    run("monitoring metric list", &["-c", &cloud.compartment()]);
    let head = cloud.oci("os object head -bn bk --name k", &[]);
    check(&head, [("/content-length", json!("13"))]);
}

/// Calls twice; waits for a line in between. Says which token each call was signed with, by its `jti`.
const SCRIPT: &str = r#"
import json, jwt, oci, sys
def token():
    claims = jwt.decode(signer.api_key[3:], options={"verify_signature": False})
    return {"jti": claims["jti"], "type": claims["res_type"]}
signer = oci.auth.signers.get_resource_principals_signer()
client = oci.object_storage.ObjectStorageClient({}, signer=signer, service_endpoint=sys.argv[1])
for turn in range(2):
    namespace = client.get_namespace().data
    print(json.dumps({"namespace": namespace, "token": token()}), flush=True)
    sys.stdin.readline()
"#;

#[test]
fn the_sdk_follows_a_rotation() {
    let Some(cloud) = Cloud::start("rotation") else { return };
    // The service's clock gets ahead, by less than it tolerates: the first token ends while the client still
    // believes in it, and the service says 401.
    let files = mint(&cloud, SignedDuration::from_mins(3));
    let python = program("python").expect("it is beside the command line");
    let mut command = as_resource(cloud.bare(&python), &files);
    command.args(["-c", SCRIPT, &cloud.url]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut script = command.spawn().expect("Python runs");
    let mut lines = BufReader::new(script.stdout.take().expect("its output")).lines();
    let mut stdin = script.stdin.take().expect("its input");
    let mut next = || -> Value { serde_json::from_str(&lines.next().expect("a line").unwrap()).expect("JSON") };
    let first = next();
    check(&first, [("/token/type", json!("fnfunc"))]);
    cloud.emulator.clock().skew_gate(SignedDuration::from_mins(4));
    assert_eq!(cloud.emulator.rotate_principals().expect("new files"), 1);
    stdin.write_all(b"\n").unwrap();
    let second = next();
    assert_eq!(second["namespace"], first["namespace"]);
    assert_ne!(second["token"]["jti"], first["token"]["jti"], "the first token has ended");
    stdin.write_all(b"\n").unwrap();
    assert!(script.wait().unwrap().success());
}

#[test]
fn a_session_is_validated() {
    let Some(cloud) = Cloud::start("sessions") else { return };
    let files = mint(&cloud, SignedDuration::from_mins(4));
    let config = format!(
        "[DEFAULT]\nuser={}\nfingerprint={}\ntenancy={}\nregion={}\nkey_file={}\nsecurity_token_file={}\n",
        cloud.setting("user"),
        cloud.setting("fingerprint"),
        cloud.setting("tenancy"),
        files.region,
        files.private_key.display(),
        files.token.display(),
    );
    cloud.write("session", config);
    let run = |arguments: &str| {
        let mut command = cloud.command(arguments, &[]);
        command.env("OCI_CLI_CONFIG_FILE", cloud.file("session")).output().unwrap()
    };
    let says = |arguments: &str, status: bool, expected: &str| {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() == status && said.contains(expected), "{arguments}: {output:?}");
    };
    says("session validate --local", true, "Session is valid until");
    says("session validate", true, "Session is valid until");
    let namespace = printed(&run("os ns get --auth security_token"), "os ns get");
    assert_eq!(namespace["data"], cloud.emulator.namespace_of(cloud.emulator.tenancy()));
    cloud.emulator.clock().skew_gate(SignedDuration::from_secs(290));
    says("session validate", false, "Session was deemed invalid by service");
    check(
        &refusal(&run("os ns get --auth security_token")),
        [("/status", json!(401)), ("/code", json!("NotAuthenticated"))],
    );
}
