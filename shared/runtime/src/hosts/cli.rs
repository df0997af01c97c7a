//! The command line of every function.

use std::io::{IsTerminal, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use http::HeaderMap;
use serde_json::json;

use super::{App, EXIT_CONFIG, EXIT_START, StartError, connected, new_request_id, runtime, serve, settings, start};
use crate::context::Trace;
use crate::events::{Detected, detect_bytes};
use crate::invocation::Invocation;
use crate::metrics::Format;
use crate::settings::{Declared, Shared};
use crate::{Budget, Handler, StartedTool, Tool};

#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Calls the function once and prints its reply as JSON; logs go to stderr.
    ///
    /// Any event of either cloud is recognised. The exit status is 65 for a wrong request, 69 when a service
    /// failed, 75 when time ran out, 70 for an internal error. CAUSEWAY_METRICS=log or emf adds the call's metrics
    /// to the logs.
    Invoke(Invoke),
    /// Serves the function over plain HTTP until interrupted.
    Serve(Serve),
    /// Prints the JSON Schemas of request and reply.
    Schema,
    /// Prints every setting with its type, default, meaning and current value.
    Config {
        /// As JSON in place of a table.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
struct Invoke {
    /// The request as text.
    #[arg(short, long, value_name = "JSON", conflicts_with = "file")]
    data: Option<String>,
    /// A file with the request. Without -d and -f it is read from standard input.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Args)]
struct Serve {
    /// Port; 0 picks a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
}

pub(super) fn run<H, E>(shared: Shared, connect: impl FnOnce(H::Config) -> Result<H, E>) -> ExitCode
where
    H: Handler,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let matches = commands::<H>().get_matches();
    if let Some((tool, arguments)) = chosen(&H::tools(), &matches) {
        return (tool.run)(arguments);
    }
    if let Some((tool, arguments)) = chosen_started::<H>(&matches) {
        return exit::<H>(started(shared, connect, &tool, arguments));
    }
    exit::<H>(match Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command {
        Command::Invoke(args) => start(shared, connect, Format::Off).and_then(|app| invoke(&app, args)),
        Command::Serve(args) => start(shared, connect, Format::Log).and_then(|app| serve_http(app, &args)),
        Command::Schema => print(&H::schemas()),
        Command::Config { json } => settings::<H>(shared).and_then(|loaded| config(&loaded.declared, json)),
    })
}

fn exit<H: Handler>(outcome: Result<ExitCode, StartError>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprintln!("{}: {}", H::NAME, error.text);
        ExitCode::from(error.exit)
    })
}

/// The commands of every function, and the function's own.
fn commands<H: Handler>() -> clap::Command {
    let alone = H::tools().into_iter().map(|tool| (tool.command)());
    let own = alone.chain(H::started_tools().into_iter().map(|tool| (tool.command)()));
    Cli::command().name(H::NAME).bin_name(H::NAME).about(H::ABOUT).subcommands(own)
}

fn chosen<'a>(tools: &[Tool], matches: &'a ArgMatches) -> Option<(Tool, &'a ArgMatches)> {
    let (name, arguments) = matches.subcommand()?;
    let tool = tools.iter().find(|tool| (tool.command)().get_name() == name)?;
    Some((*tool, arguments))
}

fn chosen_started<H: Handler>(matches: &ArgMatches) -> Option<(StartedTool<H>, &ArgMatches)> {
    let (name, arguments) = matches.subcommand()?;
    let tool = H::started_tools().into_iter().find(|tool| (tool.command)().get_name() == name)?;
    Some((tool, arguments))
}

fn started<H, E>(
    shared: Shared,
    connect: impl FnOnce(H::Config) -> Result<H, E>,
    tool: &StartedTool<H>,
    arguments: &ArgMatches,
) -> Result<ExitCode, StartError>
where
    H: Handler,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (handler, _) = connected(shared, connect)?;
    Ok(runtime()?.block_on((tool.run)(&handler, arguments)))
}

fn invoke(app: &App, args: Invoke) -> Result<ExitCode, StartError> {
    let body = read_request(args)?;
    let Detected { kind, work, http, .. } = detect_bytes(&body.into());
    let work = work.without_item_reports();
    let http = http.map(|(request, _)| request);
    let headers = http.as_ref().map_or_else(HeaderMap::new, |http| http.headers.clone());
    let invocation = Invocation {
        kind,
        work,
        trace: Trace::read(&headers),
        headers,
        http,
        request_id: new_request_id(),
        call_id: None,
        budget: Budget::unlimited(Instant::now()),
    };
    let request_id = invocation.request_id.clone();
    match runtime()?.block_on(app.service.call(invocation)) {
        Ok(reply) => print(reply.text()),
        Err(error) => {
            print(&error.to_body(&request_id).to_string())?;
            eprintln!("error: {}", error.log_text());
            Ok(ExitCode::from(error.exit_code()))
        }
    }
}

/// Nothing on a terminal means an empty request: nobody wants to be waited for.
fn read_request(args: Invoke) -> Result<Vec<u8>, StartError> {
    let failed = |error: std::io::Error| StartError { exit: EXIT_CONFIG, ..StartError::new("no_request", &error) };
    match (args.data, args.file) {
        (Some(data), _) => Ok(data.into_bytes()),
        (None, Some(file)) => std::fs::read(&file).map_err(|error| {
            let error = std::io::Error::new(error.kind(), format!("{}: {error}", file.display()));
            failed(error)
        }),
        (None, None) if std::io::stdin().is_terminal() => Ok(Vec::new()),
        (None, None) => {
            let mut body = Vec::new();
            std::io::stdin().read_to_end(&mut body).map_err(failed)?;
            Ok(body)
        }
    }
}

fn serve_http(app: App, args: &Serve) -> Result<ExitCode, StartError> {
    let address = SocketAddr::new(args.host, args.port);
    let served = runtime()?.block_on(serve::run(Arc::new(app), address));
    served.map(|()| ExitCode::SUCCESS).map_err(|error| StartError::new("cannot_listen", &error))
}

fn config(declared: &[Declared], as_json: bool) -> Result<ExitCode, StartError> {
    if as_json {
        return print(&format!("{:#}", json!(declared)));
    }
    let width = declared.iter().map(|setting| setting.name.len()).max().unwrap_or(0);
    let line = |setting: &Declared| {
        let value = setting.value.as_deref().unwrap_or("(unset)");
        let origin = if setting.is_set { "environment" } else { "default" };
        format!("{:width$}  {} = {value} [{origin}]\n{:width$}  {}", setting.name, setting.kind, "", setting.meaning)
    };
    print(&declared.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// A reader that hung up (`| head`) is no error.
fn print(text: &str) -> Result<ExitCode, StartError> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(StartError { exit: EXIT_START, ..StartError::new("no_output", &error) })
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests;
