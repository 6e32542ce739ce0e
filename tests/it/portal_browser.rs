//! A real headless Chromium, driven by WebDriver; axe-core looks at every page it is shown.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use thirtyfour::prelude::*;

use crate::client::PATIENCE;
use crate::harness::World;
use crate::portal_web::{installed, validate};

/// A window of a width, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// The narrowest that the pages must work on (R9).
    Phone,
    /// A desk.
    Desk,
}

impl Width {
    fn pixels(self) -> u32 {
        match self {
            Self::Phone => 320,
            Self::Desk => 1280,
        }
    }
}

/// A browser with a profile of its own; gone when dropped.
pub struct Browser {
    pub driver: WebDriver,
    base: String,
    width: Width,
    process: Child,
    _profile: tempfile::TempDir,
    shots: PathBuf,
    /// The HTML of every page that was looked at, as it was served.
    pages: tempfile::TempDir,
    validated: AtomicBool,
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.validated.load(Ordering::Relaxed), "a flow ends with Browser::validate");
        }
        // Its browser is in its group.
        let group = nix::unistd::Pid::from_raw(self.process.id().try_into().unwrap());
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.process.wait();
    }
}

impl Browser {
    /// Starts chromedriver on a free port, and Chromium by it.
    pub async fn start(world: &World, width: Width) -> Self {
        let mut process = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing: run scripts/setup test");
        let out = process.stdout.take().unwrap();
        let port = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(out).lines();
            let said =
                lines.by_ref().map(Result::unwrap).find(|l| l.contains("started successfully on port"));
            let port = said.unwrap().trim_end_matches('.').rsplit(' ').next().unwrap().to_owned();
            // Read on, so that it never waits for a reader.
            std::thread::spawn(move || lines.for_each(drop));
            port
        });
        let port = tokio::time::timeout(PATIENCE, port).await.expect("chromedriver says nothing").unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-breakpad",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ] {
            capabilities.add_arg(argument).unwrap();
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        // The test's CA; that it is checked by those who know it is shown by `portal_web`.
        capabilities.accept_insecure_certs(true).unwrap();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.unwrap();
        let shots = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/portal-pages");
        std::fs::create_dir_all(&shots).unwrap();
        let browser = Self {
            driver,
            base: world.portal_url(),
            width,
            process,
            _profile: profile,
            shots,
            pages: tempfile::tempdir().unwrap(),
            validated: AtomicBool::new(false),
        };
        // axe-core on a large page; the browser's own limit is half a minute.
        browser.driver.set_script_timeout(PATIENCE * 2).await.unwrap();
        // So that what was loaded can be asked for.
        browser.driver.cdp().send_raw("Network.enable", serde_json::json!({})).await.unwrap();
        browser.resize(width).await;
        browser.prefer("light").await;
        browser
    }

    pub async fn resize(&self, width: Width) {
        let emulation = self.driver.cdp();
        emulation
            .emulation()
            .set_device_metrics_override(width.pixels(), 900, 1.0, width == Width::Phone)
            .await
            .unwrap();
    }

    /// Light or dark, as the system says.
    pub async fn prefer(&self, scheme: &str) {
        // Without motion: a colour that is still changing has no contrast to be measured.
        let features = serde_json::json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await.unwrap();
    }

    pub async fn open(&self, path: &str) {
        assert!(path.starts_with('/'), "{path} leads elsewhere");
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
    }

    pub async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().as_str().trim_start_matches(&self.base).to_owned()
    }

    pub async fn find(&self, css: &str) -> WebElement {
        match self.driver.find(By::Css(css.to_owned())).await {
            Ok(element) => element,
            Err(e) => panic!("no {css} on {}: {e}\n{}", self.path().await, self.text().await),
        }
    }

    pub async fn text(&self) -> String {
        self.driver.find(By::Css("main")).await.unwrap().text().await.unwrap()
    }

    pub async fn shows(&self, words: &str) {
        let text = self.text().await;
        assert!(text.contains(words), "{} does not say {words:?}:\n{text}", self.path().await);
    }

    pub async fn heading(&self) -> String {
        self.find("h1").await.text().await.unwrap()
    }

    /// Types into a field by its name, in the place of what stands there.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find(&format!("[name={name}]")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks on something of this page.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.scroll_into_view().await.unwrap();
        element.click().await.unwrap();
    }

    /// Clicks on what leads to another page, and waits for it.
    pub async fn follow(&self, css: &str) {
        self.leave(self.find(css).await).await;
    }

    /// Sends the page's form, by its own button.
    pub async fn submit(&self) {
        self.follow("#form > button").await;
    }

    /// A button that is a form of its own, by its words.
    pub async fn press(&self, words: &str) {
        self.leave(self.button(words).await).await;
    }

    pub async fn button(&self, words: &str) -> WebElement {
        self.driver.find(By::XPath(format!("//button[normalize-space()='{words}']"))).await.unwrap()
    }

    async fn leave(&self, by: WebElement) {
        let page = self.find("html").await;
        by.scroll_into_view().await.unwrap();
        by.click().await.unwrap();
        self.until_gone(page).await;
    }

    /// Waits until a page that is being left has made way for the next.
    pub async fn until_gone(&self, page: WebElement) {
        let path = self.path().await;
        self.until(&format!("{path} stays"), async || page.tag_name().await.is_err()).await;
        self.until("the next page does not come", async || {
            let state = self.driver.execute("return document.readyState", vec![]).await;
            state.is_ok_and(|s| s.json() == "complete") && self.driver.find(By::Css("h1")).await.is_ok()
        })
        .await;
    }

    /// Looks until it is so.
    pub async fn until(&self, otherwise: &str, so: impl AsyncFn() -> bool) {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let end = tokio::time::Instant::now() + PATIENCE;
        while !so().await {
            assert!(tokio::time::Instant::now() < end, "{otherwise}");
            look.tick().await;
        }
    }

    /// The end of a flow: the HTML of every page that was looked at is valid.
    pub async fn validate(&self) {
        self.validated.store(true, Ordering::Relaxed);
        let pages = self.pages.path().to_owned();
        tokio::task::spawn_blocking(move || validate(&pages)).await.unwrap();
    }

    /// Keeps what the server sent, before any script touched it.
    async fn keep_source(&self, name: &str) {
        let cdp = self.driver.cdp();
        let tree = cdp.send_raw("Page.getFrameTree", serde_json::json!({})).await.unwrap();
        let frame = &tree["frameTree"]["frame"];
        // A navigation's request has the number of the document that it loads.
        let asked = serde_json::json!({ "requestId": frame["loaderId"] });
        let source = cdp.send_raw("Network.getResponseBody", asked).await.unwrap();
        assert_eq!(source["base64Encoded"], false);
        let html = source["body"].as_str().unwrap();
        assert!(html.starts_with("<!doctype html>"), "{name}: {html}");
        std::fs::write(self.pages.path().join(format!("{name}.html")), html).unwrap();
    }

    /// axe-core finds nothing, nothing is wider than the window, nothing that can be clicked is smaller than
    /// 24 pixels outside of a sentence (WCAG 2.5.8). Leaves a picture of the whole page, light and dark, and its
    /// HTML for [`Browser::validate`].
    pub async fn look(&self, name: &str) {
        self.keep_source(name).await;
        self.no_violations(name).await;
        self.prefer("dark").await;
        self.no_violations(&format!("{name}, dark")).await;
        self.picture(&format!("{name}-dark")).await;
        self.prefer("light").await;
        let wider = self
            .driver
            .execute(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth",
                vec![],
            )
            .await
            .unwrap();
        assert_eq!(wider.json().as_i64(), Some(0), "{name} is wider than the window");
        self.picture(name).await;
    }

    async fn no_violations(&self, name: &str) {
        let axe = std::fs::read_to_string(installed("axe-core/axe.min.js")).unwrap();
        self.driver.execute(axe, vec![]).await.unwrap();
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
                               rules: {'target-size': {enabled: true}}})
               .then(r => done(r.violations.map(v => v.id + ': ' + v.help + ' ' +
                    v.nodes.map(n => n.html + ' ' + (n.failureSummary || '')).join(' | '))))
               .catch(e => done([String(e)]))";
        let found = self.driver.execute_async(script, vec![]).await.unwrap();
        let found: Vec<String> = found.convert().unwrap();
        assert!(found.is_empty(), "{name} at {:?}:\n{}", self.width, found.join("\n"));
    }

    async fn picture(&self, name: &str) {
        use base64::Engine as _;
        let shot = self
            .driver
            .cdp()
            .send_raw(
                "Page.captureScreenshot",
                serde_json::json!({"format": "png", "captureBeyondViewport": true}),
            )
            .await
            .unwrap();
        let png = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(self.shots.join(format!("{name}-{}.png", self.width.pixels())), png).unwrap();
    }
}
