//! Measures how long Lambda bootstraps take from their start to the first request for work, and to the
//! first reply, against a Runtime API of its own. The programs take turns, so that drift hits all alike.
//!
//! ```text
//! cargo build --profile dist -p causeway-runtime --examples
//! cargo run --release -p tests --bin lambda_init -- \
//!     ours=target/dist/examples/mirror bare=target/dist/examples/bare_lambda
//! ```

#![allow(clippy::print_stdout, reason = "the figures are for people")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

const STARTS: usize = 200;
const EVENT: &str = r#"{"message":"hello","n":123456}"#;

struct Sample {
    init: Duration,
    reply: Duration,
}

fn main() -> Result<()> {
    let programs: Vec<_> = std::env::args().skip(1).collect();
    let programs: Vec<_> = programs.iter().filter_map(|text| text.split_once('=')).collect();
    ensure!(!programs.is_empty(), "usage: lambda_init NAME=PROGRAM [NAME=PROGRAM]…");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut samples: Vec<Vec<Sample>> = programs.iter().map(|_| Vec::with_capacity(STARTS)).collect();
    for _ in 0..STARTS {
        for (program, samples) in programs.iter().zip(&mut samples) {
            samples.push(start(&listener, program.1).with_context(|| program.1.to_owned())?);
        }
    }
    println!("{:12} {:>12} {:>10} {:>18}", "program", "init p50 µs", "min µs", "first reply p50 µs");
    for ((name, _), samples) in programs.iter().zip(&samples) {
        let (init, min) = summary(samples.iter().map(|sample| sample.init));
        let (reply, _) = summary(samples.iter().map(|sample| sample.reply));
        println!("{name:12} {init:12} {min:10} {reply:18}");
    }
    Ok(())
}

/// Median and minimum in µs.
fn summary(times: impl Iterator<Item = Duration>) -> (u128, u128) {
    let mut times: Vec<_> = times.map(|time| time.as_micros()).collect();
    times.sort_unstable();
    (times[times.len() / 2], times[0])
}

fn start(listener: &TcpListener, program: &str) -> Result<Sample> {
    let api = listener.local_addr()?.to_string();
    let begin = Instant::now();
    let mut child = Command::new(program)
        .env_clear()
        .envs([("AWS_LAMBDA_RUNTIME_API", api.as_str()), ("AWS_LAMBDA_FUNCTION_NAME", "echo")])
        .envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")])
        .stderr(Stdio::null())
        .spawn()?;
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    ensure!(read_request(&mut reader)?.starts_with("GET /2018-06-01/runtime/invocation/next"), "no request for work");
    let init = begin.elapsed();
    send_event(&mut stream)?;
    let answer = read_request(&mut reader)?;
    ensure!(answer.contains("/invocation/id-1/response"), "unexpected: {answer}");
    let reply = begin.elapsed();
    child.kill()?;
    child.wait()?;
    Ok(Sample { init, reply })
}

fn send_event(stream: &mut TcpStream) -> Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n\
         Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Invoked-Function-Arn: arn\r\n\
         Content-Length: {}\r\n\r\n{EVENT}",
        EVENT.len()
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
