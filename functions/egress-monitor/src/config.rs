//! Settings of the monitor.

use std::time::Duration;

use causeway_cloud::folder_of_setting;
use causeway_runtime::{Settings as ReadSettings, Vars};
use rust_decimal::Decimal;

use crate::settings::Settings;
use crate::settings_document;
use crate::skus::{AWS, SkuList};
use crate::tariff::{AllowanceScope, Tariff, Tier};
use crate::units::{GbMeaning, decimal};

/// Compartments whose network interfaces are measured: each is a question or two more.
const MAX_COMPARTMENTS: usize = 10;
/// Usage types of AWS that can be asked for.
const MAX_USAGE_TYPES: usize = 100;

/// How runs are carried out, and the numbers of the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The rules.
    pub settings: Settings,
    /// The AWS side; absent when it is off.
    pub aws: Option<Beside>,
    /// Whether amounts of money are asked for beside quantities.
    pub with_cost: bool,
    /// What network interfaces are asked for; absent when they are not.
    pub traffic: Option<Traffic>,
    /// Namespace of the metrics that are published; none are without one.
    pub published_namespace: Option<String>,
    /// Folder of the bucket where each run leaves its report.
    pub history_prefix: String,
    /// No work begins later than this after the start.
    pub stop_after: Duration,
}

/// What is reported beside.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Its rules.
    pub settings: Settings,
    /// Usage types that are asked for; all when empty.
    pub usage_types: Vec<String>,
}

/// Measurements of network interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// Such as `oci_vcn`.
    pub namespace: String,
    /// Bytes that interfaces sent, such as `VnicToNetworkBytes`.
    pub metric: String,
    /// Where the interfaces are; `None` is the deployment's own compartment.
    pub compartments: Vec<Option<String>>,
}

impl ReadSettings for Config {
    const PREFIX: &'static str = "EGRESS_MONITOR_";

    fn read(vars: &mut Vars) -> Self {
        Self {
            settings: settings(vars),
            aws: aws(vars),
            with_cost: vars.flag(
                "EGRESS_MONITOR_WITH_COST",
                false,
                "ask for amounts of money beside quantities; without it rows have no billed amount",
            ),
            traffic: traffic(vars),
            published_namespace: vars.optional_text(
                "EGRESS_MONITOR_PUBLISH_NAMESPACE",
                "namespace under which the numbers are published as custom metrics; none are when unset",
            ),
            history_prefix: prefix(vars),
            stop_after: Duration::from_secs(vars.number(
                "EGRESS_MONITOR_STOP_AFTER_SECONDS",
                240_u64,
                1..=3000,
                "seconds after which a run begins no further work; never more than 80 % of the invocation's time",
            )),
        }
    }
}

fn settings(vars: &mut Vars) -> Settings {
    let text = vars.optional_text("EGRESS_MONITOR_SETTINGS", "all numbers of the rules, JSON or YAML");
    let mut settings = settings_document::read(text.as_deref().unwrap_or_default()).unwrap_or_else(|problems| {
        problems.into_iter().for_each(|problem| vars.reject(format!("EGRESS_MONITOR_SETTINGS: {problem}")));
        Settings::default()
    });
    allowance(vars, &mut settings);
    if let Some(text) = vars.optional_text(
        "EGRESS_MONITOR_INVOICE_START_DAY",
        "day on which an invoice starts, 1 to 31; short months start on their last day; in place of invoice_start_day",
    ) {
        match text.trim().parse() {
            Ok(day) => settings.invoice_start_day = day,
            Err(_) => vars.reject(format!("EGRESS_MONITOR_INVOICE_START_DAY is {text:?}, expected 1 to 31")),
        }
    }
    if let Some(gb) = decimal_of(vars, "EGRESS_MONITOR_SPIKE_MIN_GB", "GB from which six hours can be a spike") {
        settings.spike_min_gb = gb.to_string().parse().unwrap_or(settings.spike_min_gb);
    }
    // What is wrong now a variable has made so: it has no place in the document.
    for (path, text) in settings.check() {
        vars.reject(format!("EGRESS_MONITOR_SETTINGS: {path}: {text}"));
    }
    settings
}

/// The allowance: how much, of what, and for whom.
fn allowance(vars: &mut Vars, settings: &mut Settings) {
    let about = "GB of a month that are free; in place of tariff.allowance_gb, which is 10240";
    if let Some(gb) = decimal_of(vars, "EGRESS_MONITOR_ALLOWANCE_GB", about) {
        settings.tariff.allowance_gb = gb;
    }
    let about = "bytes of a GB: decimal (10^9), binary (2^30), or settings: as EGRESS_MONITOR_SETTINGS has it";
    match vars.choice("EGRESS_MONITOR_GB_MEANING", &["settings", "decimal", "binary"], "settings", about) {
        "decimal" => settings.gb_meaning = GbMeaning::Decimal,
        "binary" => settings.gb_meaning = GbMeaning::Binary,
        _ => {}
    }
    let about =
        "the allowance is one for the tenancy, one for each sku, or settings: as EGRESS_MONITOR_SETTINGS has it";
    match vars.choice("EGRESS_MONITOR_ALLOWANCE_SCOPE", &["settings", "tenancy", "sku"], "settings", about) {
        "tenancy" => settings.tariff.allowance_scope = AllowanceScope::Tenancy,
        "sku" => settings.tariff.allowance_scope = AllowanceScope::Sku,
        _ => {}
    }
}

fn decimal_of(vars: &mut Vars, name: &'static str, about: &'static str) -> Option<Decimal> {
    let text = vars.optional_text(name, about)?;
    let number = decimal(text.trim()).filter(|number| !number.is_sign_negative());
    if number.is_none() {
        vars.reject(format!("{name} is {text:?}, expected a decimal number from 0 on"));
    }
    number
}

/// The AWS side: one allowance, one price.
fn aws(vars: &mut Vars) -> Option<Beside> {
    let is_on = vars.flag(
        "EGRESS_MONITOR_AWS",
        false,
        "report AWS beside OCI, from Cost Explorer, which is paid for by the request",
    );
    let about = "GB of a month that are free on AWS, 100 when unset";
    let allowance_gb = decimal_of(vars, "EGRESS_MONITOR_AWS_ALLOWANCE_GB", about).unwrap_or(Decimal::from(100));
    let about = "dollars for each GB beyond on AWS, 0.09 when unset; the first step of AWS's price list";
    let price_per_gb = decimal_of(vars, "EGRESS_MONITOR_AWS_PRICE_PER_GB", about).unwrap_or(Decimal::new(9, 2));
    let tariff =
        Tariff { allowance_gb, tiers: vec![Tier { geography: AWS.to_owned(), price_per_gb }], ..Tariff::default() };
    let usage_types = usage_types(vars);
    let settings = Settings { skus: SkuList::aws(&usage_types), tariff, ..Settings::default() };
    for (path, text) in settings.check() {
        vars.reject(format!("EGRESS_MONITOR_AWS: {path}: {text}"));
    }
    is_on.then_some(Beside { settings, usage_types })
}

fn usage_types(vars: &mut Vars) -> Vec<String> {
    const NAME: &str = "EGRESS_MONITOR_AWS_USAGE_TYPES";
    let about = "usage types of AWS that are asked for and counted, with commas between: less pages; all are asked for \
                 when unset, and those that end in DataTransfer-Out-Bytes counted";
    let text = vars.optional_text(NAME, about).unwrap_or_default();
    let mut types: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        if name.len() > 255 || !name.bytes().all(is_plain) {
            vars.reject(format!("{NAME} has {name:?}, expected usage types"));
        }
        if !types.iter().any(|known| known == name) {
            types.push(name.to_owned());
        }
    }
    if types.len() > MAX_USAGE_TYPES {
        vars.reject(format!("{NAME} has more than {MAX_USAGE_TYPES} usage types"));
    }
    types
}

fn traffic(vars: &mut Vars) -> Option<Traffic> {
    let is_on = vars.flag(
        "EGRESS_MONITOR_TRAFFIC",
        true,
        "read what network interfaces measured, for spikes and for the hours that are not billed yet",
    );
    let about = "namespace of the network interfaces' metrics";
    let namespace = vars.text("EGRESS_MONITOR_TRAFFIC_NAMESPACE", "oci_vcn", about);
    let about = "metric of bytes that network interfaces sent";
    let metric = vars.text("EGRESS_MONITOR_TRAFFIC_METRIC", "VnicToNetworkBytes", about);
    let about =
        "OCIDs of the compartments of the network interfaces, with commas between; CAUSEWAY_COMPARTMENT when unset";
    let text = vars.optional_text("EGRESS_MONITOR_COMPARTMENTS", about).unwrap_or_default();
    let mut compartments: Vec<Option<String>> = Vec::new();
    for id in text.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        if !is_compartment(id) {
            vars.reject(format!("EGRESS_MONITOR_COMPARTMENTS has {id:?}, expected OCIDs of compartments"));
        }
        // One that is named twice would be counted twice.
        if !compartments.iter().any(|known| known.as_deref() == Some(id)) {
            compartments.push(Some(id.to_owned()));
        }
    }
    if compartments.len() > MAX_COMPARTMENTS {
        vars.reject(format!("EGRESS_MONITOR_COMPARTMENTS has more than {MAX_COMPARTMENTS} compartments"));
    }
    if compartments.is_empty() {
        compartments.push(None);
    }
    is_on.then_some(Traffic { namespace, metric, compartments })
}

/// A tenancy is a compartment too.
fn is_compartment(text: &str) -> bool {
    let is_plain = text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    is_plain && (text.starts_with("ocid1.compartment.") || text.starts_with("ocid1.tenancy."))
}

fn prefix(vars: &mut Vars) -> String {
    const NAME: &str = "EGRESS_MONITOR_HISTORY_PREFIX";
    let text = vars.text(
        NAME,
        "egress-monitor/history",
        "folder of CAUSEWAY_BUCKET where each run leaves an object with its report",
    );
    let folder = folder_of_setting(NAME, &text).map(str::to_owned);
    folder.unwrap_or_else(|problem| {
        vars.reject(problem);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Config, Vec<String>) {
        let mut vars = Vars::new(variables.iter().copied());
        let config = Config::read(&mut vars);
        (config, vars.problems().to_vec())
    }

    #[test]
    fn defaults_watch_oci_alone() {
        let (config, problems) = read(&[]);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(config.settings, Settings::default());
        assert_eq!((config.aws, config.with_cost, config.published_namespace), (None, false, None));
        let traffic = config.traffic.expect("traffic is read by default");
        assert_eq!((traffic.namespace.as_str(), traffic.metric.as_str()), ("oci_vcn", "VnicToNetworkBytes"));
        assert_eq!(traffic.compartments, [None]);
    }

    #[test]
    fn variables_stand_above_the_document() {
        let (config, problems) = read(&[
            ("EGRESS_MONITOR_SETTINGS", "gb_meaning: binary\ntariff: { allowance_gb: 5000 }\nspike_factor: 3"),
            ("EGRESS_MONITOR_ALLOWANCE_GB", "20480"),
            ("EGRESS_MONITOR_INVOICE_START_DAY", "31"),
            ("EGRESS_MONITOR_ALLOWANCE_SCOPE", "SKU"),
            ("EGRESS_MONITOR_SPIKE_MIN_GB", "12.5"),
            ("EGRESS_MONITOR_COMPARTMENTS", "ocid1.compartment.oc1..a, ocid1.compartment.oc1..a,"),
            ("EGRESS_MONITOR_AWS", "true"),
            ("EGRESS_MONITOR_AWS_USAGE_TYPES", "DataTransfer-Out-Bytes, EU-Out,EU-Out"),
            ("EGRESS_MONITOR_HISTORY_PREFIX", "audit/egress/"),
        ]);
        assert_eq!(problems, Vec::<String>::new());
        let settings = config.settings;
        assert_eq!(settings.gb_meaning, GbMeaning::Binary);
        assert_eq!((settings.tariff.allowance_gb, settings.invoice_start_day), (20_480.into(), 31));
        assert_eq!((settings.tariff.allowance_scope, settings.spike_min_gb), (AllowanceScope::Sku, 12.5));
        assert!((settings.spike_factor - 3.0).abs() < f64::EPSILON);
        assert_eq!(config.traffic.map(|traffic| traffic.compartments.len()), Some(1));
        let aws = config.aws.expect("AWS is on");
        assert_eq!(aws.settings.tariff.allowance_gb, 100.into());
        assert_eq!(aws.usage_types, ["DataTransfer-Out-Bytes", "EU-Out"]);
        assert_eq!(config.history_prefix, "audit/egress");
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let (_, problems) = read(&[
            ("EGRESS_MONITOR_SETTINGS", "spike_facto: 3"),
            ("EGRESS_MONITOR_ALLOWANCE_GB", "-1"),
            ("EGRESS_MONITOR_GB_MEANING", "metric"),
            ("EGRESS_MONITOR_INVOICE_START_DAY", "0"),
            ("EGRESS_MONITOR_COMPARTMENTS", "a,b"),
            ("EGRESS_MONITOR_HISTORY_PREFIX", "../x"),
            ("EGRESS_MONITOR_STOP_AFTER_SECONDS", "0"),
            ("EGRESS_MONITOR_AWS_ALLOWANCE_GB", "0"),
            ("EGRESS_MONITOR_AWS_USAGE_TYPES", "*-Out-Bytes"),
        ]);
        for part in [
            "spike_facto",
            "EGRESS_MONITOR_ALLOWANCE_GB is",
            "EGRESS_MONITOR_GB_MEANING",
            "invoice_start_day",
            "EGRESS_MONITOR_COMPARTMENTS has \"b\"",
            "EGRESS_MONITOR_HISTORY_PREFIX",
            "EGRESS_MONITOR_STOP_AFTER_SECONDS",
            "EGRESS_MONITOR_AWS: tariff.allowance_gb",
            "EGRESS_MONITOR_AWS_USAGE_TYPES has \"*-Out-Bytes\"",
        ] {
            assert!(problems.iter().any(|problem| problem.contains(part)), "{part} in {problems:?}");
        }
    }
}
