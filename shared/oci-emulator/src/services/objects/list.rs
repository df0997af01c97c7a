//! Listing objects. One page looks at no more entries than it shows, and one for each group it skips.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use super::model::{Access, Archival, Object, name_in, object_key};
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339_ms;
use crate::error::Error;
use crate::reply::{self, Reply};
use crate::store::{Read, Reader, Span, Table};

/// Names of a page, whatever the request says.
const MAX_PAGE: usize = 1000;

/// Which names a request wants.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    prefix: String,
    /// At or after this.
    start: Option<String>,
    /// After this.
    start_after: Option<String>,
    /// Before this.
    end: Option<String>,
}

impl Names {
    pub(super) fn of(call: &Call) -> Result<Self, Error> {
        let text = |name: &str| call.query(name).filter(|text| !text.is_empty()).map(str::to_owned);
        if text("start").is_some() && text("startAfter").is_some() {
            return Err(Error::invalid("start and startAfter exclude each other."));
        }
        let prefix = text("prefix").unwrap_or_default();
        Ok(Self { prefix, start: text("start"), start_after: text("startAfter"), end: text("end") })
    }

    /// The first name that can be wanted.
    pub(super) fn first(&self) -> String {
        let later = self.start.as_ref().max(self.start_after.as_ref());
        later.map_or(&self.prefix, |later| later.max(&self.prefix)).clone()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        name.starts_with(&self.prefix)
            && self.start.as_deref().is_none_or(|start| name >= start)
            && self.start_after.as_deref().is_none_or(|after| name > after)
            && self.end.as_deref().is_none_or(|end| name < end)
    }

    /// Whether no name from this one on is wanted.
    pub(super) fn ended_by(&self, name: &str) -> bool {
        let past_prefix = !name.starts_with(&self.prefix) && name > self.prefix.as_str();
        past_prefix || self.end.as_deref().is_some_and(|end| name >= end)
    }
}

/// Members of an entry beyond its name.
#[derive(Debug, Clone, Copy, Default)]
struct Fields {
    size: bool,
    etag: bool,
    md5: bool,
    created: bool,
    modified: bool,
    tier: bool,
    archival: bool,
}

impl Fields {
    fn parse(text: Option<&str>) -> Result<Self, Error> {
        let mut fields = Self::default();
        for name in text.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()) {
            *match name {
                "name" => continue,
                "size" => &mut fields.size,
                "etag" => &mut fields.etag,
                "md5" => &mut fields.md5,
                "timeCreated" => &mut fields.created,
                "timeModified" => &mut fields.modified,
                "storageTier" => &mut fields.tier,
                "archivalState" => &mut fields.archival,
                _ => return Err(Error::invalid(format!("There is no field {name}."))),
            } = true;
        }
        Ok(fields)
    }

    fn any(self) -> bool {
        self.size || self.etag || self.md5 || self.created || self.modified || self.tier || self.archival
    }
}

/// One object of a list.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archival_state: Option<&'static str>,
}

impl Summary {
    fn new(name: &str, fields: Fields, object: &Object, now_ms: i64) -> Self {
        let md5 = object.md5.filter(|_| fields.md5).map(|md5| BASE64_STANDARD.encode(md5));
        Self {
            name: name.to_owned(),
            size: fields.size.then_some(object.size),
            md5: md5.or_else(|| object.multipart_md5.clone().filter(|_| fields.md5)),
            etag: fields.etag.then(|| object.etag.clone()),
            time_created: fields.created.then(|| rfc3339_ms(object.created_ms)),
            time_modified: fields.modified.then(|| rfc3339_ms(object.modified_ms)),
            storage_tier: fields.tier.then(|| object.tier.name()),
            archival_state: object.archival(now_ms).filter(|_| fields.archival).map(Archival::name),
        }
    }
}

/// A page of a list.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    objects: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefixes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_start_with: Option<String>,
}

/// ListObjects.
pub(super) fn objects(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (bucket, _) = emulator.bucket(&reader, call, Access::List)?;
    list(call, &reader, &bucket, "")
}

/// Lists a bucket that the caller may list, below a prefix that the caller cannot leave.
pub(super) fn list(call: &Call, reader: &Reader, bucket: &str, within: &str) -> Reply {
    let mut names = Names::of(call)?;
    if !names.prefix.starts_with(within) {
        // Either the wanted prefix is shorter, or it leads elsewhere and finds nothing.
        match within.starts_with(&names.prefix) {
            true => within.clone_into(&mut names.prefix),
            false => return reply::json(&Listing::default()),
        }
    }
    let grouped = match call.query("delimiter") {
        None | Some("") => false,
        Some("/") => true,
        Some(other) => return Err(Error::invalid(format!("The delimiter can only be '/', not '{other}'."))),
    };
    let fields = Fields::parse(call.query("fields"))?;
    let limit = call.limit(MAX_PAGE, MAX_PAGE)?;
    let mut page =
        Collector { names, grouped, fields, limit, now_ms: call.now.as_millisecond(), page: Listing::default() };
    if grouped {
        page.page.prefixes = Some(Vec::new());
    }
    page.collect(reader, bucket)?;
    reply::json(&page.page)
}

struct Collector {
    names: Names,
    grouped: bool,
    fields: Fields,
    limit: usize,
    now_ms: i64,
    page: Listing,
}

/// How a scan goes on.
enum Step {
    Next,
    /// Behind all names that start with this.
    Skip(String),
    End,
}

impl Collector {
    fn collect(&mut self, reader: &Reader, bucket: &str) -> Result<(), Error> {
        let all = Span::prefix(&object_key(bucket, ""));
        let mut span = all.clone().starting_at(&object_key(bucket, &self.names.first()));
        loop {
            let mut skip = None;
            reader.scan(Table::Objects, &span, |key, value| {
                match self.take(name_in(bucket, key), value)? {
                    Step::Next => return Ok(true),
                    Step::Skip(group) => skip = Some(group),
                    Step::End => {}
                }
                Ok(false)
            })?;
            match skip.map(|group| crate::store::after_prefix(&object_key(bucket, &group))) {
                Some(std::ops::Bound::Excluded(next)) => span = all.clone().starting_at(&next),
                _ => return Ok(()),
            }
        }
    }

    fn take(&mut self, name: &str, value: &[u8]) -> Result<Step, crate::store::StoreError> {
        if !self.names.has(name) {
            return Ok(if self.names.ended_by(name) { Step::End } else { Step::Next });
        }
        if self.page.objects.len() + self.page.prefixes.as_ref().map_or(0, Vec::len) >= self.limit {
            self.page.next_start_with = Some(name.to_owned());
            return Ok(Step::End);
        }
        let rest = &name[self.names.prefix.len()..];
        if let (true, Some(at)) = (self.grouped, rest.find('/')) {
            let group = name[..self.names.prefix.len() + at + 1].to_owned();
            self.page.prefixes.get_or_insert_default().push(group.clone());
            return Ok(Step::Skip(group));
        }
        let summary = match self.fields.any() {
            true => Summary::new(name, self.fields, &Object::decode(value)?, self.now_ms),
            false => Summary { name: name.to_owned(), ..Summary::default() },
        };
        self.page.objects.push(summary);
        Ok(Step::Next)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::model::{Texts, Tier};
    use super::*;
    use crate::store::{Place, Safety, Store};

    fn object() -> Object {
        Object {
            size: 1,
            etag: "e".to_owned(),
            md5: None,
            multipart_md5: None,
            texts: Texts::default(),
            tier: Tier::Standard,
            readable: None,
            created_ms: 0,
            modified_ms: 0,
            version: String::new(),
            body: Some(1),
            checksums: Vec::new(),
            customer_key: None,
        }
    }

    /// What all pages together show.
    fn walk(reader: &Reader, prefix: &str, grouped: bool, limit: usize) -> Vec<String> {
        let (mut shown, mut start) = (Vec::new(), None);
        loop {
            let names = Names { prefix: prefix.to_owned(), start: start.take(), ..Names::default() };
            let mut page =
                Collector { names, grouped, fields: Fields::default(), limit, now_ms: 0, page: Listing::default() };
            page.collect(reader, "b").unwrap();
            let Listing { objects, prefixes, next_start_with } = page.page;
            let before = shown.len();
            shown.extend(objects.into_iter().map(|object| object.name));
            shown.extend(prefixes.unwrap_or_default());
            assert!(shown.len() - before <= limit && (shown.len() > before || next_start_with.is_none()));
            start = next_start_with;
            if start.is_none() {
                return shown;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn pages_show_every_name_or_group_once(
            names in prop::collection::btree_set("[ab/\u{e9}]{1,5}", 0..30),
            prefix in "[ab/]{0,2}",
            grouped: bool,
            limit in 1usize..8,
        ) {
            let store = Store::open(&Place::Memory, Safety::Process).unwrap();
            let value = object().encode().unwrap();
            store.write(|writer| {
                // A neighbour's objects must not show.
                for bucket in ["a", "b", "c"] {
                    for name in &names {
                        writer.put_bytes(Table::Objects, &object_key(bucket, name), &value)?;
                    }
                }
                Ok(())
            }).unwrap();
            let group = |name: &String| match name[prefix.len()..].find('/') {
                Some(at) if grouped => name[..prefix.len() + at + 1].to_owned(),
                _ => name.clone(),
            };
            let expected: BTreeSet<String> = names.iter().filter(|name| name.starts_with(&prefix)).map(group).collect();
            let mut shown = walk(&store.read().unwrap(), &prefix, grouped, limit);
            shown.sort();
            prop_assert_eq!(shown, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn names_are_chosen_by_bytes() {
        let names =
            Names { prefix: "a/".into(), start: Some("a/b".into()), start_after: None, end: Some("a/d".into()) };
        let check = |name: &str, has: bool, ended: bool| {
            assert_eq!((names.has(name), names.ended_by(name)), (has, ended), "{name}");
        };
        check("a/a", false, false);
        check("a/b", true, false);
        check("a/c/x", true, false);
        check("a/d", false, true);
        check("b", false, true);
        check("A", false, false);
        assert_eq!(names.first(), "a/b");
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(Fields::parse(Some("name,size,md5")).unwrap().any());
        assert!(!Fields::parse(Some("name")).unwrap().any());
        assert!(Fields::parse(Some("name,colour")).is_err());
    }
}
