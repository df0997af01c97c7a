//! The archives that Lambda gets: what it can start, and the same bytes for the same binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::{functions, path};

const LIST: &str = "import sys, zipfile
for name in sys.argv[1:]:
    for entry in zipfile.ZipFile(name).infolist():
        print(entry.filename, oct(entry.external_attr >> 16), entry.date_time, zipfile.ZipFile(name).read(entry).decode())";

fn pack(folder: &Path, target: &Path) -> Output {
    let mut script = Command::new("python3");
    script.arg(path("func-yaml/aws/archives")).args([folder, target]).env_clear().env("PATH", "/usr/bin:/bin");
    script.output().expect("python3")
}

#[test]
fn archives_are_the_same_for_the_same_binaries() {
    if !crate::bill::has_python("archives for Lambda") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("binaries")).expect("a folder");
    let names = functions();
    let missing = pack(&at("binaries"), &at("none"));
    assert!(!missing.status.success() && !at("none").exists(), "{missing:?}");

    // cargo-lambda makes a folder for each function, cargo a file.
    for (number, name) in names.iter().enumerate() {
        let file = at("binaries").join(name);
        let file = if number % 2 == 0 {
            file
        } else {
            fs::create_dir(&file).map(|()| file.join("bootstrap")).expect("a folder")
        };
        fs::write(file, name).expect("written");
    }
    for target in ["one", "two"] {
        let packed = pack(&at("binaries"), &at(target));
        assert!(packed.status.success(), "{packed:?}");
        // Entries would have the time of their file, in steps of two seconds.
        let file = fs::File::options().append(true).open(at("binaries").join(&names[0])).expect("the file");
        file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 30)).expect("set");
    }
    let archive = |target: &str, name: &String| at(target).join(format!("{name}.zip"));
    for name in &names {
        assert_eq!(fs::read(archive("one", name)).expect("it"), fs::read(archive("two", name)).expect("it"), "{name}");
    }
    let listed =
        Command::new("python3").args(["-c", LIST]).args(names.iter().map(|name| archive("one", name))).output();
    let listed = String::from_utf8(listed.expect("python3").stdout).expect("UTF-8");
    let expected = |name: &String| format!("bootstrap 0o100755 (1980, 1, 1, 0, 0, 0) {name}\n");
    assert_eq!(listed, names.iter().map(expected).collect::<String>());
}
