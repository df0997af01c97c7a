//! Small signed requests per second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use causeway_oci_auth::Snapshot;
use causeway_oci_client::object_storage::{Attributes, Condition, GetObject, ListObjects};
use http::Method;

use crate::connection::{Connection, Prepared};
use crate::presign::{credentials, signed};
use crate::server::{BUCKET, Server};
use crate::table::{Table, say};
use crate::usage::cpu;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Connections that are busy at the same time
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Length of each measurement
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Requests of each kind that are signed beforehand
    #[arg(long, default_value_t = 400)]
    signed: usize,
    /// Objects in the bucket
    #[arg(long, default_value_t = 100)]
    objects: usize,
}

const KINDS: [&str; 5] = ["get namespace", "put 1 KB", "get 1 KB", "head", "list 10"];

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // One thread sends; the emulator has two.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let server = Server::start().await?;
    fill(&server, arguments.objects).await?;
    let credentials = credentials(server.about.variables()).await?;
    say("Requests are signed before the clock starts (RSA with 2048 bits); the emulator verifies every one.")?;
    let table = Table::new(&["", "req/s", "p50 ms", "p99 ms", "server CPU us/req", "client CPU us/req"])?;
    let mut all = Vec::new();
    for kind in KINDS {
        let prepared = prepare(kind, arguments, &server, &credentials)?;
        let requests = Arc::new(prepared);
        load(&server, arguments, &requests).await?.print(&table, kind)?;
        all.push(requests);
    }
    let mix: Vec<_> = (0..arguments.signed * KINDS.len()).map(|at| (at % KINDS.len(), at / KINDS.len())).collect();
    let mix = Arc::new(mix.into_iter().map(|(kind, at)| copy(&all[kind][at])).collect());
    load(&server, arguments, &mix).await?.print(&table, "mix of the five")?;
    own_client(&server, arguments).await?.print(&table, "mix, our client, signing")?;
    Ok(())
}

fn copy(prepared: &Prepared) -> Prepared {
    Prepared { bytes: prepared.bytes.clone(), is_head: prepared.is_head }
}

async fn fill(server: &Server, objects: usize) -> Result<()> {
    let storage = server.client().object_storage();
    for number in 0..objects {
        let body = [Bytes::from(vec![b'x'; 1024])];
        storage.put(BUCKET, &name(number), body, &Attributes::default(), &Condition::None).await?;
    }
    Ok(())
}

fn name(number: usize) -> String {
    format!("runs/{number:05}.json")
}

fn prepare(kind: &str, arguments: &Arguments, server: &Server, credentials: &Snapshot) -> Result<Vec<Prepared>> {
    let base = &server.about.url;
    let bucket = format!("{base}/n/{}/b/{BUCKET}", server.about.namespace);
    let body = vec![b'y'; 1024];
    let one = |number: usize| {
        let object = format!("{bucket}/o/{}", name(number % arguments.objects).replace('/', "%2F"));
        match kind {
            "get namespace" => signed(credentials, &Method::GET, &format!("{base}/n"), None),
            "put 1 KB" => signed(credentials, &Method::PUT, &object, Some(&body)),
            "get 1 KB" => signed(credentials, &Method::GET, &object, None),
            "head" => signed(credentials, &Method::HEAD, &object, None),
            _ => signed(credentials, &Method::GET, &format!("{bucket}/o?limit=10&fields=size,etag"), None),
        }
    };
    (0..arguments.signed).map(one).collect()
}

/// What came out.
struct Load {
    requests: usize,
    took: Duration,
    /// Milliseconds, sorted.
    times: Vec<f64>,
    server: Duration,
    client: Duration,
}

impl Load {
    fn print(&self, table: &Table, name: &str) -> Result<()> {
        let per_request = |cpu: Duration| format!("{:.0}", cpu.as_secs_f64() * 1e6 / self.requests as f64);
        let at = |share: f64| self.times.get((self.times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        table.row(&[
            name.to_owned(),
            format!("{:.0}", self.requests as f64 / self.took.as_secs_f64()),
            format!("{:.2}", at(0.5)),
            format!("{:.2}", at(0.99)),
            per_request(self.server),
            per_request(self.client),
        ])?;
        Ok(())
    }
}

async fn load(server: &Server, arguments: &Arguments, requests: &Arc<Vec<Prepared>>) -> Result<Load> {
    let (id, started) = (server.id(), Instant::now());
    let (server_cpu, client_cpu) = (cpu(&id)?, cpu("self")?);
    let end = started + Duration::try_from_secs_f64(arguments.seconds).context("--seconds")?;
    let mut tasks = Vec::new();
    for number in 0..arguments.connections {
        let connection = Connection::open(&server.about.url).await?;
        let first = number * requests.len() / arguments.connections;
        tasks.push(tokio::spawn(send(connection, Arc::clone(requests), first, end)));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.append(&mut task.await??);
    }
    finished(&id, started, (server_cpu, client_cpu), times)
}

fn finished(id: &str, started: Instant, before: (Duration, Duration), mut times: Vec<f64>) -> Result<Load> {
    let took = started.elapsed();
    times.sort_unstable_by(f64::total_cmp);
    Ok(Load { requests: times.len(), took, times, server: cpu(id)? - before.0, client: cpu("self")? - before.1 })
}

async fn send(
    mut connection: Connection,
    requests: Arc<Vec<Prepared>>,
    first: usize,
    end: Instant,
) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for at in first.. {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        connection.exchange(&requests[at % requests.len()]).await?;
        times.push(sent.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// The same mixture by our client, which signs each request when it sends it.
async fn own_client(server: &Server, arguments: &Arguments) -> Result<Load> {
    let (id, started) = (server.id(), Instant::now());
    let (server_cpu, client_cpu) = (cpu(&id)?, cpu("self")?);
    let end = started + Duration::try_from_secs_f64(arguments.seconds).context("--seconds")?;
    let client = server.client();
    let tasks: Vec<_> = (0..arguments.connections)
        .map(|number| tokio::spawn(call(client.object_storage(), number, arguments.objects, end)))
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.append(&mut task.await??);
    }
    finished(&id, started, (server_cpu, client_cpu), times)
}

async fn call(
    storage: causeway_oci_client::object_storage::ObjectStorage,
    first: usize,
    objects: usize,
    end: Instant,
) -> Result<Vec<f64>> {
    let (mut times, list) = (Vec::new(), ListObjects { page_size: Some(10), ..ListObjects::default() });
    for at in first.. {
        let (sent, name) = (Instant::now(), name(at % objects));
        if sent >= end {
            break;
        }
        match at % KINDS.len() {
            // The namespace is asked for once per client, so this is another small answer.
            0 => drop(storage.bucket(BUCKET, &[]).await?),
            1 => {
                let body = [Bytes::from(vec![b'y'; 1024])];
                storage.put(BUCKET, &name, body, &Attributes::default(), &Condition::None).await?;
            }
            2 => drop(storage.get(BUCKET, &name, &GetObject::default()).await?.bytes(1 << 20).await?),
            3 => drop(storage.head(BUCKET, &name, &GetObject::default()).await?),
            _ => drop(storage.page(BUCKET, &list).await?),
        }
        times.push(sent.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}
