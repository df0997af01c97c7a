//! Many pictures: some under way at once, each with a result or the reason why it has none.

pub(crate) mod command;

mod files;

use std::time::Instant;

use causeway_cloud::object_path;
use causeway_cloud::object_store::{ObjectStore, path::Path};
use causeway_resilience::Deadline;
use causeway_runtime::{Error, ErrorKind};
use futures_util::{Stream, StreamExt, stream};

use crate::handler::Vision;
use crate::measure::Counts;
use crate::names::Role;
use crate::reply::{Batch, BatchStatus, Failure, Item, ItemStatus, LeftOut, Reply};
use crate::report::contract::Band;
use crate::request::Request;
use crate::run::object::failed;
use crate::run::{Job, Looked};

/// Names below a folder.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) names: Vec<String>,
    pub(crate) left_out: Option<LeftOut>,
}

/// What became of one of many.
pub(crate) struct Done {
    /// Its place in the request.
    pub(crate) at: usize,
    pub(crate) item: Item,
    pub(crate) looked: Option<Looked>,
}

/// The first pictures below a folder, in the order of their names.
///
/// # Errors
/// 404 when the folder has no picture at all: its name is likely wrong. The store's.
pub(crate) async fn list(vision: &Vision, prefix: &str, after: Option<&str>, most: usize) -> Result<Listed, Error> {
    let objects = vision.objects()?;
    let wrong = |error: causeway_cloud::Error, at: &str| Error::invalid_request(error.to_string()).at(at);
    let folder = object_path(prefix).map_err(|error| wrong(error, "prefix"))?;
    let folder = Some(folder).filter(|folder| !folder.as_ref().is_empty());
    let after = after.map(|after| object_path(after).map_err(|error| wrong(error, "start_after"))).transpose()?;
    let mut found = match &after {
        Some(after) => objects.list_with_offset(folder.as_ref(), after),
        None => objects.list(folder.as_ref()),
    };
    // Stores list in order of names, directories do not: of those, the smallest names are kept.
    let mut names = std::collections::BTreeSet::new();
    let mut is_more = false;
    while let Some(object) = found.next().await {
        let location: Path = object.map_err(|error| failed(prefix, error))?.location;
        if vision.config.names.role(location.as_ref()) != Role::Picture {
            continue;
        }
        names.insert(location.as_ref().to_owned());
        if names.len() > most {
            names.pop_last();
            is_more = true;
        }
    }
    let names: Vec<String> = names.into_iter().collect();
    if names.is_empty() && after.is_none() {
        return Err(Error::client(404, "no_pictures", format!("there is no picture below {prefix:?}")).at("prefix"));
    }
    let last = names.last().cloned().filter(|_| is_more);
    Ok(Listed { names, left_out: last.map(|next_start_after| LeftOut { limit: most, next_start_after }) })
}

/// Looks at all of them, each with its place; they come as they are done.
///
/// Twice as many are under way as questions may be, so that the store's time before and after a question leaves no turn
/// unused.
pub(crate) fn each<'a>(
    vision: &'a Vision,
    jobs: Vec<(usize, Job)>,
    questions: usize,
    deadline: Deadline,
) -> impl Stream<Item = Done> + 'a {
    let one = move |(at, job): (usize, Job)| async move {
        let outcome = if deadline.is_over(Instant::now()) {
            Err(Error::timeout("batch"))
        } else {
            vision.look(&job, deadline).await
        };
        done(at, job.name, outcome)
    };
    stream::iter(jobs).map(one).buffer_unordered(questions.max(1) * 2)
}

/// The reply to a request for several.
///
/// # Errors
/// The caller's, when the request is wrong for all of them; what goes wrong with one picture stands at that picture.
pub(crate) async fn reply(
    vision: &Vision,
    request: &Request,
    names: Vec<String>,
    left_out: Option<LeftOut>,
    deadline: Deadline,
) -> Result<(Reply, Counts), Error> {
    let (mut jobs, mut all) = (Vec::new(), Vec::new());
    for (at, name) in names.into_iter().enumerate() {
        match vision.job(request, &name) {
            Ok(job) => jobs.push((at, job)),
            // Only what a name is can differ between them.
            Err(error) if error.path() == Some("object_name") => all.push(done(at, name, Err(error))),
            Err(error) => return Err(error),
        }
    }
    all.extend(each(vision, jobs, vision.config.concurrency, deadline).collect::<Vec<_>>().await);
    all.sort_by_key(|done| done.at);
    let cut_after = left_out.as_ref().map(|left| left.next_start_after.clone());
    let mut counts = Counts { cut_after, ..Counts::default() };
    for done in &all {
        counts.add(done.item.status, done.looked.as_ref());
    }
    let items = all.into_iter().map(|done| done.item).collect();
    Ok((Reply::Batch(batch(items, left_out)), counts))
}

fn batch(items: Vec<Item>, left_out: Option<LeftOut>) -> Batch {
    let named = |is_one: fn(&Item) -> bool| {
        items.iter().filter(|item| is_one(item)).map(|item| item.object_name.clone()).collect::<Vec<_>>()
    };
    let deferred = named(|item| item.status == ItemStatus::Deferred);
    let failed_items = named(Item::is_open);
    let mut counts = std::collections::BTreeMap::new();
    for item in &items {
        *counts.entry(item.status.word()).or_default() += 1;
    }
    let is_whole = left_out.is_none() && items.iter().all(|item| item.failure.is_none() && !item.is_open());
    let status = if is_whole { BatchStatus::Ok } else { BatchStatus::Partial };
    Batch { status, counts, items, failed_items, deferred, left_out }
}

fn done(at: usize, object_name: String, outcome: Result<Looked, Error>) -> Done {
    match outcome {
        Ok(looked) => Done { at, item: item(object_name, &looked), looked: Some(looked) },
        Err(error) => {
            if error.is_client() {
                tracing::info!(object = object_name, error = error.log_text(), "a picture has no result");
            } else {
                tracing::warn!(object = object_name, error = error.log_text(), "a picture has no result");
            }
            Done { at, item: without_result(object_name, &error), looked: None }
        }
    }
}

fn item(object_name: String, looked: &Looked) -> Item {
    let report = &looked.document.report;
    let bands = report.quality_metrics.bands;
    let band = if bands.quality_index == Band::Unknown { bands.package_quality } else { bands.quality_index };
    Item {
        object_name,
        status: looked.status(),
        assessment: Some(report.assessment.status),
        issues: report.assessment.issues.clone(),
        severity: Some(report.damage_report.overall.severity),
        damage_score: report.damage_report.overall.score,
        package_quality: report.quality_metrics.package_quality,
        quality_index: report.quality_metrics.quality_index,
        band: Some(band),
        caption_summary: Some(report.caption_summary.clone()),
        result_object: looked.result_object.clone(),
        alert: looked.alert,
        failure: None,
    }
}

fn without_result(object_name: String, error: &Error) -> Item {
    let status = match error.kind() {
        ErrorKind::Timeout { .. } => ItemStatus::Deferred,
        ErrorKind::Client { .. } if error.code() == "in_progress" => ItemStatus::InProgress,
        ErrorKind::Client { status: 409 } => ItemStatus::Failed,
        ErrorKind::Client { .. } => ItemStatus::Refused,
        ErrorKind::Upstream { .. } | ErrorKind::Internal => ItemStatus::Failed,
    };
    Item {
        object_name,
        status,
        assessment: None,
        issues: Vec::new(),
        severity: None,
        damage_score: None,
        package_quality: None,
        quality_index: None,
        band: None,
        caption_summary: None,
        result_object: None,
        alert: None,
        failure: Some(Failure::from(error)),
    }
}
