//! R21: the address book over HTTPS, as devices read it, and as the foreign vdirsyncer synchronises it.

use std::process::Command;

use reqwest::{Method, Response, StatusCode};

use crate::device_setup::Web;

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
        match Some(status) {
            Some(StatusCode::FORBIDDEN) => assert!(text.contains("need-privileges"), "{method}: {text}"),
            other => assert_eq!(other, Some(StatusCode::NOT_FOUND), "{method} {at}"),
        }
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

/// Another program's CardDAV client: it finds the book, sees a new contact, and cannot write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vdirsyncer_reads_and_cannot_write() {
    let web = Web::new().await;
    web.write("anna", "bert", "1").await;
    let folder = tempfile::tempdir().unwrap();
    let cards = folder.path().join("cards");
    std::fs::create_dir(&cards).unwrap();
    let config = folder.path().join("config");
    let anna = web.world.account("anna");
    std::fs::write(
        &config,
        format!(
            "[general]\nstatus_path = \"{home}/status/\"\n\n[pair contacts]\na = \"local\"\nb = \"remote\"\n\
             collections = [\"from b\"]\nconflict_resolution = \"b wins\"\npartial_sync = \"revert\"\n\n\
             [storage local]\ntype = \"filesystem\"\npath = \"{home}/cards/\"\nfileext = \".vcf\"\n\n\
             [storage remote]\ntype = \"carddav\"\nurl = \"{url}\"\nusername = \"{user}\"\npassword = \"{password}\"\n\
             verify = \"{ca}\"\nread_only = true\n",
            home = folder.path().display(),
            // As the account-setup file announces it.
            url = web.url("localhost", "/carddav/"),
            user = anna.secure,
            password = anna.password,
            ca = web.world.ca_file.display(),
        ),
    )
    .unwrap();
    let run = async |verb: &'static str| {
        let config = config.clone();
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
        })
        .await
        .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{verb}: {said}");
        said
    };
    let texts = || {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(cards.join("contacts")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "vcf") {
                all.push((path.clone(), std::fs::read_to_string(path).unwrap()));
            }
        }
        all
    };
    run("discover").await;
    run("sync").await;
    assert!(matches!(&texts()[..], [(_, one)] if one.contains("FN:Bert Brandt")), "{:?}", texts());
    web.write("anna", "carla", "2").await;
    run("sync").await;
    assert_eq!(texts().len(), 2);
    // What is deleted here stays there, and comes back: it first forgets the deletion, then reads anew.
    let (path, _) = texts().remove(0);
    std::fs::remove_file(path).unwrap();
    run("sync").await;
    run("sync").await;
    assert_eq!(texts().len(), 2);
    assert_eq!(web.sync("anna", "").await.matches("BEGIN:VCARD").count(), 2);
}
