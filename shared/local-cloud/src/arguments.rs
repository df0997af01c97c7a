//! The options of each command.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::CliError;
use crate::cloud::Limits;
use crate::oci;
use crate::scenario::RESTART_STEP_MS;

/// Where `causeway demo` leaves its bucket, unless told otherwise.
const DEMO_BUCKET: &str = "causeway-demo/bucket";

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Directory for the result, the dashboard and the logs; made if missing.
    #[arg(long, value_name = "DIR", default_value = "causeway-demo")]
    pub(crate) out: PathBuf,
    /// Directory with files of your own (CSV, TSV, JSON, JSON lines, Parquet) in place of the sample.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Shows the functions' logs as well.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bounds {
    /// Directory that stands in for the bucket.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Time for one call, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Memory that functions are told they have, in MB.
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=10_240))]
    memory: u32,
    /// Kills a function that holds more than that, as the platforms do. Builds without optimisation need more
    /// than others.
    #[arg(long)]
    enforce_memory: bool,
    /// Also writes each function's log to DIR/<function>.log.
    #[arg(long, value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Port; 0 picks a free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Address to listen on: 127.0.0.1, ::1 or localhost for this machine alone, 0.0.0.0 or :: for every network.
    /// With the last two anybody who reaches the machine can run the functions; logs, and routes that administer
    /// OCI, answer calls from this machine alone.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_parser = host)]
    pub(crate) host: IpAddr,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    #[command(flatten)]
    pub(crate) oci: OciArguments,
    #[command(flatten)]
    pub(crate) scenario: ScenarioArguments,
    /// Processes of one function that may run at the same time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    max_processes: u16,
    /// Seconds after which an idle process is ended.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    idle_timeout: u64,
    /// Pauses before a failed asynchronous call of Lambda is tried again, in seconds: none, one or two numbers.
    /// Lambda itself waits 60,120.
    #[arg(long, value_name = "SECONDS", default_value = "1,2", value_parser = waits)]
    event_retry_waits: Waits,
    /// Shows the functions' logs.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Shows no line per request.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OciArguments {
    /// Without OCI's services.
    #[arg(long, conflicts_with_all = ["data", "fault", "seed_file", "region", "rotate_principals"])]
    pub(crate) no_oci: bool,
    /// Directory that keeps OCI's state; in memory without it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// OCI's region.
    #[arg(long, value_name = "NAME", default_value = "us-ashburn-1")]
    region: String,
    /// A failure on demand, such as service=objectstorage,status=503,rate=0.1; can be repeated.
    #[arg(long, value_name = "SPEC")]
    fault: Vec<String>,
    /// A file to load before anything is served, as `causeway seed` does; can be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) seed_file: Vec<PathBuf>,
    /// How often the functions get new keys and tokens.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    rotate_principals: u64,
}

/// What the local cloud plays by itself.
#[derive(Debug, Args)]
pub(crate) struct ScenarioArguments {
    /// Plays a scenario, see above.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["no_oci", "root", "data", "seed_file"])]
    pub(crate) scenario: Option<Scenario>,
    /// How many times as fast as real time it goes [default: 60 for autoscaler, 2 for failover]; for autoscaler a number
    /// too large to be kept up with means as fast as possible, for failover 15 is the most.
    #[arg(long, value_name = "N", value_parser = speed, requires = "scenario")]
    pub(crate) speed: Option<f64>,
    /// autoscaler: ends after so many ticks; without it at Ctrl-C or when the traces are over.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), requires = "scenario")]
    pub(crate) ticks: Option<u32>,
    /// autoscaler: directory with CSV files (timestamp,value in percent of 32 OCPUs; or one value a line, every five minutes) in
    /// place of the synthetic traces: a machine for each, ten at most.
    #[arg(long, value_name = "DIR", requires = "scenario")]
    pub(crate) traces: Option<PathBuf>,
    /// autoscaler: seed of the synthetic traces [default: 1].
    #[arg(long, value_name = "N", requires = "scenario", conflicts_with = "traces")]
    pub(crate) seed: Option<u64>,
}

/// What can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// flex-autoscaler at work.
    Autoscaler,
    /// The storage of functions at work is out for 90 s.
    Failover,
}

impl OciArguments {
    pub(crate) fn settings(&self, scenario: Option<Scenario>) -> oci::Settings {
        oci::Settings {
            step_ms: scenario.filter(|scenario| *scenario == Scenario::Autoscaler).map(|_| RESTART_STEP_MS),
            data: self.data.clone(),
            region: self.region.clone(),
            faults: self.fault.clone(),
            rotate: Duration::from_secs(self.rotate_principals),
        }
    }
}

/// Which server.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// Port of `causeway up` on this machine.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Its address in full.
    #[arg(long, value_name = "URL", conflicts_with = "port")]
    endpoint: Option<String>,
}

impl Server {
    /// Such as `http://127.0.0.1:8080`.
    pub(crate) fn url(&self) -> String {
        let url = self.endpoint.clone().unwrap_or_else(|| format!("http://127.0.0.1:{}", self.port));
        url.trim_end_matches('/').to_owned()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// What to load, in this order.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Env {
    #[command(flatten)]
    pub(crate) server: Server,
    /// Directory for the profile and its key [default: causeway/<host>-<port> in $XDG_STATE_HOME or
    /// ~/.local/state].
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// As JSON in place of shell commands.
    #[arg(long, conflicts_with = "unset")]
    pub(crate) json: bool,
    /// Commands that remove the variables. Needs no server.
    #[arg(long)]
    pub(crate) unset: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Invoke {
    /// Name of the function; `causeway list` shows them.
    pub(crate) function: String,
    /// The request as text.
    #[arg(short, long, value_name = "JSON", conflicts_with = "file")]
    pub(crate) data: Option<String>,
    /// A file with the request. Without -d and -f it is read from standard input.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

impl Bounds {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            call_timeout: Duration::from_secs(self.timeout),
            memory_mb: self.memory,
            enforce_memory: self.enforce_memory,
            ..Limits::default()
        }
    }

    /// The directory that was asked for, by the option or the variable.
    pub(crate) fn own_root(&self) -> Option<PathBuf> {
        let variable = || std::env::var_os("CAUSEWAY_LOCAL_ROOT").filter(|value| !value.is_empty()).map(PathBuf::from);
        self.root.clone().or_else(variable)
    }

    /// The bucket's directory: the option, else the variable, else the demo's.
    pub(crate) fn root(&self) -> Result<PathBuf, CliError> {
        let root = self.own_root().unwrap_or_else(|| PathBuf::from(DEMO_BUCKET));
        let absolute = root.canonicalize().ok().filter(|root| root.is_dir());
        absolute.ok_or_else(|| {
            let hint = "give one with --root DIR, or run `causeway demo` first";
            CliError::usage(format!("there is no directory {}; {hint}", root.display()))
        })
    }
}

impl Up {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            max_processes: usize::from(self.max_processes),
            idle_timeout: Duration::from_secs(self.idle_timeout),
            event_retry_waits: self.event_retry_waits.0.clone(),
            ..self.bounds.limits()
        }
    }
}

/// The functions call OCI without TLS, which they do with this machine alone, and administration needs one of its
/// names: the address has to be one that 127.0.0.1 or ::1 reaches.
fn host(text: &str) -> Result<IpAddr, String> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let (four, six) = ([Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED], [Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED]);
    let works = |address: &IpAddr| match address {
        IpAddr::V4(address) => four.contains(address),
        IpAddr::V6(address) => six.contains(address),
    };
    text.parse().ok().filter(works).ok_or_else(|| {
        "expected 127.0.0.1, ::1 or localhost for this machine alone, or 0.0.0.0 or :: for every network: functions \
         reach OCI only under this machine's own address"
            .to_owned()
    })
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (0.1..=1e9).contains(speed));
    speed.ok_or_else(|| "expected a number from 0.1 to 1000000000".to_owned())
}

/// Pauses between tries. A type of its own, because clap would take a list for an option given several times.
#[derive(Debug, Clone, PartialEq)]
struct Waits(Vec<Duration>);

fn waits(text: &str) -> Result<Waits, String> {
    if text == "none" {
        return Ok(Waits(Vec::new()));
    }
    let wait = |part: &str| part.trim().parse().ok().filter(|seconds| (0.0..=3600.0).contains(seconds));
    let waits: Option<Vec<f64>> = text.split(',').map(wait).collect();
    let waits = waits.filter(|waits| waits.len() <= 2).ok_or("none, or one or two numbers from 0 to 3600")?;
    Ok(Waits(waits.into_iter().map(Duration::from_secs_f64).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_listen_on() {
        for (text, expected) in [
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("localhost", "127.0.0.1"),
            ("LocalHost", "127.0.0.1"),
            ("0.0.0.0", "0.0.0.0"),
            ("::", "::"),
        ] {
            assert_eq!(host(text), Ok(expected.parse().unwrap()), "{text}");
        }
        for bad in ["127.0.0.2", "192.0.2.7", "::ffff:127.0.0.1", "fe80::1", "example.com", "", "127.0.0.1:80", "[::1]"]
        {
            assert!(host(bad).is_err_and(|told| told.contains("127.0.0.1, ::1 or localhost")), "{bad}");
        }
    }

    #[test]
    fn pauses_between_tries() {
        let check = |text: &str, expected: Option<&[f64]>| {
            let expected = expected.map(|waits| waits.iter().map(|s| Duration::from_secs_f64(*s)).collect());
            assert_eq!(waits(text).ok(), expected.map(Waits), "{text}");
        };
        check("1,2", Some(&[1.0, 2.0]));
        check("60, 120", Some(&[60.0, 120.0]));
        check("0.5", Some(&[0.5]));
        check("none", Some(&[]));
        for bad in ["", "1,2,3", "-1", "x", "NaN", "inf", "3601", "1,"] {
            check(bad, None);
        }
    }
}
