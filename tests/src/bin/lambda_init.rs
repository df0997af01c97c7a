//! Measures how long Lambda bootstraps take from their start to the first request for work, and to the
//! first reply, and their peak memory, against a Runtime API of its own. The programs take turns, so that drift hits
//! all alike.
//!
//! ```text
//! cargo build --profile dist -p causeway-runtime --examples
//! cargo build --profile dist -p egress-monitor -p flex-autoscaler
//! cargo run --release -p tests --bin lambda_init -- --env CAUSEWAY_LOCAL_ROOT=/tmp \
//!     ours=target/dist/examples/mirror bare=target/dist/examples/bare_lambda egress=target/dist/egress-monitor
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
    /// What each one is asked.
    #[arg(long, default_value = r#"{"test_type":"basic"}"#)]
    event: String,
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

struct Sample {
    init: Duration,
    reply: Duration,
    peak_kib: u64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut samples: Vec<Vec<Sample>> = arguments.programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..arguments.starts {
        for ((_, program), samples) in arguments.programs.iter().zip(&mut samples) {
            samples.push(start(&listener, program, &arguments).with_context(|| program.clone())?);
        }
    }
    println!("| bootstrap | init p50 µs | min | first reply p50 µs | peak RSS KiB |\n|---|---|---|---|---|");
    for ((name, _), samples) in arguments.programs.iter().zip(&samples) {
        let (init, min) = summary(samples.iter().map(|sample| sample.init));
        let (reply, _) = summary(samples.iter().map(|sample| sample.reply));
        let peak = samples.iter().map(|sample| sample.peak_kib).max().unwrap_or_default();
        println!("| {name} | {init} | {min} | {reply} | {peak} |");
    }
    Ok(())
}

/// Median and minimum in µs.
fn summary(times: impl Iterator<Item = Duration>) -> (u128, u128) {
    let mut times: Vec<_> = times.map(|time| time.as_micros()).collect();
    times.sort_unstable();
    (times[times.len() / 2], times[0])
}

fn start(listener: &TcpListener, program: &str, arguments: &Arguments) -> Result<Sample> {
    let api = listener.local_addr()?.to_string();
    let begin = Instant::now();
    let mut child = Command::new(program)
        .env_clear()
        .envs([("AWS_LAMBDA_RUNTIME_API", api.as_str()), ("AWS_LAMBDA_FUNCTION_NAME", "echo")])
        .envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")])
        .envs(arguments.env.iter().map(|(name, value)| (name, value)))
        .stderr(Stdio::null())
        .spawn()?;
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    ensure!(read_request(&mut reader)?.starts_with("GET /2018-06-01/runtime/invocation/next"), "no request for work");
    let init = begin.elapsed();
    send_event(&mut stream, &arguments.event)?;
    let answer = read_request(&mut reader)?;
    ensure!(answer.contains("/invocation/id-1/response"), "unexpected: {answer}");
    let reply = begin.elapsed();
    let peak_kib = peak_kib(child.id())?;
    child.kill()?;
    child.wait()?;
    Ok(Sample { init, reply, peak_kib })
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
