//! Which commands of Oracle's command line each scenario runs. A scenario that runs another one, or leaves one
//! out, fails; so this is what the emulator is known to work with.

use std::collections::BTreeSet;

/// A test and the commands that it runs, each with its result checked.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) commands: &'static [&'static str],
}

/// The scenario of this name.
pub(crate) fn scenario(name: &str) -> &'static Scenario {
    ALL.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("no scenario {name}"))
}

const fn of(name: &'static str, commands: &'static [&'static str]) -> Scenario {
    Scenario { name, commands }
}

const ALL: &[Scenario] = &[
    of("compute lists", &["compute instance list", "compute shape list"]),
    of(
        "compute resize",
        &[
            "compute instance get",
            "compute instance update",
            "work-requests work-request get",
            "work-requests work-request list",
            "work-requests work-request-error list",
            "work-requests work-request-log-entry list",
        ],
    ),
    of(
        "compute life cycle",
        &[
            "compute instance action",
            "compute instance get",
            "compute instance launch",
            "compute instance terminate",
            "compute instance update",
        ],
    ),
    of(
        "buckets",
        &[
            "os bucket create",
            "os bucket delete",
            "os bucket get",
            "os bucket list",
            "os bucket update",
            "os ns get",
            "os ns get-metadata",
            "os object put",
        ],
    ),
    of(
        "objects",
        &[
            "os bucket create",
            "os object copy",
            "os object delete",
            "os object get",
            "os object head",
            "os object list",
            "os object put",
            "os object rename",
        ],
    ),
    of(
        "folders",
        &[
            "os bucket create",
            "os object bulk-delete",
            "os object bulk-download",
            "os object bulk-upload",
            "os object list",
        ],
    ),
    of("parts", &["os bucket create", "os multipart list", "os object get", "os object head", "os object put"]),
    of(
        "pre-authenticated requests",
        &[
            "os bucket create",
            "os object put",
            "os preauth-request create",
            "os preauth-request delete",
            "os preauth-request list",
        ],
    ),
    of(
        "lifecycle policies",
        &[
            "os bucket create",
            "os object-lifecycle-policy delete",
            "os object-lifecycle-policy get",
            "os object-lifecycle-policy put",
        ],
    ),
    of(
        "versions",
        &[
            "os bucket create",
            "os bucket delete",
            "os bucket update",
            "os object delete",
            "os object get",
            "os object head",
            "os object list-object-versions",
            "os object put",
        ],
    ),
    of(
        "tiers",
        &[
            "os bucket create",
            "os object get",
            "os object head",
            "os object put",
            "os object restore",
            "os object restore-status",
            "os object update-storage-tier",
        ],
    ),
    of(
        "retention",
        &[
            "os bucket create",
            "os object delete",
            "os object put",
            "os retention-rule create",
            "os retention-rule delete",
            "os retention-rule get",
            "os retention-rule list",
            "os retention-rule update",
        ],
    ),
    of(
        "copies",
        &[
            "os bucket create",
            "os object copy",
            "os object get",
            "os object put",
            "os work-request get",
            "os work-request list",
            "os work-request-error list",
            "os work-request-log-entry list",
        ],
    ),
    of("synchronised folders", &["os bucket create", "os object list", "os object sync"]),
    of("uploads", &["os bucket create", "os bucket delete", "os multipart abort", "os multipart list", "raw-request"]),
    of("metric queries", &["monitoring metric-data summarize-metrics-data"]),
    of("metric queries' forms", &["monitoring metric-data summarize-metrics-data"]),
    of("metric lists", &["monitoring metric list"]),
    of("metric posts", &["monitoring metric-data post", "monitoring metric-data summarize-metrics-data"]),
    of("usage", &["usage-api usage-summary request-summarized-usages"]),
    of("usage refusals", &["usage-api usage-summary request-summarized-usages"]),
    of(
        "topics",
        &[
            "ons message publish",
            "ons topic create",
            "ons topic delete",
            "ons topic get",
            "ons topic list",
            "ons topic update",
        ],
    ),
    of(
        "subscriptions",
        &[
            "ons subscription create",
            "ons subscription delete",
            "ons subscription get",
            "ons subscription list",
            "ons subscription update",
            "ons topic create",
            "ons topic delete",
        ],
    ),
    of(
        "chat",
        &[
            "generative-ai-inference chat-result chat",
            "generative-ai-inference chat-result chat-cohere-chat-request",
            "generative-ai-inference chat-result chat-generic-chat-request",
            "generative-ai-inference chat-result chat-on-demand-serving-mode",
        ],
    ),
    of("chat refusals", &["generative-ai-inference chat-result chat-on-demand-serving-mode"]),
    of(
        "secrets",
        &[
            "secrets secret-bundle get",
            "secrets secret-bundle get-secret-bundle-by-name",
            "secrets secret-bundle-version list-versions",
        ],
    ),
    of(
        "limits",
        &[
            "compute instance launch",
            "limits definition list",
            "limits resource-availability get",
            "limits service list",
            "limits value list",
        ],
    ),
    of("logs", &["logging-ingestion put-logs"]),
    of(
        "zones",
        &[
            "dns record domain get",
            "dns record rrset delete",
            "dns record rrset get",
            "dns record rrset patch",
            "dns record rrset update",
            "dns record zone get",
            "dns zone create",
            "dns zone delete",
            "dns zone get",
            "dns zone list",
        ],
    ),
    of(
        "steering",
        &[
            "dns steering-policy create",
            "dns steering-policy delete",
            "dns steering-policy get",
            "dns steering-policy list",
            "dns steering-policy update",
            "dns steering-policy-attachment create",
            "dns steering-policy-attachment delete",
            "dns steering-policy-attachment get",
            "dns steering-policy-attachment list",
            "dns zone delete",
        ],
    ),
    of(
        "health checks",
        &[
            "health-checks http-monitor create",
            "health-checks http-monitor delete",
            "health-checks http-monitor get",
            "health-checks http-monitor list",
            "health-checks http-monitor update",
            "health-checks http-probe create-on-demand",
            "health-checks http-probe-result list",
            "health-checks vantage-point list",
        ],
    ),
    of(
        "identity",
        &[
            "iam availability-domain list",
            "iam compartment create",
            "iam compartment get",
            "iam compartment list",
            "iam fault-domain list",
            "iam region list",
            "iam region-subscription list",
            "iam tenancy get",
            "iam user api-key list",
            "iam user get",
            "iam user list",
        ],
    ),
    of(
        "functions",
        &["fn application get", "fn application list", "fn function get", "fn function invoke", "fn function list"],
    ),
    of("no functions", &["fn application list", "fn function invoke", "fn function list"]),
    of(
        "resource principals",
        &["monitoring metric list", "os bucket create", "os ns get", "os object head", "os object put"],
    ),
    of("rotation", &[]),
    of("sessions", &["os ns get", "session validate"]),
    of("changed bodies", &["ons topic create", "ons topic list"]),
    of("raw requests", &["raw-request"]),
    of("unknown keys", &["os ns get"]),
    of("skewed clocks", &["os ns get"]),
    of("what is not there", &["os bucket list"]),
];

/// How many different commands must work.
const ENOUGH: usize = 100;

#[test]
fn the_scenarios_run_enough_different_commands() {
    let different: BTreeSet<&str> = ALL.iter().flat_map(|one| one.commands.iter().copied()).collect();
    tests::harness::notice(&format!("oci: {} different commands in {} scenarios", different.len(), ALL.len()));
    assert!(different.len() >= ENOUGH, "{}", different.len());
}
