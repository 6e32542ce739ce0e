//! What people do on the portal, step by step, without a browser: rules R1 to R9, R15, R16, R24, R29.

use std::time::{Duration, SystemTime};

use postern::clock::Clock;

use crate::portal_site::{PASSWORD, PHONE, Site};
use crate::portal_web::{Answer, Web, between};

const BOB: &str = "bob@baker-dental.example";
const BOBS_PHONE: &str = "+12025550119";
const BOBS_PASSWORD: &str = "nine tall candles burn";

async fn invited(site: &Site, web: &Web, phone: &str) -> Answer {
    let refused = site.write("anna", BOB, "First message").await;
    assert_eq!(refused.0, 550, "{refused:?}");
    let page = between(&refused.1, "https://portal.test", " ").unwrap_or_else(|| panic!("{}", refused.1));
    let form = web.get(page).await;
    assert!(form.body.contains(&format!("value=\"{BOB}\"")), "{}", form.body);
    let fields =
        [("email", BOB), ("first_name", "Bob"), ("last_name", "Baker"), ("role", "doctor"), ("phone", phone)];
    web.post("/invite", &fields).await
}

fn secret(answer: &Answer) -> String {
    between(&answer.body, "<span class=\"code\">", "</span>").unwrap().to_owned()
}

/// R15, R2, R16, R29: from the refusal of a message to reading it in a mail program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_r16_invitation_to_first_message_read() {
    let site = Site::new().await;
    let anna = site.signed_in("anna", PASSWORD, PHONE).await;
    invited(&site, &anna, BOBS_PHONE).await.shows("Bob Baker can be written to");
    assert_eq!(site.count("invitation", BOB), 0, "inviting alone sends nothing");
    assert_eq!(site.write("anna", BOB, "First message").await.0, 250);
    let link = site.link("invitation", BOB).await;

    let bob = Web::new(&site.world);
    let page = bob.get(&link).await;
    page.shows("Praxis am Markt has written to you").shows("the number ending in 19");
    assert!(!page.body.contains(BOBS_PHONE), "the number is shown before it is proved");
    bob.get(&link).await.shows("Step 1 of 3");
    let names = [("first_name", "Bob"), ("last_name", "Baker"), ("by", "text")];
    let with = |password: &'static str, again: &'static str| {
        let mut all = names.to_vec();
        all.extend([("password", password), ("again", again)]);
        all
    };
    bob.post(&link, &with("", "")).await.shows("Enter a password");
    bob.post(&link, &with(BOBS_PASSWORD, "x")).await.shows("The two passwords are not the same");
    bob.post(&link, &with("short", "short")).await.shows("Use 8 to 128 characters");
    bob.post(&link, &with("password123", "password123")).await.shows("passwords that are tried first");
    let sent = bob.post(&link, &with(BOBS_PASSWORD, BOBS_PASSWORD)).await;
    assert_eq!(sent.location(), "/code?sent=yes");
    let page = bob.follow(sent).await;
    page.shows("Step 2 of 3").shows("the number ending in 19");
    let before = bob.cookie("__Host-postern").unwrap();
    let code = site.code(BOBS_PHONE).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    bob.post("/code", &[("code", wrong)]).await.shows("This code is not right");
    let welcome = bob.follow(bob.post("/code", &[("code", &code)]).await).await;
    welcome.shows("Your account is ready").shows("Step 3 of 3");
    assert_ne!(bob.cookie("__Host-postern").unwrap(), before, "the id changes with the privilege");
    let secure = between(&welcome.text(), "Your secure address is ", ". ").unwrap().to_owned();

    // The link is used up.
    let other = Web::new(&site.world);
    let dead = other.get(&link).await;
    assert_eq!(dead.status, 410);
    dead.shows("This link does not work any more");

    // The code of a minute ago is fresh enough for the first app password.
    assert!(welcome.body.contains("href=\"/devices/new\""), "the last step offers the first device");
    bob.get("/devices/new").await.shows("What do you want to set up?");
    let fields = [("name", "Reception <b>"), ("program", "other")];
    let made = bob.post("/devices/new", &fields).await;
    made.shows("App password for Reception").shows("It is shown only once");
    assert!(made.body.contains("Reception &#60;b&#62;"), "{}", made.body);
    let app_password = secret(&made);
    assert_eq!(site.inbox(&secure, &app_password).await, ["First message"]);
    let list = bob.get("/devices").await;
    list.shows("Reception <b>");
    assert!(!list.body.contains(&app_password));

    // R7: a free account is told so instead of being shown a form.
    bob.get("/invite").await.shows("Inviting needs a paid account");
    assert_eq!(bob.get("/people").await.status, 403);
    bob.get("/").await.shows("Hello, Bob").shows("Free").shows("Read what colleagues send you");

    // R29: revoked, it opens nothing.
    let id = between(&list.body, "name=\"id\" value=\"", "\"").unwrap().to_owned();
    bob.follow(bob.post("/devices/revoke", &[("id", &id)]).await).await.shows("The device is revoked");
    let mut wire = site.world.connect("imap-tls").await;
    wire.response().await.unwrap();
    let answer = wire.imap("l", &format!("LOGIN {secure} {app_password}")).await;
    assert!(answer.last().unwrap().starts_with("l NO"), "{answer:?}");
    for web in [anna, bob, other] {
        web.validate().await;
    }
}

/// R8: a wrong phone is seen and corrected; the old link is dead, the next message sends one that works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_a_user_manager_corrects_a_phone() {
    let site = Site::new().await;
    let anna = site.signed_in("anna", PASSWORD, PHONE).await;
    invited(&site, &anna, "+12025550100").await;
    anna.get("/people").await.shows("Bob Baker").shows("No message yet");
    assert_eq!(site.write("anna", BOB, "First message").await.0, 250);
    let old = site.link("invitation", BOB).await;
    anna.get("/people").await.shows("Link not opened").shows("messages waiting: 1");
    let bob = Web::new(&site.world);
    bob.get(&old).await;
    anna.get("/people").await.shows("Link opened");
    let fields = [
        ("first_name", "Bob"),
        ("last_name", "Baker"),
        ("by", "call"),
        ("password", BOBS_PASSWORD),
        ("again", BOBS_PASSWORD),
    ];
    bob.follow(bob.post(&old, &fields).await).await.shows("the number ending in 00");
    anna.get("/people").await.shows("Code not answered");
    bob.post("/not-my-phone", &[]).await.shows("correct the number");
    let list = anna.get("/people").await;
    list.shows("Wrong phone");
    let edit = between(&list.body, "href=\"/people/", "\"").map(|id| format!("/people/{id}")).unwrap();
    let form = anna.get(&edit).await;
    assert!(form.body.contains("value=\"+12025550100\""));
    let correct = |phone: &'static str| [("role", "staff"), ("email", BOB), ("phone", phone)];
    anna.post(&edit, &correct("12")).await.shows("Enter a phone number with its country code");
    anna.follow(anna.post(&edit, &correct(BOBS_PHONE)).await).await.shows("The correction is saved");
    assert_eq!(bob.get(&old).await.status, 410);
    bob.get("/sign-in").await;
    assert_eq!(bob.post(&old, &fields).await.status, 410);
    anna.follow(anna.post(&format!("{edit}/send"), &[]).await).await.shows("A new invitation is on its way");
    let new = site.link("invitation", BOB).await;
    assert_ne!(new, old);
    bob.get(&new).await.shows("the number ending in 19");
    bob.follow(bob.post(&new, &fields).await).await;
    let code = site.code(BOBS_PHONE).await;
    bob.follow(bob.post("/code", &[("code", &code)]).await).await.shows("Your account is ready");
    // From then on the person alone changes it.
    anna.post(&edit, &correct(BOBS_PHONE)).await.shows("has registered meanwhile");
    assert_eq!(anna.get(&edit).await.status, 404);
    anna.get("/people").await.shows("Registered").shows("Accounts of Praxis am Markt");
    // Another practice's manager sees nothing of it.
    site.equip("carla", PASSWORD, "+12025550188").await;
    let carla = site.account("carla").await;
    site.world.gateway().store().set_user_manager(carla, true).await.unwrap();
    let carla = site.signed_in("carla", PASSWORD, "+12025550188").await;
    let list = carla.get("/people").await;
    list.shows("invited nobody");
    assert!(!list.body.contains("Bob"));
    assert_eq!(carla.get(&edit).await.status, 404);
    carla.post(&edit, &correct("+12025550101")).await.shows("has registered meanwhile");
    anna.validate().await;
    bob.validate().await;
}

/// R8, R16: the second practice's invitation reaches a person who has registered meanwhile, with another phone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r16_an_invitation_is_accepted_with_an_account() {
    let site = Site::new().await;
    site.equip("carla", PASSWORD, "+12025550188").await;
    let anna = site.signed_in("anna", PASSWORD, PHONE).await;
    let carla = site.signed_in("carla", PASSWORD, "+12025550188").await;
    invited(&site, &anna, BOBS_PHONE).await.shows("Bob Baker can be written to");
    carla.get("/invite").await;
    let other_phone = "+12025550155";
    let fields = [
        ("email", BOB),
        ("first_name", "Bob"),
        ("last_name", "Baker"),
        ("role", "staff"),
        ("phone", other_phone),
    ];
    carla.post("/invite", &fields).await.shows("Bob Baker can be written to");
    assert_eq!(site.write("anna", BOB, "From the first").await.0, 250);
    let first = site.link("invitation", BOB).await;
    assert_eq!(site.write("carla", BOB, "From the second").await.0, 250);
    let second = site.link("invitation", BOB).await;

    let bob = Web::new(&site.world);
    bob.get(&first).await;
    let chosen = [
        ("first_name", "Bob"),
        ("last_name", "Baker"),
        ("by", "text"),
        ("password", BOBS_PASSWORD),
        ("again", BOBS_PASSWORD),
    ];
    bob.follow(bob.post(&first, &chosen).await).await;
    let code = site.code(BOBS_PHONE).await;
    let welcome = bob.follow(bob.post("/code", &[("code", &code)]).await).await;
    let secure = between(&welcome.text(), "Your secure address is ", ". ").unwrap().to_owned();
    bob.get("/devices/new").await;
    let fields = [("name", "Desk"), ("program", "thunderbird")];
    let app_password = secret(&bob.post("/devices/new", &fields).await);
    assert_eq!(site.inbox(&secure, &app_password).await, ["From the first"]);

    // Whoever is signed out is led through the sign-in, and back.
    let stranger = Web::new(&site.world);
    let page = stranger.get(&second).await;
    page.shows("You have an account already");
    assert!(page.body.contains(&format!("href=\"/sign-in?next={second}\"")), "{}", page.body);
    // Somebody else's sign-in accepts nothing.
    anna.get(&second).await.shows("Accept the invitation");
    assert_eq!(anna.post(&format!("{second}/accept"), &[]).await.status, 410);
    bob.get(&second).await.shows("Zahnzentrum Nord has written to you");
    let asked = bob.follow(bob.post(&format!("{second}/accept"), &[]).await).await;
    asked.shows("Another phone number than yours was given");
    let sent = bob.post(&format!("{second}/code/new"), &[("by", "text")]).await;
    bob.follow(sent).await.shows("A new code is on its way");
    bob.post(&format!("{second}/code"), &[("code", "1")]).await.shows("This code is not right");
    let code = site.code(other_phone).await;
    bob.follow(bob.post(&format!("{second}/code"), &[("code", &code)]).await)
        .await
        .shows("are in your inbox");
    let mut inbox = site.inbox(&secure, &app_password).await;
    inbox.sort();
    assert_eq!(inbox, ["From the first", "From the second"]);
    assert_eq!(bob.get(&second).await.status, 410);
    bob.validate().await;
    stranger.validate().await;
}

/// R4: five different wrong passwords lock; the same one again does not count; only Support unlocks, by a reset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_the_fifth_wrong_password_locks() {
    let site = Site::new().await;
    let web = Web::new(&site.world);
    let signed_in = site.signed_in("anna", PASSWORD, PHONE).await;
    for wrong in ["one", "one", "two", "three", "four", "four"] {
        site.sign_in(&web, "anna", wrong).await.shows("The email address or the password is wrong");
    }
    assert_eq!(site.sign_in(&web, "anna", PASSWORD).await.location(), "/code");
    web.post("/sign-out", &[]).await;
    for wrong in ["1", "2", "3", "4", "5"] {
        site.sign_in(&web, "anna", wrong).await.shows("The email address or the password is wrong");
    }
    // The right one now gets the same answer, and open pages end.
    site.sign_in(&web, "anna", PASSWORD).await.shows("or the account is locked");
    assert_eq!(signed_in.get("/profile").await.location(), "/sign-in?ended=yes&next=/profile");
    signed_in.get("/sign-in?ended=yes").await.shows("Your sign-in has ended");
    let email = &site.world.account("anna").email;
    site.notice("account-locked", email).await;
    web.get("/reset").await;
    web.follow(web.post("/reset", &[("login", email)]).await).await.shows("If there is an account");

    let home = tempfile::tempdir().unwrap();
    let config = site.world.config_file(home.path());
    let config = config.to_str().unwrap();
    let unlock = ["--config", config, "user", "unlock", email];
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_postern")).args(unlock).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let link = site.link("account-unlocked", email).await;
    assert_eq!(site.count("reset-link", email), 0, "a locked account is sent no link");
    web.get(&link).await.shows("Choose a new password");
    let new = "four quiet rivers meet";
    let sent = web.post(&link, &[("password", new), ("again", new)]).await;
    assert_eq!(sent.location(), "/code");
    site.prove(&web, PHONE, "/code").await.shows("Your password is changed");
    assert_eq!(site.sign_in(&Web::new(&site.world), "anna", PASSWORD).await.status, 422);
    assert_eq!(site.sign_in(&Web::new(&site.world), "anna", new).await.location(), "/code");
    web.validate().await;
}

/// R2: the link is good for an hour, once, until a newer one; it does not bypass the second step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_reset_by_link_and_code() {
    let clock = Clock::fixed(SystemTime::now());
    let site = Site::at(clock.clone()).await;
    let email = site.world.account("anna").email.clone();
    let web = Web::new(&site.world);
    let ask = async |login: &str| {
        web.get("/reset").await;
        web.follow(web.post("/reset", &[("login", login)]).await).await.text()
    };
    let known = ask(&email).await;
    assert_eq!(ask("nobody@nowhere.example").await, known, "who has an account is not told");
    let first = site.link("reset-link", &email).await;
    ask(&email).await;
    let second = site.link("reset-link", &email).await;
    assert_eq!(web.get(&first).await.status, 410, "a newer one voids it");
    for _ in 0..3 {
        web.get(&second).await.shows("Choose a new password");
    }
    let new = "a brown bicycle in rain";
    let fields = [("password", new), ("again", new)];
    web.post(&second, &[("password", new), ("again", "other")]).await.shows("not the same");
    assert_eq!(web.post(&second, &fields).await.location(), "/code");
    // Nothing has changed yet, and this sign-in opens no page.
    assert_eq!(site.sign_in(&Web::new(&site.world), "anna", PASSWORD).await.location(), "/code");
    assert_eq!(web.get("/profile").await.location(), "/code?next=/profile");
    site.prove(&web, PHONE, "/code").await.shows("Your password is changed");
    assert_eq!(web.get(&second).await.status, 410);
    assert_eq!(site.sign_in(&Web::new(&site.world), "anna", PASSWORD).await.status, 422);

    ask(&email).await;
    let late = site.link("reset-link", &email).await;
    clock.advance(Duration::from_secs(3601));
    assert_eq!(web.get(&late).await.status, 410);
    web.get("/sign-in").await;
    assert_eq!(web.post(&late, &fields).await.status, 410);
    web.validate().await;
}

/// R5: after 30 minutes the next page asks to sign in, says why, and leads back; the warning's button, and
/// every page, begins them anew; after 12 hours it ends all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_thirty_idle_minutes_end_a_visit() {
    let clock = Clock::fixed(SystemTime::now());
    let site = Site::at(clock.clone()).await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    clock.advance(Duration::from_secs(29 * 60));
    web.get("/messaging").await.shows("Signature");
    clock.advance(Duration::from_secs(29 * 60));
    let script = web.request(reqwest::Method::POST, "/session/extend").header("sec-fetch-mode", "cors");
    assert_eq!(web.send(script.form(&[("csrf", web.csrf())])).await.status, 204);
    clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(web.post("/session/extend", &[]).await.location(), "/");
    clock.advance(Duration::from_secs(31 * 60));
    let ended = web.get("/messaging").await;
    assert_eq!(ended.location(), "/sign-in?ended=yes&next=/messaging");
    web.follow(ended).await.shows("Your sign-in has ended");
    assert!(web.cookie("__Host-postern").is_none());

    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    for _ in 0..25 {
        clock.advance(Duration::from_secs(29 * 60));
        if web.get("/messaging").await.status == 303 {
            break;
        }
    }
    assert_eq!(web.get("/messaging").await.status, 303, "12 hours are over");
}

/// The steps of an app for the time of a test's clock.
pub fn totp(typed: &str, at: SystemTime) -> String {
    let key: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let key = totp_rs::Secret::try_from_base32(key).unwrap();
    let app = totp_rs::Builder::new()
        .with_secret(key)
        .with_account_name("anna".to_owned())
        .with_issuer(Some("test".to_owned()))
        .build()
        .unwrap();
    app.generate(at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).to_string()
}

/// R3: an app replaces the phone; a step counts once; recovery codes count once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r3_an_authenticator_app_replaces_the_phone() {
    let clock = Clock::fixed(SystemTime::now());
    let site = Site::at(clock.clone()).await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let begin = web.get("/security/authenticator").await;
    begin.shows("An app on your phone shows the code");
    let page = web.follow(web.post("/security/authenticator", &[]).await).await;
    assert!(page.body.contains("<svg") && page.body.contains("role=\"img\""));
    let typed = secret(&page);
    web.post("/security/authenticator/confirm", &[("code", "000000")]).await.shows("This code is not right");
    let code = totp(&typed, clock.now());
    let codes = web.post("/security/authenticator/confirm", &[("code", &code)]).await;
    codes.shows("Keep these recovery codes");
    let list = between(&codes.body, "<ul class=\"codes code\">", "</ul>").unwrap();
    assert_eq!(list.matches("<li>").count(), 10);
    let recovery = between(list, "<li>", "</li>").unwrap().to_owned();
    web.get("/security").await.shows("10 of 10 are unused");
    web.post("/sign-out", &[]).await;

    let page = web.follow(site.sign_in(&web, "anna", PASSWORD).await).await;
    page.shows("Open your authenticator app");
    web.post("/code/new", &[("by", "text")]).await.shows("Use the code that your authenticator app shows");
    web.post("/code", &[("code", &code)]).await.shows("used already");
    clock.advance(Duration::from_secs(30));
    let next = totp(&typed, clock.now());
    let spaced = format!("{} {}", &next[..3], &next[3..]);
    web.follow(web.post("/code", &[("code", &spaced)]).await).await.shows("Hello, Anna");
    web.post("/sign-out", &[]).await;

    web.follow(site.sign_in(&web, "anna", PASSWORD).await).await;
    web.get("/code?by=recovery").await.shows("Use a recovery code");
    let use_it = [("by", "recovery"), ("code", recovery.as_str())];
    web.follow(web.post("/code", &use_it).await).await.shows("Hello, Anna");
    web.get("/security").await.shows("9 of 10 are unused");
    web.post("/sign-out", &[]).await;
    web.follow(site.sign_in(&web, "anna", PASSWORD).await).await;
    web.post("/code", &use_it).await.shows("not one of your unused recovery codes");

    clock.advance(Duration::from_secs(30));
    let code = totp(&typed, clock.now());
    web.follow(web.post("/code", &[("code", &code)]).await).await;
    web.get("/security/recovery-codes").await.shows("The old ones stop working");
    web.post("/security/recovery-codes", &[]).await.shows("Keep these recovery codes");
    web.get("/security/authenticator/remove").await.shows("Codes are then sent to your phone again");
    web.follow(web.post("/security/authenticator/remove", &[]).await).await.shows("is removed");
    web.validate().await;
}

/// R2: off and on again; a short password is good only together with a second step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_two_step_is_turned_off_and_on() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    web.get("/security").await.shows("On");
    web.get("/security/two-step").await.shows("your password alone signs you in");
    web.follow(web.post("/security/two-step", &[]).await).await.shows("Two-step verification is off");
    let other = Web::new(&site.world);
    assert_eq!(site.sign_in(&other, "anna", PASSWORD).await.location(), "/");
    // Even so, an app password asks for a code (R29).
    let asked = other.get("/devices/new").await;
    assert_eq!(asked.location(), "/code?next=/devices/new");
    site.prove(&other, PHONE, "/code?next=/devices/new").await.shows("What do you want to set up?");
    other.follow(other.post("/security/two-step/on", &[]).await).await.shows("Two-step verification is on");

    let short = "rain7dance";
    let change = |now: &'static str, new: &'static str| [("current", now), ("password", new), ("again", new)];
    other.get("/security/password").await;
    other.post("/security/password", &change("wrong", short)).await.shows("This is not your password");
    other.follow(other.post("/security/password", &change(PASSWORD, short)).await).await.shows("is changed");
    other.get("/security/two-step").await.shows("shorter than 15 characters");
    other.post("/security/two-step", &[("password", short), ("again", short)]).await.shows("Use 15 to 128");
    let long = "rain seven dance under";
    let off = other.post("/security/two-step", &[("password", long), ("again", long)]).await;
    other.follow(off).await.shows("Two-step verification is off");
    web.validate().await;
    other.validate().await;
}

/// R6, R24: what one changes about oneself, and what is asked for before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_the_own_profile() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    web.get("/profile").await.shows("Codes go to +12025550143");
    let fields = |first: &'static str, zone: &'static str| {
        [
            ("first_name", first),
            ("last_name", "Weber"),
            ("ada_number", "A-77"),
            ("specialties", "Endodontics, , Orthodontics"),
            ("time_zone", zone),
        ]
    };
    web.post("/profile", &fields("", "UTC")).await.shows("Enter first and last name");
    web.post("/profile", &fields("Anna", "Mars/Olympus")).await.shows("Choose a time zone from the list");
    web.follow(web.post("/profile", &fields("Änna", "America/Los_Angeles")).await).await.shows("is saved");
    let page = web.get("/profile").await;
    for value in ["Änna", "A-77", "Endodontics, Orthodontics"] {
        assert!(page.body.contains(&format!("value=\"{value}\"")), "{value}");
    }
    assert!(page.body.contains("<option selected>America/Los_Angeles</option>"));

    let email = "anna@new-practice.example";
    web.get("/profile/email").await;
    web.post("/profile/email", &[("email", "nonsense")]).await.shows("Enter an email address");
    web.follow(web.post("/profile/email", &[("email", email)]).await).await.shows("A link is on its way");
    let link = site.link("email-link", email).await;
    // The link alone does nothing: whoever reads a mistyped address is asked to sign in.
    let other = Web::new(&site.world);
    assert_eq!(other.get(&link).await.location(), format!("/sign-in?first=yes&next={link}"));
    let stranger = site.signed_in("frieda", PASSWORD, "+12025550177").await;
    assert_eq!(stranger.get(&link).await.status, 410);
    assert_eq!(stranger.post(&link, &[]).await.status, 410);
    web.get(&link).await.shows(email);
    web.follow(web.post(&link, &[]).await).await.shows("Your email address is changed");
    assert_eq!(web.get(&link).await.status, 410);
    stranger.validate().await;
    site.notice("email-changed", &site.world.account("anna").email).await;
    web.get("/profile").await.shows("Now anna@new-practice.example");

    let phone = "+12025550155";
    web.get("/profile/phone").await;
    web.post("/profile/phone", &[("phone", "123"), ("by", "text")]).await.shows("Enter a phone number");
    let sent = web.post("/profile/phone", &[("phone", phone), ("by", "text")]).await;
    web.follow(sent).await.shows("Confirm your new phone").shows("the number ending in 43");
    let code = site.code(phone).await;
    web.follow(web.post("/profile/phone/code", &[("code", &code)]).await).await.shows("is changed");
    web.get("/profile").await.shows("Codes go to +12025550155").shows("Other numbers +12025550143");
    // One more, which gets no codes until it is chosen; one that is removed.
    web.get("/profile/phone").await;
    let third = "+12025550166";
    web.follow(web.post("/profile/phone", &[("phone", third), ("by", "call")]).await).await;
    let code = site.code(third).await;
    let kept = [("code", code.as_str()), ("keep", "yes")];
    let page = web.follow(web.post("/profile/phone/code", &kept).await).await;
    page.shows("The phone number is added").shows("Codes go to +12025550155").shows(third);
    let id = |page: &Answer, number: &str| {
        let (_, rest) = page.body.split_once(&format!("<p>{number}</p>")).unwrap();
        between(rest, "name=\"id\" value=\"", "\"").unwrap().to_owned()
    };
    let used = web.post("/profile/phones/use", &[("id", &id(&page, third))]).await;
    let page = web.follow(used).await;
    page.shows("Codes go to that number from now on").shows("Codes go to +12025550166");
    let removed = web.post("/profile/phones/remove", &[("id", &id(&page, PHONE))]).await;
    let page = web.follow(removed).await;
    page.shows("The phone number is removed").shows("Other numbers +12025550155");
    assert!(!page.body.contains(PHONE));
    assert_eq!(web.post("/profile/phones/remove", &[("id", "x")]).await.status, 400);
    web.validate().await;
}

/// R22, R23: signature and notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r22_r23_messaging_settings() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    web.get("/messaging").await;
    let fields = [
        ("signature", "Anna Weber\r\nPraxis <am> Markt\r\n"),
        ("notify", "both"),
        ("disconnected", "yes"),
        ("time_zone", "Europe/Berlin"),
    ];
    web.follow(web.post("/messaging", &fields).await).await.shows("are saved");
    let page = web.get("/messaging").await;
    assert!(page.body.contains("Anna Weber\nPraxis &#60;am&#62; Markt</textarea>"), "{}", page.body);
    assert!(page.body.contains("value=\"both\" checked") && page.body.contains("value=\"yes\" checked"));
    assert!(page.body.contains("<option selected>Europe/Berlin</option>"));
    web.post("/messaging", &[("signature", ""), ("notify", "pigeon")]).await.shows("Choose one");
    web.validate().await;
}

/// R5, R29: every place where one is signed in, and the end of all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_and_sign_out_everywhere() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let other = site.signed_in("anna", PASSWORD, PHONE).await;
    web.get("/devices").await.shows("test").shows("See your sign-ins");
    let page = web.get("/sign-ins").await;
    page.shows("Firefox, Linux").shows("This one").shows("from 127.0.0.1");
    assert_eq!(page.body.matches("<h2>Firefox, Linux").count(), 2);
    web.follow(web.post("/sign-ins/end-all", &[]).await).await.shows("signed out everywhere");
    assert_eq!(other.get("/").await.location(), "/sign-in?ended=yes");
    web.validate().await;
}

/// R1: no cookie of before the sign-in is good after it, and none after the sign-out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_has_a_new_cookie() {
    let site = Site::new().await;
    let web = Web::new(&site.world);
    web.set_cookie("__Host-postern", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    site.sign_in(&web, "anna", PASSWORD).await;
    let half = web.cookie("__Host-postern").unwrap();
    assert_ne!(half, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    site.prove(&web, PHONE, "/code").await;
    let full = web.cookie("__Host-postern").unwrap();
    assert_ne!(full, half);
    let thief = Web::new(&site.world);
    thief.set_cookie("__Host-postern", &half);
    assert_eq!(thief.get("/profile").await.location(), "/sign-in?ended=yes&next=/profile");
    // Another sign-in in the same browser takes the place of the one before.
    assert_eq!(site.sign_in(&web, "frieda", PASSWORD).await.location(), "/code");
    thief.set_cookie("__Host-postern", &full);
    assert_eq!(thief.get("/profile").await.location(), "/sign-in?ended=yes&next=/profile");
}

/// Issue 3: under 50 ms of server time each. Reported, not asserted: the machine is shared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_time_of_each_page() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let pages = [
        "/",
        "/contacts",
        "/invite",
        "/people",
        "/messaging",
        "/profile",
        "/security",
        "/devices",
        "/help",
        "/nowhere",
    ];
    for path in pages {
        let mut times = Vec::new();
        let mut weight = 0;
        for _ in 0..20 {
            let answer = web.get(path).await;
            times.push(answer.took);
            weight = answer.body.len();
        }
        times.sort();
        println!("{path:<16} {weight:>6} bytes of HTML, median {:?}, worst {:?}", times[10], times[19]);
    }
}
