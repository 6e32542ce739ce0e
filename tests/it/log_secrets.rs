//! Nothing secret and nothing of a patient reaches the log at any level: the real gateway runs at `trace`, and
//! words are planted wherever a peer can put one, in commands good, malformed, over-long and cut short, also
//! while statements fail and while the database is being killed. `docs/threat-model.md`, "Secrets in logs".

use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::{Client, connector};
use crate::demo_process::{Demo, folder, psql, signal};
use crate::smtp_transcripts::{base64, plain};

/// Hands out words that occur nowhere else, and remembers them with the forms they may take.
#[derive(Default)]
struct Planted(Vec<String>);

impl Planted {
    /// A word in which nothing needs quoting.
    fn word(&mut self, place: &str) -> String {
        let word = format!("zq{}{place}ofnobodyelse", self.0.len());
        self.remember(&word);
        word
    }

    fn remember(&mut self, text: &str) {
        self.0.push(text.to_owned());
        // As base64 shows it, whatever stands before it: the letters that do not depend on the neighbours.
        for shift in 0..3 {
            let padded = [vec![b' '; shift], text.as_bytes().to_vec()].concat();
            let encoded = base64(&padded);
            let core = &encoded[if shift == 0 { 0 } else { 4 }..encoded.len() - 4];
            if core.len() >= 12 {
                self.0.push(core.to_owned());
            }
        }
    }

    fn found_in(&self, text: &str) -> Vec<&str> {
        let text = text.to_lowercase();
        self.0.iter().map(String::as_str).filter(|word| text.contains(&word.to_lowercase())).collect()
    }
}

struct Gateway {
    demo: Demo,
    ca: Vec<u8>,
}

impl Gateway {
    fn account(&self, n: usize, what: &str) -> String {
        self.demo.ready["accounts"][n][what].as_str().unwrap().to_owned()
    }

    async fn imap(&self) -> Client {
        let mut wire = Client::tls(self.demo.port(["imap", "tls_port"]), connector(&self.ca)).await;
        wire.response().await.unwrap();
        wire
    }

    async fn smtp(&self) -> Client {
        let mut wire = Client::tls(self.demo.port(["submission", "tls_port"]), connector(&self.ca)).await;
        wire.smtp_reply().await.unwrap();
        wire.smtp("EHLO [127.0.0.1]").await;
        wire
    }

    async fn signed_in(&self) -> Client {
        let mut wire = self.imap().await;
        let login =
            format!("LOGIN {} {}", self.account(0, "secure_address"), self.account(0, "app_password"));
        let answer = wire.imap("l", &login).await;
        assert!(answer.last().unwrap().starts_with("l OK"), "{answer:?}");
        wire
    }

    /// Figures are read by other people than the log.
    async fn figures(&self) -> String {
        let url = self.demo.ready["metrics_url"].as_str().unwrap();
        let host = url.trim_start_matches("http://").split('/').next().unwrap();
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let ask = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("postern_imap_commands_total"), "{text}");
        text
    }
}

/// Bad sign-ins, each on a connection of its own, since some of them end it. Only one of them is a sign-in
/// with a secret that counts (R4).
async fn sign_in_badly(gateway: &Gateway, planted: &mut Planted) {
    let user = gateway.account(1, "secure_address");
    let mut say = |line: &dyn Fn(&str) -> String, place: &str| line(&planted.word(place));
    let long = "x".repeat(20_000);
    let imap = [
        say(&|w| format!("a LOGIN \"{user}\" \"{w}\"\r\n"), "wrong"),
        say(&|w| format!("a LOGIN {user} \"{w}\r\n"), "unclosed"),
        say(&|w| format!("a LOGIN {user} {w} {w}\r\n"), "toomany"),
        say(&|w| format!("a LOGIN {w}\r\n"), "alone"),
        say(&|w| format!("{w}\r\n"), "tagalone"),
        say(&|w| format!("LOGIN {user} {w}\r\n"), "tagless"),
        say(&|w| format!("a LOGNI {user} {w}\r\n"), "misspelt"),
        say(&|w| format!("a LOGIN {user} {w}{long}\r\n"), "longline"),
        say(&|w| format!("a LOGIN {{3+}}\r\nabc {{900000+}}\r\n{w}\r\n"), "bigliteral"),
        say(&|w| format!("a LOGIN {user} {{{}+}}\r\n{w}\r\n", w.len()), "literal"),
        say(&|w| format!("a LOGIN {user} {w}\x00\r\n"), "nul"),
        say(&|w| format!("a AUTHENTICATE PLAIN {}\r\n", base64(w)), "plainbad"),
        say(&|w| format!("a AUTHENTICATE PLAIN {w}!\r\n"), "plainno64"),
        say(&|w| format!("a AUTHENTICATE {w} {w}\r\n"), "mechanism"),
        say(&|w| format!("a AUTHENTICATE LOGIN\r\n{}\r\n{}\r\n", base64(w), base64(w)), "login"),
        say(&|w| format!("a ID (\"name\" \"{w}\")\r\n"), "id"),
        // Cut off in the middle.
        say(&|w| format!("a LOGIN {user} \"{w}"), "halfline"),
    ];
    for line in imap {
        let mut wire = gateway.imap().await;
        wire.send(line.as_bytes()).await;
        wire.send(b"\r\nz LOGOUT\r\n").await;
        while wire.response().await.is_some() {}
    }
    let mut say = |line: &dyn Fn(&str) -> String, place: &str| line(&planted.word(place));
    let smtp = [
        say(&|w| format!("AUTH PLAIN {}\r\n", base64(w)), "splain"),
        say(&|w| format!("AUTH PLAIN {w}!\r\n"), "sno64"),
        say(&|w| format!("AUTH PLAIN\r\n{w}\r\n"), "schallenge"),
        say(&|w| format!("AUTH LOGIN\r\n{}\r\n{}\r\n", base64(w), base64(w)), "slogin"),
        say(&|w| format!("AUTH {w} {w}\r\n"), "smechanism"),
        say(&|w| format!("AUHT PLAIN {w}\r\n"), "smisspelt"),
        say(&|w| format!("AUTH PLAIN {w}{long}\r\n"), "slong"),
        say(&|w| format!("AUTH PLAIN\r\n{w}{long}\r\n"), "slongchallenge"),
        say(&|w| format!("AUTH PLAIN {w}\n"), "sbarelf"),
        say(&|w| format!("EHLO {w}\r\n"), "sehlo"),
        say(&|w| format!("AUTH PLAIN {w}"), "shalf"),
    ];
    for line in smtp {
        let mut wire = gateway.smtp().await;
        wire.send(line.as_bytes()).await;
        wire.send(b"\r\nQUIT\r\n").await;
        while wire.smtp_reply().await.is_some() {}
    }
}

/// Patients' words in each place that mail has for them.
async fn mail_of_patients(gateway: &Gateway, planted: &mut Planted) {
    let (anna, bert) = (gateway.account(0, "secure_address"), gateway.account(1, "secure_address"));
    let mut word = |place: &str| planted.word(place);
    let mut wire = gateway.smtp().await;
    let auth = plain(&anna, &gateway.account(0, "app_password"));
    assert_eq!(wire.smtp(&format!("AUTH PLAIN {auth}")).await.0, 235);
    wire.smtp(&format!("MAIL FROM:<{}@elsewhere.example>", word("sender"))).await;
    wire.smtp(&format!("MAIL FROM:<{anna}> {}=1", word("parameter"))).await;
    wire.smtp(&format!("{} x", word("verb"))).await;
    wire.smtp(&format!("VRFY {}", word("vrfy"))).await;
    for (file, code) in [("exe", 554), ("txt", 250)] {
        assert_eq!(wire.smtp(&format!("MAIL FROM:<{anna}>")).await.0, 250);
        wire.smtp(&format!("RCPT TO:<{}@elsewhere.example>", word("stranger"))).await;
        wire.smtp("RSET").await;
        wire.smtp(&format!("MAIL FROM:<{anna}>")).await;
        wire.smtp(&format!("RCPT TO:<{bert}>")).await;
        assert_eq!(wire.smtp("DATA").await.0, 354);
        let text = format!(
            "From: {} <{anna}>\r\nTo: {} <{bert}>\r\nSubject: {}\r\nMessage-ID: <{}@client.example>\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{}\r\n\
             --b\r\nContent-Type: {}/x\r\nContent-Disposition: attachment; filename=\"{}.{file}\"\r\n\r\n{}\r\n--b--\r\n.",
            word("fromname"),
            word("toname"),
            word("subject"),
            word("messageid"),
            word("text"),
            if file == "txt" { "text" } else { "application" },
            word("filename"),
            word("content"),
        );
        let (got, said) = wire.smtp(&text.replace("text/x", "text/plain")).await;
        assert_eq!(got, code, "{said}");
    }
    // No field at all, and a line that never ends.
    wire.smtp(&format!("MAIL FROM:<{anna}>")).await;
    wire.smtp(&format!("RCPT TO:<{bert}>")).await;
    wire.smtp("DATA").await;
    wire.smtp(&format!("{} no field\r\n\r\nx\r\n.", word("nofield"))).await;
    wire.smtp(&format!("NOOP {}{}", word("longsmtp"), "x".repeat(20_000))).await;

    let mut wire = gateway.signed_in().await;
    let folder = word("folder");
    let message = format!("Subject: {}\r\n\r\n{}\r\n", word("draftsubject"), word("drafttext"));
    for command in [
        format!("CREATE {folder}/{}", word("subfolder")),
        format!("SUBSCRIBE {}", word("subscription")),
        format!("SELECT {}", word("missing")),
        format!("APPEND {folder} ({}) {{{}+}}\r\n{message}", word("keyword"), message.len()),
        format!("SELECT {folder}"),
        format!("STORE 1 +FLAGS ({})", word("label")),
        format!("STORE 1 +FLAGS (\\{})", word("noflag")),
        format!("SEARCH SUBJECT {}", word("search")),
        format!("SEARCH CHARSET {} TEXT x", word("charset")),
        format!("SEARCH {}", word("nokey")),
        format!("FETCH 1 BODY[HEADER.FIELDS ({})]", word("field")),
        "FETCH 1 (ENVELOPE BODY[])".to_owned(),
        format!("RENAME {folder} {}", word("newname")),
        format!("{} x", word("command")),
        format!("NOOP {}", word("argument")),
        format!("SEARCH TEXT \"{}{}\"", word("longimap"), "x".repeat(70_000)),
    ] {
        wire.send(format!("a {command}\r\n").as_bytes()).await;
        while let Some(response) = wire.response().await {
            if response.starts_with(b"a ") {
                break;
            }
        }
    }
}

/// Statements that fail in the database: what PostgreSQL says of them holds values.
async fn while_statements_fail(gateway: &Gateway, planted: &mut Planted) {
    let url = gateway.demo.ready["database_url"].as_str().unwrap();
    let anna = gateway.account(0, "secure_address");
    let mut reading = gateway.signed_in().await;
    let mut sending = gateway.smtp().await;
    let auth = plain(&anna, &gateway.account(0, "app_password"));
    assert_eq!(sending.smtp(&format!("AUTH PLAIN {auth}")).await.0, 235);
    sending.smtp(&format!("MAIL FROM:<{anna}>")).await;
    psql(url, "alter table mailbox rename to mailbox_away; alter table address rename to address_away");
    let answer = reading.imap("a", &format!("CREATE {}", planted.word("failingcreate"))).await;
    assert!(answer.last().unwrap().starts_with("a NO [SERVERBUG]"), "{answer:?}");
    reading.imap("b", &format!("STATUS {} (MESSAGES)", planted.word("failingstatus"))).await;
    let rcpt = format!("RCPT TO:<{}@elsewhere.example>", planted.word("failingrcpt"));
    assert_eq!(sending.smtp(&rcpt).await.0, 451);
    let mut wire = gateway.imap().await;
    let answer = wire.imap("a", &format!("LOGIN {anna} {}", planted.word("failinglogin"))).await;
    assert!(answer.last().unwrap().starts_with("a NO [UNAVAILABLE]"), "{answer:?}");
    psql(url, "alter table mailbox_away rename to mailbox; alter table address_away rename to address");
}

/// The portal: links, cookies, tokens, passwords, addresses, good and bad, and a page that fails.
async fn forms_and_links(gateway: &Gateway, planted: &mut Planted) {
    let ca = reqwest::Certificate::from_pem(&gateway.ca).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([ca])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let base = gateway.demo.ready["portal"]["url"].as_str().unwrap();
    let cookie_of = |answer: &reqwest::Response| {
        let set = answer.headers().get_all("set-cookie").iter().next().expect("a cookie");
        set.to_str().unwrap().split(';').next().unwrap().to_owned()
    };
    // A link to a new address asks for the sign-in first.
    for (page, status) in [("reset", 410), ("invitation", 410), ("email", 303)] {
        let path = format!("{base}/{page}/{}?{}", planted.word("link"), planted.word("query"));
        assert_eq!(http.get(path).send().await.unwrap().status(), status, "{page}");
    }
    let page = http.get(format!("{base}/sign-in?next={}", planted.word("next"))).send().await.unwrap();
    let visitor = cookie_of(&page);
    planted.remember(visitor.split_once('=').unwrap().1);
    let body = page.text().await.unwrap();
    let csrf = crate::portal_web::between(&body, "name=\"csrf\" value=\"", "\"").unwrap().to_owned();
    planted.remember(&csrf);
    let post = async |path: &str, cookie: &str, fields: &[(&str, &str)]| {
        http.post(format!("{base}{path}")).header("cookie", cookie).form(fields).send().await.unwrap()
    };
    let (login, password) =
        (format!("{}@elsewhere.example", planted.word("weblogin")), planted.word("webpassword"));
    let fields = [("csrf", csrf.as_str()), ("login", login.as_str()), ("password", password.as_str())];
    assert_eq!(post("/sign-in", &visitor, &fields).await.status(), 422);
    let own = gateway.account(1, "email");
    let fields = [("csrf", csrf.as_str()), ("login", own.as_str()), ("password", password.as_str())];
    assert_eq!(post("/sign-in", &visitor, &fields).await.status(), 422);
    assert_eq!(post("/reset", &visitor, &[("csrf", &csrf), ("login", &login)]).await.status(), 303);
    let bad = planted.word("webtoken");
    assert_eq!(post("/reset", &visitor, &[("csrf", &bad), ("login", &login)]).await.status(), 403);
    let forged = format!("__Host-postern={}", planted.word("webcookie"));
    assert_eq!(
        http.get(format!("{base}/profile")).header("cookie", forged).send().await.unwrap().status(),
        303
    );
    let right = gateway.account(1, "portal_password");
    let fields = [("csrf", csrf.as_str()), ("login", own.as_str()), ("password", right.as_str())];
    let signed_in = post("/sign-in", &visitor, &fields).await;
    assert_eq!(signed_in.status(), 303);
    planted.remember(cookie_of(&signed_in).split_once('=').unwrap().1);
    let url = gateway.demo.ready["database_url"].as_str().unwrap();
    psql(url, "alter table account_link rename to account_link_away");
    let path = format!("{base}/reset/{}", planted.word("failinglink"));
    assert_eq!(http.get(path).send().await.unwrap().status(), 500);
    psql(url, "alter table account_link_away rename to account_link");
}

/// While the database is being killed each command fails in a way of its own, and each failure is logged.
async fn while_the_database_dies(gateway: &Gateway, planted: &mut Planted) {
    let anna = gateway.account(0, "secure_address");
    let mut reading = gateway.signed_in().await;
    reading.imap("s", "SELECT INBOX").await;
    let mut sending = gateway.smtp().await;
    let auth = plain(&anna, &gateway.account(0, "app_password"));
    assert_eq!(sending.smtp(&format!("AUTH PLAIN {auth}")).await.0, 235);
    sending.smtp(&format!("MAIL FROM:<{anna}>")).await;
    signal(gateway.demo.postmaster().await, Signal::SIGKILL);
    sending.send(format!("RCPT TO:<{}@elsewhere.example>\r\n", planted.word("dyingrcpt")).as_bytes()).await;
    for (tag, place) in [("a", "dyingcreate"), ("b", "dyingstatus")] {
        let verb = if tag == "a" { "CREATE" } else { "STATUS" };
        let items = if tag == "a" { "" } else { " (MESSAGES)" };
        reading.send(format!("{tag} {verb} {}{items}\r\n", planted.word(place)).as_bytes()).await;
    }
    reading.imap_until("b").await;
    sending.smtp_reply().await;
    let mut wire = gateway.imap().await;
    wire.imap("a", &format!("LOGIN {anna} {}", planted.word("dyinglogin"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_planted_reaches_the_log() {
    let home = folder();
    let dir = home.path().join("demo");
    let level = [("POSTERN_LOG_LEVEL", "trace")];
    let demo = Demo::start_with(&dir, &[], &level).await;
    let ca = std::fs::read(demo.ready["ca_file"].as_str().unwrap()).unwrap();
    let gateway = Gateway { demo, ca };
    let mut planted = Planted::default();
    for n in 0..gateway.demo.ready["accounts"].as_array().unwrap().len() {
        let shown = gateway.account(n, "app_password");
        planted.remember(&shown.replace('-', ""));
        planted.remember(&shown);
        planted.remember(&gateway.account(n, "portal_password"));
    }
    let url = gateway.demo.ready["database_url"].as_str().unwrap();
    planted.remember(url.split(['@', ':']).nth(2).unwrap());
    let key = std::fs::read_to_string(master_key(&dir)).unwrap();
    planted.remember(key.split_whitespace().last().unwrap());

    sign_in_badly(&gateway, &mut planted).await;
    mail_of_patients(&gateway, &mut planted).await;
    forms_and_links(&gateway, &mut planted).await;
    while_statements_fail(&gateway, &mut planted).await;
    while_the_database_dies(&gateway, &mut planted).await;
    // The verbs, which say a new secret once on standard output.
    let config = gateway.demo.ready["config_file"].as_str().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_postern"))
        .args([
            "--config",
            config,
            "app-password",
            "create",
            &gateway.account(2, "email"),
            "--name",
            "Telefon",
        ])
        .env("POSTERN_LOG_LEVEL", "trace")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let secret = said.split_whitespace().max_by_key(|word| word.len()).unwrap().to_owned();
    planted.remember(&secret);
    let figures = gateway.figures().await;
    let database_log = gateway.demo.database_log();
    assert!(database_log.contains("database system"), "{database_log}");
    gateway.demo.stop().await;

    let log = std::fs::read_to_string(dir.with_extension("log")).unwrap();
    for expected in
        ["TRACE", "unparsed", "sign-in-refused", "submission-refused", "a command failed", "a page failed"]
    {
        assert!(log.contains(expected), "the log is not what this test is about: no {expected}");
    }
    let leaked: Vec<(&str, Vec<&str>)> = log
        .lines()
        .map(|line| (line, planted.found_in(line)))
        .filter(|(_, words)| !words.is_empty())
        .collect();
    assert!(leaked.is_empty(), "{leaked:#?}");
    for (what, text) in [
        ("the figures", figures),
        ("the verb's log", String::from_utf8_lossy(&made.stderr).into_owned()),
        ("PostgreSQL's log", database_log),
    ] {
        assert!(planted.found_in(&text).is_empty(), "{what}: {:?}", planted.found_in(&text));
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { out.push(path) }
        }
    }
    out
}

fn master_key(dir: &Path) -> std::path::PathBuf {
    files(dir).into_iter().find(|path| path.ends_with("master.key")).expect("the demo's master key")
}

#[test]
fn planted_words_are_found_in_each_form() {
    let mut planted = Planted::default();
    let word = planted.word("form");
    for user in ["a", "ab", "abc"] {
        assert!(!planted.found_in(&format!("auth {}", plain(user, &word))).is_empty(), "{user}");
    }
    assert!(!planted.found_in(&format!("a LOGIN \"{}\"", word.to_uppercase())).is_empty());
    assert!(planted.found_in("a LOGIN").is_empty());
}
