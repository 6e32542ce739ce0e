//! The pages that the flows of `portal_chromium` do not meet, in the same browser; and the table of every route with
//! the pages that were looked at: by axe-core in light and dark, by html-validate, for its width and its weight.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use postern::store::{PracticeRecord, Product};

use crate::portal_browser::{Browser, Width};
use crate::portal_chromium::{
    BOB, BOBS_PASSWORD, BOBS_PHONE, begin, choose_password, invite_bob, prove, sign_in,
};
use crate::portal_flows::totp;
use crate::portal_site::{PASSWORD, PHONE, Site};

/// What a route answers with.
enum Answers {
    /// Pages, by the names under which they were looked at.
    Pages(&'static [&'static str]),
    /// It leads to another page, whatever becomes of it.
    Leads,
    /// Something that is no page.
    Other,
}

use Answers::{Leads, Other, Pages};

/// Every route of `src/portal/pages/mod.rs`.
const ROUTES: &[(&str, Answers)] = &[
    ("GET /", Pages(&["home", "home-free"])),
    ("GET /sign-in", Pages(&["sign-in", "signed-out"])),
    ("POST /sign-in", Pages(&["sign-in-refused"])),
    ("POST /sign-out", Leads),
    ("POST /session/extend", Leads),
    (
        "GET /code",
        Pages(&["code-choose", "code-app", "code-recovery", "code-fresh", "code-no-phone", "register-code"]),
    ),
    ("POST /code", Pages(&["code-wrong", "code-recovery-wrong"])),
    ("POST /code/new", Leads),
    ("GET /confirm", Pages(&["confirm"])),
    ("POST /confirm", Pages(&["confirm-wrong"])),
    (
        "GET /invitation/{token}",
        Pages(&["register", "invitation-exists", "invitation-accept", "invitation-dead"]),
    ),
    ("POST /invitation/{token}", Pages(&["register-mistake"])),
    ("POST /invitation/{token}/accept", Leads),
    ("GET /invitation/{token}/code", Pages(&["accept-choose", "accept-code"])),
    ("POST /invitation/{token}/code", Pages(&["accept-wrong"])),
    ("POST /invitation/{token}/code/new", Leads),
    ("POST /not-my-phone", Pages(&["not-my-phone"])),
    ("GET /welcome", Pages(&["welcome"])),
    ("GET /reset", Pages(&["reset", "reset-sent"])),
    ("POST /reset", Pages(&["reset-mistake"])),
    ("GET /reset/{token}", Pages(&["reset-new", "link-dead"])),
    ("POST /reset/{token}", Pages(&["reset-new-mistake"])),
    ("POST /password-strength", Other),
    ("GET /help", Pages(&["help", "help-signed-out"])),
    ("GET /invite", Pages(&["invite", "invite-free"])),
    ("POST /invite", Pages(&["invited", "invite-mistakes"])),
    ("GET /profile", Pages(&["profile", "profile-phones", "profile-email-waits"])),
    ("POST /profile", Pages(&["profile-mistakes"])),
    ("GET /profile/email", Pages(&["profile-email"])),
    ("POST /profile/email", Pages(&["profile-email-mistake"])),
    ("GET /email/{token}", Pages(&["email-confirm", "email-dead"])),
    ("POST /email/{token}", Leads),
    ("GET /profile/phone", Pages(&["profile-phone"])),
    ("POST /profile/phone", Pages(&["profile-phone-mistake"])),
    ("GET /profile/phone/code", Pages(&["profile-phone-code"])),
    ("POST /profile/phone/code", Pages(&["profile-phone-code-wrong"])),
    ("POST /profile/phones/use", Leads),
    ("POST /profile/phones/remove", Leads),
    ("GET /messaging", Pages(&["messaging"])),
    ("POST /messaging", Pages(&["messaging-mistake"])),
    ("GET /security", Pages(&["security", "security-off", "security-enforced"])),
    ("GET /security/password", Pages(&["password", "password-initial"])),
    ("POST /security/password", Pages(&["password-mistakes"])),
    ("GET /security/two-step", Pages(&["two-step-off", "two-step-on", "two-step-enforced"])),
    ("POST /security/two-step", Pages(&["two-step-off-mistake"])),
    ("POST /security/two-step/on", Pages(&["two-step-needs-phone"])),
    ("GET /security/authenticator", Pages(&["authenticator-begin", "authenticator"])),
    ("POST /security/authenticator", Leads),
    ("POST /security/authenticator/confirm", Pages(&["recovery-codes", "authenticator-wrong"])),
    ("GET /security/authenticator/remove", Pages(&["authenticator-remove"])),
    ("POST /security/authenticator/remove", Leads),
    ("GET /security/recovery-codes", Pages(&["recovery-codes-new"])),
    ("POST /security/recovery-codes", Pages(&["recovery-codes-again"])),
    ("GET /sign-ins", Pages(&["sign-ins"])),
    ("POST /sign-ins/end", Leads),
    ("POST /sign-ins/end-all", Leads),
    ("GET /devices", Pages(&["devices", "devices-first", "devices-many"])),
    ("GET /devices/new", Pages(&["device-new"])),
    (
        "POST /devices/new",
        Pages(&[
            "device-new-mistake",
            "device-password",
            "device-thunderbird",
            "device-iphone",
            "device-mac",
            "device-other",
        ]),
    ),
    ("POST /devices/revoke", Leads),
    ("GET /contacts", Pages(&["contacts", "contacts-none", "contacts-found"])),
    ("GET /people", Pages(&["people", "people-corrected", "people-not-manager"])),
    ("GET /people/{id}", Pages(&["people-correct"])),
    ("POST /people/{id}", Pages(&["people-correct-mistake"])),
    ("POST /people/{id}/send", Leads),
    ("any other", Pages(&["missing", "missing-signed-out", "too-old", "form-too-old"])),
];

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Issue 3, line 4: every page of every route was looked at. (What `look` asserts is in `portal_browser`.)
#[test]
fn every_route_has_pages_that_were_looked_at() {
    let source = read("src/portal/pages/mod.rs");
    let mut routes = BTreeSet::from(["any other".to_owned()]);
    for route in source.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once('"').unwrap();
        // Up to the next route, or the end of the list.
        let methods = rest.split("\n\n").next().unwrap();
        for (word, method) in [("get(", "GET"), ("post(", "POST")] {
            if methods.contains(&format!(" {word}")) || methods.contains(&format!(").{word}")) {
                routes.insert(format!("{method} {path}"));
            }
        }
    }
    let table: BTreeMap<&str, &Answers> = ROUTES.iter().map(|(route, answers)| (*route, answers)).collect();
    let listed: BTreeSet<String> = table.keys().map(|r| (*r).to_owned()).collect();
    assert_eq!(routes, listed, "the routes, and the rows of ROUTES");
    let tests = ["tests/it/portal_chromium.rs", "tests/it/portal_every_page.rs"].map(read).concat();
    let (_, flows) = tests.split_once("async fn begin").unwrap();
    let looks = |name: &str| {
        flows.contains(&format!("look(\"{name}\")")) || flows.contains(&format!(", \"{name}\"),"))
    };
    for (route, answers) in ROUTES {
        if let Pages(names) = answers {
            for name in *names {
                assert!(looks(name), "{route}: nobody looks at {name}");
            }
        }
    }
}

/// Everything about somebody who is signed in, mistakes included.
async fn account(width: Width) {
    let (site, browser) = begin(width).await;
    browser.open("/nowhere").await;
    browser.look("missing-signed-out").await;
    browser.open("/help").await;
    browser.look("help-signed-out").await;
    browser.open("/reset").await;
    // As who has no script, and a browser that does not look.
    browser.driver.execute("document.getElementById('form').noValidate = true", vec![]).await.unwrap();
    browser.submit().await;
    browser.look("reset-mistake").await;
    sign_in(&site, &browser, "anna", PASSWORD).await;
    browser.press("Send the code as a text message").await;
    site.code(PHONE).await;
    browser.fill("code", "12").await;
    browser.submit().await;
    browser.look("code-wrong").await;
    browser.press("Send a new code as a text message").await;
    browser.fill("code", &site.code(PHONE).await).await;
    browser.submit().await;
    assert_eq!(browser.heading().await, "Hello, Anna");

    security(&site, &browser).await;
    profile(&site, &browser).await;

    // What is asked for once more.
    site.world.clock.advance(Duration::from_secs(6 * 60));
    browser.open("/sign-ins").await;
    browser.look("sign-ins").await;
    browser.press("Sign out everywhere").await;
    browser.look("confirm").await;
    browser.fill("current", "not the password").await;
    browser.submit().await;
    browser.look("confirm-wrong").await;
    browser.fill("current", PASSWORD).await;
    browser.submit().await;
    assert_eq!(browser.heading().await, "Where you are signed in");
    browser.press("Sign out everywhere").await;
    browser.shows("You are signed out everywhere").await;

    // A form of a sign-in that is over.
    sign_in(&site, &browser, "frieda", PASSWORD).await;
    prove(&site, &browser, "+12025550177").await;
    browser.look("home-free").await;
    browser.open("/people").await;
    browser.look("people-not-manager").await;
    browser.open("/messaging").await;
    let page = browser.find("html").await;
    let change =
        "document.querySelector('#form [name=csrf]').value = 'x'; document.getElementById('form').submit()";
    browser.driver.execute(change, vec![]).await.unwrap();
    browser.until_gone(page).await;
    browser.look("form-too-old").await;

    let store = site.world.gateway().store();
    let frieda = site.account("frieda").await;
    let hash = store.portal_password(frieda).await.unwrap().unwrap();
    assert!(store.initial_password_set(frieda, &hash).await.unwrap());
    browser.open("/").await;
    browser.look("password-initial").await;
    let old = "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko";
    let agent = serde_json::json!({ "userAgent": old });
    browser.driver.cdp().send_raw("Network.setUserAgentOverride", agent).await.unwrap();
    browser.open("/").await;
    browser.look("too-old").await;
    browser.validate().await;
}

async fn profile(site: &Site, browser: &Browser) {
    browser.open("/profile").await;
    browser.fill("first_name", "https://evil.example").await;
    browser.submit().await;
    browser.look("profile-mistakes").await;
    browser.open("/profile/email").await;
    browser.fill("email", &site.world.account("bert").secure).await;
    browser.submit().await;
    browser.look("profile-email-mistake").await;
    let email = "anna@new-practice.example";
    browser.fill("email", email).await;
    browser.submit().await;
    browser.look("profile-email-waits").await;
    let link = site.link("email-link", email).await;
    browser.open(&link).await;
    browser.look("email-confirm").await;
    browser.submit().await;
    browser.shows("Your email address is changed").await;
    browser.open(&link).await;
    browser.look("email-dead").await;
    let phone = "+12025550155";
    browser.open("/profile/phone").await;
    browser.fill("phone", "123").await;
    browser.submit().await;
    browser.look("profile-phone-mistake").await;
    browser.fill("phone", phone).await;
    browser.submit().await;
    browser.look("profile-phone-code").await;
    browser.fill("code", "12").await;
    browser.submit().await;
    browser.look("profile-phone-code-wrong").await;
    browser.fill("code", &site.code(phone).await).await;
    browser.click("label[for=keep]").await;
    browser.submit().await;
    browser.shows("The phone number is added").await;
    browser.look("profile-phones").await;
    browser.open("/messaging").await;
    let wrong = "document.querySelector('[name=notify]:checked').value = 'pigeon'";
    browser.driver.execute(wrong, vec![]).await.unwrap();
    browser.submit().await;
    browser.look("messaging-mistake").await;
    browser.open("/invite").await;
    browser.driver.execute("document.getElementById('form').noValidate = true", vec![]).await.unwrap();
    browser.submit().await;
    browser.look("invite-mistakes").await;
}

async fn security(site: &Site, browser: &Browser) {
    let store = site.world.gateway().store();
    browser.open("/security/password").await;
    browser.fill("current", "not the password").await;
    choose_password(browser, "four quiet rivers meet").await;
    browser.look("password-mistakes").await;

    let anna = site.account("anna").await;
    let practice = store.account(anna).await.unwrap().unwrap().practice.unwrap();
    let enforce = async |enforced| {
        let record = PracticeRecord {
            two_step_enforced: enforced,
            products: vec![Product::SecureMail, Product::Collaborator, Product::TruForm],
            ..PracticeRecord::default()
        };
        store.practice_record_set(practice, &record).await.unwrap();
    };
    enforce(true).await;
    browser.open("/security").await;
    browser.look("security-enforced").await;
    browser.open("/security/two-step").await;
    browser.look("two-step-enforced").await;
    enforce(false).await;
    browser.open("/security/two-step").await;
    browser.submit().await;
    browser.shows("Two-step verification is off").await;
    browser.look("security-off").await;
    browser.open("/security/two-step").await;
    browser.look("two-step-on").await;
    browser.press("Turn on").await;
    browser.shows("Two-step verification is on").await;
    // R2: a short password asks for a new one before the second step goes.
    browser.open("/security/password").await;
    browser.fill("current", PASSWORD).await;
    choose_password(browser, "rain7dance").await;
    browser.open("/security/two-step").await;
    choose_password(browser, "rain7dancer").await;
    browser.look("two-step-off-mistake").await;
    browser.open("/security/password").await;
    browser.fill("current", "rain7dance").await;
    choose_password(browser, PASSWORD).await;

    browser.open("/security/authenticator").await;
    browser.look("authenticator-begin").await;
    browser.submit().await;
    let key = browser.find(".secret .code").await.text().await.unwrap();
    browser.fill("code", "000000").await;
    browser.submit().await;
    browser.look("authenticator-wrong").await;
    browser.fill("code", &totp(&key, site.world.clock.now())).await;
    browser.submit().await;
    browser.open("/security/recovery-codes").await;
    browser.press("Make new recovery codes").await;
    browser.look("recovery-codes-again").await;
    // Later: the password, then the code.
    site.world.clock.advance(Duration::from_secs(6 * 60));
    browser.open("/security/authenticator/remove").await;
    browser.fill("current", PASSWORD).await;
    browser.submit().await;
    browser.look("code-fresh").await;
    browser.follow("a[href*='by=recovery']").await;
    browser.look("code-recovery").await;
    browser.fill("code", "12345-12345").await;
    browser.submit().await;
    browser.look("code-recovery-wrong").await;
    browser.open("/code?next=/security/authenticator/remove").await;
    browser.fill("code", &totp(&key, site.world.clock.now())).await;
    browser.submit().await;
    browser.press("Remove the authenticator app").await;
    browser.shows("The authenticator app is removed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_on_a_phone() {
    account(Width::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_at_a_desk() {
    account(Width::Desk).await;
}

/// Invitations that go another way than straight on, and an account that has no phone.
async fn detours(width: Width) {
    let (site, browser) = begin(width).await;
    site.equip("carla", PASSWORD, "+12025550188").await;
    sign_in(&site, &browser, "anna", PASSWORD).await;
    prove(&site, &browser, PHONE).await;
    invite_bob(&site, &browser, BOBS_PHONE).await;
    let first = site.link("invitation", BOB).await;
    browser.open("/people").await;
    browser.follow("a[href^='/people/']").await;
    browser.fill("phone", "12").await;
    browser.submit().await;
    browser.look("people-correct-mistake").await;
    browser.press("Sign out").await;
    // A second practice, with another number.
    sign_in(&site, &browser, "carla", PASSWORD).await;
    prove(&site, &browser, "+12025550188").await;
    browser.open("/invite").await;
    browser.fill("email", BOB).await;
    browser.fill("first_name", "Bob").await;
    browser.fill("last_name", "Baker").await;
    browser.click("label[for=role-1]").await;
    browser.fill("phone", "+12025550156").await;
    browser.submit().await;
    assert_eq!(site.write("carla", BOB, "From the second").await.0, 250);
    let second = site.link("invitation", BOB).await;
    browser.press("Sign out").await;

    browser.open(&first).await;
    choose_password(&browser, BOBS_PASSWORD).await;
    site.code(BOBS_PHONE).await;
    browser.press("This is not my number").await;
    browser.look("not-my-phone").await;
    // The link of the wrong number is void; the next message sends another.
    assert_eq!(site.write("anna", BOB, "Second message").await.0, 250);
    let first = site.link("invitation", BOB).await;
    browser.open(&first).await;
    choose_password(&browser, BOBS_PASSWORD).await;
    browser.fill("code", &site.code(BOBS_PHONE).await).await;
    browser.submit().await;
    assert_eq!(browser.heading().await, "Your account is ready");
    browser.press("Sign out").await;
    browser.open(&first).await;
    browser.look("invitation-dead").await;
    browser.open(&second).await;
    browser.look("invitation-exists").await;
    browser.follow("a[href^='/sign-in?next=/invitation/']").await;
    browser.fill("login", BOB).await;
    browser.fill("password", BOBS_PASSWORD).await;
    browser.submit().await;
    prove(&site, &browser, BOBS_PHONE).await;
    browser.look("invitation-accept").await;
    browser.press("Accept").await;
    browser.look("accept-choose").await;
    browser.press("Send the code as a text message").await;
    browser.look("accept-code").await;
    browser.fill("code", "12").await;
    browser.submit().await;
    browser.look("accept-wrong").await;
    browser.fill("code", &site.code("+12025550156").await).await;
    browser.submit().await;
    browser.shows("The waiting messages are in your inbox").await;
    browser.press("Sign out").await;

    // Whom Support has made without a phone.
    let store = site.world.gateway().store();
    let bert = site.account("bert").await;
    let anna = site.account("anna").await;
    let hash = store.portal_password(anna).await.unwrap().unwrap();
    store.set_portal_password(bert, Some(&hash)).await.unwrap();
    site.run("update account set two_step = false where phone is null").await;
    sign_in(&site, &browser, "bert", PASSWORD).await;
    assert_eq!(browser.heading().await, "Hello, Bert");
    browser.open("/profile/email").await;
    browser.look("code-no-phone").await;
    browser.open("/security").await;
    browser.press("Turn on").await;
    browser.look("two-step-needs-phone").await;
    browser.open("/profile/phone").await;
    browser.fill("phone", "+12025550157").await;
    browser.submit().await;
    browser.fill("code", &site.code("+12025550157").await).await;
    browser.submit().await;
    browser.shows("Codes go to +12025550157").await;
    browser.press("Sign out").await;

    let email = site.world.account("anna").email.clone();
    browser.open("/reset").await;
    browser.fill("login", &email).await;
    browser.submit().await;
    browser.open(&site.link("reset-link", &email).await).await;
    choose_password(&browser, "short").await;
    browser.look("reset-new-mistake").await;
    browser.validate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn detours_on_a_phone() {
    detours(Width::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn detours_at_a_desk() {
    detours(Width::Desk).await;
}
