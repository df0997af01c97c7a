//! Analyses a directory of tables on local disk and prints what that cost.
//!
//! `cargo run --release -p causeway-decisioning --example analyse_csv -- DIR [PREFIX] [--json]`
//! prints the insights, then bytes, seconds of CPU time, CPU seconds per 100 MB and the largest resident size; with
//! `--json` the whole result goes to standard output.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod measure;

use std::error::Error;
use std::sync::Arc;

use causeway_cloud::local::Store;
use causeway_cloud::{Objects, object_path};
use causeway_decisioning::intelligence::{Limits, Request, analyse};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, places): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|a| a.starts_with("--"));
    let root = places.first().ok_or("usage: analyse_csv DIR [PREFIX]... [--json]")?;
    let objects: Objects = Arc::new(Store::open(root)?);
    let data_sources: Vec<String> = places[1..].iter().map(|s| (*s).clone()).collect();
    let prefixes = data_sources.iter().map(|source| object_path(source)).collect::<Result<Vec<_>, _>>()?;
    let request = Request { data_sources, ..Request::default() };
    let result =
        futures_executor::block_on(analyse(&objects, &request, &Limits::default(), &jiff::Timestamp::now, None))?;
    if flags.iter().any(|f| *f == "--json") {
        println!("{}", serde_json::to_string_pretty(&result)?);
        return Ok(());
    }
    result.insights.iter().for_each(|insight| println!("{insight}"));
    let prefixes = if prefixes.is_empty() { vec![Default::default()] } else { prefixes };
    println!("{}", measure::cost(measure::bytes_of(&objects, &prefixes)?)?);
    Ok(())
}
