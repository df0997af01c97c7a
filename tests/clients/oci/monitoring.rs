//! `oci monitoring`: posting metrics, listing and querying them.

use serde_json::{Value, json};

use super::harness::{Cloud, check, each};

const NOON: &str = "2026-09-05T12:00:00Z";
const SUMMARIZE: &str = "monitoring metric-data summarize-metrics-data --namespace oci_computeagent";

/// A metric with one value a minute from 11:50 on.
fn metric(cloud: &Cloud, name: &str, node: &str, domain: &str, values: &[f64]) -> Value {
    let point = |(minute, value)| json!({ "timestamp": format!("2026-09-05T11:{minute}:00Z"), "value": value });
    json!({
        "namespace": "oci_computeagent",
        "compartmentId": cloud.compartment(),
        "name": name,
        "dimensions": { "resourceId": format!("ocid1.instance.oc1.iad.{node}"), "availabilityDomain": domain },
        "metadata": { "unit": "percent" },
        "datapoints": (50..).zip(values).map(point).collect::<Vec<_>>(),
    })
}

/// Three machines in two domains.
fn seed(cloud: &Cloud) {
    cloud.stop_clock(NOON);
    let data = [
        metric(cloud, "CpuUtilization", "n1", "AD-1", &[10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0]),
        metric(cloud, "CpuUtilization", "n2", "AD-1", &[20.0; 10]),
        metric(cloud, "CpuUtilization", "n3", "AD-2", &[30.0; 10]),
        metric(cloud, "MemoryUtilization", "n1", "AD-1", &[64.0; 10]),
    ];
    let posted = cloud.admin("POST", "metrics", &json!({ "metricData": data }));
    assert_eq!(posted["failedMetricsCount"], 0, "{posted}");
}

#[test]
fn queries() {
    let Some(cloud) = Cloud::start("metric queries") else { return };
    seed(&cloud);
    let compartment = cloud.compartment();
    let from = ["--start-time", "2026-09-05T11:50:00Z", "--end-time", NOON];
    let ask = |query: &str| {
        let more = [&["-c", &compartment, "--query-text", query][..], &from].concat();
        let answer = cloud.oci(SUMMARIZE, &more);
        let mut found: Vec<(Value, Vec<f64>)> = Vec::new();
        for stream in answer["data"].as_array().into_iter().flatten() {
            let points = stream["aggregated-datapoints"].as_array().unwrap();
            let values = points.iter().map(|point| point["value"].as_f64().unwrap()).collect();
            found.push((stream["dimensions"].clone(), values));
        }
        found.sort_by_key(|(dimensions, _)| dimensions.to_string());
        found
    };
    let values = |query: &str| ask(query).into_iter().map(|(_, values)| values).collect::<Vec<_>>();
    let n1 = r#"{resourceId = "ocid1.instance.oc1.iad.n1"}"#;
    assert_eq!(values(&format!("CpuUtilization[5m]{n1}.mean()")), [[30.0, 80.0]]);
    assert_eq!(values(&format!("CpuUtilization[5m]{n1}.max()")), [[50.0, 100.0]]);
    assert_eq!(values(&format!("CpuUtilization[10m]{n1}.percentile(0.9)")), [[90.0]]);
    assert_eq!(values(&format!("CpuUtilization[1m]{n1}.mean() > 75")), [[80.0, 90.0, 100.0]]);
    assert_eq!(values(&format!("MemoryUtilization[10m]{n1}.last()")), [[64.0]]);
    let domains = ask("CpuUtilization[10m].groupBy(availabilityDomain).mean()");
    let expected =
        [(json!({ "availabilityDomain": "AD-1" }), vec![37.5]), (json!({ "availabilityDomain": "AD-2" }), vec![30.0])];
    assert_eq!(domains, expected);
    let two = r#"{resourceId =~ "ocid1.instance.oc1.iad.n2|ocid1.instance.oc1.iad.n3"}"#;
    assert_eq!(values(&format!("CpuUtilization[10m]{two}.grouping().sum()")), [[500.0]]);
    assert_eq!(values("CpuUtilization[10m].grouping().count()"), [[30.0]]);
    assert!(values(r#"CpuUtilization[5m]{resourceId = "nobody"}.mean()"#).is_empty());
}

#[test]
fn forms_and_refusals_of_queries() {
    let Some(cloud) = Cloud::start("metric queries' forms") else { return };
    seed(&cloud);
    let compartment = cloud.compartment();
    let n2 = r#"CpuUtilization[5m]{resourceId = "ocid1.instance.oc1.iad.n2"}.mean()"#;
    let whole = ["--start-time", "2026-09-05T11:50:00Z", "--end-time", NOON, "--resolution", "5m"];
    let answer = cloud.oci(SUMMARIZE, &[&["-c", &compartment, "--query-text", n2], &whole[..]].concat());
    assert_eq!(answer["data"].as_array().unwrap().len(), 1);
    check(
        &answer["data"][0],
        [
            ("/namespace", json!("oci_computeagent")),
            ("/name", json!("CpuUtilization")),
            ("/compartment-id", json!(compartment)),
            ("/resolution", json!("5m")),
            ("/metadata/unit", json!("percent")),
            ("/dimensions/availabilityDomain", json!("AD-1")),
            ("/aggregated-datapoints/0/timestamp", json!("2026-09-05T11:50:00+00:00")),
            ("/aggregated-datapoints/0/value", json!(20.0)),
            ("/aggregated-datapoints/2", Value::Null),
        ],
    );
    let invalid = |query: &str, more: &[&str]| {
        let all = [&["-c", &compartment, "--query-text", query], more].concat();
        cloud.fails((400, "InvalidParameter"), SUMMARIZE, &all)
    };
    assert_eq!(invalid("CpuUtilization[5m].latest()", &[]), "Invalid query: there is no statistic latest.");
    assert!(invalid("CpuUtilization[7m", &[]).starts_with("Invalid query: "));
    let old = ["--start-time", "2026-08-20T00:00:00Z", "--end-time", NOON];
    assert!(invalid("CpuUtilization[1m].mean()", &old).contains("further than data"));
    assert!(invalid("CpuUtilization[1m].mean()", &["--resolution", "5m"]).contains("longer than the interval"));
    let unknown = "ocid1.compartment.oc1..aaaaaaaanobodymadethisone";
    cloud.fails((404, "NotAuthorizedOrNotFound"), SUMMARIZE, &["-c", unknown, "--query-text", n2]);
}

#[test]
fn lists() {
    let Some(cloud) = Cloud::start("metric lists") else { return };
    seed(&cloud);
    let compartment = cloud.compartment();
    let list = |more: &[&str]| cloud.oci("monitoring metric list -c", &[&[compartment.as_str()], more].concat());
    assert_eq!(list(&[])["data"].as_array().unwrap().len(), 4);
    let filter = r#"{"availabilityDomain":"AD-2"}"#;
    let found = list(&["--namespace", "oci_computeagent", "--dimension-filters", filter]);
    check(&found["data"][0], [("/dimensions/resourceId", json!("ocid1.instance.oc1.iad.n3"))]);
    let names = list(&["--group-by", r#"["name"]"#, "--sort-by", "NAME", "--sort-order", "DESC"]);
    assert_eq!(each(&names, "name"), ["MemoryUtilization", "CpuUtilization"]);
    let page = list(&["--limit", "3"]);
    assert_eq!(each(&page, "name").len(), 3);
    let rest = list(&["--limit", "3", "--page", page["opc-next-page"].as_str().expect("a next page")]);
    assert_eq!(each(&rest, "name").len(), 1);
}

#[test]
fn posts_are_checked_one_by_one() {
    let Some(cloud) = Cloud::start("metric posts") else { return };
    cloud.stop_clock(NOON);
    let compartment = cloud.compartment();
    let metric = |namespace: &str, at: &str, dimensions: Value| {
        json!({ "namespace": namespace, "compartmentId": compartment, "name": "confidence", "dimensions": dimensions,
            "metadata": { "unit": "ratio" }, "datapoints": [{ "timestamp": at, "value": 0.75, "count": 2 }] })
    };
    let agent = |name: &str| json!({ "agent": name });
    let mixed = json!([
        metric("decisioning", "2026-09-05T11:59:00Z", agent("good")),
        metric("decisioning", "2026-09-05T10:00:01Z", agent("almost too old")),
        metric("decisioning", "2026-09-05T09:59:59Z", agent("too old")),
        metric("decisioning", "2026-09-05T12:10:01Z", agent("too new")),
        metric("oci_decisioning", "2026-09-05T11:59:00Z", agent("reserved")),
        metric("decisioning", "2026-09-05T11:59:00Z", json!({})),
    ]);
    cloud.write("mixed.json", mixed.to_string());
    let post = "monitoring metric-data post --metric-data";
    let answer = cloud.oci(post, &["file://mixed.json"]);
    assert_eq!(answer["data"]["failed-metrics-count"], 4, "{answer}");
    let failed = answer["data"]["failed-metrics"].as_array().unwrap();
    let messages: Vec<_> = failed.iter().map(|one| one["message"].as_str().unwrap()).collect();
    let outside = "is more than 2 hours past or 10 minutes ahead.";
    assert!(messages[0].ends_with(outside) && messages[1].ends_with(outside), "{messages:?}");
    assert_eq!(messages[2], "A namespace must not start with oci_ or oracle_.");
    assert_eq!(messages[3], "A metric has 1 to 20 dimensions.");
    let message = cloud.fails((400, "InvalidParameter"), post, &["file://mixed.json", "--batch-atomicity", "ATOMIC"]);
    assert!(message.ends_with(outside), "{message}");
    let many: Vec<_> = (0..51).map(|n| metric("crowd", "2026-09-05T11:59:00Z", agent(&n.to_string()))).collect();
    cloud.write("many.json", json!(many).to_string());
    let message = cloud.fails((400, "InvalidParameter"), post, &["file://many.json"]);
    assert_eq!(message, "A call posts 1 to 50 metric streams.");
    let sum = ["--query-text", "confidence[1m].sum()", "-c", &compartment, "--start-time", "2026-09-05T10:00:00Z"];
    let read = cloud.oci("monitoring metric-data summarize-metrics-data --namespace decisioning", &sum);
    assert_eq!(each(&read, "name").len(), 2, "only the accepted ones: {read}");
    check(&read["data"][1], [("/aggregated-datapoints/0/value", json!(1.5)), ("/dimensions/agent", json!("good"))]);
}
