//! Which rows are outbound data transfer, and where that originates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// North America, Europe and the United Kingdom.
pub const NORTH_AMERICA_EUROPE: &str = "north_america_europe";
/// Asia, Pacific, Japan and South America.
pub const ASIA_PACIFIC_SOUTH_AMERICA: &str = "asia_pacific_south_america";
/// Middle East and Africa.
pub const MIDDLE_EAST_AFRICA: &str = "middle_east_africa";

/// All regions of AWS.
pub const AWS: &str = "aws";

/// A SKU whose rows are outbound data transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sku {
    /// Its part number; one that begins with `*` stands for all with this ending, as AWS usage types need.
    pub part_number: String,
    /// Geography whose price is paid.
    pub geography: String,
}

/// What counts as outbound data transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SkuList {
    /// SKUs that are known.
    pub known: Vec<Sku>,
    /// A SKU that is not known counts when its name contains one of these; upper and lower case are the same.
    pub name_patterns: Vec<String>,
    /// Geography of SKUs that are not known.
    pub unknown_geography: String,
}

impl Default for SkuList {
    /// The three SKUs of Oracle's price list (B93456 is not confirmed). What is not known is taken for the dearest.
    /// Usage types of AWS count by their name, so that a monitor of AWS that nobody gave a list does not see nothing.
    fn default() -> Self {
        let sku = |part_number: &str, geography: &str| Sku {
            part_number: part_number.to_owned(),
            geography: geography.to_owned(),
        };
        Self {
            known: vec![
                sku("B88327", NORTH_AMERICA_EUROPE),
                sku("B93455", ASIA_PACIFIC_SOUTH_AMERICA),
                sku("B93456", MIDDLE_EAST_AFRICA),
            ],
            name_patterns: ["outbound data transfer", "data transfer outbound", "datatransfer-out-bytes"]
                .map(str::to_owned)
                .to_vec(),
            unknown_geography: MIDDLE_EAST_AFRICA.to_owned(),
        }
    }
}

impl SkuList {
    /// Usage types of AWS, whose usage is reported beside that of OCI and never added to it; the usual ending when none
    /// are named.
    #[must_use]
    pub fn aws(usage_types: &[String]) -> Self {
        let sku = |part_number: &str| Sku { part_number: part_number.to_owned(), geography: AWS.to_owned() };
        let usual = || vec![sku("*DataTransfer-Out-Bytes")];
        let named: Vec<Sku> = usage_types.iter().map(|name| sku(name)).collect();
        let known = if named.is_empty() { usual() } else { named };
        Self { known, name_patterns: Vec::new(), unknown_geography: AWS.to_owned() }
    }
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class<'a> {
    /// Outbound data transfer of a known SKU.
    Known {
        /// The geography.
        geography: &'a str,
    },
    /// Outbound data transfer by its name; the SKU is not in the list.
    Unlisted {
        /// The geography that is assumed.
        geography: &'a str,
    },
    /// Something else.
    Other,
    /// Neither part number nor name: nobody can tell.
    Unnamed,
}

impl SkuList {
    /// What a row with this part number and this name is about.
    #[must_use]
    pub fn class(&self, part_number: Option<&str>, name: Option<&str>) -> Class<'_> {
        let (part_number, name) = (filled(part_number), filled(name));
        if let Some(sku) = part_number.and_then(|number| self.known.iter().find(|sku| sku.is(number))) {
            return Class::Known { geography: &sku.geography };
        }
        match (part_number, name) {
            (None, None) => Class::Unnamed,
            (_, Some(name)) if self.is_outbound(name) => Class::Unlisted { geography: &self.unknown_geography },
            _ => Class::Other,
        }
    }

    fn is_outbound(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.name_patterns.iter().any(|pattern| name.contains(&pattern.to_lowercase()))
    }
}

impl Sku {
    fn is(&self, part_number: &str) -> bool {
        match self.part_number.strip_prefix('*') {
            Some(ending) => part_number.ends_with(ending),
            None => part_number.eq_ignore_ascii_case(&self.part_number),
        }
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// The key under which the rows of one SKU are summed: its part number, or its name without what tells the free from
/// the paid tier (`- First 10 TB / Month`, `- Over 10 TB / Month`).
#[must_use]
pub fn key(part_number: Option<&str>, name: Option<&str>) -> String {
    if let Some(number) = filled(part_number) {
        return number.to_ascii_uppercase();
    }
    let name = filled(name).unwrap_or("?");
    let lower = name.to_ascii_lowercase();
    let tier = ["first 10 tb", "over 10 tb"].iter().filter_map(|tier| lower.find(tier)).min();
    tier.map_or(name, |end| &name[..end]).trim_end_matches([' ', '-', '–', '(']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "Outbound Data Transfer Zone 1";

    #[track_caller]
    fn check(part_number: Option<&str>, name: Option<&str>, expected: Class<'static>) {
        assert_eq!(SkuList::default().class(part_number, name), expected, "{part_number:?} {name:?}");
    }

    #[test]
    fn rows_are_told_apart_by_part_number_then_by_name() {
        check(Some("B88327"), Some(NAME), Class::Known { geography: NORTH_AMERICA_EUROPE });
        check(Some("b93455"), None, Class::Known { geography: ASIA_PACIFIC_SOUTH_AMERICA });
        check(Some("B99999"), Some("OUTBOUND DATA TRANSFER Zone 9"), Class::Unlisted { geography: MIDDLE_EAST_AFRICA });
        check(None, Some(NAME), Class::Unlisted { geography: MIDDLE_EAST_AFRICA });
        check(Some("B93297"), Some("Standard - E4 - OCPU"), Class::Other);
        check(Some("B93297"), None, Class::Other);
        let usage_type = Some("USW2-DataTransfer-Out-Bytes");
        check(usage_type, usage_type, Class::Unlisted { geography: MIDDLE_EAST_AFRICA });
        check(Some(" "), Some(""), Class::Unnamed);
        check(None, None, Class::Unnamed);
    }

    #[test]
    fn an_ending_stands_for_all_usage_types_with_it() {
        let list = SkuList::aws(&[]);
        assert_eq!(list.class(Some("USE1-DataTransfer-Out-Bytes"), None), Class::Known { geography: AWS });
        assert_eq!(list.class(Some("USE1-DataTransfer-In-Bytes"), None), Class::Other);
        let named = SkuList::aws(&["EU-CloudFront-Out-Bytes".to_owned()]);
        assert_eq!(named.class(Some("EU-CloudFront-Out-Bytes"), None), Class::Known { geography: AWS });
        assert_eq!(named.class(Some("USE1-DataTransfer-Out-Bytes"), None), Class::Other);
    }

    #[test]
    fn the_free_and_the_paid_tier_are_one_sku() {
        let name = |tier: &str| format!("Outbound Data Transfer - Originating in North America - {tier}");
        let keys = ["First 10 TB / Month", "Over 10 TB / Month"].map(|tier| key(None, Some(&name(tier))));
        assert_eq!(keys[0], keys[1]);
        assert_eq!(keys[0], "Outbound Data Transfer - Originating in North America");
        assert_eq!(key(Some("b88327"), Some(&name("First 10 TB"))), "B88327");
        assert_eq!(key(None, None), "?");
    }
}
