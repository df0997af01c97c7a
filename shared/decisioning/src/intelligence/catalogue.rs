//! What is known of the tables before they are read: a reply of the discovery agent, as far as it is needed.
//!
//! It may be old, shortened or not ours at all. What is missing is absent; wrong roles lead to cells that cannot be
//! read, which are counted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::role::Role;

/// A reply of the discovery agent; other members are ignored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Catalogue {
    /// The findings.
    pub data: CatalogueData,
}

/// The findings of the discovery agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueData {
    /// The tables.
    pub tables: Vec<Table>,
    /// What the reader met.
    #[serde(default)]
    pub issues: Vec<CatalogueIssue>,
}

/// Something about an object that discovery had to work around.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CatalogueIssue {
    /// The object.
    pub object: String,
    /// A stable word for it.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// Whether content was left unread because of it.
    pub loses_data: bool,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its object.
    pub object: String,
    /// Rows that were read.
    pub row_count: u64,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Columns by role, best match first.
    pub roles: BTreeMap<String, Vec<String>>,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its dates say.
    pub dates: Option<Dates>,
    /// Kinds of personal data that it may hold.
    pub pii: Vec<serde_json::Value>,
}

/// Dates of a column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dates {
    /// `day_first`, `month_first` or `ambiguous`.
    pub day_month_order: Option<String>,
}

impl Table {
    /// The columns that play a part, best match first, as many as may.
    #[must_use]
    pub fn columns_of(&self, role: Role) -> &[String] {
        let found = self.roles.get(role.name()).map_or(&[][..], Vec::as_slice);
        &found[..found.len().min(role.most_columns())]
    }

    /// Whether a column plays this part.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        !self.columns_of(role).is_empty()
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
