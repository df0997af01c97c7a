//! `causeway up`: the functions and OCI behind HTTP until a signal comes.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::print;
use super::seed::failed;
use crate::api::{APP, base_url, router_with};
use crate::arguments::Up;
use crate::cli::{CliError, Signals};
use crate::cloud::{Cloud, Options, Program};
use crate::environment;
use crate::logs::Echo;
use crate::oci::environment::other_cloud;
use crate::oci::target::Target;
use crate::oci::{BUCKET, Oci};
use crate::programs::{Data, programs, programs_on};
use crate::scenario::{Plan, Play};
use crate::terminal::{Align, Table, Terminal};
use crate::{seed, server};

/// Time for the last answers after all processes have been ended.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

pub(crate) async fn run(args: Up) -> Result<ExitCode, CliError> {
    let plan = Plan::of(&args.scenario, &environment::own().collect::<Vec<_>>())?;
    let root = args.bounds.own_root().map(|_| args.bounds.root()).transpose()?;
    let address = SocketAddr::new(args.host, args.port);
    let bound = server::bind(address).await;
    let (listener, address) = bound.map_err(|error| CliError::io(format!("cannot listen on {address}"), &error))?;
    let base = base_url(address);
    let mut signals = Signals::listen()?;
    let (oci, mut play) = match args.oci.no_oci {
        true => (None, None),
        false => signals.unless(prepare(&args, plan)).await.map(|(oci, play)| (Some(oci), play))?,
    };
    let data = match (root, &oci) {
        (Some(root), _) => Data::Directory(root),
        (None, Some(_)) => Data::Bucket,
        (None, None) => Data::Directory(args.bounds.root()?),
    };
    let mut programs = match &oci {
        Some(oci) => programs_on(&data, oci, &base)?,
        None => programs(&data)?,
    };
    if let (Some(play), Some(oci)) = (&play, &oci) {
        play.direct(&mut programs, oci);
    }
    let cloud = start(&args, programs)?;
    if let Some(oci) = &oci {
        oci.serve(&cloud);
    }
    if !address.ip().is_loopback() {
        let _ = writeln!(io::stderr(), "anybody who reaches {address} can run these functions");
    }
    print(&welcome(&cloud, &base, &data, oci.as_ref(), play.as_ref()))?;
    let emulator = oci.as_ref().map(|oci| oci.emulator.clone());
    // The requests of a scenario would hide its table.
    let shows_requests = !args.quiet && play.is_none();
    let routes = router_with(Arc::clone(&cloud), emulator, address, shows_requests);
    let work = async {
        tokio::select! {
            () = signals.wait() => Ok(()),
            () = rotating(oci.as_ref()) => Ok(()),
            played = playing(play.as_mut(), &cloud, oci.as_ref()) => played,
        }
    };
    let ended = serve(listener, routes, &cloud, work).await;
    if let Some(play) = play {
        play.sum_up()?;
    }
    ended.map(|()| ExitCode::SUCCESS)
}

/// Ends with the scenario; never without one.
async fn playing(play: Option<&mut Play>, cloud: &Cloud, oci: Option<&Oci>) -> Result<(), CliError> {
    match play.zip(oci) {
        Some((play, oci)) => play.run(cloud, oci).await,
        None => std::future::pending().await,
    }
}

/// Never ends.
async fn rotating(oci: Option<&Oci>) {
    match oci {
        Some(oci) => oci.keep_rotating().await,
        None => std::future::pending().await,
    }
}

fn start(args: &Up, programs: Vec<Program>) -> Result<Arc<Cloud>, CliError> {
    let echo = if args.verbose { Echo::Prefixed } else { Echo::Off };
    let options = Options { limits: args.limits(), log_directory: args.bounds.log_dir.clone(), echo };
    Ok(Arc::new(Cloud::new(programs, &options).map_err(|error| CliError::io("cannot start", &error))?))
}

/// OCI with its bucket, what the seed files say and the machines of a scenario, before anybody can call it.
async fn prepare(args: &Up, plan: Option<Plan>) -> Result<(Oci, Option<Play>), CliError> {
    let mut oci = Oci::open(&args.oci.settings(args.scenario.scenario))?;
    let mut play = match plan {
        Some(plan) => Some(plan.begin(&oci).await?),
        None => None,
    };
    let target = Target::Here(oci.emulator.clone());
    let furnished = oci.furnish(&target).await;
    furnished.map_err(|error| CliError { text: format!("buckets and topic: {error}"), exit: 74 })?;
    for file in &args.oci.seed_file {
        let report = seed::load(&target, file).await.map_err(|error| failed(&error))?;
        print(&format!("{}: {report}\n", file.display()))?;
    }
    if let Some(play) = &mut play {
        play.furnish(&oci).await?;
    }
    Ok((oci, play))
}

/// Serves until the work is done, which a signal ends; then kills the processes, which ends the calls under way, and
/// lets their answers out.
async fn serve<T>(listener: TcpListener, routes: axum::Router, cloud: &Cloud, work: impl Future<Output = T>) -> T {
    let (stop, stopped) = oneshot::channel::<()>();
    let mut server = tokio::spawn(server::serve(listener, routes, async { drop(stopped.await) }));
    let done = work.await;
    let _ = writeln!(io::stderr(), "stopping");
    drop(stop);
    cloud.shutdown().await;
    let _ = timeout(LAST_ANSWERS, &mut server).await;
    server.abort();
    done
}

fn welcome(cloud: &Cloud, base: &str, data: &Data, oci: Option<&Oci>, play: Option<&Play>) -> String {
    if let Some(play) = play {
        return format!("causeway is up on {base}, {}; Ctrl-C ends it\n\n", play.about());
    }
    let terminal = Terminal::stdout();
    let mut table = Table::new(&[("FUNCTION", Align::Left), ("CALLED AS", Align::Left), ("COMMAND", Align::Left)]);
    for function in cloud.deployments() {
        let name = &function.program.name;
        let curl = |path: String| format!("curl -d '{{}}' {base}{path}");
        table.row([name.clone(), "Fn".to_owned(), curl(format!("/invoke/{}", function.program.id()))]);
        table.row([String::new(), "Fn trigger".to_owned(), curl(format!("/t/{APP}/{name}"))]);
        table.row([String::new(), "Lambda".to_owned(), curl(format!("/2015-03-31/functions/{name}/invocations"))]);
        table.row([String::new(), "its log".to_owned(), format!("curl {base}/logs/{name}")]);
    }
    // Commands are there to be copied, so they are never cut.
    let table = format!("{}health-checker's status page: {base}/status\n", table.render_whole(&terminal));
    let place = match data {
        Data::Directory(root) => root.display().to_string(),
        Data::Bucket => BUCKET.to_owned(),
    };
    let oci = oci.map(|oci| about_oci(oci, base)).unwrap_or_default();
    format!("causeway is up on {base}, bucket {place}; Ctrl-C ends it\n\n{table}\n{oci}")
}

fn about_oci(oci: &Oci, base: &str) -> String {
    let own: Vec<_> = environment::own().collect();
    let whose = other_cloud(&own).map(|name| format!("The functions do not use it, because {name} is set.\n"));
    let (region, compartment) = (oci.emulator.region(), oci.emulator.default_compartment());
    format!(
        "OCI {region} answers there too, compartment {compartment}.\n{}To use it with oci, fn, boto3 and aws:\n  eval \"$(causeway env --endpoint {base})\"\n",
        whose.unwrap_or_default()
    )
}
