//! A headless Chromium, driven by the DevTools protocol over a pair of pipes.
//!
//! With `--remote-debugging-pipe` it reads messages from descriptor 3 and writes them to descriptor 4, each ended by a
//! zero byte; no port is opened. Named pipes and a shell put them there.

use std::cell::{Cell, RefCell};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::skip;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

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

/// A browser with one page; it ends with this value.
pub struct Browser {
    process: Child,
    pipe: RefCell<File>,
    messages: Receiver<Value>,
    last_id: Cell<u64>,
    session: Option<String>,
    events: RefCell<Vec<Value>>,
    _home: TempDir,
}

/// Chromium of `.ci/test-tools`, else one that is installed.
fn program() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/chromium");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    std::iter::once(ours).chain(installed).find(|file| file.is_file())
}

impl Browser {
    /// `None` when there is no Chromium.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(program) = program() else {
            skip("pages", "there is no Chromium (`.ci/test-tools` gets one)");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        let (input, output) = (home.path().join("in"), home.path().join("out"));
        assert!(Command::new("mkfifo").args([&input, &output]).status().unwrap().success());
        let process = Command::new("sh")
            .args(["-c", r#"in=$1 out=$2; shift 2; exec "$@" 3<"$in" 4>"$out""#, "sh"])
            .args([&input, &output, &program])
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--hide-scrollbars"])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--disable-dev-shm-usage", "--no-first-run"])
            .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Each waits until the shell has opened the other end, in the same order.
        let pipe = OpenOptions::new().write(true).open(&input).unwrap();
        let messages = listen(File::open(&output).unwrap());
        let mut browser = Self {
            process,
            pipe: RefCell::new(pipe),
            messages,
            last_id: Cell::new(0),
            session: None,
            events: RefCell::default(),
            _home: home,
        };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.call("Target.attachToTarget", &attach)["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Panics
    /// When it is refused, or no answer comes.
    pub fn call(&self, method: &str, parameters: &Value) -> Value {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.pipe.borrow_mut().write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut answer = self.messages.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == json!(id) {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.borrow_mut().push(answer);
        }
    }

    /// Sets the width in pixels and the colour scheme of what is opened next.
    pub fn emulate(&self, width: u32, scheme: &str) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "media": "", "features": features }));
    }

    /// Opens a file and waits until it is loaded.
    ///
    /// # Panics
    /// When it is not.
    pub fn open(&self, file: &Path) {
        self.events.borrow_mut().clear();
        let went = self.call("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        assert!(went["errorText"].is_null(), "{went}");
        while !self.events.borrow().iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.messages.recv_timeout(PATIENCE).expect("the page is loaded");
            self.events.borrow_mut().push(event);
        }
    }

    /// The value of an expression of JavaScript in the page.
    ///
    /// # Panics
    /// When it throws.
    pub fn evaluate(&self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut found = self.call("Runtime.evaluate", &asked);
        assert!(found["exceptionDetails"].is_null(), "{}", found["exceptionDetails"]);
        found["result"]["value"].take()
    }

    /// Addresses that the page asked for since it was opened.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let events = self.events.borrow();
        let sent = events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| event["params"]["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    /// What stands in the console since the page was opened: messages, errors, refusals of the content policy.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        const KINDS: [&str; 3] = ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"];
        let events = self.events.borrow();
        let said = events.iter().filter(|event| KINDS.iter().any(|kind| event["method"] == *kind));
        said.map(|event| event["params"].to_string()).collect()
    }

    /// Asserts that nothing but the file itself was asked for, and that nothing was complained about.
    ///
    /// # Panics
    /// When it was.
    #[track_caller]
    pub fn assert_quiet(&self) {
        let is_own = |url: &&String| url.starts_with("file://") || url.starts_with("data:");
        let requests = self.requests();
        let outside: Vec<&String> = requests.iter().filter(|url| !is_own(url)).collect();
        let files = requests.iter().filter(|url| url.starts_with("file://")).count();
        assert!(outside.is_empty() && files == 1, "{requests:?}");
        assert_eq!(self.complaints(), Vec::<String>::new());
    }

    /// The least contrast of a text with the nearest ground behind it (WCAG 2), with the text.
    #[must_use]
    pub fn least_contrast(&self) -> (f64, String) {
        let found = self.evaluate(CONTRAST);
        (found[0].as_f64().unwrap_or_default(), found[1].to_string())
    }

    /// Elements that reach beyond the right edge.
    #[must_use]
    pub fn beyond_the_edge(&self) -> Value {
        self.evaluate(BEYOND)
    }

    /// A picture of the page as PNG, from its top.
    ///
    /// # Panics
    /// When none can be taken.
    #[must_use]
    pub fn screenshot(&self) -> Vec<u8> {
        let size = self.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]");
        // Chromium cannot draw more at once.
        let height = size[1].as_u64().unwrap().min(16_000);
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": height, "scale": 1 });
        let how = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.call("Page.captureScreenshot", &how);
        STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// The page as it is printed.
    ///
    /// # Panics
    /// When it cannot be printed.
    #[must_use]
    pub fn pdf(&self) -> Vec<u8> {
        let printed = self.call("Page.printToPDF", &json!({ "printBackground": true }));
        STANDARD.decode(printed["data"].as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn listen(output: File) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for message in BufReader::new(output).split(0) {
            let Ok(message) = message else { return };
            if sender.send(serde_json::from_slice(&message).unwrap_or_default()).is_err() {
                return;
            }
        }
    });
    receiver
}
