//! Profiles a directory of tables on local disk and prints what that cost.
//!
//! `cargo run --release -p causeway-decisioning --example profile_csv -- DIR [PREFIX] [--json]`
//! prints bytes, seconds of CPU time, CPU seconds per 100 MB and the largest resident size; with `--json`
//! the whole result goes to standard output.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod measure;

use std::error::Error;
use std::sync::Arc;

use causeway_cloud::Objects;
use causeway_cloud::local::Store;
use causeway_decisioning::discovery::{Limits, Request, survey};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, places): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|a| a.starts_with("--"));
    let root = places.first().ok_or("usage: profile_csv DIR [PREFIX]... [--json]")?;
    let objects: Objects = Arc::new(Store::open(root)?);
    let data_sources: Vec<String> = places[1..].iter().map(|s| (*s).clone()).collect();
    let request = Request { data_sources, ..Request::default() };
    let result =
        futures_executor::block_on(survey(&objects, &request, &Limits::default(), &jiff::Timestamp::now, None))?;
    if flags.iter().any(|f| *f == "--json") {
        println!("{}", serde_json::to_string_pretty(&result)?);
        return Ok(());
    }
    for table in result.data["tables"].as_array().into_iter().flatten() {
        println!("{} {} rows x {} columns", table["name"], table["row_count"], table["column_count"]);
    }
    println!("{}", measure::cost(measure::bytes_of(&objects, &request.prefixes()?)?)?);
    Ok(())
}
