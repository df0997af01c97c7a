//! One large object in parallel ranges, by our client and by others.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use causeway_oci_client::object_storage::{GetObject, Stretches};
use causeway_oci_client::store::Bucket;
use futures_util::StreamExt;
use object_store::{ObjectStoreExt, PutPayload};

use crate::peers::{self, Peer};
use crate::server::{About, BUCKET, Server};
use crate::table::{Table, say};
use crate::usage::{cpu, cpu_of_children};

/// Name of the object.
pub(crate) const OBJECT: &str = "large.bin";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Size of the object in MiB
    #[arg(long, default_value_t = 2048)]
    mib: u64,
    /// Rounds; in each round every program has one turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Bytes of each range in MiB, for all programs; Oracle's command line takes no less than 128
    #[arg(long, default_value_t = 128)]
    range_mib: u64,
    /// Ranges at the same time, for all programs
    #[arg(long, default_value_t = 8)]
    parallel: usize,
    /// Where the programs write, best in memory
    #[arg(long, default_value = "/dev/shm")]
    scratch: PathBuf,
    /// Oracle's command line
    #[arg(long)]
    oci: Option<PathBuf>,
    /// rclone, which also serves the same object as S3
    #[arg(long)]
    rclone: Option<PathBuf>,
    /// s5cmd, measured against what rclone serves
    #[arg(long)]
    s5cmd: Option<PathBuf>,
}

/// Our client in a process of its own.
#[derive(Debug, clap::Args)]
pub(crate) struct Fetch {
    /// What the emulator told about itself
    #[arg(long)]
    about: String,
    #[arg(long)]
    range_mib: u64,
    #[arg(long)]
    parallel: usize,
    /// The file to write
    #[arg(long)]
    to: PathBuf,
}

/// One turn of one program.
struct Turn {
    seconds: f64,
    client: Duration,
    server: Duration,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let scratch = tempfile::tempdir_in(&arguments.scratch)?;
    let server = runtime.block_on(async {
        let server = Server::start().await?;
        fill(&server, arguments.mib).await?;
        anyhow::Ok(server)
    })?;
    let mut programs = vec![ours(&server.about, arguments)?];
    programs.extend(
        arguments.oci.iter().map(|oci| peers::oci(oci, &server.about, arguments.range_mib, arguments.parallel)),
    );
    let served = match &arguments.rclone {
        Some(rclone) => {
            programs.push(peers::rclone(rclone, &server.about, arguments.range_mib, arguments.parallel));
            let folder = scratch.path().join("served");
            write_content(&folder.join(BUCKET).join(OBJECT), arguments.mib)?;
            Some(peers::ServedS3::start(rclone, &folder)?)
        }
        None => None,
    };
    if let (Some(served), Some(rclone), Some(s5cmd)) = (&served, &arguments.rclone, &arguments.s5cmd) {
        programs.push(peers::rclone_s3(rclone, served, arguments.range_mib, arguments.parallel));
        programs.push(peers::s5cmd(s5cmd, served, arguments.range_mib, arguments.parallel));
    }
    measure(arguments, &server, served.as_ref(), &programs, scratch.path())
}

fn measure(
    arguments: &Arguments,
    server: &Server,
    served: Option<&peers::ServedS3>,
    programs: &[Peer],
    scratch: &Path,
) -> Result<()> {
    let mut turns: Vec<Vec<Turn>> = programs.iter().map(|_| Vec::new()).collect();
    for round in 0..arguments.rounds {
        for place in 0..programs.len() {
            let index = (round + place) % programs.len();
            let peer = &programs[index];
            let source = if peer.is_s3 { served.map(peers::ServedS3::id) } else { Some(server.id()) };
            turns[index].push(turn(peer, &source.context("a server")?, arguments.mib, scratch)?);
        }
    }
    let gib = arguments.mib as f64 / 1024.0;
    say(&format!(
        "{gib} GiB in ranges of {} MiB, {} at a time; medians of {} rounds",
        arguments.range_mib, arguments.parallel, arguments.rounds
    ))?;
    let table = Table::new(&["", "wall s", "MiB/s", "client CPU s/GiB", "server CPU s/GiB", "served by"])?;
    for (peer, turns) in programs.iter().zip(&turns) {
        let median = |figure: &dyn Fn(&Turn) -> f64| {
            let mut figures: Vec<f64> = turns.iter().map(figure).collect();
            figures.sort_unstable_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
        };
        let seconds = median(&|turn| turn.seconds);
        table.row(&[
            peer.name.clone(),
            format!("{seconds:.2}"),
            format!("{:.0}", arguments.mib as f64 / seconds),
            format!("{:.2}", median(&|turn| turn.client.as_secs_f64()) / gib),
            format!("{:.2}", median(&|turn| turn.server.as_secs_f64()) / gib),
            if peer.is_s3 { "rclone" } else { "emulator" }.to_owned(),
        ])?;
    }
    Ok(())
}

fn turn(peer: &Peer, server: &str, mib: u64, scratch: &Path) -> Result<Turn> {
    let folder = tempfile::tempdir_in(scratch)?;
    let (client_before, server_before, started) = (cpu_of_children()?, cpu(server)?, Instant::now());
    let output = (peer.command)(folder.path()).output().with_context(|| peer.name.clone())?;
    let seconds = started.elapsed().as_secs_f64();
    let said = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "{}: {}", peer.name, String::from_utf8_lossy(&said));
    let turn = Turn { seconds, client: cpu_of_children()? - client_before, server: cpu(server)? - server_before };
    check(&folder.path().join(OBJECT), mib).with_context(|| peer.name.clone())?;
    Ok(turn)
}

fn ours(about: &About, arguments: &Arguments) -> Result<Peer> {
    let (program, about) = (std::env::current_exe()?, serde_json::to_string(about)?);
    let (range_mib, parallel) = (arguments.range_mib.to_string(), arguments.parallel.to_string());
    Ok(Peer::new("our client", move |folder| {
        let mut command = std::process::Command::new(&program);
        command.args(["fetch", "--about", &about, "--range-mib", &range_mib, "--parallel", &parallel]);
        command.arg("--to").arg(folder.join(OBJECT));
        command
    }))
}

/// Downloads the object, and nothing else.
pub(crate) fn fetch(arguments: &Fetch) -> Result<()> {
    let about: About = serde_json::from_str(&arguments.about)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stretches = Stretches { size: arguments.range_mib << 20, parallel: arguments.parallel };
        let storage = about.client().object_storage();
        let found = storage.get_in_stretches(BUCKET, OBJECT, &GetObject::default(), stretches).await?;
        let file = File::create(&arguments.to)?;
        file.set_len(found.head.size)?;
        let mut pieces = found.into_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            file.write_all_at(&piece.bytes, piece.at)?;
        }
        Ok(())
    })
}

/// The byte at each place follows from the place, so that a piece at the wrong one shows.
fn content(mib: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(mib);
    let mut bytes = vec![0; 1 << 20];
    random.fill(&mut bytes);
    bytes
}

async fn fill(server: &Server, mib: u64) -> Result<()> {
    let bucket = Bucket::new(server.client().object_storage(), BUCKET);
    let chunks: PutPayload = (0..mib).map(|number| Bytes::from(content(number))).collect();
    bucket.put(&OBJECT.into(), chunks).await?;
    Ok(())
}

fn write_content(path: &Path, mib: u64) -> Result<()> {
    std::fs::create_dir_all(path.parent().context("a folder")?)?;
    let file = File::create(path)?;
    for number in 0..mib {
        file.write_all_at(&content(number), number << 20)?;
    }
    Ok(())
}

fn check(path: &Path, mib: u64) -> Result<()> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    ensure!(file.metadata()?.len() == mib << 20, "it has another length");
    let mut bytes = vec![0; 1 << 20];
    for number in 0..mib {
        file.read_exact_at(&mut bytes, number << 20)?;
        ensure!(bytes == content(number), "MiB {number} is another");
    }
    Ok(())
}
