//! What mail programs find when an account is set up, over HTTPS as they ask for it.

use reqwest::{Client, StatusCode};

use crate::harness::World;

pub struct Web {
    pub world: World,
    pub client: Client,
}

impl Web {
    /// A gateway with its portal, and a client that takes `autoconfig.secure.test` for this machine.
    pub async fn new() -> Self {
        let template = World::new().await;
        let world = World::on(template.database_url.clone(), |config| {
            config.portal.listen = vec!["127.0.0.1:0".parse().unwrap()];
        })
        .await;
        Self { client: client(&world), world }
    }

    pub fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.world.portal)
    }
}

/// A client that takes `autoconfig.secure.test` for this machine, and follows no redirect.
pub fn client(world: &World) -> Client {
    let ca = reqwest::Certificate::from_pem(&std::fs::read(&world.ca_file).unwrap()).unwrap();
    Client::builder()
        .tls_certs_only([ca])
        .resolve("autoconfig.secure.test", "127.0.0.1:0".parse().unwrap())
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thunderbird_finds_its_settings_at_both_places() {
    let web = Web::new().await;
    for (host, path) in [
        ("autoconfig.secure.test", "/mail/config-v1.1.xml?emailaddress=anna.weber%40secure.test"),
        ("localhost", "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=anna.weber%40secure.test"),
        ("localhost", "/.well-known/autoconfig/mail/config-v1.1.xml"),
    ] {
        let answer = web.client.get(web.url(host, path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/xml; charset=utf-8");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let text = answer.text().await.unwrap();
        for port in [web.world.imap_tls, web.world.submission_tls] {
            assert!(
                text.contains(&format!("<port>{port}</port>\n      <socketType>SSL</socketType>")),
                "{text}"
            );
        }
        // What starts in the clear runs in this world and is not announced.
        assert!(!text.contains(&web.world.imap_starttls.to_string()), "{text}");
    }
}

/// R27: a stranger's question is answered alike for every address of the domain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r27_nothing_is_told_about_an_account() {
    let web = Web::new().await;
    let ask = async |address: &str| {
        let path = format!("/mail/config-v1.1.xml?emailaddress={address}");
        let answer = web.client.get(web.url("localhost", &path)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let known = ask("anna.weber@secure.test").await;
    assert_eq!(known.0, StatusCode::OK);
    assert_eq!(ask("nobody.at.all@secure.test").await, known);
    assert_eq!(ask("anna@praxis.test").await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask("anna@praxis.test").await, ask("x@y.test").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outlook_is_answered_without_a_look_at_its_password() {
    let web = Web::new().await;
    let ask = async |path: &str, address: &str| {
        let question =
            format!("<Autodiscover><Request><EMailAddress>{address}</EMailAddress></Request></Autodiscover>");
        let url = web.url("localhost", path);
        let asked = web.client.post(url).basic_auth(address, Some("Praxis-2026!")).body(question);
        asked.send().await.unwrap()
    };
    for path in ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"] {
        let answer = ask(path, "anna.weber@secure.test").await;
        assert_eq!(answer.status(), StatusCode::OK);
        let text = answer.text().await.unwrap();
        assert!(text.contains("<LoginName>anna.weber@secure.test</LoginName>"), "{text}");
        assert_eq!(ask(path, "anna@praxis.test").await.status(), StatusCode::NOT_FOUND);
    }
    let long = "x".repeat(20_000);
    assert_eq!(ask("/autodiscover/autodiscover.xml", &long).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // The version that asks by JSON gets no answer.
    let json = "/autodiscover/autodiscover.json?Email=anna.weber@secure.test&Protocol=Autodiscoverv1";
    let answer = web.client.get(web.url("localhost", json)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
