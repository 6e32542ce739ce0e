//! The portal as a program sees it: HTTPS with the test's own CA, cookies, forms with their token. Every page
//! that comes by is weighed and kept for the checks of its HTML.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::harness::World;

/// No page may weigh more, with all that it loads (issue 3).
const WEIGHT_MAX: usize = 50 * 1024;

/// One browser's worth of cookies. It follows no redirect by itself and runs no script.
pub struct Web {
    http: reqwest::Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
    csrf: Mutex<String>,
    /// Headers of every request, for pretending.
    pub agent: &'static str,
    pages: PathBuf,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
    pub took: Duration,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn location(&self) -> &str {
        assert_eq!(self.status, 303, "no redirect but:\n{}", self.body);
        self.header("location")
    }

    /// The page's heading.
    pub fn heading(&self) -> &str {
        between(&self.body, "<h1>", "</h1>").unwrap_or_default()
    }

    #[track_caller]
    pub fn shows(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "the page does not say {words:?}:\n{text}");
        self
    }

    /// What is to be read, without tags.
    pub fn text(&self) -> String {
        let main = between(&self.body, "<main", "</main>").unwrap_or(&self.body);
        let mut out = String::new();
        let mut inside = false;
        for c in main.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    out.push(' ');
                }
                c if !inside => out.push(c),
                _ => {}
            }
        }
        let text = out
            .replace("&#39;", "'")
            .replace("&#34;", "\"")
            .replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#38;", "&");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

pub fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

impl Web {
    /// Somebody with a new browser.
    pub fn new(world: &World) -> Self {
        Self::at(&world.ca_file, world.portal_url())
    }

    /// The same, for any portal.
    pub fn at(ca_file: &Path, base: String) -> Self {
        let ca = reqwest::Certificate::from_pem(&std::fs::read(ca_file).unwrap()).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([ca])
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let pages = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "pages-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        let _ = std::fs::remove_dir_all(&pages);
        std::fs::create_dir_all(&pages).unwrap();
        Self {
            http,
            base,
            cookies: Mutex::default(),
            csrf: Mutex::default(),
            agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            pages,
        }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().insert(name.to_owned(), value.to_owned());
    }

    /// The token of the last page with a form.
    pub fn csrf(&self) -> String {
        self.csrf.lock().clone()
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        assert!(path.starts_with('/'), "{path} leads elsewhere");
        let cookies: Vec<String> = self.cookies.lock().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let mut request =
            self.http.request(method, format!("{}{path}", self.base)).header("user-agent", self.agent);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        request
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let begun = Instant::now();
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap();
        let took = begun.elapsed();
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.lock().remove(name);
            } else {
                self.set_cookie(name, value);
            }
        }
        if let Some(token) = between(&body, "name=\"csrf\" value=\"", "\"") {
            token.clone_into(&mut self.csrf.lock());
        }
        let answer = Answer { status, headers, body, took };
        if answer.header("content-type").starts_with("text/html") {
            self.keep(&answer);
        }
        answer
    }

    fn keep(&self, answer: &Answer) {
        let mut weight = answer.body.len();
        for part in answer.body.split('"').filter(|p| p.starts_with("/static/")) {
            let source = match part.rsplit_once('.').map(|(_, ending)| ending) {
                Some("css") if part.contains("/old-") => "old.css",
                Some("css") => "portal.css",
                Some("js") => "portal.js",
                Some("svg") => "icon.svg",
                other => panic!("{other:?} of {part}"),
            };
            let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/portal/assets").join(source);
            weight += std::fs::metadata(file).unwrap().len() as usize;
        }
        assert!(weight <= WEIGHT_MAX, "{} weighs {weight} bytes", answer.heading());
        let hash = answer.body.bytes().fold(5381_u64, |h, b| h.wrapping_mul(33) ^ u64::from(b));
        std::fs::write(self.pages.join(format!("{hash:016x}.html")), &answer.body).unwrap();
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    /// Sends a form as the last page would.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.send(self.request(reqwest::Method::POST, path).form(&all)).await
    }

    /// The page that an answer leads to, over as many redirects as there are.
    pub async fn follow(&self, mut answer: Answer) -> Answer {
        for _ in 0..5 {
            if answer.status != 303 {
                return answer;
            }
            let next = answer.location().to_owned();
            answer = self.get(&next).await;
        }
        panic!("redirected for ever");
    }

    /// Checks the HTML of every page that came by.
    pub async fn validate(&self) {
        let pages = self.pages.clone();
        tokio::task::spawn_blocking(move || validate(&pages)).await.unwrap();
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.pages);
    }
}

/// A file that `scripts/setup test` has installed.
pub fn installed(path: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/npm/node_modules").join(path);
    assert!(file.exists(), "{} is missing: run scripts/setup test", file.display());
    file
}

/// html-validate finds nothing in any file of a folder.
pub fn validate(pages: &Path) {
    let count = std::fs::read_dir(pages).unwrap().count();
    assert!(count > 0, "no page came by");
    let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/npm/html-validate.json");
    let out = Command::new("node")
        .arg(installed("html-validate/bin/html-validate.mjs"))
        .arg("--config")
        .arg(config)
        .args(["--formatter", "text"])
        .arg(pages)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    println!("{count} pages are valid HTML");
}
