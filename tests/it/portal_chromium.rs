//! What people do on the portal, in a real Chromium, on a phone 320 pixels wide and at a desk; every page is
//! looked at by axe-core in light and dark, and leaves a picture in `target/portal-pages`.

use std::process::Command;
use std::time::{Duration, SystemTime};

use postern::clock::Clock;

use crate::portal_browser::{Browser, Width};
use crate::portal_flows::totp;
use crate::portal_site::{PASSWORD, PHONE, Site};
use crate::portal_web::between;

pub const BOB: &str = "bob@baker-dental.example";
pub const BOBS_PHONE: &str = "+12025550119";
pub const BOBS_PASSWORD: &str = "nine tall candles burn";

/// A site whose clock the test holds, and a browser.
pub async fn begin(width: Width) -> (Site, Browser) {
    let site = Site::at(Clock::fixed(SystemTime::now())).await;
    let browser = Browser::start(&site.world, width).await;
    (site, browser)
}

pub async fn sign_in(site: &Site, browser: &Browser, name: &str, password: &str) {
    browser.open("/sign-in").await;
    browser.fill("login", &site.world.account(name).email).await;
    browser.fill("password", password).await;
    browser.submit().await;
}

/// The code page: asks for a code, and enters it.
pub async fn prove(site: &Site, browser: &Browser, phone: &str) {
    browser.press("Send the code as a text message").await;
    browser.fill("code", &site.code(phone).await).await;
    browser.submit().await;
}

pub async fn invite_bob(site: &Site, browser: &Browser, phone: &str) {
    let (code, refusal) = site.write("anna", BOB, "First message").await;
    assert_eq!(code, 550);
    browser.open(between(&refusal, "https://portal.test", " ").unwrap()).await;
    assert_eq!(browser.find("[name=email]").await.prop("value").await.unwrap().as_deref(), Some(BOB));
    browser.look("invite").await;
    browser.fill("first_name", "Bob").await;
    browser.fill("last_name", "Baker").await;
    browser.click("label[for=role-0]").await;
    browser.fill("phone", phone).await;
    browser.submit().await;
    assert_eq!(browser.heading().await, "Bob Baker can be written to");
    assert_eq!(site.write("anna", BOB, "First message").await.0, 250);
}

pub async fn choose_password(browser: &Browser, password: &str) {
    browser.fill("password", password).await;
    browser.fill("again", password).await;
    browser.submit().await;
}

/// Invite → link from the outbox → phone code → registered → the waiting message readable over IMAP.
async fn invitation(width: Width) {
    let (site, browser) = begin(width).await;
    sign_in(&site, &browser, "anna", PASSWORD).await;
    browser.look("code-choose").await;
    prove(&site, &browser, PHONE).await;
    assert_eq!(browser.heading().await, "Hello, Anna");
    browser.look("home").await;
    invite_bob(&site, &browser, BOBS_PHONE).await;
    browser.look("invited").await;
    browser.press("Sign out").await;
    browser.shows("You are signed out").await;

    browser.open(&site.link("invitation", BOB).await).await;
    browser.look("register").await;
    choose_password(&browser, "password123").await;
    browser.shows("one of the passwords that are tried first").await;
    let focused = browser.driver.active_element().await.unwrap();
    assert_eq!(
        focused.class_name().await.unwrap().as_deref(),
        Some("summary"),
        "the mistakes have the focus"
    );
    browser.look("register-mistake").await;
    browser.click(".summary a").await;
    assert_eq!(
        browser.driver.active_element().await.unwrap().id().await.unwrap().as_deref(),
        Some("password")
    );
    choose_password(&browser, BOBS_PASSWORD).await;
    browser.look("register-code").await;
    browser.fill("code", &site.code(BOBS_PHONE).await).await;
    browser.submit().await;
    assert_eq!(browser.heading().await, "Your account is ready");
    browser.look("welcome").await;
    let secure = between(&browser.text().await, "Your secure address is ", ". ").unwrap().to_owned();
    browser.follow("a[href='/devices/new']").await;
    browser.look("device-new").await;
    browser.fill("name", "Reception").await;
    browser.click("label[for=program-0]").await;
    browser.submit().await;
    browser.look("device-password").await;
    let secret = browser.find(".secret .code").await.text().await.unwrap();
    assert_eq!(site.inbox(&secure, &secret).await, ["First message"]);
    browser.open("/devices").await;
    browser.shows("Reception").await;
    browser.look("devices-first").await;
    browser.open("/invite").await;
    browser.look("invite-free").await;
    browser.validate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invitation_on_a_phone() {
    invitation(Width::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invitation_at_a_desk() {
    invitation(Width::Desk).await;
}

/// A device of each kind, the link on the phone, the list, the contacts.
async fn devices(width: Width) {
    let (site, browser) = begin(width).await;
    sign_in(&site, &browser, "anna", PASSWORD).await;
    prove(&site, &browser, PHONE).await;
    browser.follow("main a[href='/contacts']").await;
    browser.look("contacts-none").await;
    for (n, to) in ["bert", "carla"].into_iter().enumerate() {
        let to = site.world.account(to).secure.clone();
        assert_eq!(site.write("anna", &to, &format!("m{n}")).await.0, 250);
    }
    browser.open("/contacts?q=praxis").await;
    browser.shows("Bert Brandt").await;
    browser.look("contacts-found").await;
    browser.open("/contacts").await;
    browser.look("contacts").await;
    browser.open("/devices/new").await;
    browser.driver.execute("document.querySelector('form#form').noValidate = true", vec![]).await.unwrap();
    browser.submit().await;
    browser.shows("Name the device, in at most 100 characters").await;
    browser.look("device-new-mistake").await;
    let mut link = String::new();
    for (n, (name, heading, picture)) in [
        ("Thunderbird", "App password for Thunderbird", "device-thunderbird"),
        ("Anna’s iPhone", "Set up Anna’s iPhone", "device-iphone"),
        ("MacBook", "Set up MacBook", "device-mac"),
        ("Outlook at reception", "App password for Outlook at reception", "device-other"),
    ]
    .into_iter()
    .enumerate()
    {
        browser.open("/devices/new").await;
        browser.fill("name", name).await;
        browser.click(&format!("label[for=program-{n}]")).await;
        browser.submit().await;
        assert_eq!(browser.heading().await, heading);
        browser.look(picture).await;
        if picture == "device-iphone" {
            link = browser.find("a[href*='/device/']").await.attr("href").await.unwrap().unwrap();
        }
    }
    browser.open("/devices").await;
    browser.shows("Outlook at reception").await;
    browser.look("devices-many").await;
    let path = link.strip_prefix("https://portal.test").unwrap();
    browser.open(path).await;
    assert_eq!(browser.heading().await, "Set up this device");
    browser.look("device-link").await;
    let url = site.world.portal_url() + path;
    let profile = crate::device_setup::client(&site.world).post(url).send().await.unwrap();
    assert_eq!(profile.headers()["content-type"], "application/x-apple-aspen-config");
    browser.open(path).await;
    assert_eq!(browser.heading().await, "This link no longer works");
    browser.look("device-link-gone").await;
    browser.validate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_on_a_phone() {
    devices(Width::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_at_a_desk() {
    devices(Width::Desk).await;
}

/// Enrolment, sign-in with TOTP, recovery codes, and turning two-step off.
async fn second_step(width: Width) {
    let (site, browser) = begin(width).await;
    sign_in(&site, &browser, "anna", PASSWORD).await;
    prove(&site, &browser, PHONE).await;
    browser.open("/security").await;
    browser.look("security").await;
    browser.follow("a[href='/security/authenticator']").await;
    browser.submit().await;
    browser.look("authenticator").await;
    let key = browser.find(".secret .code").await.text().await.unwrap();
    browser.fill("code", &totp(&key, site.world.clock.now())).await;
    browser.submit().await;
    assert_eq!(browser.heading().await, "Keep these recovery codes");
    browser.look("recovery-codes").await;
    browser.press("Sign out").await;

    sign_in(&site, &browser, "anna", PASSWORD).await;
    browser.look("code-app").await;
    site.world.clock.advance(Duration::from_secs(30));
    browser.fill("code", &totp(&key, site.world.clock.now())).await;
    browser.submit().await;
    assert_eq!(browser.heading().await, "Hello, Anna");
    for (path, name) in [
        ("/security/recovery-codes", "recovery-codes-new"),
        ("/security/authenticator/remove", "authenticator-remove"),
        ("/security/two-step", "two-step-off"),
        ("/security/password", "password"),
        ("/profile", "profile"),
        ("/profile/email", "profile-email"),
        ("/profile/phone", "profile-phone"),
        ("/messaging", "messaging"),
        ("/devices", "devices"),
        ("/help", "help"),
        ("/nowhere", "missing"),
    ] {
        browser.open(path).await;
        browser.look(name).await;
    }
    browser.validate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn second_step_on_a_phone() {
    second_step(Width::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn second_step_at_a_desk() {
    second_step(Width::Desk).await;
}

/// Five different wrong passwords lock; Support unlocks at the command line; the link of that sets a new one.
async fn lock_and_reset(width: Width) {
    // The command line is a process of its own, and has the machine's clock.
    let site = Site::new().await;
    let browser = Browser::start(&site.world, width).await;
    browser.open("/sign-in").await;
    browser.look("sign-in").await;
    for wrong in ["1", "2", "3", "4", "5"] {
        sign_in(&site, &browser, "anna", wrong).await;
        browser.shows("The email address or the password is wrong, or the account is locked").await;
    }
    browser.look("sign-in-refused").await;
    sign_in(&site, &browser, "anna", PASSWORD).await;
    browser.shows("The email address or the password is wrong, or the account is locked").await;
    browser.follow("a[href='/reset']").await;
    browser.look("reset").await;
    browser.fill("login", &site.world.account("anna").email).await;
    browser.submit().await;
    browser.look("reset-sent").await;

    let home = tempfile::tempdir().unwrap();
    let config = site.world.config_file(home.path());
    let email = site.world.account("anna").email.clone();
    let out = Command::new(env!("CARGO_BIN_EXE_postern"))
        .args(["--config", config.to_str().unwrap(), "user", "unlock", &email])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let link = site.link("account-unlocked", &email).await;
    browser.open(&link).await;
    browser.look("reset-new").await;
    choose_password(&browser, "four quiet rivers meet").await;
    prove(&site, &browser, PHONE).await;
    browser.shows("Your password is changed").await;
    browser.press("Sign out").await;
    browser.open(&link).await;
    assert_eq!(browser.heading().await, "This link does not work any more");
    browser.look("link-dead").await;
    sign_in(&site, &browser, "anna", "four quiet rivers meet").await;
    prove(&site, &browser, PHONE).await;
    assert_eq!(browser.heading().await, "Hello, Anna");
    browser.validate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_and_reset_on_a_phone() {
    lock_and_reset(Width::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_and_reset_at_a_desk() {
    lock_and_reset(Width::Desk).await;
}

/// A User Manager corrects a phone, and the old link is dead (R8).
async fn user_manager(width: Width) {
    let (site, browser) = begin(width).await;
    sign_in(&site, &browser, "anna", PASSWORD).await;
    prove(&site, &browser, PHONE).await;
    invite_bob(&site, &browser, "+12025550100").await;
    let old = site.link("invitation", BOB).await;
    browser.open("/people").await;
    browser.shows("Link not opened").await;
    browser.look("people").await;
    browser.follow("a[href^='/people/']").await;
    browser.look("people-correct").await;
    browser.fill("phone", BOBS_PHONE).await;
    browser.submit().await;
    browser.shows("The correction is saved").await;
    browser.look("people-corrected").await;
    browser.press("Send again").await;
    browser.shows("A new invitation is on its way").await;
    let new = site.link("invitation", BOB).await;
    browser.press("Sign out").await;
    browser.open(&old).await;
    assert_eq!(browser.heading().await, "This link does not work any more");
    browser.open(&new).await;
    browser.shows("the number ending in 19").await;
    browser.validate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_manager_on_a_phone() {
    user_manager(Width::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_manager_at_a_desk() {
    user_manager(Width::Desk).await;
}

/// Time of the page's own, which stands still but when the test moves it: `__pass(seconds)`.
const PAGES_CLOCK: &str = "(() => {
    let skew = 0, timers = new Map(), next = -1;
    const begun = Date.now(), later = window.setTimeout.bind(window), forget = window.clearTimeout.bind(window);
    Date.now = () => begun + skew;
    window.setTimeout = (act, ms) => {
        if (ms < 10000) { return later(act, ms); }
        timers.set(next, [Date.now() + ms, act]);
        return next--;
    };
    window.clearTimeout = id => { if (!timers.delete(id)) { forget(id); } };
    window.__pass = seconds => {
        skew += seconds * 1000;
        for (const [id, [due, act]] of [...timers]) {
            if (due <= Date.now() && timers.delete(id)) { act(); }
        }
    };
})()";

/// R5: the warning comes two minutes before, its button prevents the end, and after it the next page explains.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_the_idle_end_is_announced() {
    let (site, browser) = begin(Width::Phone).await;
    let source = serde_json::json!({ "source": PAGES_CLOCK });
    browser.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", source).await.unwrap();
    sign_in(&site, &browser, "anna", PASSWORD).await;
    prove(&site, &browser, PHONE).await;
    browser.open("/messaging").await;
    let pass = async |seconds: u64| {
        site.world.clock.advance(Duration::from_secs(seconds));
        browser.driver.execute(format!("__pass({seconds})"), vec![]).await.unwrap();
    };
    let open = async || {
        let dialog =
            browser.driver.execute("return document.getElementById('idle').open", vec![]).await.unwrap();
        dialog.json().as_bool().unwrap()
    };
    pass(27 * 60).await;
    assert!(!open().await);
    pass(70).await;
    assert!(open().await, "no warning");
    browser.look("idle-warning").await;
    browser.button("Stay signed in").await.click().await.unwrap();
    browser.until("the warning stays", async || !open().await).await;
    pass(27 * 60).await;
    assert!(!open().await);
    assert_eq!(browser.path().await, "/messaging");
    site.world.clock.advance(Duration::from_secs(4 * 60));
    browser.follow("a.back").await;
    browser.shows("Your sign-in has ended").await;
    browser.look("signed-out").await;
    browser.validate().await;
}

/// The same sign-in with scripts turned off, and with the keyboard alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_script_and_without_a_mouse() {
    let (site, browser) = begin(Width::Desk).await;
    let off = serde_json::json!({ "value": true });
    browser.driver.cdp().send_raw("Emulation.setScriptExecutionDisabled", off).await.unwrap();
    browser.open("/sign-in").await;
    use thirtyfour::prelude::*;
    let keys = browser.driver.action_chain();
    // The first stop is the link that skips to the content.
    let keys = keys.send_keys(Key::Tab + "").key_down(Key::Enter).key_up(Key::Enter);
    let keys = keys.send_keys(Key::Tab + "").send_keys(&site.world.account("anna").email);
    let keys = keys.send_keys(Key::Tab + "").send_keys(PASSWORD).key_down(Key::Enter).key_up(Key::Enter);
    let page = browser.find("html").await;
    keys.perform().await.unwrap();
    browser.until_gone(page).await;
    prove(&site, &browser, PHONE).await;
    assert_eq!(browser.heading().await, "Hello, Anna");
    browser.open("/devices/new").await;
    browser.fill("name", "Thunderbird").await;
    browser.click("label[for=program-0]").await;
    browser.submit().await;
    assert_eq!(browser.heading().await, "App password for Thunderbird");
    let on = serde_json::json!({ "value": false });
    browser.driver.cdp().send_raw("Emulation.setScriptExecutionDisabled", on).await.unwrap();
    browser.look("without-a-script").await;
    browser.validate().await;
}
