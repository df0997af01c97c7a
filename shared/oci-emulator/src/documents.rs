//! Resources of the smaller services, each kept as one document under its kind and OCID.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::page::{self, Page};
use crate::store::{Read, Span, StoreError, Table, Writer};

fn key(kind: &str, id: &str) -> Vec<u8> {
    format!("{kind}\0{id}").into_bytes()
}

/// The resource of this kind and id.
pub(crate) fn find<T: DeserializeOwned>(reader: &impl Read, kind: &str, id: &str) -> Result<Option<T>, StoreError> {
    reader.get(Table::Documents, &key(kind, id))
}

/// The same; a missing one is refused as OCI refuses it.
pub(crate) fn get<T: DeserializeOwned>(reader: &impl Read, kind: &str, id: &str) -> Result<T, Error> {
    find(reader, kind, id)?.ok_or_else(Error::not_found)
}

/// Stores a resource.
pub(crate) fn put(writer: &Writer, kind: &str, id: &str, value: &impl Serialize) -> Result<(), StoreError> {
    writer.put(Table::Documents, &key(kind, id), value)
}

/// Removes a resource; whether it was there.
pub(crate) fn remove(writer: &Writer, kind: &str, id: &str) -> Result<bool, StoreError> {
    writer.delete(Table::Documents, &key(kind, id))
}

/// All resources of a kind that pass the filter.
pub(crate) fn all<T: DeserializeOwned>(
    reader: &impl Read,
    kind: &str,
    keep: impl Fn(&T) -> bool,
) -> Result<Vec<T>, StoreError> {
    let found = reader.list(Table::Documents, &Span::prefix(&key(kind, "")), usize::MAX, keep)?;
    Ok(found.into_iter().map(|(_, value)| value).collect())
}

/// A page of them.
pub(crate) fn page<T: DeserializeOwned>(
    emulator: &Emulator,
    call: &Call,
    kind: &str,
    sizes: (usize, usize),
    keep: impl Fn(&T) -> bool,
) -> Result<Page<T>, Error> {
    page::of_table(&emulator.store.read()?, Table::Documents, Span::prefix(&key(kind, "")), call, sizes, keep)
}
