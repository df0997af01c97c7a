//! The page says without colour what it says with it: every series of a chart has a pattern, a form or words of its own.

use serde_json::{Value, json};
use tests::harness::Browser;

use crate::results::{gallery, sample};

/// What charts that are shown leave to colour alone, a line for each.
const BY_COLOUR_ALONE: &str = r"(() => {
  const found = [];
  const shown = e => e.getClientRects().length > 0;
  const classes = (root, kind, names, tags) => names.filter(name => [...root.querySelectorAll(tags)]
    .some(e => e.classList.contains(kind + '-' + name)));
  const legend = (root, name) => [...root.querySelectorAll('.legend li')]
    .filter(li => li.querySelector('[class$=-' + name + ']') && li.textContent.trim()).map(li => li.textContent.trim());
  // Beside the chart, or at the head of the section for all of its charts.
  const words = (chart, name) => legend(chart.closest('.card') || document.body, name).length === 1
    || legend(chart.closest('section') || document.body, name).length > 0;
  for (const chart of [...document.querySelectorAll('svg.chart')].filter(shown)) {
    const id = chart.getAttribute('aria-labelledby').split(' ')[0];
    const texts = [...chart.querySelectorAll('text')].filter(shown).map(e => e.textContent.trim());
    const lines = classes(chart, 's', ['main', 'second', 'soft', 'forecast'], 'polyline, line, path');
    const dashes = lines.map(name => getComputedStyle(chart.querySelector('.s-' + name)).strokeDasharray);
    if (new Set(dashes).size < lines.length) found.push(id + ': lines of one pattern: ' + lines);
    const bars = classes(chart, 'f', ['main', 'second', 'gain', 'loss'], 'rect');
    const form = name => { const e = [...chart.querySelectorAll('rect.f-' + name)];
      return getComputedStyle(e[0]).fill.startsWith('url') ? 'hatched' : String(Math.max(...e.map(r => Number(r.getAttribute('height'))))); };
    if (new Set(bars.map(form)).size < bars.length) found.push(id + ': bars of one form: ' + bars);
    for (const series of lines.length > 1 ? lines : []) if (!words(chart, series)) found.push(id + ': no words for the line ' + series);
    // One bar for a row has the row's words and figure; a second one needs words of its own.
    const rows = [...chart.querySelectorAll('text[text-anchor=end]')].length;
    const isPaired = bars.map(name => chart.querySelectorAll('rect.f-' + name).length).reduce((a, b) => a + b, 0) > rows;
    for (const series of isPaired ? bars : []) if (!words(chart, series)) found.push(id + ': no words for the bars ' + series);
    const flags = chart.querySelectorAll('polygon.f-flag').length;
    if (texts.filter(t => t === 'high' || t === 'low').length < flags) found.push(id + ': no words at what stands out');
    const zones = classes(chart, 'f', ['critical', 'warning', 'fair', 'good'], 'polygon, rect, path').length;
    if (zones > 1 && !texts.some(t => /^[a-z]/i.test(t))) found.push(id + ': no words for zones');
    if (texts.length === 0) found.push(id + ': no words at all');
  }
  for (const e of [...document.querySelectorAll('.alert, .ok, .unknown')].filter(shown))
    if (getComputedStyle(e, '::before').content.length < 3) found.push('a state without a mark: ' + e.textContent.slice(0, 40));
  for (const e of [...document.querySelectorAll('.heat td[class^=h]')].filter(shown))
    if (!e.textContent.trim() && e.className !== 'h0') found.push('a cell without a figure');
  return found;
})()";

fn left_to_colour(browser: &Browser) -> Vec<String> {
    let found = browser.evaluate(BY_COLOUR_ALONE);
    found.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn nothing_is_left_to_colour_alone() {
    let Some(browser) = Browser::start() else { return };
    for width in [1280, 390] {
        browser.emulate(width, "light");
        browser.open(&sample().page());
        browser.call("Emulation.setEmulatedVisionDeficiency", &json!({ "type": "achromatopsia" }));
        let picture = gallery().join(format!("{width}-greyscale.png"));
        std::fs::write(picture, browser.screenshot()).unwrap();
        assert_eq!(left_to_colour(&browser), Vec::<String>::new(), "{width}");
    }
}

/// Each way in which words, patterns or forms can go is noticed.
#[test]
fn what_goes_is_noticed() {
    let Some(browser) = Browser::start() else { return };
    browser.emulate(1280, "light");
    for (change, noticed) in [
        ("document.querySelectorAll('.legend').forEach(e => e.remove())", "no words for the line second"),
        ("document.querySelectorAll('.legend').forEach(e => e.remove())", "no words for the bars gain"),
        (
            "document.querySelectorAll('.s-second, .s-soft').forEach(e => e.style.strokeDasharray = '4')",
            "lines of one pattern",
        ),
        ("document.querySelectorAll('rect').forEach(e => e.setAttribute('height', 9))", "bars of one form"),
        ("document.querySelectorAll('svg.chart text').forEach(e => e.remove())", "no words for zones"),
    ] {
        browser.open(&sample().page());
        assert_eq!(left_to_colour(&browser), Vec::<String>::new());
        browser.evaluate(change);
        let found = left_to_colour(&browser);
        assert!(found.iter().any(|text| text.contains(noticed)), "{change}: {found:?}");
    }
}
