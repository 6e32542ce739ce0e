//! Devices and contacts on the portal's pages, without a browser: R21, R29.

use std::time::{Duration, SystemTime};

use postern::clock::Clock;
use reqwest::StatusCode;

use crate::demo_process::psql;
use crate::device_setup::client;
use crate::portal_site::{PASSWORD, PHONE, Site};
use crate::portal_web::{Answer, Web, between};

const NEW: &str = "/devices/new";

/// Adds a device; the page that shows what is shown once.
async fn add(web: &Web, name: &str, program: &str) -> Answer {
    web.get(NEW).await;
    web.post(NEW, &[("name", name), ("program", program)]).await
}

/// The path of the one-time link on the page.
#[track_caller]
fn link(page: &Answer) -> String {
    let path = between(&page.body, "href=\"https://portal.test/device/", "\"");
    format!("/device/{}", path.unwrap_or_else(|| panic!("no link in {}", page.body)))
}

fn secret(page: &Answer) -> &str {
    between(&page.body, "<span class=\"code\">", "</span>").unwrap()
}

async fn sql(site: &Site, text: &str) -> String {
    let (url, text) = (site.world.database_url.clone(), text.to_owned());
    tokio::task::spawn_blocking(move || psql(&url, &text)).await.unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_a_mail_program_is_set_up_listed_and_revoked() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let anna = site.world.account("anna").clone();
    web.get("/devices").await.shows("Add a device").shows("test");
    web.post(NEW, &[("name", ""), ("program", "thunderbird")]).await.shows("Name the device");
    web.post(NEW, &[("name", "Desk")]).await.shows("Choose one");
    web.post(NEW, &[("name", "Desk"), ("program", "pigeon")]).await.shows("Choose one");
    let long = "x".repeat(101);
    let page = web.post(NEW, &[("name", &long), ("program", "other")]).await;
    assert_eq!(page.status, 422);
    page.shows("in at most 100 characters");

    let page = add(&web, "Desk & <lamp>", "thunderbird").await;
    page.shows("App password for Desk & <lamp>").shows("Thunderbird finds all settings by itself");
    page.shows(&format!("email address your secure address: {}", anna.secure));
    page.shows(&format!("localhost, port {}, SSL/TLS", site.world.imap_tls));
    page.shows(&format!("localhost, port {}, SSL/TLS", site.world.submission_tls));
    page.shows("https://portal.test/carddav/");
    let password = secret(&page).to_owned();
    let mut imap = site.world.connect("imap-tls").await;
    imap.response().await.unwrap();
    let answer = imap.imap("l", &format!("LOGIN {} {password}", anna.secure)).await;
    assert!(answer.last().unwrap().starts_with("l OK"), "{answer:?}");
    imap.imap("i", "ID (\"name\" \"Thunderbird <b>\" \"version\" \"153.7.0\")").await;
    // Written a moment after the answer.
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let end = tokio::time::Instant::now() + crate::client::PATIENCE;
    let list = loop {
        look.tick().await;
        let list = web.get("/devices").await;
        let text = list.text();
        if text.contains("Thunderbird <b> 153.7.0 Last used") && text.contains("from 127.0.0.1, added") {
            break list;
        }
        assert!(tokio::time::Instant::now() < end, "{text}");
    };
    assert!(!list.body.contains(&password));
    assert!(list.body.contains("aria-label=\"Revoke Desk &#38; &#60;lamp&#62;\""), "{}", list.body);
    let (_, after) = list.body.split_once("Desk &#38;").unwrap();
    let id = between(after, "name=\"id\" value=\"", "\"").unwrap().to_owned();
    let revoked = web.follow(web.post("/devices/revoke", &[("id", &id)]).await).await;
    revoked.shows("The device is revoked");
    assert!(!revoked.text().contains("lamp"));
    assert!(imap.response().await.unwrap().starts_with(b"* BYE"));
    assert!(imap.closed().await);
    // Somebody else's number is nothing to one.
    let other = site.signed_in("frieda", PASSWORD, "+12025550177").await;
    let theirs = sql(&site, "select min(id) from app_password where account_id = 1").await;
    other.get("/devices").await;
    other.follow(other.post("/devices/revoke", &[("id", &theirs)]).await).await;
    assert_eq!(
        sql(&site, &format!("select revoked_at is null from app_password where id = {theirs}")).await,
        "t"
    );
    assert_eq!(other.post("/devices/revoke", &[("id", "x")]).await.status, 400);
    // R21: a free account has no contacts, so no program is told of any.
    let page = add(&other, "Phone", "other").await;
    page.shows("The email address is your secure address");
    assert!(!page.body.contains("/carddav/"));
    web.validate().await;
    other.validate().await;
}

/// From the portal to the profile on the phone, which is another browser and signs in nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_a_phone_takes_its_profile_by_the_link_on_the_page() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let page = add(&web, "Anna’s iPhone", "iphone").await;
    page.shows("Set up Anna’s iPhone").shows("It works once, and for 10 minutes");
    assert!(page.body.contains("<svg viewBox=") && page.body.contains("role=\"img\""), "a QR code");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let path = link(&page);
    assert_eq!(sql(&site, "select count(*) from app_password where name like 'Anna%'").await, "0");

    let phone = Web::new(&site.world);
    let page = phone.get(&path).await;
    page.shows("Set up this device").shows("“Anna’s iPhone”").shows("Download the profile");
    assert!(page.headers.get("set-cookie").is_none() && !page.body.contains("anna.weber"));
    assert!(page.header("content-security-policy").contains("style-src 'self'"));
    let profile =
        client(&site.world).post(format!("{}{path}", site.world.portal_url())).send().await.unwrap();
    assert_eq!(profile.status(), StatusCode::OK);
    assert_eq!(profile.headers()["content-type"], "application/x-apple-aspen-config");
    let signed = profile.bytes().await.unwrap();
    assert!(signed.windows(8).any(|w| w == b"CardDAVP"), "contacts come with it");
    let gone = phone.get(&path).await;
    assert_eq!(gone.status, 410);
    gone.shows("This link no longer works").shows("Make a new one in the portal, under Devices");
    web.get("/devices").await.shows("Anna’s iPhone").shows("Never used");
    let notice = site.notice("new-app-password", &site.world.account("anna").email).await;
    assert!(notice["text"].as_str().unwrap().contains("Anna’s iPhone"), "the owner hears of it");
    let entries =
        "select string_agg(action, ' ' order by id) from audit_pending where action in ('device-link')";
    let sealed =
        "select count(*) from (select action from audit_pending union all select action from audit_entry) a
                   where action = 'device-link'";
    assert!(sql(&site, entries).await == "device-link" || sql(&site, sealed).await == "1");

    // On the Mac itself there is nothing to scan.
    let page = add(&web, "Mac", "mac").await;
    page.shows("On this Mac").shows("Open System Settings");
    assert!(!page.body.contains("class=\"qr\""));
    phone.get(&link(&page)).await.shows("“Mac”");
    // A look without a link, however often, is a refusal like any other.
    assert_eq!(phone.get("/device/nothing").await.status, 410);
    web.validate().await;
    phone.validate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_a_device_is_added_with_a_fresh_factor_alone() {
    let clock = Clock::fixed(SystemTime::now());
    let site = Site::at(clock.clone()).await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    web.get(NEW).await.shows("What do you want to set up?");
    clock.advance(Duration::from_mins(6));
    assert_eq!(web.get(NEW).await.location(), "/code?next=/devices/new");
    for program in ["thunderbird", "iphone", "mac", "other"] {
        let answer = web.post(NEW, &[("name", "Late"), ("program", program)]).await;
        assert_eq!(answer.location(), "/code?next=/devices/new");
    }
    assert_eq!(sql(&site, "select count(*) from device_link").await, "0");
    assert_eq!(sql(&site, "select count(*) from app_password where name = 'Late'").await, "0");
    site.prove(&web, PHONE, "/code?next=/devices/new").await.shows("What do you want to set up?");
}

/// Whoever got at a sign-in keeps no link from it when its owner ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_links_end_with_the_web_sign_ins() {
    let site = Site::new().await;
    let phone = Web::new(&site.world);
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let path = link(&add(&web, "Phone", "iphone").await);
    assert_eq!(phone.get(&path).await.status, 200);
    web.follow(web.post("/sign-ins/end-all", &[]).await).await;
    assert_eq!(phone.get(&path).await.status, 410);

    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let path = link(&add(&web, "Phone", "iphone").await);
    let new = "four quiet rivers meet";
    let fields = [("current", PASSWORD), ("password", new), ("again", new)];
    web.follow(web.post("/security/password", &fields).await).await.shows("is changed");
    assert_eq!(phone.get(&path).await.status, 410);

    // R4: a lock ends them, and the unlock does not bring them back.
    let path = link(&add(&web, "Phone", "iphone").await);
    let anna = site.account("anna").await;
    let store = site.world.gateway().store();
    assert!(store.lock(anna).await.unwrap());
    assert_eq!(phone.get(&path).await.status, 410);
    assert!(store.unlock(anna).await.unwrap());
    assert_eq!(phone.get(&path).await.status, 410);
    assert_eq!(sql(&site, "select count(*) from app_password where name = 'Phone'").await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_there_is_a_most() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let path = link(&add(&web, "Phone", "iphone").await);
    sql(
        &site,
        "insert into app_password (account_id, name, verifier_key)
         select 1, 'n' || n, sha256(n::text::bytea) from generate_series(1, 99) n",
    )
    .await;
    for program in ["thunderbird", "iphone"] {
        let page = web.post(NEW, &[("name", "One more"), ("program", program)]).await;
        assert_eq!(page.status, 422);
        page.shows("as many devices as an account may have");
    }
    let phone = Web::new(&site.world);
    phone.get(&path).await.shows("Set up this device");
    let refused = phone.post(&path, &[]).await;
    assert_eq!(refused.status, 409);
    refused.shows("There are too many devices");
    phone.validate().await;
}

/// R21: who was written to and has registered, by name; to look at, and to look for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r21_contacts_are_listed_and_found() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let home = web.get("/").await;
    assert!(home.body.contains("href=\"/contacts\""));
    web.get("/contacts").await.shows("There is nobody yet");
    let (bert, carla) =
        (site.world.account("bert").secure.clone(), site.world.account("carla").secure.clone());
    assert_eq!(site.write("anna", &carla, "one").await.0, 250);
    assert_eq!(site.write("anna", &bert, "two").await.0, 250);
    let page = web.get("/contacts").await;
    page.shows("2 people").shows(&format!("Bert Brandt Staff · Praxis am Markt {bert} Carla Conti Doctor"));
    assert!(!page.body.contains("name=\"q\""), "two are looked through by eye");
    assert!(
        !page.body.contains("action=\"/contacts\"") && !page.body.contains("mailto:"),
        "nothing to change"
    );
    // Only those of one's own, and none for a free account.
    let frieda = site.signed_in("frieda", PASSWORD, "+12025550177").await;
    assert!(!frieda.get("/").await.body.contains("href=\"/contacts\""));
    let page = frieda.get("/contacts").await;
    page.shows("Contacts come with a paid account");
    assert!(!page.body.contains("Carla"));

    let page = web.get("/contacts?q=ZAHNzentrum+carla").await;
    page.shows("1 of 2 fits “ZAHNzentrum carla”").shows(&carla);
    assert!(!page.body.contains("Bert"));
    web.get("/contacts?q=%3Cb%3E%22").await.shows("Nobody fits “<b>\"”.");

    // A page holds fifty.
    sql(
        &site,
        "with made as (
             insert into account (practice_id, first_name, last_name, role, tier, state)
             select 1, 'P' || to_char(n, 'FM000'), 'Zz', 'staff', 'free', 'active' from generate_series(1, 118) n
             returning id, first_name),
         known as (
             insert into address (address, account_id, kind)
             select lower(first_name) || '@secure.test', id, 'secure' from made),
         mail as (
             insert into address (address, account_id, kind)
             select lower(first_name) || '@x.test', id, 'email' from made)
         insert into contact (account_id, contact_id, revision)
         select 1, id, (select revision from contact_book where account_id = 1) from made",
    )
    .await;
    let first = web.get("/contacts").await;
    first.shows("120 people").shows("Page 1 of 3").shows("P048 Zz").shows("Next page");
    assert!(!first.body.contains("P049") && !first.text().contains("Previous page"));
    let last = web.get("/contacts?page=3").await;
    last.shows("Page 3 of 3").shows("P118 Zz").shows("Previous page");
    assert!(!last.text().contains("Next page"));
    web.get("/contacts?page=999").await.shows("Page 3 of 3");
    web.get("/contacts?page=-1").await.shows("Page 1 of 3");
    let found = web.get("/contacts?q=zz+p").await;
    assert!(found.body.contains("href=\"/contacts?q=zz%20p&#38;page=2\""), "{}", found.body);
    web.get("/contacts?q=zz%20p&page=2").await.shows("118 of 120 fit “zz p”").shows("Page 2 of 3");
    web.validate().await;
    frieda.validate().await;
}
