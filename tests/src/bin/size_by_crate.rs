//! What the machine code of programs comes from, by groups of crates: the symbols of their ELF files as `nm` of binutils
//! lists them. The programs must have their symbols, which those that are deployed have not.
//!
//! ```text
//! CARGO_PROFILE_DIST_STRIP=none cargo build --profile dist -p vision -p health-checker
//! cargo run -p tests --bin size_by_crate -- target/dist/vision target/dist/health-checker
//! ```
//!
//! A generic function belongs to the first crate in its name that is not Rust's own: `drop_in_place<reqwest::Client>` is
//! reqwest's. Code that was inlined counts where it went.

#![allow(clippy::print_stdout, reason = "the figures are for people")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Programs beside each other.
#[derive(Debug, Parser)]
struct Arguments {
    /// Crates one by one in place of groups.
    #[arg(long)]
    crates: bool,
    /// Leaves out rows that have less in every program, in KB.
    #[arg(long, default_value_t = 1.0)]
    least: f64,
    /// ELF files with symbols.
    #[arg(required = true)]
    programs: Vec<PathBuf>,
}

const KB: f64 = 1000.0;
const STANDARD: &str = "Rust's standard library";
const C: &str = "C library";
const RUSTS_OWN: &[&str] =
    &["core", "alloc", "std", "compiler_builtins", "gimli", "addr2line", "rustc_demangle", "hashbrown"];
/// Groups and their crates; a name that ends with `*` is the beginning of several. The first that fits counts.
const GROUPS: &[(&str, &[&str])] = &[
    ("AWS SDK", &["aws_*"]),
    ("OCI client and signing", &["causeway_oci_*"]),
    ("rules and statistics of ours", &["causeway_decisioning"]),
    ("ports, adapters, runtime of ours", &["causeway_*"]),
    ("rustls, ring, rsa", &["rustls*", "ring", "webpki*", "rsa", "num_bigint*", "untrusted", "zeroize"]),
    ("keys and digests", &["sha*", "md5", "pkcs*", "der", "spki", "aes", "cbc", "des", "hmac", "x509_cert", "digest"]),
    ("reqwest, hyper", &["reqwest", "hyper*", "http*", "tower*", "url", "idna*", "icu_*", "percent_encoding"]),
    ("lambda_runtime", &["lambda_runtime*"]),
    ("tokio, futures", &["tokio*", "mio", "futures*", "async_*"]),
    ("serde, schemars", &["serde*", "schemars", "postcard", "erased_serde", "itoa", "ryu", "zmij"]),
    ("YAML", &["granit_parser"]),
    ("tracing", &["tracing*", "log", "sharded_slab"]),
    ("clap", &["clap*", "strsim", "anstyle"]),
    ("jiff, chrono", &["jiff*", "chrono", "time"]),
    ("regular expressions", &["regex*", "aho_corasick", "memchr"]),
    ("Parquet, CSV, compression", &["parquet", "arrow*", "csv*", "flate2", "zstd*", "snap", "miniz*", "thrift"]),
    ("object_store", &["object_store", "quick_xml"]),
    ("pictures", &["png", "jpeg_*", "image_webp", "gif", "fast_image_resize", "exif", "rustface", "fdeflate", "weezl"]),
    ("statistics", &["datasketches", "stlrs", "statrs", "rust_decimal", "half"]),
    ("pages, charts, SQL", &["maud", "plotters*", "sqlparser", "serde_json_path"]),
];
/// How the names of libraries in C begin, and the crates that have them in.
const IN_C: &[(&str, &str)] = &[("ring_core_", "ring"), ("ZSTD", "zstd"), ("HUF_", "zstd"), ("FSE_", "zstd")];

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let all = arguments.programs.iter().map(|program| sizes(program, arguments.crates)).collect::<Result<Vec<_>>>()?;
    let mut sums: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (column, sizes) in all.iter().enumerate() {
        for (name, size) in sizes {
            sums.entry(name).or_insert_with(|| vec![0.0; all.len()])[column] += *size as f64 / KB;
        }
    }
    let mut rows: Vec<_> =
        sums.into_iter().filter(|(_, row)| row.iter().any(|size| *size >= arguments.least)).collect();
    rows.sort_by(|(_, one), (_, other)| other.iter().sum::<f64>().total_cmp(&one.iter().sum()));
    print(&arguments.programs, &rows);
    Ok(())
}

fn print(programs: &[PathBuf], rows: &[(&str, Vec<f64>)]) {
    let names = programs.iter().map(|it| it.file_name().unwrap_or_default().to_string_lossy().into_owned());
    println!("| KB of code | {} |", names.collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(programs.len()));
    for (name, row) in rows {
        let cells: Vec<_> = row.iter().map(|size| format!("{size:.0}")).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

/// Bytes of code by group or crate.
fn sizes(program: &PathBuf, by_crate: bool) -> Result<BTreeMap<String, u64>> {
    let output = Command::new("nm").args(["--print-size", "--demangle"]).arg(program).output().context("nm")?;
    ensure!(output.status.success(), "nm: {}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut sums = BTreeMap::new();
    for (size, name) in listed.lines().filter_map(symbol) {
        let crate_name = crate_of(name);
        let key = if by_crate { crate_name } else { group_of(crate_name) };
        *sums.entry(key.to_owned()).or_default() += size;
    }
    ensure!(!sums.is_empty(), "{} has no symbols: it was stripped", program.display());
    Ok(sums)
}

/// Size and name of a symbol of code: `address size type name`.
fn symbol(line: &str) -> Option<(u64, &str)> {
    let mut fields = line.splitn(4, ' ').skip(1);
    let size = u64::from_str_radix(fields.next()?, 16).ok()?;
    matches!(fields.next()?, "t" | "T" | "w" | "W").then(|| fields.next()).flatten().map(|name| (size, name))
}

/// The first crate in a name that is not Rust's own.
fn crate_of(name: &str) -> &str {
    let words = name.split(|it: char| !(it.is_alphanumeric() || it == '_' || it == ':'));
    match words.filter_map(first_of_path).find(|name| !RUSTS_OWN.contains(name)) {
        Some(found) => found,
        None if name.contains("::") => STANDARD,
        None => IN_C.iter().find(|(begin, _)| name.starts_with(begin)).map_or(C, |(_, found)| found),
    }
}

/// `a` of `a::b`.
fn first_of_path(word: &str) -> Option<&str> {
    let (first, rest) = word.split_once("::")?;
    (!rest.is_empty() && first.starts_with(|it: char| it.is_lowercase())).then_some(first)
}

fn group_of(name: &str) -> &str {
    let is = |known: &&str| known.strip_suffix('*').map_or(*known == name, |begin| name.starts_with(begin));
    GROUPS.iter().find(|(_, crates)| crates.iter().any(is)).map_or(name, |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_belongs_to_the_first_crate_that_is_not_rusts() {
        let check = |name: &str, expected: &str| assert_eq!(crate_of(name), expected, "{name}");
        check("core::ptr::drop_in_place<reqwest::async_impl::client::Client>", "reqwest");
        check("<alloc::vec::Vec<u8> as core::fmt::Debug>::fmt", STANDARD);
        check("<&mut serde_json::Deserializer<R> as serde::Deserializer>::deserialize_any", "serde_json");
        check("vision::handler::run::{{closure}}", "vision");
        check("ring_core_0_17_14__bn_mul_mont", "ring");
        check("ZSTD_decompressBlock", "zstd");
        check("memcpy", C);
    }

    #[test]
    fn crates_have_groups() {
        assert_eq!(
            (group_of("aws_sdk_s3"), group_of("reqwest"), group_of("vision")),
            ("AWS SDK", "reqwest, hyper", "vision")
        );
    }

    #[test]
    fn only_code_counts() {
        assert_eq!(symbol("0000000000012340 0000000000000010 t a::b c"), Some((16, "a::b c")));
        assert_eq!(symbol("0000000000012340 0000000000000010 r a::b"), None);
        assert_eq!(symbol("                 U memcpy"), None);
    }
}
