//! A list of many objects in bounded memory.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use causeway_oci_client::object_storage::{AccessType, ListObjects, NewPar, ObjectField};
use futures_util::TryStreamExt;
use http::{HeaderValue, Request};
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::presign::prepared;
use crate::server::{About, BUCKET, Server};
use crate::table::{Table, say};
use crate::usage::{cpu, memory_kib};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Objects in the bucket
    #[arg(long, default_value_t = 1_000_000)]
    objects: u64,
    /// Connections that put them there
    #[arg(long, default_value_t = 16)]
    connections: usize,
}

/// Our client in a process of its own.
#[derive(Debug, clap::Args)]
pub(crate) struct Walk {
    /// What the emulator told about itself
    #[arg(long)]
    about: String,
    /// Stops after so many
    #[arg(long)]
    most: u64,
}

/// What our client used.
#[derive(Debug, Serialize, Deserialize)]
struct Walked {
    objects: u64,
    seconds: f64,
    cpu_seconds: f64,
    rss_before_kib: u64,
    peak_rss_kib: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = runtime.block_on(async {
        let server = Server::start().await?;
        fill(&server, arguments).await?;
        anyhow::Ok(server)
    })?;
    let about = serde_json::to_string(&server.about)?;
    say("Pages of 1000 with size, etag and time, one in memory at a time")?;
    let table =
        Table::new(&["objects", "s", "objects/s", "client CPU s", "server CPU s", "peak RSS MiB", "at start MiB"])?;
    for most in [1000, arguments.objects / 10, arguments.objects] {
        let before = cpu(&server.id())?;
        let mut command = Command::new(std::env::current_exe()?);
        let output = command.args(["walk", "--about", &about, "--most", &most.to_string()]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let walked: Walked = serde_json::from_slice(&output.stdout)?;
        ensure!(walked.objects == most, "{} objects instead of {most}", walked.objects);
        let mib = |kib: u64| format!("{:.1}", kib as f64 / 1024.0);
        table.row(&[
            most.to_string(),
            format!("{:.2}", walked.seconds),
            format!("{:.0}", most as f64 / walked.seconds),
            format!("{:.2}", walked.cpu_seconds),
            format!("{:.2}", (cpu(&server.id())? - before).as_secs_f64()),
            mib(walked.peak_rss_kib),
            mib(walked.rss_before_kib),
        ])?;
    }
    say(&format!("the emulator's peak RSS is {} MiB", memory_kib(&server.id(), "VmHWM")? / 1024))?;
    Ok(())
}

/// Puts the objects through a link, which needs no signature.
async fn fill(server: &Server, arguments: &Arguments) -> Result<()> {
    let new = NewPar {
        name: "fill".to_owned(),
        access_type: AccessType::AnyObjectWrite,
        object_name: None,
        time_expires: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24),
        bucket_listing_action: None,
    };
    let link = server.client().object_storage().create_par(BUCKET, &new).await?;
    let link = format!("{}{}", server.about.url, link.access_uri.expose());
    let (started, next) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..arguments.connections)
        .map(|_| tokio::spawn(put(server.about.url.clone(), link.clone(), Arc::clone(&next), arguments.objects)))
        .collect();
    for task in tasks {
        task.await??;
    }
    let rate = arguments.objects as f64 / started.elapsed().as_secs_f64();
    say(&format!("{} objects put through a link, {rate:.0} a second", arguments.objects))?;
    Ok(())
}

async fn put(url: String, link: String, next: Arc<AtomicU64>, objects: u64) -> Result<()> {
    let mut connection = Connection::open(&url).await?;
    let host = url.strip_prefix("http://").context("an address")?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= objects {
            return Ok(());
        }
        let object = format!("{link}tenants/{:04}/runs/{number:08}.json", number % 1000);
        let mut request = Request::put(object).body(())?;
        request.headers_mut().insert("host", HeaderValue::from_str(host)?);
        request.headers_mut().insert("content-length", HeaderValue::from_static("2"));
        connection.exchange(&prepared(&request, b"{}")).await?;
    }
}

/// Walks over the list and tells what that took.
pub(crate) fn walk(arguments: &Walk) -> Result<()> {
    let about: About = serde_json::from_str(&arguments.about)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let walked = runtime.block_on(async {
        let storage = about.client().object_storage();
        storage.namespace().await?;
        let rss_before_kib = memory_kib("self", "VmRSS")?;
        let (started, before) = (Instant::now(), cpu("self")?);
        let fields = vec![ObjectField::Size, ObjectField::Etag, ObjectField::TimeModified];
        let list = ListObjects { fields, page_size: Some(1000), ..ListObjects::default() };
        let (mut listed, mut objects, mut last) = (storage.objects(BUCKET, list), 0, String::new());
        while objects < arguments.most
            && let Some(object) = listed.try_next().await?
        {
            ensure!(object.name > last && object.size == Some(2), "{} after {last}", object.name);
            last = object.name;
            objects += 1;
        }
        Ok(Walked {
            objects,
            seconds: started.elapsed().as_secs_f64(),
            cpu_seconds: (cpu("self")? - before).as_secs_f64(),
            rss_before_kib,
            peak_rss_kib: memory_kib("self", "VmHWM")?,
        })
    })?;
    say(&serde_json::to_string(&walked)?)?;
    Ok(())
}
