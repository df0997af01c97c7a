//! Settings of the checker.

use std::path::PathBuf;
use std::time::Duration;

use causeway_cloud::{folder_of_setting, object_path};
use causeway_runtime::{Settings as ReadSettings, Vars};

use crate::settings::{self, Settings};

/// How ticks are carried out, and where their settings are.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What is checked, and the rules.
    pub settings: SettingsFrom,
    /// Certificate authorities beside those of the web.
    pub ca_file: Option<PathBuf>,
    /// Folder of the bucket where each tick leaves the page and the report.
    pub page_prefix: String,
    /// No work begins later than this after the start.
    pub stop_after: Duration,
}

/// Where settings come from.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingsFrom {
    /// The variable.
    Here(Box<Settings>),
    /// An object of the bucket, read at every tick.
    Object(String),
}

impl ReadSettings for Config {
    const PREFIX: &'static str = "HEALTH_CHECKER_";

    fn read(vars: &mut Vars) -> Self {
        Self {
            settings: from(vars),
            ca_file: vars
                .optional_text(
                    "HEALTH_CHECKER_CA_FILE",
                    "PEM file of certificate authorities that are trusted beside those of the web",
                )
                .map(PathBuf::from),
            page_prefix: prefix(vars),
            stop_after: Duration::from_secs(vars.number(
                "HEALTH_CHECKER_STOP_AFTER_SECONDS",
                50_u64,
                1..=3000,
                "seconds after which a tick begins no further work; never more than 80 % of the invocation's time",
            )),
        }
    }
}

fn from(vars: &mut Vars) -> SettingsFrom {
    let text = vars.optional_text("HEALTH_CHECKER_SETTINGS", "checks, components, tenants and rules: YAML or JSON");
    let object = vars.optional_text(
        "HEALTH_CHECKER_SETTINGS_OBJECT",
        "object of CAUSEWAY_BUCKET with the same, read at every tick; in place of HEALTH_CHECKER_SETTINGS",
    );
    match (text, object) {
        (Some(_), Some(_)) => {
            vars.reject("HEALTH_CHECKER_SETTINGS and HEALTH_CHECKER_SETTINGS_OBJECT are both set");
            SettingsFrom::Here(Box::default())
        }
        (None, Some(name)) => {
            if let Err(error) = object_path(&name) {
                vars.reject(format!("HEALTH_CHECKER_SETTINGS_OBJECT: {error}"));
            }
            SettingsFrom::Object(name)
        }
        (text, None) => {
            let read = settings::read(text.as_deref().unwrap_or_default());
            SettingsFrom::Here(Box::new(read.unwrap_or_else(|problems| {
                problems.iter().for_each(|problem| vars.reject(format!("HEALTH_CHECKER_SETTINGS: {problem}")));
                Settings::default()
            })))
        }
    }
}

fn prefix(vars: &mut Vars) -> String {
    const NAME: &str = "HEALTH_CHECKER_PAGE_PREFIX";
    let text = vars.text(
        NAME,
        "health-checker",
        "folder of CAUSEWAY_BUCKET where each tick leaves status.html and report.json",
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
    fn nothing_is_checked_by_default() {
        let (config, problems) = read(&[]);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(config.settings, SettingsFrom::Here(Box::default()));
        assert_eq!((config.page_prefix.as_str(), config.stop_after.as_secs()), ("health-checker", 50));
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let settings = "checks:\n  - id: a\n    timeout_seconds: 31\n    probe: { dns: { name: h } }\n";
        let (_, problems) = read(&[
            ("HEALTH_CHECKER_SETTINGS", settings),
            ("HEALTH_CHECKER_PAGE_PREFIX", "../x"),
            ("HEALTH_CHECKER_STOP_AFTER_SECONDS", "0"),
        ]);
        for part in ["line 3, column 5: checks[0].timeout_seconds", "PAGE_PREFIX", "STOP_AFTER"] {
            assert!(problems.iter().any(|problem| problem.contains(part)), "{part} in {problems:?}");
        }
        let (_, problems) = read(&[("HEALTH_CHECKER_SETTINGS", "{}"), ("HEALTH_CHECKER_SETTINGS_OBJECT", "a.yaml")]);
        assert!(problems[0].contains("both set"), "{problems:?}");
        let (config, problems) = read(&[("HEALTH_CHECKER_SETTINGS_OBJECT", "a.yaml")]);
        assert_eq!((config.settings, problems.len()), (SettingsFrom::Object("a.yaml".to_owned()), 0));
    }
}
