//! What is written is there after a restart, and what was half done is not.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use causeway_oci_emulator::{Emulator, Options, Place, Safety};
use serde_json::json;

use crate::support::{Cloud, ask};

fn in_directory(directory: &Path) -> Options {
    Options { place: Place::Directory(directory.to_owned()), ..Options::default() }
}

fn files(directory: &Path) -> usize {
    let folders = std::fs::read_dir(directory.join("bodies")).unwrap().flatten();
    folders.map(|folder| std::fs::read_dir(folder.path()).unwrap().count()).sum()
}

/// Waits until an emulator that was dropped has let go of its directory; its connections end a little later.
async fn released(directory: &Path) {
    for _ in 0..500 {
        if Emulator::open(in_directory(directory)).is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the directory is still in use");
}

#[tokio::test]
async fn state_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    for safety in [Safety::Process, Safety::Disk] {
        let options = || Options { safety, ..in_directory(&directory.path().join(format!("{safety:?}"))) };
        let cloud = Cloud::start(options()).await;
        let bucket = cloud.create_bucket("bk", &json!({})).await;
        cloud.put(&format!("{bucket}/o/small"), "small").await.ok();
        cloud.put(&format!("{bucket}/o/large"), vec![5; 100_000]).await.ok();
        cloud.advance(86_400).await;
        drop(cloud);
        released(&directory.path().join(format!("{safety:?}"))).await;
        let cloud = Cloud::start(options()).await;
        assert_eq!(cloud.get(&format!("{bucket}/o/small")).await.ok().body, b"small");
        assert_eq!(cloud.get(&format!("{bucket}/o/large")).await.ok().body, [5; 100_000]);
        let clock = cloud.admin("GET", "clock", &json!({})).await.json();
        assert!(clock["setting"]["serviceOffsetMs"].as_i64().unwrap() >= 86_400_000, "{clock}");
    }
}

#[tokio::test]
async fn what_is_new_is_private_and_what_was_there_keeps_its_mode() {
    let parent = tempfile::tempdir().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let new = parent.path().join("above/new");
    drop(Emulator::open(in_directory(&new)).unwrap());
    let modes = [parent.path().join("above"), new.clone(), new.join("bodies"), new.join("state.redb")];
    assert_eq!(modes.map(|path| mode(&path)), [0o700, 0o700, 0o700, 0o600]);
    let shared = parent.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, Permissions::from_mode(0o750)).unwrap();
    drop(Emulator::open(in_directory(&shared)).unwrap());
    std::fs::set_permissions(shared.join("state.redb"), Permissions::from_mode(0o640)).unwrap();
    drop(Emulator::open(in_directory(&shared)).unwrap());
    assert_eq!((mode(&shared), mode(&shared.join("state.redb"))), (0o750, 0o640));
}

#[tokio::test]
async fn one_directory_belongs_to_one_emulator() {
    let directory = tempfile::tempdir().unwrap();
    let _first = Cloud::start(in_directory(directory.path())).await;
    assert!(Emulator::open(in_directory(directory.path())).is_err());
}

/// So many files, at the latest in two seconds: the one of an upload that breaks off may come and go after the answer
/// to another request.
async fn settled(directory: &Path, expected: usize) {
    for _ in 0..100 {
        if files(directory) == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(files(directory), expected);
}

#[tokio::test]
async fn files_go_with_their_objects_and_strays_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let cloud = Cloud::start(in_directory(directory.path())).await;
    let bucket = cloud.create_bucket("bk", &json!({})).await;
    let target = format!("{bucket}/o/x");
    for _ in 0..3 {
        cloud.put(&target, vec![5; 100_000]).await.ok();
    }
    assert_eq!(files(directory.path()), 1);
    // A refused upload leaves no file, and neither does one that breaks off.
    let late = ask("PUT", &target).body(vec![5; 100_000]).header("content-md5", "AAAA");
    assert_eq!(cloud.send(late).await.status, 400);
    let mut broken = ask("PUT", &target).header("content-length", "1000000");
    broken.body = vec![5; 100_000];
    broken = broken.sign(&cloud.address, &cloud.key_id, &crate::support::test_key());
    let mut stream = tokio::net::TcpStream::connect(&cloud.address).await.unwrap();
    let head = format!("PUT {target} HTTP/1.1\r\n")
        + &broken.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>()
        + "\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, &broken.body).await.unwrap();
    drop(stream);
    settled(directory.path(), 1).await;
    cloud.delete(&target).await.ok();
    settled(directory.path(), 0).await;
    drop(cloud);
    released(directory.path()).await;
    std::fs::create_dir_all(directory.path().join("bodies/aa")).unwrap();
    std::fs::write(directory.path().join("bodies/aa/00000000000000aa"), "stray").unwrap();
    let _cloud = Cloud::start(in_directory(directory.path())).await;
    assert_eq!(files(directory.path()), 0);
}

/// The example's process, killed with the test.
struct Server {
    process: std::process::Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// `cargo test` builds the example beside the tests.
    fn start(directory: &Path) -> Self {
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().and_then(Path::parent).unwrap().join("examples/serve");
        let mut process = std::process::Command::new(program)
            .args(["--port", "0", "--data"])
            .arg(directory)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the example `serve` must be built");
        let lines = std::io::BufRead::lines(std::io::BufReader::new(process.stderr.take().unwrap()));
        let mut addresses = lines.filter_map(|line| Some(line.ok()?.strip_prefix("listening on http://")?.to_owned()));
        Self { address: addresses.next().expect("the server must start"), process }
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    use crate::support::{register_by_admin, send_to, test_key};

    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path());
    let (key_id, namespace, compartment) = register_by_admin(&server.address).await;
    let signed = |address: &str, ask: crate::support::Ask| ask.sign(address, &key_id, &test_key());
    let details = json!({ "name": "bk", "compartmentId": compartment });
    let create = ask("POST", &format!("/n/{namespace}/b")).json(&details);
    send_to(&server.address, signed(&server.address, create)).await.unwrap().ok();
    let body =
        |number: usize| vec![u8::try_from(number % 251).unwrap(); if number.is_multiple_of(3) { 40_000 } else { 40 }];
    for round in 0..3 {
        let address = server.address.clone();
        let (sender, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
        let writers = (0..4).map(|writer| {
            let (address, sender, signed) = (address.clone(), sender.clone(), &signed);
            let target = format!("/n/{namespace}/b/bk/o/{round}-{writer}");
            async move {
                for number in 0.. {
                    let put = ask("PUT", &format!("{target}-{number}")).body(body(number));
                    match send_to(&address, signed(&address, put)).await {
                        Some(answer) if answer.status == 200 => sender.send((writer, number)).unwrap(),
                        _ => return,
                    }
                }
            }
        });
        let killer = async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            server.process.kill().unwrap();
        };
        let (_, ()) = tokio::join!(futures_util::future::join_all(writers), killer);
        server = Server::start(directory.path());
        drop(sender);
        let mut count = 0;
        while let Some((writer, number)) = acknowledged.recv().await {
            let get = ask("GET", &format!("/n/{namespace}/b/bk/o/{round}-{writer}-{number}"));
            let answer = send_to(&server.address, signed(&server.address, get)).await.unwrap().ok();
            assert!(answer.body == body(number), "{round}-{writer}-{number}");
            count += 1;
        }
        assert!(count > 0, "nothing was written before the kill");
    }
}
