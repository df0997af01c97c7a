//! Who transfers most: exact totals by compartment, region and service, of a bounded number of each.

use std::collections::HashMap;

use causeway_cloud::usage::UsageRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Contributors of one dimension that are kept. When there are more, the smaller half is given up.
const MAX_KEYS: usize = 20_000;
/// Longest name in bytes; OCIDs have at most 255.
const MAX_NAME_BYTES: usize = 256;
/// Contributors that are told.
const TOP: usize = 10;

/// What contributors are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Compartment.
    Compartment,
    /// Region.
    Region,
    /// Service.
    Service,
}

/// One contributor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributor {
    /// Its id.
    pub id: String,
    /// Its name, when it has one beside the id.
    pub name: Option<String>,
    /// Its bytes of the period.
    #[serde(with = "crate::exact")]
    pub bytes: i128,
}

/// The largest contributors of one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Top {
    /// The dimension.
    pub dimension: Dimension,
    /// At most ten, the largest first.
    pub largest: Vec<Contributor>,
    /// Bytes of all contributors, told or not.
    #[serde(with = "crate::exact")]
    pub attributed: i128,
    /// Most by which the bytes of one contributor can be wrong: 0 unless there were more contributors than are kept.
    #[serde(with = "crate::exact")]
    pub error_bytes: i128,
}

#[derive(Debug)]
struct Kept {
    bytes: i128,
    name: Option<Box<str>>,
}

#[derive(Debug, Default)]
struct Totals {
    kept: HashMap<Box<str>, Kept>,
    attributed: i128,
    error: i128,
}

/// All dimensions.
#[derive(Debug, Default)]
pub(super) struct Tops {
    compartments: Totals,
    regions: Totals,
    services: Totals,
}

impl Tops {
    /// Adds to each dimension that the row is told apart by.
    pub(super) fn add(&mut self, row: &UsageRow, bytes: i128) {
        let compartment = row.compartment.as_deref().or(row.compartment_name.as_deref());
        let name = row.compartment.as_deref().and(row.compartment_name.as_deref());
        self.compartments.add(compartment, name, bytes);
        self.regions.add(row.region.as_deref(), None, bytes);
        self.services.add(row.service.as_deref(), None, bytes);
    }

    pub(super) fn finish(self) -> Vec<Top> {
        let all = [
            (Dimension::Compartment, self.compartments),
            (Dimension::Region, self.regions),
            (Dimension::Service, self.services),
        ];
        all.into_iter().map(|(dimension, totals)| totals.finish(dimension)).collect()
    }
}

impl Totals {
    fn add(&mut self, id: Option<&str>, name: Option<&str>, bytes: i128) {
        let Some(id) = id.map(str::trim).filter(|id| !id.is_empty()) else { return };
        let id = bounded(id);
        self.attributed = self.attributed.saturating_add(bytes);
        if let Some(kept) = self.kept.get_mut(id) {
            kept.bytes = kept.bytes.saturating_add(bytes);
            // Whichever order rows come in, the same name stands.
            if let Some(name) = name.map(bounded).filter(|name| kept.name.as_deref().is_none_or(|kept| *name < kept)) {
                kept.name = Some(name.into());
            }
            return;
        }
        if self.kept.len() >= MAX_KEYS {
            self.give_up_half();
        }
        self.kept.insert(id.into(), Kept { bytes, name: name.map(|name| bounded(name).into()) });
    }

    /// What a contributor loses here is at most the largest of what is given up.
    fn give_up_half(&mut self) {
        let mut sizes: Vec<u128> = self.kept.values().map(|kept| kept.bytes.unsigned_abs()).collect();
        let (_, middle, _) = sizes.select_nth_unstable(MAX_KEYS / 2);
        let middle = *middle;
        self.kept.retain(|_, kept| kept.bytes.unsigned_abs() > middle);
        self.error = self.error.saturating_add(i128::try_from(middle).unwrap_or(i128::MAX));
    }

    fn finish(self, dimension: Dimension) -> Top {
        let contributor = |(id, kept): (Box<str>, Kept)| Contributor {
            id: id.into(),
            name: kept.name.map(Into::into),
            bytes: kept.bytes,
        };
        let mut largest: Vec<Contributor> = self.kept.into_iter().map(contributor).collect();
        largest.sort_unstable_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.id.cmp(&other.id)));
        largest.truncate(TOP);
        Top { dimension, largest, attributed: self.attributed, error_bytes: self.error }
    }
}

/// The beginning of a name that is too long.
pub(super) fn bounded(name: &str) -> &str {
    &name[..name.floor_char_boundary(MAX_NAME_BYTES)]
}
