//! What the page shows, asks for and looks like.

use serde_json::{Value, json};
use tests::harness::Browser;

use crate::results::{gallery, results, sample, write};

#[test]
fn every_figure_on_the_page_equals_the_export() {
    let Some(browser) = Browser::start() else { return };
    browser.emulate(1280, "light");
    browser.open(&sample().page());
    let export = sample().export();
    let shown = browser.evaluate(
        "[...document.querySelectorAll('data[data-pointer]')].map(e => [e.dataset.pointer, Number(e.value), e.textContent, e.dataset.unit])",
    );
    let shown = shown.as_array().unwrap();
    assert!(shown.len() > 500, "{}", shown.len());
    for figure in shown {
        let pointer = figure[0].as_str().unwrap();
        let found = export.pointer(pointer).and_then(Value::as_f64);
        assert_eq!(figure[1].as_f64(), found, "{pointer}");
        let (value, text, unit) = (found.unwrap(), figure[2].as_str().unwrap(), figure[3].as_str().unwrap());
        assert!(says(text, unit, value), "{pointer}: {text} is not {value}, a {unit}");
    }
    let text = |pointer: &str| shown.iter().find(|figure| figure[0] == pointer).map(|figure| figure[2].clone());
    let revenue = "/agent_results/intelligence/data/financial_intelligence/revenue_analysis/total_revenue";
    assert_eq!(text(revenue), Some(json!("2,297,201")));
    browser.assert_quiet();
}

/// Whether a text, as people read it, is this number: rounded to its last digit, or a bound of it.
fn says(text: &str, unit: &str, value: f64) -> bool {
    let plain: String = text.chars().filter(|each| !",+%s\u{a0}".contains(*each)).collect();
    let plain = plain.replace('\u{2212}', "-");
    let (bound, digits) = plain.split_at(usize::from(plain.starts_with(['<', '>'])));
    let Ok(shown) = digits.parse::<f64>() else { return false };
    let value = if ["share", "change"].contains(&unit) { value * 100.0 } else { value };
    match bound {
        "<" => value < shown,
        ">" => value > shown,
        _ => {
            let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            (shown - value).abs() <= 0.5 * 0.1_f64.powi(i32::try_from(decimals).unwrap()) + 1e-9 * value.abs()
        }
    }
}

#[test]
fn a_wrong_text_is_noticed() {
    assert!(says("2,297,201", "money", 2_297_200.86) && says("\u{2212}2.8\u{a0}%", "change", -0.028_3));
    assert!(says("<0.1\u{a0}%", "share", 0.000_2) && says(">99.9\u{a0}%", "share", 0.999_9));
    assert!(!says("2,297,202", "money", 2_297_200.86) && !says("2.8\u{a0}%", "change", -0.028_3));
    assert!(!says("<0.1\u{a0}%", "share", 0.002) && !says("", "count", 0.0));
}

/// Height in pixels of the smallest text of a chart that is shown.
const SMALLEST: &str = r"Math.min(...[...document.querySelectorAll('svg.chart text')].filter(e => e.getClientRects().length && e.textContent.trim())
  .map(e => e.getBoundingClientRect().height))";

#[test]
fn it_fits_and_can_be_read_at_both_widths_and_in_both_schemes() {
    let Some(browser) = Browser::start() else { return };
    let mut grounds = Vec::new();
    for (width, scheme) in [(1280, "light"), (1280, "dark"), (800, "light"), (390, "light"), (390, "dark")] {
        let name = format!("{width}-{scheme}");
        browser.emulate(width, scheme);
        browser.open(&sample().page());
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
        std::fs::write(gallery().join(format!("{name}-open.png")), browser.screenshot()).unwrap();
        assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), json!(width), "{name}");
        assert_eq!(browser.beyond_the_edge(), json!([]), "{name}");
        let contrast = browser.least_contrast();
        assert!(contrast.0 >= 4.5, "{name}: {contrast:?}");
        assert!(browser.evaluate(SMALLEST).as_f64().unwrap() >= 9.0, "{name}: {}", browser.evaluate(SMALLEST));
        is_noticed(&browser);
        let charts = browser
            .evaluate("[...document.querySelectorAll('svg.chart')].filter(e => e.getClientRects().length).length");
        assert!(charts.as_u64().unwrap() >= 12, "{name}: {charts}");
        grounds.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
        browser.open(&sample().page());
        std::fs::write(gallery().join(format!("{name}.png")), browser.screenshot()).unwrap();
        browser.assert_quiet();
    }
    assert!(grounds[0] != grounds[1] && grounds[0] == grounds[3], "{grounds:?}");
}

/// A text that is too pale, too small and too wide must be found, or the checks above say nothing.
fn is_noticed(browser: &Browser) {
    let bad = "<p class=bad style='width:5000px;color:#777;background:#777'>bad</p>\
               <svg class='chart bad' viewBox='0 0 9 9' style='width:9px'><text y=5 font-size=3>bad</text></svg>";
    browser.evaluate(&format!("document.querySelector('main').insertAdjacentHTML('beforeend', `{bad}`)"));
    assert!(browser.least_contrast().0 < 1.1);
    assert!(!browser.beyond_the_edge().as_array().unwrap().is_empty());
    assert!(browser.evaluate(SMALLEST).as_f64().unwrap() < 9.0);
    browser.evaluate("document.querySelectorAll('.bad').forEach(e => e.remove())");
}

#[test]
fn charts_have_names_headings_are_in_order_and_links_arrive() {
    let Some(browser) = Browser::start() else { return };
    browser.emulate(1280, "light");
    browser.open(&sample().page());
    let nameless = browser.evaluate(
        "[...document.querySelectorAll('svg.chart')].filter(s => !s.getAttribute('aria-labelledby').split(' ')\
         .every(id => document.getElementById(id)?.textContent.length > 5)).length",
    );
    assert_eq!(nameless, json!(0));
    let levels = browser.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))");
    let levels: Vec<u64> = levels.as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    let lost = browser.evaluate(
        "[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href')).filter(h => !h.startsWith('#') || !document.getElementById(h.slice(1)))",
    );
    assert_eq!(lost, json!([]));
    assert_eq!(
        browser.evaluate("document.querySelectorAll('script, iframe, img, link:not([rel=icon]), object').length"),
        json!(0)
    );
}

#[test]
fn it_prints_with_its_tables() {
    let Some(browser) = Browser::start() else { return };
    browser.emulate(1280, "dark");
    browser.open(&sample().page());
    let pdf = browser.pdf();
    std::fs::write(gallery().join("dashboard.pdf"), &pdf).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 50_000, "{}", pdf.len());
    browser.call("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    assert_eq!(browser.evaluate("getComputedStyle(document.body).backgroundColor"), json!("rgb(255, 255, 255)"));
    let hidden = browser.evaluate(
        "[...document.querySelectorAll('details table')].filter(t => t.getBoundingClientRect().height < 10).length",
    );
    assert_eq!(hidden, json!(0));
    browser.assert_quiet();
}

#[test]
fn hostile_names_stay_names() {
    let Some(browser) = Browser::start() else { return };
    let mut inputs = results().clone();
    let hostile =
        "</svg></style><script>window.broken=1</script><img src=https://example.org/x onerror=window.broken=2>";
    let data = &mut inputs["intelligence"]["data"];
    for part in data["financial_intelligence"]["contribution"].as_array_mut().unwrap() {
        part["dimension"] = json!(hostile);
        part["members"][0]["name"] = json!(hostile);
    }
    data["financial_intelligence"]["growth"]["first_day"] = json!(hostile);
    inputs["discovery"]["data"]["data_ecosystem"]["primary_source"] = json!(hostile);
    inputs["decision"]["insights"][0] = json!(hostile);
    let written = write(&inputs);
    browser.emulate(390, "light");
    browser.open(&written.page());
    assert_eq!(browser.evaluate("window.broken === undefined"), json!(true));
    assert_eq!(browser.evaluate("document.querySelectorAll('script, img').length"), json!(0));
    assert_eq!(browser.evaluate("document.body.textContent.includes('window.broken=1')"), json!(true));
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), json!(390));
    browser.assert_quiet();
}
