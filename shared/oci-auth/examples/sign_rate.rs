//! Signatures per second on one core, next to what OpenSSL makes of the same operation:
//!
//! ```text
//! cargo run --release -p causeway-oci-auth --example sign_rate [ROUNDS]
//! ```
//!
//! Signs a GET and a POST of 1 KiB with a fresh RSA key of 2048 bits, in turns with `openssl speed rsa2048`, and prints
//! the median of the rounds. All figures are per second of CPU time where the system tells it (Linux), so that they
//! hold on a busy machine; `openssl speed` counts the same way. Prints the allocations per signature as well.
//!
//! On processors with AVX-512 IFMA OpenSSL has code of its own, which doubles its rate; `ring`, which signs here, has
//! none. So OpenSSL is measured with and without it, and RSA alone shows what the rest of a signature costs.

#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::error::Error;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::sign::{Body, sign};
use causeway_oci_auth::{Secret, Snapshot};
use http::Request;

const SECONDS: u32 = 3;
const ROUNDS: usize = 5;
/// Clears bit 21 of EBX of CPUID leaf 7, as OpenSSL's manual page OPENSSL_ia32cap describes.
const WITHOUT_IFMA: &str = ":~0x200000";

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(ROUNDS), |text| text.parse())?;
    let snapshot = snapshot()?;
    let get = Request::get("https://iaas.us-ashburn-1.oraclecloud.com/20160918/instances?limit=50").body(())?;
    let post = Request::post("https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/20231130/actions/chat");
    let (post, content) = (post.body(())?, vec![b'x'; 1024]);
    let mut rates = Rates::default();
    for _ in 0..rounds.max(1) {
        rates.get.push(rate(|| sign(&mut get.clone(), Body::None, &snapshot, SystemTime::now()))?);
        rates.post.push(rate(|| sign(&mut post.clone(), Body::Hashed(&content), &snapshot, SystemTime::now()))?);
        rates.rsa.push(rate(|| snapshot.key.sign(b"message").map(drop))?);
        rates.openssl.extend(openssl(None));
        rates.openssl_without_ifma.extend(openssl(Some(WITHOUT_IFMA)));
    }
    rates.print();
    for (name, request, body) in [("GET", &get, Body::None), ("POST of 1 KiB", &post, Body::Hashed(&content))] {
        let (all, rsa) = allocations(&snapshot, request, body)?;
        println!("{name:28} {all} allocations, {rsa} of them for RSA");
    }
    Ok(())
}

/// Per second, one of each round.
#[derive(Default)]
struct Rates {
    get: Vec<f64>,
    post: Vec<f64>,
    rsa: Vec<f64>,
    openssl: Vec<f64>,
    openssl_without_ifma: Vec<f64>,
}

impl Rates {
    fn print(self) {
        let clock = if cpu_time().is_some() { "CPU time" } else { "wall time" };
        println!("signatures per second of {clock}, median of {} rounds of {SECONDS} s", self.get.len());
        let (best, without) = (median(self.openssl), median(self.openssl_without_ifma));
        for (name, rate) in [("openssl speed rsa2048", best), ("the same without IFMA", without)] {
            match rate {
                Some(rate) => println!("{name:28} {rate:8.0}"),
                None => println!("{name:28} is not there: no ratio"),
            }
        }
        for (name, rates) in [("GET", self.get), ("POST of 1 KiB", self.post), ("RSA alone", self.rsa)] {
            let ours = median(rates).unwrap_or_default();
            let ratio = |theirs: Option<f64>| theirs.map(|theirs| format!("{:.1} %", ours / theirs * 100.0));
            let [best, without] = [best, without].map(|theirs| ratio(theirs).unwrap_or_else(|| "-".to_owned()));
            println!("{name:28} {ours:8.0}, {best} of openssl, {without} of openssl without IFMA");
        }
    }
}

fn snapshot() -> Result<Snapshot, Box<dyn Error>> {
    let (not_after, tenancy, compartment, region, delegation) = (None, None, None, None, None);
    let key_id = Secret::new(format!("ST${}", "a".repeat(1700)));
    let key = Arc::new(PrivateKey::generate()?);
    Ok(Snapshot { key_id, key, not_after, tenancy, compartment, region, delegation })
}

/// How often `work` is done per second.
fn rate(mut work: impl FnMut() -> Result<(), causeway_oci_auth::Error>) -> Result<f64, Box<dyn Error>> {
    let (wall, cpu, mut done) = (Instant::now(), cpu_time(), 0_u32);
    while wall.elapsed() < Duration::from_secs(SECONDS.into()) {
        for _ in 0..50 {
            work()?;
        }
        done += 50;
    }
    let spent = cpu_time().zip(cpu).map_or(wall.elapsed(), |(now, start)| now.saturating_sub(start));
    Ok(f64::from(done) / spent.as_secs_f64())
}

/// Time that this thread was on a core.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// The `sign/s` column of `openssl speed`.
fn openssl(capabilities: Option<&str>) -> Option<f64> {
    let mut command = Command::new("openssl");
    command.args(["speed", "-seconds", &SECONDS.to_string(), "rsa2048"]);
    command.envs(capabilities.map(|mask| ("OPENSSL_ia32cap", mask)));
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().find(|line| line.trim_start().starts_with("rsa 2048 bits"))?;
    line.split_whitespace().nth(5)?.parse().ok()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn allocations(snapshot: &Snapshot, template: &Request<()>, body: Body<'_>) -> Result<(u64, u64), Box<dyn Error>> {
    let mut request = template.clone();
    let mut outcome = Ok(());
    let all = allocation_counter::measure(|| outcome = sign(&mut request, body, snapshot, SystemTime::now()));
    outcome?;
    let rsa = allocation_counter::measure(|| drop(snapshot.key.sign(b"message")));
    Ok((all.count_total, rsa.count_total))
}
