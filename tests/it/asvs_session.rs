//! ASVS 5.0 V7 (session management), over real HTTPS; the table is docs/asvs.md.

use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use postern::store::{AuditFilter, EndDevices};
use postern::types::AuditAction;

use crate::portal_site::{PASSWORD, PHONE, Site};
use crate::portal_web::{Web, between};

const COOKIE: &str = "__Host-postern";
const ADD_DEVICE: &str = "/devices/new";

/// Whether a browser with this cookie is signed in.
async fn good(site: &Site, cookie: &str) -> bool {
    let web = Web::new(&site.world);
    web.set_cookie(COOKIE, cookie);
    web.get("/profile").await.status == 200
}

/// 7.2.4, and session fixation: a sign-in ends the one that the browser had, whoever's it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_2_4_a_new_sign_in_ends_the_one_before() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let before = web.cookie(COOKIE).unwrap();
    assert!(good(&site, &before).await);
    let login = site.world.account("frieda").email.clone();
    web.get("/profile").await;
    let answer = web.post("/sign-in", &[("login", &login), ("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/code");
    assert_ne!(web.cookie(COOKIE).unwrap(), before);
    assert!(!good(&site, &before).await);
    // And one more, after the first step alone.
    let half = web.cookie(COOKIE).unwrap();
    web.get("/code").await;
    web.post("/sign-in", &[("login", &login), ("password", PASSWORD)]).await;
    let other = Web::new(&site.world);
    other.set_cookie(COOKIE, &half);
    assert_eq!(other.get("/code").await.location(), "/sign-in");
}

/// 7.2.3, 7.2.4: 256 bits, another one after each factor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_2_3_tokens_are_long_and_never_the_same() {
    let site = Site::new().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let web = Web::new(&site.world);
        site.sign_in(&web, "anna", PASSWORD).await;
        let half = web.cookie(COOKIE).unwrap();
        site.prove(&web, PHONE, "/code").await;
        for token in [half, web.cookie(COOKIE).unwrap()] {
            assert_eq!(token.len(), 43, "256 bits in base64url");
            assert!(seen.insert(token));
        }
    }
}

/// 7.4.1: after the sign-out neither the cookie nor the browser's back button shows anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_4_1_sign_out_leaves_nothing_to_go_back_to() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let cookie = web.cookie(COOKIE).unwrap();
    let page = web.get("/profile").await;
    assert_eq!(page.header("cache-control"), "no-store");
    let answer = web.post("/sign-out", &[]).await;
    assert_eq!(answer.location(), "/sign-in?done=out");
    assert_eq!(web.cookie(COOKIE), None);
    assert!(!good(&site, &cookie).await);
}

/// 7.4.2, 7.4.5: Support ends the sign-ins of one person; a lock and a closed account end them too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_4_5_support_ends_sign_ins() {
    let site = Site::new().await;
    let store = site.world.gateway().store();
    let anna = site.account("anna").await;
    let frieda = site.account("frieda").await;
    let others = site.signed_in("frieda", PASSWORD, "+12025550177").await.cookie(COOKIE).unwrap();
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    assert!(store.sign_ins_end(anna, EndDevices::Not).await.unwrap());
    assert_eq!(web.get("/").await.location(), "/sign-in?ended=yes");
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    assert!(store.lock(anna).await.unwrap());
    assert_eq!(web.get("/").await.location(), "/sign-in?ended=yes");
    assert!(good(&site, &others).await, "another person's goes on");
    assert!(store.account_close(frieda).await.unwrap());
    assert!(!good(&site, &others).await);
}

/// 7.4.5: and those of everybody at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_4_5_support_ends_everybodys_sign_ins() {
    let site = Site::new().await;
    let anna = site.signed_in("anna", PASSWORD, PHONE).await;
    let frieda = site.signed_in("frieda", PASSWORD, "+12025550177").await;
    assert!(site.world.gateway().store().sign_ins_end_of_all().await.unwrap() >= 2);
    assert_eq!(anna.get("/").await.location(), "/sign-in?ended=yes");
    assert_eq!(frieda.get("/").await.location(), "/sign-in?ended=yes");
    site.signed_in("anna", PASSWORD, PHONE).await.get("/").await.shows("Hello, Anna");
}

/// 7.5.2: every sign-in is listed; one, or all, is ended after the password, without a phone at hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_5_2_one_sign_in_is_ended_after_the_password() {
    let clock = Clock::fixed(SystemTime::now());
    let site = Site::at(clock.clone()).await;
    let lost = site.signed_in("anna", PASSWORD, PHONE).await;
    let other = site.signed_in("anna", PASSWORD, PHONE).await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    clock.advance(Duration::from_mins(6));
    let page = web.get("/sign-ins").await;
    page.shows("Firefox, Linux").shows("This one").shows("from 127.0.0.1");
    assert_eq!(page.body.matches("name=\"sign_in\"").count(), 2, "not the one at hand");
    let handle = between(&page.body, "name=\"sign_in\" value=\"", "\"").unwrap().to_owned();
    let asked = web.post("/sign-ins/end", &[("sign_in", &handle)]).await;
    assert_eq!(asked.location(), "/confirm?next=/sign-ins");
    assert_eq!(web.post("/sign-ins/end-all", &[]).await.location(), "/confirm?next=/sign-ins");
    web.follow(asked).await;
    let confirmed = web.post("/confirm", &[("next", "/sign-ins"), ("current", PASSWORD)]).await;
    let page = web.follow(confirmed).await;
    let handle = between(&page.body, "name=\"sign_in\" value=\"", "\"").unwrap().to_owned();
    let ended = web.follow(web.post("/sign-ins/end", &[("sign_in", &handle)]).await).await;
    ended.shows("That sign-in has ended");
    let gone = [&lost, &other].map(async |w| w.get("/profile").await.status == 303);
    let [a, b] = gone;
    assert_ne!(a.await, b.await, "one of the two");
    web.follow(web.post("/sign-ins/end-all", &[]).await).await.shows("signed out everywhere");
    assert_eq!(lost.get("/profile").await.status, 303);
    assert_eq!(other.get("/profile").await.status, 303);
    web.validate().await;
}

/// 7.4.4: every page of a signed-in person has the button.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_4_4_sign_out_is_on_every_page() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    for path in [
        "/",
        "/invite",
        "/people",
        "/contacts",
        "/devices/new",
        "/messaging",
        "/profile",
        "/profile/email",
        "/profile/phone",
        "/security",
        "/security/password",
        "/security/two-step",
        "/security/authenticator",
        "/devices",
        "/sign-ins",
        "/welcome",
        "/help",
        "/nowhere",
    ] {
        let page = web.get(path).await;
        assert_eq!(page.status, if path == "/nowhere" { 404 } else { 200 }, "{path}");
        assert!(page.body.contains("action=\"/sign-out\""), "{path}");
    }
}

/// 7.3.1, 7.3.2, by the clock that is passed in: 30 idle minutes; 12 hours, however busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_3_idle_and_absolute_ends() {
    let clock = Clock::fixed(SystemTime::now());
    let site = Site::at(clock.clone()).await;
    let idle = site.signed_in("anna", PASSWORD, PHONE).await;
    let busy = site.signed_in("frieda", PASSWORD, "+12025550177").await;
    for _ in 0..(12 * 60 - 5) / 25 {
        clock.advance(Duration::from_mins(25));
        assert_eq!(busy.get("/help").await.status, 200);
        assert_eq!(busy.get("/").await.status, 200);
    }
    assert_eq!(idle.get("/").await.location(), "/sign-in?ended=yes");
    clock.advance(Duration::from_mins(25));
    assert_eq!(busy.get("/").await.location(), "/sign-in?ended=yes");
}

/// 7.5.1: what signs in is changed only with a factor of the last five minutes, and is not by the form alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_5_1_what_signs_in_asks_for_a_fresh_factor() {
    let clock = Clock::fixed(SystemTime::now());
    let site = Site::at(clock.clone()).await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    clock.advance(Duration::from_mins(6));
    web.get("/profile").await;
    let fields = [("email", "a@new.example"), ("phone", "+12025550199"), ("name", "Phone"), ("id", "1")];
    let asked = async |path: &str, by: &str| {
        assert!(web.get(path).await.location().starts_with(by), "GET {path}");
        assert!(web.post(path, &fields).await.location().starts_with(by), "POST {path}");
    };
    let pages = [
        "/profile/email",
        "/profile/phone",
        "/security/two-step",
        "/security/authenticator",
        "/security/authenticator/remove",
        "/security/recovery-codes",
    ];
    for path in pages {
        asked(path, "/confirm?next=").await;
    }
    for path in ["/profile/phones/use", "/profile/phones/remove", "/security/two-step/on"] {
        assert!(web.post(path, &fields).await.location().starts_with("/confirm?next="), "POST {path}");
    }
    // The password, then a code: both, whichever page asks.
    let page = web.follow(web.get("/profile/email").await).await;
    page.shows("enter your password once more");
    web.post("/confirm", &[("next", "/profile/email"), ("current", "")]).await.shows("This cannot be empty");
    let confirm = [("next", "/profile/email"), ("current", "not the password")];
    web.post("/confirm", &confirm).await.shows("This is not your password");
    let before = web.cookie(COOKIE).unwrap();
    let confirmed = web.post("/confirm", &[("next", "/profile/email"), ("current", PASSWORD)]).await;
    assert_eq!(confirmed.location(), "/profile/email");
    assert_ne!(web.cookie(COOKIE).unwrap(), before);
    web.get("/profile").await;
    for path in pages {
        asked(path, "/code?next=").await;
    }
    site.prove(&web, PHONE, "/code?next=/profile/email").await.shows("New email address");
    web.validate().await;
    // The password asks for the password, an app password for a code (R29).
    clock.advance(Duration::from_mins(6));
    assert!(web.get(ADD_DEVICE).await.location().starts_with("/code?next="));
    web.get("/profile").await;
    let fields = [("current", "wrong"), ("password", "nine green kettles"), ("again", "nine green kettles")];
    assert_eq!(web.post("/security/password", &fields).await.status, 422);
}

/// 7.6.2: no address that is merely opened signs anybody in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v7_6_2_no_link_makes_a_sign_in() {
    let site = Site::new().await;
    let web = Web::new(&site.world);
    let login = site.world.account("anna").email.clone();
    web.get(&format!("/sign-in?login={login}&password={}", PASSWORD.replace(' ', "+"))).await;
    assert_eq!(web.cookie(COOKIE), None);
    web.get("/sign-in").await;
    web.post("/reset", &[("login", &login)]).await;
    let link = site.link("reset-link", &login).await;
    assert_eq!(web.get(&link).await.status, 200);
    assert_eq!(web.cookie(COOKIE), None);
}

/// What a stolen cookie does stands in the audit log with the thief's address, not with the owner's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_says_where_a_request_came_from() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    web.get("/messaging").await;
    let ca = reqwest::Certificate::from_pem(&std::fs::read(&site.world.ca_file).unwrap()).unwrap();
    let elsewhere = reqwest::Client::builder()
        .tls_certs_only([ca])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .local_address(std::net::IpAddr::from([127, 0, 0, 2]))
        .build()
        .unwrap();
    let form = [
        ("csrf", web.csrf()),
        ("signature", "Anna".to_owned()),
        ("notify", "email".to_owned()),
        ("time_zone", "UTC".to_owned()),
    ];
    let answer = elsewhere
        .post(format!("{}/messaging", site.world.portal_url()))
        .header("cookie", format!("{COOKIE}={}", web.cookie(COOKIE).unwrap()))
        .header("user-agent", web.agent)
        // Whatever a peer says about itself.
        .header("x-forwarded-for", "198.51.100.9")
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    let anna = site.account("anna").await;
    let filter = AuditFilter {
        account: Some(anna),
        action: Some(AuditAction::AccountChange),
        limit: 10,
        ..AuditFilter::default()
    };
    let rows = site.world.gateway().store().audit_entries(&filter).await.unwrap();
    let row = rows.iter().rfind(|r| r.detail.as_deref().is_some_and(|d| d.contains("signature"))).unwrap();
    assert_eq!(row.address.as_deref(), Some("127.0.0.2"));
}
