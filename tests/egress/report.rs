//! `egress-monitor report`: what runs have left in the bucket, for people.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tests::harness::{Browser, notice};

use crate::cloud::{Cloud, tick};
use crate::rows::{at, days, later, row, until_yesterday, with};

/// Runs the command with the text on its input.
fn report(cloud: &Cloud, arguments: &[&str], input: &str) -> Output {
    alone(cloud, &[&["report"], arguments].concat(), input)
}

/// Runs a command that needs no cloud.
fn alone(cloud: &Cloud, arguments: &[&str], input: &str) -> Output {
    let mut command = cloud.command(arguments);
    command.env_clear().current_dir(cloud.files()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    // One that refuses its arguments does not read.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

pub(crate) fn text(cloud: &Cloud, arguments: &[&str], input: &str) -> String {
    let output = report(cloud, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A month with working days and week-ends, its interfaces and three contributors.
fn busy(cloud: &Cloud, factor: f64) {
    for offset in 0..49_i64 {
        let day = later("2026-08-01".parse().unwrap(), offset);
        let is_week_end = day.weekday().to_monday_zero_offset() >= 5;
        let gb = factor * if is_week_end { 90.0 } else { 260.0 + 7.0 * (offset % 9) as f64 };
        let lab =
            json!({ "compartmentName": "<b>lab & friends", "region": "eu-frankfurt-1", "service": "Object Storage" });
        cloud.usage(&[row(day, "B88327", gb), with(row(day, "B88327", gb / 5.0), &lab)]);
        cloud.usage(&[with(row(day, "B93455", gb / 9.0), &json!({ "region": "ap-tokyo-1" }))]);
    }
    cloud.stand_at(at("2026-09-18T12:20:00Z"));
    cloud.interface("ocid1.vnic.oc1.iad.a", at("2026-08-22T00:00:00Z"), &[16e9; 28 * 24]);
}

#[test]
fn the_history_of_a_bucket_becomes_a_table_a_picture_and_a_page() {
    let mut cloud = Cloud::start();
    cloud.begin_before(12);
    cloud.usage(&until_yesterday(&[300.0; 40]));
    let process = cloud.process();
    let reply = tick(&process, 240);
    tick(&process, 240);
    let kept = cloud.objects("egress-monitor/history/");
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().any(|name| *name == reply["history"]), "{kept:?} {}", reply["history"]);
    let object = cloud.object(reply["history"].as_str().unwrap());
    let file = cloud.files().join("report.json");
    std::fs::write(&file, &object).unwrap();
    let file = file.to_str().unwrap();

    let table = text(&cloud, &["-f", file], "");
    for part in ["month to date", "3,600 GB", "35.1 % of 10,240 GB", "forecast P80", "as of ", "confidence"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert_eq!(text(&cloud, &[], &object), table, "standard input is the same");
    let picture = text(&cloud, &["-f", file, "--format", "svg"], "");
    assert!(picture.contains("<svg") && picture.contains("allowance: 10,240 GB"), "{picture:.300}");
    let page = cloud.files().join("month.html");
    let silent = text(&cloud, &["-f", file, "--format", "html", "-o", page.to_str().unwrap()], "");
    assert_eq!(silent, "");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("3,600 GB") && !page.contains("<script"));
    // What the function itself prints is a report as well.
    assert_eq!(text(&cloud, &[], &reply.to_string()).lines().count(), table.lines().count());

    for (arguments, input, status) in [
        (&["-f", "/nonexistent.json"][..], "", 66),
        (&[], "{}", 65),
        (&[], "", 66),
        (&["-f", file, "-o", "/nonexistent/out.svg"], "", 74),
    ] {
        let output = report(&cloud, arguments, input);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn without_a_file_it_is_the_latest_of_the_bucket() {
    let mut cloud = Cloud::start();
    cloud.begin_before(12);
    let latest = |cloud: &Cloud| cloud.command(&["report"]).stdin(Stdio::null()).output().unwrap();
    let none = latest(&cloud);
    let told = String::from_utf8_lossy(&none.stderr);
    assert!(none.status.code() == Some(66) && told.contains("below egress-monitor/history"), "{told}");
    cloud.usage(&until_yesterday(&[300.0; 40]));
    let process = cloud.process();
    tick(&process, 240);
    cloud.set("EGRESS_MONITOR_ALLOWANCE_GB", "20000");
    let reply = tick(&cloud.process(), 240);
    let output = latest(&cloud);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("18.0 % of 20,000 GB"), "{table}");
    assert_eq!(table, text(&cloud, &[], &reply.to_string()));
}

#[test]
fn an_object_of_the_history_decides_once_more() {
    let cloud = Cloud::start();
    busy(&cloud, 1.0);
    let reply = cloud.run_at("2026-09-18T12:20:00Z");
    let object = cloud.object(reply["history"].as_str().unwrap());
    notice(&format!("an object of the history: {} KB", object.len() / 1024));
    let output = alone(&cloud, &["decide", "-f", "-"], &object);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept: Value = serde_json::from_str(&object).unwrap();
    // What became of alerts is known to the run that sent them alone: they are no longer pending.
    let (mut decided, mut left) = (again["state"].clone(), kept["state"].clone());
    assert_eq!(decided["alerts"]["pending"].as_array().unwrap().len(), reply["published"].as_array().unwrap().len());
    (decided["alerts"]["pending"], left["alerts"]["pending"]) = (json!([]), json!([]));
    assert_eq!(decided, left);
    let mut compared = 0;
    for (name, value) in again.as_object().unwrap().iter().filter(|(name, _)| *name != "state") {
        // Both as they were written: what reads them is not exact.
        assert_eq!(value, &kept[name], "{name}");
        compared += 1;
    }
    assert!(compared > 20, "{compared} members");
    // Other rules for the same month.
    let mut kept = kept;
    kept["inputs"]["settings"]["tariff"]["allowance_gb"] = json!("2000");
    let table = alone(&cloud, &["decide", "-f", "-", "--table"], &kept.to_string());
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("of 2,000 GB") && table.contains("100 % is reached    on 2026-09-"), "{table}");
    let wrong = alone(&cloud, &["decide", "-f", "-"], &reply.to_string());
    assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(65), 0), "a reply has no inputs");
}

/// Boxes of the picture's texts that overlap each other or leave the picture.
const CROWDED: &str = r"(() => {
  const texts = [...document.querySelectorAll('svg text')];
  const sheet = document.querySelector('svg').getBoundingClientRect();
  const found = [];
  texts.forEach((one, index) => {
    const a = one.getBoundingClientRect();
    if (a.left < sheet.left || a.right > sheet.right || a.top < sheet.top || a.bottom > sheet.bottom) found.push(['outside', one.textContent]);
    for (const other of texts.slice(index + 1)) {
      const b = other.getBoundingClientRect();
      if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) found.push([one.textContent, other.textContent]);
    }
  });
  return found;
})()";

/// The least contrast of a text with the ground of the page, and the text.
const CONTRAST: &str = r"(() => {
  const parse = c => (c.match(/[\d.]+/g) || []).map(Number).slice(0, 3);
  const light = c => { const [r, g, b] = parse(c).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  let least = [99, ''];
  for (const one of document.querySelectorAll('body *')) {
    if (['TITLE', 'title', 'STYLE', 'style'].includes(one.tagName)) continue;
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(one);
    const ink = light(one.closest('svg') ? style.fill : style.color);
    const ratio = (Math.max(ink, ground) + .05) / (Math.min(ink, ground) + .05);
    if (ratio < least[0]) least = [ratio, one.textContent.slice(0, 60)];
  }
  return least;
})()";

/// Where pictures, and what the README quotes, are left for people.
pub(crate) fn gallery() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("egress");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Pages of months that went differently, by name.
fn pages(cloud: &mut Cloud) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    busy(cloud, 1.0);
    found.push(("ordinary", cloud.run_at("2026-09-18T12:20:00Z")));
    found.push(("young", cloud.run_at("2026-09-01T06:20:00Z")));
    assert!(found[1].1["closing"].is_object() && found[0].1["spike"].is_object());
    cloud.set("EGRESS_MONITOR_ALLOWANCE_SCOPE", "sku");
    found.push(("skus", cloud.run_at("2026-09-18T12:20:00Z")));
    cloud.set("EGRESS_MONITOR_ALLOWANCE_SCOPE", "tenancy");
    cloud.set("EGRESS_MONITOR_ALLOWANCE_GB", "2000");
    found.push(("over", cloud.run_at("2026-09-18T12:20:00Z")));
    cloud.set("EGRESS_MONITOR_ALLOWANCE_GB", "50000");
    found.push(("far", cloud.run_at("2026-09-18T12:20:00Z")));
    cloud.script.set(|_, _| Some(crate::script::Answer::of(&json!({ "items": [] }))));
    found.push(("unknown", cloud.run_at("2026-09-18T12:20:00Z")));
    found
}

#[test]
fn pages_can_be_read_by_day_and_by_night() {
    let Some(browser) = Browser::start() else { return };
    let mut cloud = Cloud::start();
    for (name, reply) in pages(&mut cloud) {
        let file = gallery().join(format!("{name}.html"));
        std::fs::write(&file, text(&cloud, &["--format", "html"], &reply.to_string())).unwrap();
        for (width, scheme) in [(1200, "light"), (1200, "dark"), (390, "light")] {
            browser.emulate(width, scheme);
            browser.open(&file);
            assert_eq!(browser.complaints(), Vec::<String>::new(), "{name}");
            assert_eq!(browser.requests().len(), 1, "{name}: {:?}", browser.requests());
            assert_eq!(browser.evaluate(CROWDED), json!([]), "{name} at {width}");
            let contrast = browser.evaluate(CONTRAST);
            assert!(contrast[0].as_f64().unwrap() >= 4.5, "{name} {scheme}: {contrast}");
            let is_wide =
                browser.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
            assert_eq!(is_wide, json!(false), "{name} at {width} px");
            std::fs::write(gallery().join(format!("{name}-{width}-{scheme}.png")), browser.screenshot()).unwrap();
        }
    }
}

#[test]
fn a_month_that_could_not_be_read_shows_no_line_at_zero() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-08-01", &[300.0; 31]));
    let reply = cloud.run_at("2026-09-18T12:20:00Z");
    assert_eq!(reply["status"], "error");
    let picture = text(&cloud, &["--format", "svg"], &reply.to_string());
    assert!(picture.contains("nothing is known of this month") && !picture.contains("class=\"known\""), "{picture}");
    let table = text(&cloud, &[], &reply.to_string());
    assert!(table.contains("could not be read") && !table.contains("0.0 GB"), "{table}");
}
