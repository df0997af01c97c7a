//! The measurements. Servers take turns, so that a machine that slows down slows all of them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::body::{body, same};
use crate::server::{Memory, Program, Server};
use crate::wire::{Connection, request};

/// The size of the contract's small body, used for the first call.
const SMALL: usize = 29;
/// How far beyond the end of a round the requests' deadline lies.
const DEADLINE: Duration = Duration::from_secs(30);
const WARM_UP: Duration = Duration::from_millis(300);

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Starts per server.
    pub(crate) starts: usize,
    /// Rounds per size.
    pub(crate) rounds: usize,
    /// Length of one server's turn.
    pub(crate) turn: Duration,
    /// Whether requests carry `Fn-Deadline`.
    pub(crate) deadline: bool,
}

/// How one server comes up and what it uses before any load.
#[derive(Debug, Serialize)]
pub(crate) struct Startup {
    pub(crate) connect_p50_ms: f64,
    pub(crate) connect_min_ms: f64,
    pub(crate) reply_p50_ms: f64,
    pub(crate) reply_min_ms: f64,
    pub(crate) started: Memory,
    pub(crate) called_once: Memory,
}

/// One server under one size of body: medians over the rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Load {
    pub(crate) requests_per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) server_cpu_us: f64,
    /// Requests per second over those of the fastest other server in the same round.
    pub(crate) ratio: Option<f64>,
    pub(crate) after: Memory,
}

/// Starts every program `plan.starts` times, in turn; one result per program.
pub(crate) fn startup(programs: &[Program], plan: Plan) -> Result<Vec<Startup>> {
    let mut samples: Vec<Vec<Start>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..plan.starts {
        for (program, samples) in programs.iter().zip(&mut samples) {
            samples.push(start(program, plan).with_context(|| format!("starting {}", program.name))?);
        }
    }
    Ok(samples.iter().map(|samples| summary(samples)).collect())
}

struct Start {
    connect: Duration,
    reply: Duration,
    started: Memory,
    called_once: Memory,
}

/// One start for the times, then one more for the memory, which takes long to read.
fn start(program: &Program, plan: Plan) -> Result<Start> {
    let request = small_request(plan)?;
    let mut server = Server::start(program)?;
    let (mut connection, connect) = server.first_connection()?;
    connection.exchange(&request)?;
    let reply = server.age();
    drop(server);

    let mut server = Server::start(program)?;
    let (mut connection, _) = server.first_connection()?;
    std::thread::sleep(Duration::from_millis(5));
    let started = server.memory()?;
    connection.exchange(&request)?;
    Ok(Start { connect, reply, started, called_once: server.memory()? })
}

fn small_request(plan: Plan) -> Result<Vec<u8>> {
    Ok(request(&body(SMALL)?, deadline(plan)))
}

fn deadline(plan: Plan) -> Option<jiff::Timestamp> {
    plan.deadline.then(|| jiff::Timestamp::now() + WARM_UP + plan.turn + DEADLINE)
}

fn summary(samples: &[Start]) -> Startup {
    let times = |time: fn(&Start) -> Duration| samples.iter().map(|start| time(start).as_secs_f64() * 1e3).collect();
    let (connect, reply) = (sorted(times(|start| start.connect)), sorted(times(|start| start.reply)));
    Startup {
        connect_p50_ms: quantile(&connect, 0.5),
        connect_min_ms: quantile(&connect, 0.0),
        reply_p50_ms: quantile(&reply, 0.5),
        reply_min_ms: quantile(&reply, 0.0),
        started: typical(samples, |start| start.started),
        called_once: typical(samples, |start| start.called_once),
    }
}

/// The median of each figure.
fn typical(samples: &[Start], at: fn(&Start) -> Memory) -> Memory {
    let middle = |kib: fn(Memory) -> u64| {
        let mut all: Vec<u64> = samples.iter().map(|start| kib(at(start))).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    Memory { rss_kib: middle(|memory| memory.rss_kib), pss_kib: middle(|memory| memory.pss_kib) }
}

/// Runs all programs under bodies of `size` bytes; one result per program.
pub(crate) fn load(servers: &[(Program, Server)], size: usize, plan: Plan) -> Result<Vec<Load>> {
    let body = body(size)?;
    let mut rounds: Vec<Vec<Turn>> = servers.iter().map(|_| Vec::new()).collect();
    for round in 0..plan.rounds {
        for place in 0..servers.len() {
            let index = (round + place) % servers.len();
            let (program, server) = &servers[index];
            rounds[index].push(turn(server, &body, plan).with_context(|| program.name.clone())?);
        }
    }
    let after = servers.iter().map(|(_, server)| server.memory());
    after.enumerate().map(|(index, after)| Ok(result(&rounds, index, after?))).collect()
}

struct Turn {
    requests_per_second: f64,
    p50_us: f64,
    p99_us: f64,
    server_cpu_us: f64,
}

/// One server's turn of one round: warm up, check the echo, then count.
fn turn(server: &Server, body: &[u8], plan: Plan) -> Result<Turn> {
    let request = request(body, deadline(plan));
    let mut connection = server.connect()?;
    let expected = connection.exchange(&request)?.to_vec();
    check(body, &expected)?;
    run(&mut connection, &request, &expected, WARM_UP)?;

    let cpu = server.cpu()?;
    let times = run(&mut connection, &request, &expected, plan.turn)?;
    let cpu = server.cpu()? - cpu;

    let count = times.len() as f64;
    let times = sorted(times);
    Ok(Turn {
        requests_per_second: count * 1e6 / times.iter().sum::<f64>(),
        p50_us: quantile(&times, 0.5),
        p99_us: quantile(&times, 0.99),
        server_cpu_us: cpu.as_secs_f64() * 1e6 / count,
    })
}

fn check(sent: &[u8], echoed: &[u8]) -> Result<()> {
    let sent: Value = serde_json::from_slice(sent)?;
    let echoed: Value = serde_json::from_slice(echoed).context("the reply is not JSON")?;
    ensure!(same(&sent, &echoed), "the reply is not what was sent");
    Ok(())
}

/// Microseconds from the first byte sent to the last received, of every request. Comparing the echo is not counted.
fn run(connection: &mut Connection, request: &[u8], expected: &[u8], length: Duration) -> Result<Vec<f64>> {
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < length {
        let sent = Instant::now();
        let echoed = connection.exchange(request)?;
        times.push(sent.elapsed().as_secs_f64() * 1e6);
        ensure!(echoed == expected, "the reply to the same request changed");
    }
    Ok(times)
}

fn result(rounds: &[Vec<Turn>], index: usize, after: Memory) -> Load {
    let own = &rounds[index];
    let median = |figure: fn(&Turn) -> f64| quantile(&sorted(own.iter().map(figure).collect()), 0.5);
    Load {
        requests_per_second: median(|turn| turn.requests_per_second),
        p50_us: median(|turn| turn.p50_us),
        p99_us: median(|turn| turn.p99_us),
        server_cpu_us: median(|turn| turn.server_cpu_us),
        ratio: ratio(rounds, index),
        after,
    }
}

fn ratio(rounds: &[Vec<Turn>], index: usize) -> Option<f64> {
    let others = || rounds.iter().enumerate().filter(|(other, _)| *other != index);
    others().next()?;
    let in_round = |(round, turn): (usize, &Turn)| {
        let best = others().map(|(_, turns)| turns[round].requests_per_second).fold(0.0, f64::max);
        turn.requests_per_second / best
    };
    Some(quantile(&sorted(rounds[index].iter().enumerate().map(in_round).collect()), 0.5))
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The value below which a share of the sorted values lies (nearest rank).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        for (share, expected) in [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert_eq!(quantile(&values, share), expected);
        }
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn the_ratio_is_to_the_fastest_other() {
        let turn = |requests_per_second| Turn { requests_per_second, p50_us: 0.0, p99_us: 0.0, server_cpu_us: 0.0 };
        let rounds = vec![vec![turn(30.0)], vec![turn(10.0)], vec![turn(20.0)]];
        assert_eq!(ratio(&rounds, 0), Some(1.5));
        assert_eq!(ratio(&rounds, 1), Some(1.0 / 3.0));
        assert_eq!(ratio(&rounds[..1], 0), None);
    }
}
