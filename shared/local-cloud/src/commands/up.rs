//! `causeway up`: the functions behind HTTP until a signal comes.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::print;
use crate::api::{APP, base_url, router};
use crate::cli::{CliError, Signals, Up, programs};
use crate::cloud::{Cloud, Options};
use crate::logs::Echo;
use crate::terminal::{Align, Table, Terminal};

/// Time for the last answers after all processes have been ended.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

pub(crate) async fn run(args: Up) -> Result<ExitCode, CliError> {
    let root = args.bounds.root()?;
    let address = SocketAddr::new(args.host, args.port);
    let bound = TcpListener::bind(address).await;
    let listener = bound.map_err(|error| CliError::io(format!("cannot listen on {address}"), &error))?;
    let address = listener.local_addr().map_err(|error| CliError::io("no address", &error))?;
    let echo = if args.verbose { Echo::Prefixed } else { Echo::Off };
    let options = Options { limits: args.limits(), log_directory: args.bounds.log_dir.clone(), echo };
    let mut signals = Signals::listen()?;
    let cloud = Cloud::new(programs(&root)?, &options).map_err(|error| CliError::io("cannot start", &error))?;
    let cloud = Arc::new(cloud);
    let base = base_url(address);
    if !address.ip().is_loopback() {
        let _ = writeln!(io::stderr(), "anybody who reaches {address} can run these functions");
    }
    print(&welcome(&cloud, &base, &root.display().to_string()))?;
    let routes = router(Arc::clone(&cloud), address, !args.quiet);
    serve(listener, routes, &cloud, &mut signals).await.map_err(|error| CliError::io("server", &error))?;
    Ok(ExitCode::SUCCESS)
}

/// Serves until a signal; then kills the processes, which ends the calls under way, and lets their
/// answers out.
async fn serve(listener: TcpListener, routes: axum::Router, cloud: &Cloud, signals: &mut Signals) -> io::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, routes).with_graceful_shutdown(async { drop(stopped.await) });
    let mut server = tokio::spawn(server.into_future());
    tokio::select! {
        ended = &mut server => return ended.unwrap_or_else(|error| Err(io::Error::other(error))),
        () = signals.wait() => {}
    }
    let _ = writeln!(io::stderr(), "stopping");
    drop(stop);
    cloud.shutdown().await;
    let _ = timeout(LAST_ANSWERS, &mut server).await;
    server.abort();
    Ok(())
}

fn welcome(cloud: &Cloud, base: &str, root: &str) -> String {
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
    let table = table.render_whole(&terminal);
    format!("causeway is up on {base}, bucket {root}; Ctrl-C ends it\n\n{table}\n")
}
