//! Measures how long Lambda bootstraps take from their start to the first request for work, and to the first reply, and
//! the most memory that they held by then, against a Runtime API of its own. The programs take turns, so that drift
//! hits all alike.
//!
//! ```text
//! cargo build --profile dist -p causeway-runtime --example bare_lambda
//! cargo build --profile dist -p egress-monitor -p flex-autoscaler
//! cargo run --release -p tests --bin lambda_init -- --env CAUSEWAY_LOCAL_ROOT=/tmp \
//!     --event egress-monitor=functions/egress-monitor/events/dry_run.json \
//!     bare=target/dist/examples/bare_lambda egress-monitor=target/dist/egress-monitor
//! ```

#![allow(clippy::print_stdout, reason = "the figures are for people")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Bootstraps beside each other.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each one is started.
    #[arg(long, default_value_t = 200)]
    starts: usize,
    /// The file with what a bootstrap is asked; can be repeated. The others are asked whether they live.
    #[arg(long, value_name = "NAME=FILE", value_parser = pair)]
    event: Vec<(String, String)>,
    /// A variable of each one's environment; can be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// The bootstraps.
    #[arg(required = true, value_name = "NAME=PROGRAM", value_parser = pair)]
    programs: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("there is no =")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A program under measurement.
struct Bootstrap<'a> {
    name: &'a str,
    program: &'a str,
    event: String,
    samples: Vec<Sample>,
}

/// Times since the start, and the peaks of memory by then.
struct Sample {
    init: Duration,
    init_kib: u64,
    reply: Duration,
    reply_kib: u64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut bootstraps = arguments.programs.iter().map(|it| bootstrap(it, &arguments)).collect::<Result<Vec<_>>>()?;
    for _ in 0..arguments.starts {
        for bootstrap in &mut bootstraps {
            let sample = start(&listener, bootstrap, &arguments.env).with_context(|| bootstrap.name.to_owned())?;
            bootstrap.samples.push(sample);
        }
    }
    println!(
        "| bootstrap | init p50 µs | min | peak KiB | first reply p50 µs | min | peak KiB |\n|---|---|---|---|---|---|---|"
    );
    bootstraps.iter().for_each(Bootstrap::print);
    Ok(())
}

fn bootstrap<'a>((name, program): &'a (String, String), arguments: &Arguments) -> Result<Bootstrap<'a>> {
    let event = match arguments.event.iter().find(|(of, _)| of == name) {
        Some((_, file)) => std::fs::read_to_string(file).with_context(|| file.clone())?,
        None => r#"{"test_type":"basic"}"#.to_owned(),
    };
    Ok(Bootstrap { name, program, event, samples: Vec::new() })
}

impl Bootstrap<'_> {
    fn print(&self) {
        let (init, init_min) = summary(self.samples.iter().map(|sample| sample.init));
        let (reply, reply_min) = summary(self.samples.iter().map(|sample| sample.reply));
        let init_kib = self.samples.iter().map(|sample| sample.init_kib).max().unwrap_or_default();
        let reply_kib = self.samples.iter().map(|sample| sample.reply_kib).max().unwrap_or_default();
        println!("| {} | {init} | {init_min} | {init_kib} | {reply} | {reply_min} | {reply_kib} |", self.name);
    }
}

/// Median and minimum in µs.
fn summary(times: impl Iterator<Item = Duration>) -> (u128, u128) {
    let mut times: Vec<_> = times.map(|time| time.as_micros()).collect();
    times.sort_unstable();
    (times[times.len() / 2], times[0])
}

fn start(listener: &TcpListener, bootstrap: &Bootstrap, variables: &[(String, String)]) -> Result<Sample> {
    let api = listener.local_addr()?.to_string();
    let begin = Instant::now();
    let mut child = Command::new(bootstrap.program)
        .env_clear()
        .envs([("AWS_LAMBDA_RUNTIME_API", api.as_str()), ("AWS_LAMBDA_FUNCTION_NAME", bootstrap.name)])
        .envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")])
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stderr(Stdio::null())
        .spawn()?;
    let sample = measure(listener, child.id(), begin, &bootstrap.event);
    child.kill()?;
    child.wait()?;
    sample
}

fn measure(listener: &TcpListener, pid: u32, begin: Instant, event: &str) -> Result<Sample> {
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let asked = read_request(&mut reader)?;
    let init = begin.elapsed();
    ensure!(asked.starts_with("GET /2018-06-01/runtime/invocation/next"), "no request for work: {asked}");
    let init_kib = peak_kib(pid)?;
    let work = Instant::now();
    send_event(&mut stream, event)?;
    let answer = read_request(&mut reader)?;
    let reply = init + work.elapsed();
    ensure!(answer.contains("/invocation/id-1/response"), "unexpected: {answer}");
    Ok(Sample { init, init_kib, reply, reply_kib: peak_kib(pid)? })
}

/// The most memory that a process has held so far.
fn peak_kib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak")?;
    Ok(peak.trim().trim_end_matches(" kB").parse()?)
}

fn send_event(stream: &mut TcpStream, event: &str) -> Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n\
         Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Invoked-Function-Arn: arn\r\n\
         Content-Length: {}\r\n\r\n{event}",
        event.len()
    )?;
    Ok(())
}

/// The request line; head and body are read off.
fn read_request(reader: &mut impl BufRead) -> Result<String> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        if line.trim_end().is_empty() {
            break;
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    Ok(first)
}
