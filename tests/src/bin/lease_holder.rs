//! Takes a lease and writes under it again and again, until it is refused or killed. For the tests of leases.

use std::collections::HashMap;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use causeway_cloud::state::lease::{Acquired, Lease, acquire};
use causeway_cloud::state::{Documents, StateError, Version};
use causeway_oci_client::store::Bucket;
use clap::Parser;
use serde_json::json;
use tests::harness::{Hurried, oci_client};

/// Between two writes.
const PAUSE: Duration = Duration::from_millis(50);
/// Exit code of a holder that was refused because it had a successor.
const FENCED: u8 = 3;

/// Holds the lease `lease` and writes the document `work` under it, in a bucket of the services that the environment
/// names. Says what it does, line by line.
#[derive(Debug, Parser)]
struct Arguments {
    /// Name of the bucket.
    #[arg(long)]
    bucket: String,
    /// Who it says that it is.
    #[arg(long)]
    owner: String,
    /// For how long it holds the lease each time.
    #[arg(long)]
    time_to_live_ms: u64,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let variables: HashMap<_, _> = std::env::vars().collect();
    let clock = Arc::new(Hurried { by: 1 });
    let bucket = Bucket::new(oci_client(variables, clock.clone()).object_storage(), &arguments.bucket);
    let documents = Documents::new(Arc::new(bucket), "lease", clock);
    let time_to_live = Duration::from_millis(arguments.time_to_live_ms);
    let lease = match acquire(&documents, "lease", &arguments.owner, time_to_live).await? {
        Acquired::Held(lease) => lease,
        Acquired::Busy { owner, .. } => bail!("{owner} has the lease"),
    };
    say(&format!("held {}", lease.epoch()))?;
    match work(&documents, &arguments.owner, lease, time_to_live).await {
        Err(StateError::Fenced { ours, theirs, .. }) => {
            say(&format!("fenced ours={ours} theirs={theirs}"))?;
            Ok(ExitCode::from(FENCED))
        }
        Err(other) => Err(other.into()),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

/// Writes first and renews then: a holder that slept finds out by its write.
async fn work(documents: &Documents, owner: &str, mut lease: Lease, time_to_live: Duration) -> Result<(), StateError> {
    let mut version: Option<Version> = None;
    for step in 1_u64.. {
        let content = json!({ "by": owner, "step": step });
        let written = documents.write_fenced("work", &content, version.as_ref(), lease.epoch()).await?;
        version = Some(written);
        if say(&format!("wrote {step} {}", lease.epoch())).is_err() {
            return Ok(());
        }
        match lease.renew(documents, time_to_live).await {
            // It goes on as one that does not notice: what it writes has to be refused all the same.
            Ok(()) | Err(StateError::Conflict(_)) => {}
            Err(other) => return Err(other),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
