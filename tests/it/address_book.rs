//! R21: the address book over HTTPS, as devices read it, and as the foreign vdirsyncer synchronises it.

use std::process::Command;

use reqwest::{Method, Response, StatusCode};

use crate::device_setup::Web;
use crate::harness::World;
use crate::portal_site::{PASSWORD, PHONE, Site};
use crate::portal_web::between;

const BOOK: &str = "/carddav/me/books/contacts/";

impl Web {
    /// A request of one of the four, signed in with the app password.
    async fn dav(
        &self,
        name: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let person = self.world.account(name);
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, self.url("localhost", path));
        for (key, value) in headers {
            request = request.header(*key, *value);
        }
        request.basic_auth(&person.secure, Some(&person.password)).body(body.to_owned()).send().await.unwrap()
    }

    /// What a book answers to a synchronisation from `token` on: 207, and the body.
    async fn sync(&self, name: &str, token: &str) -> String {
        let body = format!(
            "<sync-collection xmlns=\"DAV:\"><sync-token>{token}</sync-token><sync-level>1</sync-level>\
             <prop><getetag/><address-data xmlns=\"urn:ietf:params:xml:ns:carddav\"/></prop></sync-collection>"
        );
        let answer = self.dav(name, "REPORT", BOOK, &[("Depth", "0")], &body).await;
        assert_eq!(answer.status(), StatusCode::MULTI_STATUS);
        answer.text().await.unwrap()
    }

    /// Sends a message over submission.
    async fn write(&self, from: &str, to: &str, id: &str) {
        let (from, to) = (self.world.account(from), &self.world.account(to).secure);
        let mut smtp = self.world.connect("submission-tls").await;
        smtp.smtp_reply().await.unwrap();
        smtp.smtp("EHLO client.test").await;
        let plain = crate::smtp_transcripts::plain(&from.secure, &from.password);
        assert_eq!(smtp.smtp(&format!("AUTH PLAIN {plain}")).await.0, 235);
        assert_eq!(smtp.smtp(&format!("MAIL FROM:<{}>", from.secure)).await.0, 250);
        assert_eq!(smtp.smtp(&format!("RCPT TO:<{to}>")).await.0, 250);
        assert_eq!(smtp.smtp("DATA").await.0, 354);
        let text = format!(
            "From: <{}>\r\nTo: <{to}>\r\nSubject: x\r\nMessage-ID: <{id}@client>\r\n\r\nHallo\r\n.\r\n",
            from.secure
        );
        smtp.send(text.as_bytes()).await;
        assert_eq!(smtp.smtp_reply().await.unwrap().0, 250);
    }
}

/// The token that an answer ends with.
fn token(answer: &str) -> String {
    let (_, rest) = answer.rsplit_once("<D:sync-token>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

/// The path of the card that mentions an address.
fn card_of(answer: &str, address: &str) -> String {
    let response = answer.split("<D:response>").find(|r| r.contains(address)).unwrap();
    response.split_once("<D:href>").unwrap().1.split_once('<').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discovery_begins_at_the_well_known_place() {
    let web = Web::new().await;
    for method in ["GET", "PROPFIND"] {
        let answer = web.dav("anna", method, "/.well-known/carddav", &[("Depth", "0")], "").await;
        assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY);
        assert_eq!(answer.headers()["location"], "/carddav/");
    }
    let options =
        web.client.request(Method::OPTIONS, web.url("localhost", "/carddav/")).send().await.unwrap();
    assert_eq!(options.status(), StatusCode::OK);
    assert_eq!(options.headers()["dav"], "1, 3, addressbook");
    let home = web.dav("anna", "PROPFIND", "/carddav/me/books/", &[("Depth", "1")], "").await;
    assert_eq!(home.status(), StatusCode::MULTI_STATUS);
    assert!(home.text().await.unwrap().contains(BOOK));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r21_who_was_written_to_is_a_contact_and_a_change_is_seen() {
    let web = Web::new().await;
    let empty = web.sync("anna", "").await;
    assert!(!empty.contains("<D:response>"), "{empty}");
    web.write("anna", "bert", "1").await;
    web.write("anna", "bert", "2").await;
    let bert = web.world.account("bert").secure.clone();
    let first = web.sync("anna", &token(&empty)).await;
    assert_eq!(first.matches("BEGIN:VCARD").count(), 1, "{first}");
    assert!(first.contains(&bert) && first.contains("FN:Bert Brandt"), "{first}");
    // Being written to adds nobody.
    assert!(!web.sync("bert", "").await.contains("<D:response>"));
    web.write("anna", "carla", "3").await;
    let second = web.sync("anna", &token(&first)).await;
    assert!(second.matches("BEGIN:VCARD").count() == 1 && second.contains("Carla"), "{second}");
    assert!(!web.sync("anna", &token(&second)).await.contains("<D:response>"));

    // A new name is a new entity tag; who has gone is gone.
    let path = card_of(&first, &bert);
    let card = web.dav("anna", "GET", &path, &[], "").await;
    let tag = card.headers()["etag"].to_str().unwrap().to_owned();
    assert!(card.headers()["content-type"].to_str().unwrap().starts_with("text/vcard"));
    assert!(card.text().await.unwrap().starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\n"));
    let same = web.dav("anna", "GET", &path, &[("If-None-Match", &tag)], "").await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    let four = web.dav("anna", "GET", &path, &[("Accept", "text/vcard; version=4.0")], "").await;
    assert!(four.text().await.unwrap().contains("VERSION:4.0"));
    let psql = |sql: &str| crate::demo_process::psql(&web.world.database_url, sql);
    psql("update account set last_name = 'Brandt-Berg' where first_name = 'Bert'");
    let renamed = web.sync("anna", &token(&second)).await;
    assert!(
        renamed.contains("FN:Bert Brandt-Berg") && !renamed.contains(&tag.replace('"', "&quot;")),
        "{renamed}"
    );
    // A lock shows in no card.
    psql("update account set state = 'locked', locked_at = now() where first_name = 'Bert'");
    assert!(!web.sync("anna", &token(&renamed)).await.contains("<D:response>"));
    psql("update account set state = 'closed' where first_name = 'Bert'");
    let closed = web.sync("anna", &token(&renamed)).await;
    assert!(closed.contains(&format!("{path}</D:href><D:status>HTTP/1.1 404 Not Found")), "{closed}");
    assert_eq!(web.dav("anna", "GET", &path, &[], "").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r21_only_ones_own_and_only_to_read() {
    let web = Web::new().await;
    web.write("anna", "bert", "1").await;
    let path = card_of(&web.sync("anna", "").await, &web.world.account("bert").secure);
    assert_eq!(web.dav("carla", "GET", &path, &[], "").await.status(), StatusCode::NOT_FOUND);
    // A free account has no book.
    assert_eq!(
        web.dav("frieda", "PROPFIND", BOOK, &[("Depth", "0")], "").await.status(),
        StatusCode::NOT_FOUND
    );
    for (method, at) in [
        ("PUT", path.as_str()),
        ("PUT", "/carddav/me/books/contacts/new.vcf"),
        ("DELETE", &path),
        ("DELETE", BOOK),
        ("PROPPATCH", BOOK),
        ("MKCOL", "/carddav/me/books/more/"),
        ("MOVE", &path),
        ("COPY", &path),
        ("POST", BOOK),
    ] {
        let answer = web.dav("anna", method, at, &[("Destination", "/carddav/x")], "BEGIN:VCARD").await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {at}");
        assert!(text.contains("need-privileges"), "{method}: {text}");
    }
    assert_eq!(web.dav("anna", "LOCK", &path, &[], "").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    let deep = web.dav("anna", "PROPFIND", BOOK, &[("Depth", "infinity")], "").await;
    assert!(deep.text().await.unwrap().contains("propfind-finite-depth"));
    assert_eq!(web.sync("anna", "").await.matches("BEGIN:VCARD").count(), 1, "nothing has changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_r29_the_doors_rules_hold_here_too() {
    let web = Web::new().await;
    let ask = async |user: &str, password: &str| {
        let request =
            web.client.request(Method::from_bytes(b"PROPFIND").unwrap(), web.url("localhost", BOOK));
        request.header("Depth", "0").basic_auth(user, Some(password)).send().await.unwrap()
    };
    let anna = web.world.account("anna").clone();
    assert_eq!(ask(&anna.secure, &anna.password).await.status(), StatusCode::MULTI_STATUS);
    let nobody = ask("nobody@secure.test", "wrong").await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    assert!(nobody.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic realm="));
    for n in 0..5 {
        assert_eq!(ask(&anna.secure, &format!("wrong {n}")).await.status(), StatusCode::UNAUTHORIZED);
    }
    // Locked now, at every door.
    assert_eq!(ask(&anna.secure, &anna.password).await.status(), StatusCode::UNAUTHORIZED);
    let mut imap = web.world.connect("imap-tls").await;
    imap.response().await.unwrap();
    let answer = imap.imap("l", &web.world.login_command("anna")).await;
    assert!(answer.last().unwrap().starts_with("l NO"), "{answer:?}");
}

/// RFC 6764 §6: a client that found no redirect asks the host itself; browsers go on finding their page there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discovery_works_without_the_well_known_place() {
    let web = Web::new().await;
    let body = "<propfind xmlns=\"DAV:\"><prop><current-user-principal/><resourcetype/></prop></propfind>";
    let answer = web.dav("anna", "PROPFIND", "/", &[("Depth", "0")], body).await;
    assert_eq!(answer.status(), StatusCode::MULTI_STATUS);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let text = answer.text().await.unwrap();
    assert!(text.contains("<D:href>/</D:href>"), "{text}");
    assert!(
        text.contains("<D:current-user-principal><D:href>/carddav/me/</D:href></D:current-user-principal>"),
        "{text}"
    );
    let url = web.url("localhost", "/");
    let options = web.client.request(Method::OPTIONS, &url).send().await.unwrap();
    assert_eq!(
        (options.status(), options.headers()["dav"].as_bytes()),
        (StatusCode::OK, &b"1, 3, addressbook"[..])
    );
    // Signed out, it asks for the app password, as everywhere below.
    let stranger = Method::from_bytes(b"PROPFIND").unwrap();
    let stranger = web.client.request(stranger, &url).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert!(stranger.headers().contains_key("www-authenticate"));
    let page = web.client.get(&url).send().await.unwrap();
    assert_eq!(
        (page.status(), page.headers()["location"].as_bytes()),
        (StatusCode::SEE_OTHER, &b"/sign-in"[..])
    );
    // Only there, and only to look.
    for (method, path) in [("PROPFIND", "/sign-in"), ("REPORT", "/"), ("PUT", "/")] {
        let answer = web.dav("anna", method, path, &[("Depth", "0")], body).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
}

/// An address book signs in with each request; the audit log says so once for each device, address and day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_days_sign_ins_of_a_device_are_one_entry() {
    let web = Web::new().await;
    for _ in 0..5 {
        web.sync("anna", "").await;
        web.sync("carla", "").await;
    }
    // What comes later is entered later.
    let mut imap = web.world.imap("bert").await;
    imap.imap("n", "NOOP").await;
    let entered = "select coalesce(string_agg(account_id || ' ' || detail, ', ' order by id), '') from (
                       select id, account_id, detail, action from audit_pending
                       union all select id, account_id, detail, action from audit_entry) e
                    where action = 'sign-in'";
    let mut look = tokio::time::interval(std::time::Duration::from_millis(20));
    let end = tokio::time::Instant::now() + crate::client::PATIENCE;
    let found = loop {
        look.tick().await;
        let url = web.world.database_url.clone();
        let found =
            tokio::task::spawn_blocking(move || crate::demo_process::psql(&url, entered)).await.unwrap();
        if found.contains("door=imap") {
            break found;
        }
        assert!(tokio::time::Instant::now() < end, "{found}");
    };
    assert_eq!(found.trim(), "1 door=carddav, 3 door=carddav, 2 door=imap");
}

/// What the foreign program is told of the book.
#[derive(Clone, Copy)]
enum Told {
    /// It is only to be read, so it does not even try to write.
    ReadOnly,
    /// Nothing, so it writes what was changed here.
    Nothing,
}

/// Another program's CardDAV client over a folder of its own.
struct Vdirsyncer {
    folder: tempfile::TempDir,
}

impl Vdirsyncer {
    /// Set up with an account's secure address and app password, and the address that the account-setup file
    /// announces; it has found the book.
    async fn new(world: &World, name: &str, told: Told) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("cards")).unwrap();
        let person = world.account(name);
        let (of_pair, of_remote) = match told {
            Told::ReadOnly => ("partial_sync = \"revert\"\n", "read_only = true\n"),
            Told::Nothing => ("", ""),
        };
        let config = format!(
            "[general]\nstatus_path = \"{home}/status/\"\n\n[pair contacts]\na = \"local\"\nb = \"remote\"\n\
             collections = [\"from b\"]\nconflict_resolution = \"b wins\"\n{of_pair}\n\
             [storage local]\ntype = \"filesystem\"\npath = \"{home}/cards/\"\nfileext = \".vcf\"\n\n\
             [storage remote]\ntype = \"carddav\"\nurl = \"{url}/carddav/\"\nusername = \"{user}\"\n\
             password = \"{password}\"\nverify = \"{ca}\"\n{of_remote}",
            home = folder.path().display(),
            url = world.portal_url(),
            user = person.secure,
            password = person.password,
            ca = world.ca_file.display(),
        );
        std::fs::write(folder.path().join("config"), config).unwrap();
        let client = Self { folder };
        let (found, said) = client.run("discover").await;
        assert!(found, "{said}");
        client
    }

    /// Whether it is content, and what it says.
    async fn run(&self, verb: &'static str) -> (bool, String) {
        let config = self.folder.path().join("config");
        let output = tokio::task::spawn_blocking(move || {
            use std::io::Write as _;
            let mut child = Command::new("vdirsyncer")
                .arg("-c")
                .arg(config)
                .arg(verb)
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            // It asks whether to make the local collection.
            child.stdin.take().unwrap().write_all(b"y\ny\n").unwrap();
            child.wait_with_output().unwrap()
        });
        let output = output.await.unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    }

    async fn sync(&self) {
        let (done, said) = self.run("sync").await;
        assert!(done, "{said}");
    }

    fn cards(&self) -> Vec<(std::path::PathBuf, String)> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(self.folder.path().join("cards/contacts")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "vcf") {
                all.push((path.clone(), std::fs::read_to_string(path).unwrap()));
            }
        }
        all
    }

    /// The full names, in order.
    fn names(&self) -> Vec<String> {
        let name = |card: String| {
            let line = card.lines().find(|l| l.starts_with("FN")).unwrap();
            line.split_once(':').unwrap().1.to_owned()
        };
        let mut names: Vec<String> = self.cards().into_iter().map(|(_, card)| name(card)).collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vdirsyncer_reads_and_cannot_write() {
    let web = Web::new().await;
    web.write("anna", "bert", "1").await;
    let client = Vdirsyncer::new(&web.world, "anna", Told::ReadOnly).await;
    client.sync().await;
    assert_eq!(client.names(), ["Bert Brandt"]);
    web.write("anna", "carla", "2").await;
    client.sync().await;
    assert_eq!(client.names(), ["Bert Brandt", "Carla Conti"]);
    // What is deleted here stays there, and comes back: it first forgets the deletion, then reads anew.
    let (path, _) = client.cards().remove(0);
    std::fs::remove_file(path).unwrap();
    client.sync().await;
    client.sync().await;
    assert_eq!(client.names().len(), 2);
    assert_eq!(web.sync("anna", "").await.matches("BEGIN:VCARD").count(), 2);
}

/// The same program, told that it may write: every attempt is refused, and the book stays as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vdirsyncer_that_tries_to_write_is_refused() {
    let web = Web::new().await;
    web.write("anna", "bert", "1").await;
    web.write("anna", "carla", "2").await;
    let before = web.sync("anna", "").await;
    let made = async || {
        let client = Vdirsyncer::new(&web.world, "anna", Told::Nothing).await;
        client.sync().await;
        client
    };
    // A card changed, a card of one's own, a card deleted.
    let client = made().await;
    let (path, card) = client.cards().remove(0);
    std::fs::write(&path, card.replace("FN:", "FN:Not ")).unwrap();
    let (done, said) = client.run("sync").await;
    assert!(!done && said.contains("403"), "{said}");
    let client = made().await;
    let own = client.folder.path().join("cards/contacts/own.vcf");
    std::fs::write(own, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:own\r\nFN:Eve\r\nN:Eve;;;;\r\nEND:VCARD\r\n")
        .unwrap();
    let (done, said) = client.run("sync").await;
    assert!(!done && said.contains("403"), "{said}");
    let client = made().await;
    std::fs::remove_file(client.cards().remove(0).0).unwrap();
    let (done, said) = client.run("sync").await;
    assert!(!done && said.contains("403"), "{said}");
    assert_eq!(web.sync("anna", "").await, before);
}

/// R21: the invited person is no contact while the invitation waits, and is one after the registration; one who
/// had an account already is one as soon as the invitation is joined.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r21_vdirsyncer_sees_who_has_registered() {
    const BOB: &str = "bob@baker-dental.example";
    const BOBS_PHONE: &str = "+12025550119";
    const OTHER_PHONE: &str = "+12025550155";
    let site = Site::new().await;
    site.equip("carla", PASSWORD, "+12025550188").await;
    let anna = site.signed_in("anna", PASSWORD, PHONE).await;
    let carla = site.signed_in("carla", PASSWORD, "+12025550188").await;
    for (web, phone) in [(&anna, BOBS_PHONE), (&carla, OTHER_PHONE)] {
        web.get("/invite").await;
        let who = [
            ("email", BOB),
            ("first_name", "Bob"),
            ("last_name", "Baker"),
            ("role", "doctor"),
            ("phone", phone),
        ];
        web.post("/invite", &who).await.shows("can be written to");
    }
    assert_eq!(site.write("anna", BOB, "First").await.0, 250);
    let first = site.link("invitation", BOB).await;
    assert_eq!(site.write("carla", BOB, "Second").await.0, 250);
    let second = site.link("invitation", BOB).await;
    let of_anna = Vdirsyncer::new(&site.world, "anna", Told::ReadOnly).await;
    let of_carla = Vdirsyncer::new(&site.world, "carla", Told::ReadOnly).await;
    for client in [&of_anna, &of_carla] {
        client.sync().await;
        assert_eq!(client.names(), [""; 0]);
    }

    let bob = crate::portal_web::Web::new(&site.world);
    bob.get(&first).await;
    let password = "nine tall candles burn";
    let chosen = [
        ("first_name", "Bob"),
        ("last_name", "Baker"),
        ("by", "text"),
        ("password", password),
        ("again", password),
    ];
    bob.follow(bob.post(&first, &chosen).await).await;
    let code = site.code(BOBS_PHONE).await;
    let welcome = bob.follow(bob.post("/code", &[("code", &code)]).await).await;
    let secure = between(&welcome.text(), "Your secure address is ", ". ").unwrap().to_owned();
    of_anna.sync().await;
    assert!(matches!(&of_anna.cards()[..], [(_, card)] if card.contains(&secure)), "{:?}", of_anna.cards());
    anna.get("/contacts").await.shows("Bob Baker").shows(&secure);
    // Carla entered another phone: her messages wait, and Bob is no contact of hers.
    of_carla.sync().await;
    assert_eq!(of_carla.names(), [""; 0]);
    carla.get("/contacts").await.shows("There is nobody yet");

    bob.get(&second).await;
    bob.follow(bob.post(&format!("{second}/accept"), &[]).await).await;
    bob.post(&format!("{second}/code/new"), &[("by", "text")]).await;
    let code = site.code(OTHER_PHONE).await;
    bob.follow(bob.post(&format!("{second}/code"), &[("code", &code)]).await)
        .await
        .shows("are in your inbox");
    of_carla.sync().await;
    assert_eq!(of_carla.names(), ["Bob Baker"]);
    assert!(of_carla.cards()[0].1.contains(&secure));
    carla.get("/contacts").await.shows(&secure);
    // Once, not twice.
    of_anna.sync().await;
    assert_eq!(of_anna.names(), ["Bob Baker"]);
}

/// R30, R12: another secure address is in every book, the former leads nowhere, and sessions that would write from
/// it end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r30_another_secure_address_is_seen_and_the_former_is_gone() {
    let web = Web::new().await;
    web.write("anna", "bert", "1").await;
    let first = web.sync("anna", "").await;
    let bert = web.world.account("bert").clone();
    let mut idle = web.world.imap("bert").await;
    idle.imap("s", "SELECT INBOX").await;
    idle.send(b"i IDLE\r\n").await;
    assert!(idle.response().await.unwrap().starts_with(b"+"));
    let store = web.world.gateway().store();
    let id = store.resolve(&bert.secure.parse().unwrap()).await.unwrap().unwrap().id;
    assert!(store.secure_address_change(id, &"b.brandt@secure.test".parse().unwrap()).await.unwrap());
    assert!(idle.response().await.unwrap().starts_with(b"* BYE"));
    assert!(idle.closed().await);
    let second = web.sync("anna", &token(&first)).await;
    assert!(second.contains("b.brandt@secure.test") && !second.contains(&bert.secure), "{second}");

    let mut imap = web.world.connect("imap-tls").await;
    imap.response().await.unwrap();
    let login = |user: &str| format!("LOGIN {user} {}", bert.password);
    let answer = imap.imap("l", &login(&bert.secure)).await;
    assert!(answer.last().unwrap().starts_with("l NO"), "{answer:?}");
    let answer = imap.imap("m", &login("b.brandt@secure.test")).await;
    assert!(answer.last().unwrap().starts_with("m OK"), "{answer:?}");
    let anna = web.world.account("anna");
    let mut smtp = web.world.connect("submission-tls").await;
    smtp.smtp_reply().await.unwrap();
    smtp.smtp("EHLO client.test").await;
    let plain = crate::smtp_transcripts::plain(&anna.secure, &anna.password);
    assert_eq!(smtp.smtp(&format!("AUTH PLAIN {plain}")).await.0, 235);
    assert_eq!(smtp.smtp(&format!("MAIL FROM:<{}>", anna.secure)).await.0, 250);
    assert_eq!(smtp.smtp(&format!("RCPT TO:<{}>", bert.secure)).await.0, 550);
    assert_eq!(smtp.smtp("RCPT TO:<b.brandt@secure.test>").await.0, 250);
}
