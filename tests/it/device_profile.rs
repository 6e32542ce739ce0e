//! Configuration profiles, signed with the server's certificate and verified by OpenSSL.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use postern::devices::profile::{Contacts, Owner, profile};
use postern::devices::{Servers, cms};
use postern::net::ServerTls;
use reqwest::{Response, StatusCode};

use crate::device_setup::Web;

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A CA and a server's certificate with a key of this kind; `chain.pem` and `key.pem`.
fn certificate(folder: &Path, key: &[&str]) {
    let ca = "req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=CA -keyout ca.key -out ca.pem";
    openssl(folder, &ca.split(' ').collect::<Vec<_>>());
    let request =
        ["req", "-nodes", "-subj", "/CN=mail.secure.example", "-keyout", "key.pem", "-out", "leaf.csr"];
    openssl(folder, &[&request[..], key].concat());
    std::fs::write(
        folder.join("ext"),
        "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:mail.secure.example\n",
    )
    .unwrap();
    let sign =
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile ext -out leaf.pem";
    openssl(folder, &sign.split(' ').collect::<Vec<_>>());
    let chain = ["leaf.pem", "ca.pem"].map(|f| std::fs::read_to_string(folder.join(f)).unwrap());
    std::fs::write(folder.join("chain.pem"), chain.concat()).unwrap();
}

#[test]
fn openssl_verifies_what_each_kind_of_key_signed() {
    let at = |port: u16| [std::net::SocketAddr::from(([0, 0, 0, 0], port))];
    let servers =
        Servers::new("secure.example", "mail.secure.example", &at(993), &at(465), "https://portal.example");
    let owner = Owner {
        full_name: "Anna Weber",
        secure_address: "anna.weber@secure.example",
        practice: None,
        password: Some("secret"),
        contacts: Contacts::Yes,
    };
    let unsigned = profile(&servers, &owner).unwrap();
    for key in [
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["-newkey", "rsa:2048"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        certificate(folder, key);
        let tls = ServerTls::load(&folder.join("chain.pem"), &folder.join("key.pem")).unwrap();
        let server = tls.signer().unwrap();
        let signer =
            cms::Signer { scheme: server.scheme(), chain: server.chain(), sign: &|m| server.sign(m) };
        let signed = cms::signed(&unsigned, &signer, SystemTime::now()).unwrap();
        std::fs::write(folder.join("p.mobileconfig"), &signed).unwrap();
        for command in ["cms", "smime"] {
            let verify = format!(
                "{command} -verify -inform DER -in p.mobileconfig -CAfile ca.pem -purpose any -out out.plist"
            );
            openssl(folder, &verify.split(' ').collect::<Vec<_>>());
            assert_eq!(std::fs::read(folder.join("out.plist")).unwrap(), unsigned, "{command} {key:?}");
        }
        // Any changed byte of the content is noticed.
        let mut changed = signed.clone();
        let place = changed.windows(4).position(|w| w == b"Anna").unwrap();
        changed[place] = b'E';
        std::fs::write(folder.join("p.mobileconfig"), &changed).unwrap();
        let verify = "cms -verify -inform DER -in p.mobileconfig -CAfile ca.pem -purpose any -out out.plist";
        let output = Command::new("openssl").current_dir(folder).args(verify.split(' ')).output().unwrap();
        assert!(!output.status.success());
    }
}

/// What Support prints for somebody: the link's path.
async fn link(web: &Web, folder: &Path) -> String {
    let config = web.world.config_file(folder);
    let output = tokio::task::spawn_blocking(move || {
        let mut postern = Command::new(env!("CARGO_BIN_EXE_postern"));
        postern.arg("--config").arg(config).args(["--json", "app-password", "link", "anna@praxis.test"]);
        postern.args(["--name", "Annas <iPhone>"]).output().unwrap()
    });
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    made["link"].as_str().unwrap().strip_prefix("https://portal.test").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_a_link_sets_up_one_device_once() {
    let web = Web::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = link(&web, folder.path()).await;
    let url = web.url("localhost", &path);
    // Looking, and a preview's looking, uses nothing up.
    for _ in 0..3 {
        let page = web.client.get(&url).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("form-action 'self'"));
        assert_eq!(page.headers()["referrer-policy"], "no-referrer");
        let text = page.text().await.unwrap();
        assert!(text.contains("Annas &#60;iPhone&#62;") && !text.contains("anna.weber"), "{text}");
    }
    let (one, other) = tokio::join!(web.client.post(&url).send(), web.client.post(&url).send());
    let mut answers = [one.unwrap(), other.unwrap()];
    answers.sort_by_key(Response::status);
    let [profile, refused] = answers;
    assert_eq!((profile.status(), refused.status()), (StatusCode::OK, StatusCode::GONE));
    assert_eq!(profile.headers()["content-type"], "application/x-apple-aspen-config");
    assert_eq!(profile.headers()["cache-control"], "no-store");
    let signed = folder.path().join("p.mobileconfig");
    std::fs::write(&signed, profile.bytes().await.unwrap()).unwrap();
    let ca = web.world.ca_file.display().to_string();
    openssl(
        folder.path(),
        &[
            "cms",
            "-verify",
            "-inform",
            "DER",
            "-in",
            "p.mobileconfig",
            "-CAfile",
            &ca,
            "-purpose",
            "any",
            "-out",
            "p.plist",
        ],
    );
    let text = std::fs::read_to_string(folder.path().join("p.plist")).unwrap();
    let value = |key: &str| {
        let (_, rest) = text.split_once(&format!("<key>{key}</key>")).unwrap();
        rest.split_once('>').unwrap().1.split_once('<').unwrap().0.to_owned()
    };
    assert_eq!(value("EmailAddress"), web.world.account("anna").secure);
    assert_eq!(value("IncomingMailServerPortNumber"), web.world.imap_tls.to_string());
    assert_eq!(value("IncomingPassword"), value("CardDAVPassword"));
    // The password in it opens the mailbox, and is the device's own.
    let mut imap = web.world.connect("imap-tls").await;
    imap.response().await.unwrap();
    let login =
        format!("LOGIN \"{}\" \"{}\"", value("IncomingMailServerUsername"), value("IncomingPassword"));
    let answer = imap.imap("l", &login).await;
    assert!(answer.last().unwrap().starts_with("l OK"), "{answer:?}");
    let names = crate::demo_process::psql(
        &web.world.database_url,
        "select name from app_password where account_id = 1 order by id",
    );
    assert_eq!(names.lines().collect::<Vec<_>>(), ["test", "Annas <iPhone>"]);
    assert_eq!(web.client.get(&url).send().await.unwrap().status(), StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_a_link_ends_with_its_time_and_with_a_lock() {
    let web = Web::new().await;
    let folder = tempfile::tempdir().unwrap();
    let psql = |sql: &str| crate::demo_process::psql(&web.world.database_url, sql);
    let gone = async |path: &str| {
        let url = web.url("localhost", path);
        let looked = web.client.get(&url).send().await.unwrap().status();
        let taken = web.client.post(&url).send().await.unwrap().status();
        (looked, taken) == (StatusCode::GONE, StatusCode::GONE)
    };
    let path = link(&web, folder.path()).await;
    psql("update device_link set expires_at = now()");
    assert!(gone(&path).await);
    let path = link(&web, folder.path()).await;
    psql("update account set state = 'locked' where id = 1");
    assert!(gone(&path).await);
    psql("update account set state = 'active' where id = 1");
    // The sixth link ends the first.
    let first = link(&web, folder.path()).await;
    for _ in 0..4 {
        link(&web, folder.path()).await;
    }
    assert_eq!(web.client.get(web.url("localhost", &first)).send().await.unwrap().status(), StatusCode::OK);
    link(&web, folder.path()).await;
    assert!(gone(&first).await);
    assert!(gone("/device/AAAA").await);
    assert_eq!(psql("select count(*) from app_password where account_id = 1").trim(), "1");
}
