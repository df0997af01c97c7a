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
    of(
        "parts",
        &["os bucket create", "os multipart list", "os object get", "os object head", "os object put"],
    ),
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
