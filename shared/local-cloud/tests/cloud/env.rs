//! `causeway env`, read by a shell.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::up::{Up, text};

/// A variable as a shell has it after `eval "$(causeway env ...)"` in a directory with an unusual name.
fn in_shell(up: &Up, script: &str) -> String {
    let directory = up.temporary.path().join("it's a $HOME `dir`");
    let env = up.run("env", &["--dir", directory.to_str().unwrap()]);
    assert!(env.status.success(), "{}", text(&env.stderr));
    let mut shell = Command::new("sh");
    shell.args(["-euc", &format!("eval \"$EXPORTS\"; {script}")]).env("EXPORTS", text(&env.stdout));
    let output = shell.env("AWS_SESSION_TOKEN", "old").output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[tokio::test]
async fn a_shell_understands_it() {
    let up = Up::start(&[]);
    let about = up.admin("about").await;
    let url = up.url();
    let check = |name: &str, expected: &str| assert_eq!(in_shell(&up, &format!("printf %s \"${name}\"")), expected);
    check("OCI_CLI_ENDPOINT", &url);
    check("FN_API_URL", &url);
    check("AWS_ENDPOINT_URL_LAMBDA", &url);
    check("CAUSEWAY_COMPARTMENT", about["compartment"].as_str().unwrap());
    check("FN_DISCOVERY_AGENT_OCID", about["functions"]["discovery-agent"].as_str().unwrap());
    check("AWS_ACCESS_KEY_ID", "CAUSEWAYTESTONLY");
    assert_eq!(in_shell(&up, "printf %s \"${AWS_SESSION_TOKEN-gone}\""), "gone");
    let config = in_shell(&up, "cat \"$OCI_CLI_CONFIG_FILE\"");
    assert!(
        config.starts_with("[DEFAULT]\nuser=ocid1.user.oc1..") && config.contains("\nregion=us-ashburn-1\n"),
        "{config}"
    );
    let key = config.lines().find_map(|line| line.strip_prefix("key_file=")).unwrap();
    for path in [key.to_owned(), in_shell(&up, "printf %s \"$OCI_CLI_CONFIG_FILE\"")] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
    let directory = std::path::Path::new(key).parent().unwrap();
    assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
    let unset = text(&up.run("env", &["--unset"]).stdout);
    let after =
        in_shell(&up, &format!("{unset} printf %s \"${{OCI_CLI_ENDPOINT-gone}} ${{FN_DISCOVERY_AGENT_OCID-gone}}\""));
    assert_eq!(after, "gone gone");
}

/// Several shells use one key, and a new server learns it.
#[tokio::test]
async fn the_key_stays_and_a_damaged_one_is_replaced() {
    let up = Up::start(&[]);
    let key = |variables: &std::collections::HashMap<String, String>| {
        let config = fs::read_to_string(&variables["OCI_CLI_CONFIG_FILE"]).unwrap();
        config.lines().find_map(|line| line.strip_prefix("key_file=").map(str::to_owned)).unwrap()
    };
    let variables = up.env();
    let first = fs::read_to_string(key(&variables)).unwrap();
    assert_eq!(fs::read_to_string(key(&up.env())).unwrap(), first);
    assert_eq!(up.admin("keys").await.as_array().map(Vec::len), Some(1));
    fs::write(key(&variables), "damaged").unwrap();
    assert_ne!(fs::read_to_string(key(&up.env())).unwrap(), first);
    up.client("20181201").object_storage().namespace().await.unwrap();
}
