//! Serves the emulator alone: `cargo run -p causeway-oci-emulator --example serve -- --port 8099`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use causeway_oci_emulator::{Emulator, Fault, Options, Place, Resource, Safety};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

/// Oracle Cloud's services on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8099)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Directory for the state; in memory without it.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Wait for the disk on every write.
    #[arg(long)]
    sync: bool,
    /// Region to stand for.
    #[arg(long, default_value = "us-ashburn-1")]
    region: String,
    /// Seed of all made-up ids.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory for a configuration file and key for Oracle's command line.
    #[arg(long)]
    write_config: Option<PathBuf>,
    /// Directory for the token and key of a resource principal, as OCI Functions provides them.
    #[arg(long)]
    write_principal: Option<PathBuf>,
    /// A failure on demand, such as service=objectstorage,status=503,rate=0.1; can be repeated.
    #[arg(long)]
    fault: Vec<String>,
    /// Take every well-formed compartment OCID as existing.
    #[arg(long)]
    adopt_compartments: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::open(Options {
        place: arguments.data.map_or(Place::Memory, Place::Directory),
        safety: if arguments.sync { Safety::Disk } else { Safety::Process },
        region: arguments.region,
        seed: arguments.seed,
        adopt_compartments: arguments.adopt_compartments,
        ..Options::default()
    })?;
    for fault in &arguments.fault {
        emulator.add_fault(Fault::parse(fault)?);
    }
    if let Some(directory) = arguments.write_config {
        let config = emulator.write_cli_config(&directory)?;
        eprintln!("configuration: {}", config.display());
    }
    if let Some(directory) = arguments.write_principal {
        let resource = Resource {
            id: emulator.function_ocid("example"),
            kind: "fnfunc".to_owned(),
            compartment: emulator.default_compartment(),
            lifetime: None,
        };
        for (name, value) in emulator.mint_principal(&directory, &resource)?.environment() {
            eprintln!("{name}={value}");
        }
    }
    let listener = tokio::net::TcpListener::bind(SocketAddr::new(arguments.address, arguments.port)).await?;
    eprintln!("compartment: {}", emulator.default_compartment());
    eprintln!("listening on http://{}", listener.local_addr()?);
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    Ok(emulator.serve(listener, stop).await?)
}
