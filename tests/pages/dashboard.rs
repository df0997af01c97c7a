//! What the page shows, asks for and looks like.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::results::{gallery, results, sample, write};

/// Nothing but the file itself was asked for, and nothing was complained about.
fn is_quiet(browser: &Browser) {
    let requests = browser.requests();
    let outside: Vec<&String> =
        requests.iter().filter(|url| !url.starts_with("file://") && !url.starts_with("data:")).collect();
    assert!(outside.is_empty() && requests.len() <= 2, "{requests:?}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn every_figure_on_the_page_equals_the_export() {
    let Some(browser) = Browser::start() else { return };
    browser.emulate(1280, "light");
    browser.open(&sample().page());
    let export = sample().export();
    let shown = browser.evaluate(
        "[...document.querySelectorAll('data[data-pointer]')].map(e => [e.dataset.pointer, Number(e.value), e.textContent])",
    );
    let shown = shown.as_array().unwrap();
    assert!(shown.len() > 500, "{}", shown.len());
    for figure in shown {
        let pointer = figure[0].as_str().unwrap();
        let found = export.pointer(pointer).and_then(Value::as_f64);
        assert_eq!(figure[1].as_f64(), found, "{pointer}");
        assert!(!figure[2].as_str().unwrap().is_empty(), "{pointer}");
    }
    let text = |pointer: &str| shown.iter().find(|figure| figure[0] == pointer).map(|figure| figure[2].clone());
    let revenue = "/agent_results/intelligence/data/financial_intelligence/revenue_analysis/total_revenue";
    assert_eq!(text(revenue), Some(json!("2,297,201")));
    is_quiet(&browser);
}

/// The least contrast of a text with the nearest ground behind it, with the text.
const CONTRAST: &str = r"(() => {
  const parse = c => (c.match(/[\d.]+/g) || []).map(Number);
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = c => { context.clearRect(0, 0, 1, 1); context.fillStyle = c; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data]; };
  const light = c => { const [r, g, b] = c.map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; }
    return [255, 255, 255, 255]; };
  let least = [99, ''];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue;
    if (['TITLE', 'DESC', 'title', 'desc'].includes(e.tagName)) continue;
    const style = getComputedStyle(e), inside = e.closest('svg');
    const on = e.classList.contains('f-ground') ? rgba(getComputedStyle(document.body).color) : ground(inside || e);
    const [a, b] = [light(rgba(inside ? style.fill : style.color)), light(on)];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < least[0]) least = [ratio, e.textContent.slice(0, 60)];
  }
  return least;
})()";

/// Elements that reach beyond the right edge.
const BEYOND: &str = r"[...document.querySelectorAll('body *')].filter(e => !e.closest('.skip') && !e.closest('thead') && !e.closest('svg[aria-hidden]'))
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '.' + e.getAttribute('class')).slice(0, 5)";

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
        assert_eq!(browser.evaluate(BEYOND), json!([]), "{name}");
        let contrast = browser.evaluate(CONTRAST);
        assert!(contrast[0].as_f64().unwrap() >= 4.5, "{name}: {contrast}");
        assert!(browser.evaluate(SMALLEST).as_f64().unwrap() >= 9.0, "{name}: {}", browser.evaluate(SMALLEST));
        is_noticed(&browser);
        let charts = browser
            .evaluate("[...document.querySelectorAll('svg.chart')].filter(e => e.getClientRects().length).length");
        assert!(charts.as_u64().unwrap() >= 12, "{name}: {charts}");
        grounds.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
        browser.open(&sample().page());
        std::fs::write(gallery().join(format!("{name}.png")), browser.screenshot()).unwrap();
        is_quiet(&browser);
    }
    assert!(grounds[0] != grounds[1] && grounds[0] == grounds[3], "{grounds:?}");
}

/// A text that is too pale, too small and too wide must be found, or the checks above say nothing.
fn is_noticed(browser: &Browser) {
    let bad = "<p class=bad style='width:5000px;color:#777;background:#777'>bad</p>\
               <svg class='chart bad' viewBox='0 0 9 9' style='width:9px'><text y=5 font-size=3>bad</text></svg>";
    browser.evaluate(&format!("document.querySelector('main').insertAdjacentHTML('beforeend', `{bad}`)"));
    assert!(browser.evaluate(CONTRAST)[0].as_f64().unwrap() < 1.1);
    assert!(!browser.evaluate(BEYOND).as_array().unwrap().is_empty());
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
    is_quiet(&browser);
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
    is_quiet(&browser);
}
