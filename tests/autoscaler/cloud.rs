//! An OCI with machines and their measurements, and autoscalers in it.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_oci_emulator::Options;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use tests::harness::{Emulated, Front, Function, peak_mb, programs};

pub(crate) const BUCKET: &str = "autoscaler";
const SHAPE: &str = "VM.Standard.E5.Flex";
/// Machines whose points go in one seed.
const BATCH: usize = 40;
const HISTORY_MINUTES: i64 = 180;

/// It ends with this value.
pub(crate) struct Cloud {
    pub(crate) front: Arc<Front>,
    oci: Emulated,
    domain: String,
}

impl Deref for Cloud {
    type Target = Emulated;

    fn deref(&self) -> &Emulated {
        &self.oci
    }
}

/// A machine that is to be there.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
    pub(crate) tags: BTreeMap<String, String>,
    /// Members of its record beside the usual ones.
    pub(crate) more: Map<String, Value>,
}

impl Machine {
    /// One of 16 OCPUs with this load for three hours.
    pub(crate) fn new(number: usize, cpu: f64) -> Self {
        Self {
            id: format!("ocid1.instance.oc1.iad.m{number:04}"),
            cpu,
            memory: 50.0,
            tags: BTreeMap::new(),
            more: Map::new(),
        }
    }
}

impl Cloud {
    /// One where sizes change without a restart.
    pub(crate) fn start() -> Self {
        Self::with(Options { resize_without_reboot: true, step_ms: 1, ..Options::default() })
    }

    pub(crate) fn with(options: Options) -> Self {
        // Building takes longer than any wait below has patience.
        let _ = programs::function("flex-autoscaler");
        let front = Arc::<Front>::default();
        let way = Arc::clone(&front);
        let mut oci = Emulated::start(options, "flex-autoscaler", BUCKET, move |services, request| {
            let way = Arc::clone(&way);
            async move { way.handle(&services, request).await }
        });
        oci.set("FLEX_AUTOSCALER_MODE", "enforce");
        // Intentions are sent again at once and not after a tick.
        oci.set("FLEX_AUTOSCALER_POLICY", "{\"in_flight\":{\"resend_after_minutes\":0}}");
        oci.set("FN_MEMORY", "256");
        let domain = with_room(&oci);
        Self { front, oci, domain }
    }

    /// A variable of the autoscalers that come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.oci.set(name, value);
    }

    /// Takes a variable back.
    pub(crate) fn unset(&mut self, name: &str) {
        self.oci.unset(name);
    }

    /// Machines, with what was measured of them in the last three hours.
    pub(crate) fn add(&self, machines: &[Machine]) {
        self.create(machines);
        self.measure(machines, HISTORY_MINUTES);
    }

    /// Machines of which nothing was measured.
    pub(crate) fn create(&self, machines: &[Machine]) {
        for machine in machines {
            let mut body = json!({
                "id": machine.id, "displayName": machine.id, "shape": SHAPE, "availabilityDomain": self.domain,
                "shapeConfig": { "ocpus": 16, "memoryInGBs": 256 }, "freeformTags": machine.tags,
            });
            body.as_object_mut().unwrap().extend(machine.more.clone());
            self.admin("POST", "compute/instances", &body);
        }
    }

    /// Gives a machine another size, as somebody at a console does.
    pub(crate) fn edit(&self, machine: &Machine, ocpus: u32) {
        let size = json!({ "shapeConfig": { "ocpus": ocpus, "memoryInGBs": ocpus * 16 } });
        self.admin("PUT", &format!("oci/20160918/instances/{}", machine.id), &size);
        let limit = Instant::now() + Duration::from_secs(60);
        while (self.ocpus(machine) - f64::from(ocpus)).abs() > 0.1 {
            assert!(Instant::now() < limit, "{} has not changed", machine.id);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Points of the last minutes.
    pub(crate) fn measure(&self, machines: &[Machine], minutes: i64) {
        let now = self.emulator.clock().now();
        let moments: Vec<Timestamp> =
            (0..minutes).map(|minute| now - SignedDuration::from_mins(minutes - minute)).collect();
        for batch in machines.chunks(BATCH) {
            let metrics: Vec<Value> = batch
                .iter()
                .flat_map(|machine| {
                    [("CpuUtilization", machine.cpu), ("MemoryUtilization", machine.memory)]
                        .map(|(name, value)| self.metric(machine, name, value, &moments))
                })
                .collect();
            let answer = self.admin("POST", "metrics", &json!({ "metricData": metrics }));
            assert_eq!(answer["failedMetricsCount"], 0, "{answer}");
        }
    }

    fn metric(&self, machine: &Machine, name: &str, value: f64, moments: &[Timestamp]) -> Value {
        let points: Vec<Value> = moments.iter().map(|at| json!({ "timestamp": at, "value": value })).collect();
        json!({
            "namespace": "oci_computeagent", "compartmentId": self.emulator.default_compartment(), "name": name,
            "dimensions": { "resourceId": machine.id, "availabilityDomain": self.domain, "shape": SHAPE },
            "datapoints": points,
        })
    }

    /// How often the size of a machine was changed: its accepted updates.
    pub(crate) fn changes(&self, machine: &Machine) -> usize {
        let compartment = self.emulator.default_compartment();
        let route =
            format!("oci/20160918/workRequests?compartmentId={compartment}&resourceId={}&limit=1000", machine.id);
        let works = self.admin("GET", &route, &Value::Null);
        works.as_array().unwrap().iter().filter(|work| work["operationType"] == "UpdateInstance").count()
    }

    /// OCPUs of a machine.
    pub(crate) fn ocpus(&self, machine: &Machine) -> f64 {
        let shown = self.admin("GET", &format!("oci/20160918/instances/{}", machine.id), &Value::Null);
        shown["shapeConfig"]["ocpus"].as_f64().unwrap()
    }

    /// Makes the lease run out at once, as 330 s would.
    pub(crate) fn expire_lease(&self) {
        let name = "causeway-state/flex-autoscaler/lease.json";
        let mut lease: Value = serde_json::from_str(&self.object(name)).unwrap();
        lease["value"]["expires_unix_ms"] = json!(0);
        self.put(name, "application/json", lease.to_string());
    }

    /// Five minutes pass for what was asked for: it is of an earlier tick, whose changes are no longer those of this one.
    pub(crate) fn next_tick(&self) {
        let names = self.objects("causeway-state/flex-autoscaler/").into_iter();
        for name in names.filter(|name| name.contains("/shards/")) {
            let mut shard: Value = serde_json::from_str(&self.object(&name)).unwrap();
            for entry in shard["value"]["instances"].as_object_mut().unwrap().values_mut() {
                entry
                    .get_mut("commanded")
                    .filter(|asked| asked.is_object())
                    .into_iter()
                    .for_each(|asked| earlier(asked, "at"));
                let changes = entry.get_mut("changes").and_then(Value::as_array_mut);
                changes.into_iter().flatten().for_each(|change| earlier(change, "begun"));
            }
            self.put(&name, "application/json", shard.to_string());
        }
    }

    /// A process of the autoscaler.
    pub(crate) fn autoscaler(&self) -> Autoscaler {
        Autoscaler { function: self.process() }
    }
}

/// Takes five minutes from a moment.
fn earlier(of: &mut Value, member: &str) {
    let at: Timestamp = serde_json::from_value(of[member].clone()).unwrap();
    of[member] = json!(at - SignedDuration::from_mins(5));
}

/// The availability domain of the machines, with room for a large fleet.
fn with_room(oci: &Emulated) -> String {
    let route = format!("oci/20160918/availabilityDomains?compartmentId={}", oci.emulator.default_compartment());
    let domains = oci.admin("GET", &route, &Value::Null);
    let domain = domains[0]["name"].as_str().unwrap().to_owned();
    let cores = json!({
        "service": "compute", "name": "standard-e5-core-count", "scopeType": "AD",
        "availabilityDomain": domain, "value": 1_000_000,
    });
    oci.admin("POST", "limits", &cores);
    domain
}

/// A process.
pub(crate) struct Autoscaler {
    pub(crate) function: Function,
}

/// A reply and how long it took.
pub(crate) struct Ticked {
    pub(crate) reply: Value,
    pub(crate) took: Duration,
}

impl Autoscaler {
    pub(crate) fn tick(&self) -> Ticked {
        self.call(&json!({ "kind": "tick" }))
    }

    /// A tick that has an hour.
    pub(crate) fn unhurried_tick(&self) -> Ticked {
        self.within(&json!({ "kind": "tick" }), 3600)
    }

    pub(crate) fn call(&self, request: &Value) -> Ticked {
        self.within(request, 300)
    }

    fn within(&self, request: &Value, seconds: u32) -> Ticked {
        let start = Instant::now();
        let reply = self.function.answer(request, seconds);
        Ticked { reply, took: start.elapsed() }
    }

    pub(crate) fn peak_mb(&self) -> f64 {
        peak_mb(&self.function)
    }
}

impl Ticked {
    /// How many machines got a decision.
    pub(crate) fn count(&self, decision: &str) -> u64 {
        self.reply["counts"][decision].as_u64().unwrap_or(0)
    }

    /// Ids of machines that the tick did not get to.
    pub(crate) fn deferred(&self) -> Vec<String> {
        self.reply["deferred"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// Ids of machines whose change was asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        let resizes = self.reply["resizes"].as_array().unwrap().iter();
        resizes.map(|resize| resize["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Ids of machines whose change was accepted.
    pub(crate) fn accepted(&self) -> Vec<String> {
        let resizes = self.reply["resizes"].as_array().unwrap().iter();
        let accepted = resizes.filter(|resize| resize["answer"] == "accepted");
        accepted.map(|resize| resize["id"].as_str().unwrap().to_owned()).collect()
    }
}
