//! Other programs that download: Oracle's command line, rclone, s5cmd.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::download::OBJECT;
use crate::server::{About, BUCKET};

/// A program, and how it is told to download the object into a folder.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) command: Box<dyn Fn(&Path) -> Command>,
    /// Whether it speaks S3, which the emulator does not.
    pub(crate) is_s3: bool,
}

impl Peer {
    pub(crate) fn new(name: &str, command: impl Fn(&Path) -> Command + 'static) -> Self {
        Self { name: name.to_owned(), command: Box::new(command), is_s3: false }
    }

    fn of_s3(self) -> Self {
        Self { is_s3: true, ..self }
    }
}

/// A program that sees nothing of this machine's settings.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", std::env::temp_dir()).stdin(Stdio::null());
    command
}

/// Smallest range that Oracle's command line takes, in MiB.
const OCI_LEAST: u64 = 128;

/// `oci os object bulk-download`.
pub(crate) fn oci(program: &Path, about: &About, range_mib: u64, parallel: usize) -> Peer {
    let (program, url, config) = (program.to_owned(), about.url.clone(), about.config.clone());
    Peer::new("oci bulk-download", move |folder| {
        let mut command = clean(&program);
        command.env("OCI_CLI_CONFIG_FILE", &config).env("OCI_CLI_ENDPOINT", &url).env("LC_ALL", "C.UTF-8");
        command.env("OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING", "True").env("SUPPRESS_LABEL_WARNING", "True");
        command.args(["os", "object", "bulk-download", "-bn", BUCKET, "--multipart-download-threshold", "128"]);
        command.args(["--part-size".to_owned(), range_mib.max(OCI_LEAST).to_string()]);
        command.args(["--parallel-operations-count".to_owned(), parallel.to_string()]);
        command.arg("--download-dir").arg(folder);
        command
    })
}

/// `rclone copy` by its backend for this service.
pub(crate) fn rclone(program: &Path, about: &About, range_mib: u64, parallel: usize) -> Peer {
    let settings = format!(
        ":oracleobjectstorage,provider=user_principal_auth,namespace={},compartment={},region=us-ashburn-1,\
         endpoint='{}',config_file='{}',config_profile=DEFAULT,no_check_bucket=true:{BUCKET}/{OBJECT}",
        about.namespace,
        about.compartment,
        about.url,
        about.config.display()
    );
    let program = program.to_owned();
    Peer::new("rclone", move |folder| rclone_copy(&program, &settings, folder, range_mib, parallel))
}

fn rclone_copy(program: &Path, from: &str, folder: &Path, range_mib: u64, parallel: usize) -> Command {
    let mut command = clean(program);
    command.args(["copy", from]).arg(folder).args(["--config", "/dev/null", "--ignore-checksum"]);
    command.args(["--multi-thread-cutoff", "1M", "--multi-thread-streams", &parallel.to_string()]);
    command.args(["--multi-thread-chunk-size", &format!("{range_mib}M")]);
    command
}

/// The same object as S3, by `rclone serve s3` from a folder. It ends with this value.
pub(crate) struct ServedS3 {
    process: Child,
    url: String,
}

impl Drop for ServedS3 {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const KEY: &str = "throwaway";

impl ServedS3 {
    pub(crate) fn start(rclone: &Path, folder: &Path) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = clean(rclone);
        command.args(["serve", "s3"]).arg(folder).args(["--addr", &address.to_string(), "--config", "/dev/null"]);
        command.args(["--auth-key", &format!("{KEY},{KEY}")]).stdout(Stdio::null()).stderr(Stdio::null());
        let served = Self { process: command.spawn()?, url: format!("http://{address}") };
        let limit = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < limit, "rclone does not serve");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(served)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> String {
        self.process.id().to_string()
    }
}

/// `rclone copy` from S3: what the protocol changes.
pub(crate) fn rclone_s3(program: &Path, served: &ServedS3, range_mib: u64, parallel: usize) -> Peer {
    let settings = format!(
        ":s3,provider=Rclone,endpoint='{}',access_key_id={KEY},secret_access_key={KEY},no_check_bucket=true:\
         {BUCKET}/{OBJECT}",
        served.url
    );
    let program = program.to_owned();
    Peer::new("rclone (S3)", move |folder| rclone_copy(&program, &settings, folder, range_mib, parallel)).of_s3()
}

/// `s5cmd cp`.
pub(crate) fn s5cmd(program: &Path, served: &ServedS3, range_mib: u64, parallel: usize) -> Peer {
    let (program, url): (PathBuf, _) = (program.to_owned(), served.url.clone());
    let peer = Peer::new("s5cmd (S3)", move |folder| {
        let mut command = clean(&program);
        command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", KEY).env("AWS_REGION", "us-east-1");
        command.args(["--endpoint-url", &url, "cp", "--concurrency", &parallel.to_string()]);
        command
            .args(["--part-size", &range_mib.to_string(), &format!("s3://{BUCKET}/{OBJECT}")])
            .arg(folder.join(OBJECT));
        command
    });
    peer.of_s3()
}
