//! From a file to what it says, checked in full: whoever loads half a file has to clean up.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::format::{Bucket, Chat, Compartment, Instance, Limit, Metric, Secret, Topic, Usage};
use super::input;
use super::objects::{self, Upload};
use super::series::{self, Series};

/// Bytes of a seed file; long series belong into CSV files and large objects into files of their own.
const MAX_FILE: u64 = 256 * 1024 * 1024;
/// Mistakes that are told at once.
const MAX_PROBLEMS: usize = 20;
const SECTIONS: [&str; 10] =
    ["compartments", "limits", "buckets", "instances", "topics", "secrets", "chat", "usage", "metrics", "description"];

/// An element and its place in the file, such as `$.buckets[0]`.
pub(super) struct At<T> {
    pub(super) place: String,
    pub(super) it: T,
}

/// A file's content.
#[derive(Default)]
pub(super) struct Seeds {
    pub(super) compartments: Vec<At<Compartment>>,
    pub(super) limits: Vec<At<Limit>>,
    pub(super) buckets: Vec<At<(Bucket, Vec<At<Upload>>)>>,
    pub(super) instances: Vec<At<Instance>>,
    pub(super) topics: Vec<At<Topic>>,
    pub(super) secrets: Vec<At<Secret>>,
    pub(super) chat: Vec<At<Chat>>,
    pub(super) usage: Vec<At<Usage>>,
    pub(super) metrics: Vec<At<(Metric, Series)>>,
}

/// Reads and checks a file with all files that it names.
///
/// # Errors
/// All mistakes, each with the file, the place in it and what was expected.
pub(super) fn read(path: &Path) -> Result<Seeds, Vec<String>> {
    let whole = parse(path).map_err(|problem| vec![problem])?;
    let mut reader = Reader { problems: Vec::new(), directory: path.parent().unwrap_or(Path::new("")).to_owned() };
    let seeds = reader.seeds(whole);
    if reader.problems.is_empty() {
        return Ok(seeds);
    }
    let more = reader.problems.len().saturating_sub(MAX_PROBLEMS);
    reader.problems.truncate(MAX_PROBLEMS);
    let file = path.display();
    let mut told: Vec<_> = reader.problems.into_iter().map(|problem| format!("{file}: {problem}")).collect();
    told.extend((more > 0).then(|| format!("{file}: and {more} more")));
    Err(told)
}

fn parse(path: &Path) -> Result<Map<String, Value>, String> {
    let file = path.display();
    let text = input::read_text(path, MAX_FILE).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => format!("{file}: {error}; use csv and file"),
        _ => format!("{file}: {error}"),
    })?;
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let value: Value = match is_yaml {
        true => serde_yaml_ng::from_str(&text).map_err(|error| format!("{file}: {error}"))?,
        false => serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?,
    };
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(format!("{file}: $: expected an object with {}", SECTIONS.join(", "))),
    }
}

struct Reader {
    problems: Vec<String>,
    directory: std::path::PathBuf,
}

impl Reader {
    fn seeds(&mut self, mut whole: Map<String, Value>) -> Seeds {
        for name in whole.keys().filter(|name| !SECTIONS.contains(&name.as_str())) {
            self.problems.push(format!("$.{name}: expected one of {}", SECTIONS.join(", ")));
        }
        let mut take = |name: &str| whole.remove(name).unwrap_or(Value::Array(Vec::new()));
        let sections = SECTIONS.map(&mut take);
        let [compartments, limits, buckets, instances, topics, secrets, chat, usage, metrics, _] = sections;
        let seeds = Seeds {
            compartments: self.section("compartments", compartments),
            limits: self.section("limits", limits),
            buckets: self.buckets(buckets),
            instances: self.section("instances", instances),
            topics: self.section("topics", topics),
            secrets: self.section("secrets", secrets),
            chat: self.section("chat", chat),
            usage: self.usage(usage),
            metrics: self.metrics(metrics),
        };
        self.check_names("instances", seeds.instances.iter().filter(|one| one.it.id.is_none()), |one| {
            format!("{} {}", one.display_name, one.compartment_id.as_deref().unwrap_or_default())
        });
        self.check_names("buckets", seeds.buckets.iter(), |(bucket, _)| bucket.name.clone());
        self.check_names("topics", seeds.topics.iter(), |topic| topic.name.clone());
        for chat in seeds.chat.iter().filter(|chat| chat.it.replies.is_empty()) {
            self.problems.push(format!("{}.replies: expected at least one reply", chat.place));
        }
        seeds
    }

    fn elements(&mut self, name: &str, value: Value) -> Vec<At<Value>> {
        match value {
            Value::Array(values) => {
                let at = |(index, it)| At { place: format!("$.{name}[{index}]"), it };
                values.into_iter().enumerate().map(at).collect()
            }
            _ => {
                self.problems.push(format!("$.{name}: expected an array"));
                Vec::new()
            }
        }
    }

    fn typed<T: DeserializeOwned>(&mut self, place: &str, value: Value) -> Option<T> {
        match serde_path_to_error::deserialize(value) {
            Ok(it) => Some(it),
            Err(error) => {
                let path = error.path().to_string();
                let dot = if path.starts_with('[') { "" } else { "." };
                let inner = if path == "." { String::new() } else { format!("{dot}{path}") };
                self.problems.push(format!("{place}{inner}: {}", error.inner()));
                None
            }
        }
    }

    fn section<T: DeserializeOwned>(&mut self, name: &str, value: Value) -> Vec<At<T>> {
        let elements = self.elements(name, value).into_iter();
        elements.filter_map(|At { place, it }| self.typed(&place, it).map(|it| At { place, it })).collect()
    }

    fn note<T>(&mut self, place: &str, outcome: Result<T, String>) -> Option<T> {
        outcome.map_err(|problem| self.problems.push(format!("{place}: {problem}"))).ok()
    }

    fn buckets(&mut self, value: Value) -> Vec<At<(Bucket, Vec<At<Upload>>)>> {
        let buckets: Vec<At<Bucket>> = self.section("buckets", value);
        let with_objects = |At { place, mut it }: At<Bucket>| {
            let mut uploads = Vec::new();
            for (index, object) in std::mem::take(&mut it.objects).into_iter().enumerate() {
                let place = format!("{place}.objects[{index}]");
                let found = objects::uploads(&object, &self.directory);
                let found = self.note(&place, found).unwrap_or_default();
                uploads.extend(found.into_iter().map(|it| At { place: place.clone(), it }));
            }
            At { place, it: (it, uploads) }
        };
        buckets.into_iter().map(with_objects).collect()
    }

    fn usage(&mut self, value: Value) -> Vec<At<Usage>> {
        let rows: Vec<At<Usage>> = self.section("usage", value);
        for At { place, it } in &rows {
            let period = match (it.days_ago, it.time_usage_started, it.time_usage_ended) {
                (Some(1..), None, None) => Ok(()),
                (None, Some(start), Some(end)) if start < end => Ok(()),
                _ => Err("expected daysAgo from 1, or timeUsageStarted before timeUsageEnded".to_owned()),
            };
            self.note(place, period);
        }
        rows
    }

    fn metrics(&mut self, value: Value) -> Vec<At<(Metric, Series)>> {
        let metrics: Vec<At<Metric>> = self.section("metrics", value);
        let mut found = Vec::new();
        for At { place, it } in metrics {
            if it.dimensions.is_empty() && it.instance.is_none() {
                self.problems.push(format!("{place}: expected dimensions or an instance"));
            }
            let series = series::read(&it, &self.directory);
            if let Some(series) = self.note(&place, series) {
                found.push(At { place, it: (it, series) });
            }
        }
        found
    }

    fn check_names<'a, T: 'a>(
        &mut self,
        section: &str,
        elements: impl Iterator<Item = &'a At<T>>,
        name: impl Fn(&T) -> String,
    ) {
        let mut seen = BTreeSet::new();
        for element in elements {
            if !seen.insert(name(&element.it)) {
                self.problems.push(format!("{}: expected a name that no other of {section} has", element.place));
            }
        }
    }
}
