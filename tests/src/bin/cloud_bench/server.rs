//! The emulator in a process of its own, so that its processor time is its own too.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result};
use causeway_oci_auth::effects::SystemClock;
use causeway_oci_client::Client;
use causeway_oci_client::object_storage::CreateBucket;
use causeway_oci_emulator::{Emulator, Options, Resource};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tests::harness::oci_client;
use tokio::net::TcpListener;

/// Name of the bucket that is there from the start.
pub(crate) const BUCKET: &str = "bench";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the files of a principal and of the command line go
    #[arg(long)]
    folder: PathBuf,
}

/// What the emulator tells about itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) url: String,
    pub(crate) namespace: String,
    pub(crate) compartment: String,
    /// Variables of a resource principal.
    pub(crate) principal: HashMap<String, String>,
    /// Configuration file of the command line.
    pub(crate) config: PathBuf,
}

/// A running emulator with an empty bucket; it ends with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) about: About,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--folder").arg(folder.path()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("its output")?).read_line(&mut line)?;
        let about: About = serde_json::from_str(&line).context("the emulator did not start")?;
        let server = Self { process, about, _folder: folder };
        let compartment_id = server.about.compartment.clone();
        let new = CreateBucket { name: BUCKET.to_owned(), compartment_id, ..CreateBucket::default() };
        server.client().object_storage().create_bucket(&new).await?;
        Ok(server)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> String {
        self.process.id().to_string()
    }

    pub(crate) fn client(&self) -> Client {
        self.about.client()
    }
}

impl About {
    pub(crate) fn variables(&self) -> HashMap<String, String> {
        let mut variables = self.principal.clone();
        variables.insert("CAUSEWAY_OCI_ENDPOINT".to_owned(), self.url.clone());
        variables
    }

    pub(crate) fn client(&self) -> Client {
        oci_client(self.variables(), Arc::new(SystemClock))
    }
}

/// The emulator until it is killed.
pub(crate) fn serve(arguments: &Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let emulator = Emulator::open(Options::default())?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let about = about(&emulator, &listener, arguments)?;
        let mut out = stdout();
        writeln!(out, "{}", serde_json::to_string(&about)?)?;
        out.flush()?;
        Ok(emulator.serve(listener, std::future::pending()).await?)
    })
}

fn about(emulator: &Emulator, listener: &TcpListener, arguments: &Arguments) -> Result<About> {
    let resource = Resource {
        id: "ocid1.fnfunc.oc1.iad.throwaway".to_owned(),
        kind: "fnfunc".to_owned(),
        compartment: emulator.default_compartment(),
        lifetime: None,
    };
    let principal = emulator.mint_principal(&arguments.folder.join("principal"), &resource)?;
    Ok(About {
        url: format!("http://{}", listener.local_addr()?),
        namespace: emulator.namespace_of(emulator.tenancy()),
        compartment: emulator.default_compartment(),
        principal: principal.environment().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        config: emulator.write_cli_config(&arguments.folder.join("cli"))?,
    })
}
