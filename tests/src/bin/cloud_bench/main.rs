//! Measures the emulator and our client beside others. Run by hand; nothing here asserts a time.
//!
//! `cargo run --release -p tests --bin cloud_bench -- requests`

mod connection;
mod download;
mod listing;
mod peers;
mod presign;
mod requests;
mod server;
mod table;
mod usage;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Measures the OCI emulator and the OCI client beside others")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Small signed requests per second, and what each costs the emulator
    Requests(requests::Arguments),
    /// One large object in parallel ranges, by our client and by others
    Download(download::Arguments),
    /// A list of many objects in bounded memory
    List(listing::Arguments),
    /// The emulator as the others start it
    #[command(hide = true)]
    Serve(server::Arguments),
    /// Our client in a process of its own, for its processor time
    #[command(hide = true)]
    Fetch(download::Fetch),
    /// The same for lists
    #[command(hide = true)]
    Walk(listing::Walk),
}

fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Requests(arguments) => requests::run(&arguments),
        What::Download(arguments) => download::run(&arguments),
        What::List(arguments) => listing::run(&arguments),
        What::Serve(arguments) => server::serve(&arguments),
        What::Fetch(arguments) => download::fetch(&arguments),
        What::Walk(arguments) => listing::walk(&arguments),
    }
}
