//! ASVS 5.0 V6 (authentication), over real HTTPS; the table is docs/asvs.md. And what a hostile reading of the
//! pages found.

use crate::harness::World;
use crate::portal_site::{PASSWORD, PHONE, Site};
use crate::portal_web::{Answer, Web, between};

/// A page without what differs from one to the next anyway: its token, and the login it shows again.
fn bare(answer: &Answer, login: &str) -> String {
    let csrf = between(&answer.body, "name=\"csrf\" value=\"", "\"").unwrap_or("-");
    answer.body.replace(csrf, "").replace(login, "")
}

async fn try_password(web: &Web, login: &str, password: &str) -> Answer {
    web.get("/sign-in").await;
    web.post("/sign-in", &[("login", login), ("password", password)]).await
}

/// 6.3.8: unknown, wrong and locked are one page, at sign-in and at the request for a reset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v6_3_8_nobody_learns_who_has_an_account() {
    let site = Site::new().await;
    let frieda = site.account("frieda").await;
    assert!(site.world.gateway().store().lock(frieda).await.unwrap());
    let known = site.world.account("anna").email.clone();
    let locked = site.world.account("frieda").email.clone();
    let unknown = "nobody@nowhere.example".to_owned();
    let mut pages = Vec::new();
    for login in [&known, &locked, &unknown] {
        let web = Web::new(&site.world);
        let refused = try_password(&web, login, "not the password").await;
        let asked = web.post("/reset", &[("login", login)]).await;
        let names: Vec<String> = refused.headers.keys().map(ToString::to_string).collect();
        pages.push((refused.status, names, bare(&refused, login), asked.status, asked.location().to_owned()));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[0], pages[2]);
    // The right password of a locked account too.
    let web = Web::new(&site.world);
    let refused = try_password(&web, &locked, PASSWORD).await;
    assert_eq!((refused.status, bare(&refused, &locked)), (pages[0].0, pages[0].2.clone()));
}

/// 6.2.1, 6.2.3, 6.2.5, 6.2.8, 6.2.9: changed with the current one; any characters; long ones; taken as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v6_2_passwords_are_taken_as_they_are() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let change = async |current: &str, new: &str| {
        web.get("/security/password").await;
        web.post("/security/password", &[("current", current), ("password", new), ("again", new)]).await
    };
    assert_eq!(change("", "nine green kettles").await.status, 422);
    assert_eq!(change("not the password", "nine green kettles").await.status, 422);
    assert_eq!(change(PASSWORD, "kiesel7").await.status, 422, "seven characters");
    let login = site.world.account("anna").email.clone();
    let mut current = PASSWORD.to_owned();
    // 128 characters; only lower case; only digits; with spaces around; not Latin at all.
    let long = "Kiesel im Garten".repeat(8);
    for new in [long.as_str(), "kieselgarten", "8305417926", "  Kiesel im Garten ", "камешки в саду"]
    {
        assert_eq!(change(&current, new).await.location(), "/security?done=password", "{new}");
        current = new.to_owned();
        let other = Web::new(&site.world);
        assert_eq!(try_password(&other, &login, new).await.location(), "/code", "{new}");
    }
    assert_eq!(change(&current, &long).await.location(), "/security?done=password");
    for almost in [&long[..127], &long.to_lowercase()] {
        assert_eq!(try_password(&Web::new(&site.world), &login, almost).await.status, 422);
    }
}

/// 6.2.4, 6.2.11: not a common one, not one made of the own data or of words that belong to this place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v6_2_11_words_of_this_place_are_no_password() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    for weak in [
        "password123",
        "iloveyou",
        "SecureMail2026!",
        "Collaborator99",
        "TruForm-TruForm",
        "postern1234",
        "Dentist2026",
    ] {
        web.get("/security/password").await;
        let fields = [("current", PASSWORD), ("password", weak), ("again", weak)];
        assert_eq!(web.post("/security/password", &fields).await.status, 422, "{weak}");
    }
}

/// 6.2.6, 6.2.7: masked, and left to password managers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v6_2_7_password_managers_can_do_their_work() {
    let site = Site::new().await;
    let web = Web::new(&site.world);
    let page = web.get("/sign-in").await;
    let field = |page: &Answer, name: &str| {
        let at = page.body.find(&format!("name=\"{name}\"")).unwrap();
        let start = page.body[..at].rfind('<').unwrap();
        let end = at + page.body[at..].find('>').unwrap();
        page.body[start..end].to_owned()
    };
    let password = field(&page, "password");
    assert!(
        password.contains("type=\"password\"") && password.contains("autocomplete=\"current-password\""),
        "{password}"
    );
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    let page = web.get("/security/password").await;
    for (name, kind) in
        [("current", "current-password"), ("password", "new-password"), ("again", "new-password")]
    {
        let field = field(&page, name);
        assert!(field.contains("type=\"password\"") && field.contains(kind), "{field}");
        assert!(!field.contains("maxlength") && !field.contains("onpaste"), "{field}");
    }
}

/// 6.3.1: the limits go by the connection's own address, whatever a request says of itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v6_3_1_limits_are_not_escaped_by_a_header() {
    let world = World::new().await;
    let web = Web::new(&world);
    let mut turned_away = false;
    for n in 0..200u8 {
        let request = web
            .request(reqwest::Method::GET, "/reset/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            .header("x-forwarded-for", format!("198.51.100.{n}"))
            .header("x-real-ip", format!("198.51.100.{n}"))
            .header("forwarded", format!("for=198.51.100.{n}"));
        turned_away |= web.send(request).await.status == 429;
    }
    assert!(turned_away);
}

/// The meter computes for milliseconds: nobody may have that done without end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_strength_meter_is_no_free_computer() {
    let world = World::new().await;
    let web = Web::new(&world);
    web.get("/sign-in").await;
    let mut turned_away = false;
    for _ in 0..200 {
        let answer = web.post("/password-strength", &[("password", "kiesel")]).await;
        turned_away |= answer.status == 429;
    }
    assert!(turned_away);
}

/// A page of ours, reached by somebody else's link, must not aim its buttons (which carry the token of the
/// visit) at another of our forms: `..` and `?` in the place of an invitation's token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_cannot_aim_the_buttons_of_a_page() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    for token in ["..%2F..%2Fsecurity%2Ftwo-step%3F", "..%2Fsign-out%23", "x%22%3E%3Cscript%3E", "%0d%0a"] {
        for path in [
            format!("/invitation/{token}/code"),
            format!("/invitation/{token}"),
            format!("/reset/{token}"),
            format!("/email/{token}"),
        ] {
            let page = web.get(&path).await;
            assert_eq!(page.status, 410, "{path}: {}", page.heading());
            assert!(!page.body.contains("two-step?") && !page.body.contains("<script>"), "{path}");
            let main = between(&page.body, "<main", "</main>").unwrap();
            assert!(!main.contains("<form"), "{path}: {main}");
        }
    }
    for path in
        ["/reset/..%2Fsign-out%3F", "/invitation/..%2Fsign-out%3F", "/invitation/..%2F..%2Fsign-out%3F/code"]
    {
        web.get("/profile").await;
        let page = web.post(path, &[("password", "one"), ("again", "two")]).await;
        assert!(!page.body.contains("sign-out?"), "{path}");
    }
}

/// 6.4.1: a password that Support has made leads to choosing another one, whatever is asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v6_4_1_a_password_of_supports_making_is_replaced_first() {
    let site = Site::new().await;
    let store = site.world.gateway().store();
    let frieda = site.account("frieda").await;
    let hash = store.portal_password(frieda).await.unwrap().unwrap();
    assert!(store.initial_password_set(frieda, &hash).await.unwrap());
    let web = site.signed_in("frieda", PASSWORD, "+12025550177").await;
    for path in ["/", "/profile", "/messaging", "/security", "/security/two-step", "/sign-ins", "/confirm"] {
        assert_eq!(web.get(path).await.location(), "/security/password", "GET {path}");
    }
    web.get("/security/password").await.shows("Choose one of your own");
    assert_eq!(web.post("/messaging", &[("signature", "x")]).await.location(), "/security/password");
    let new = "seven kettles on the shelf";
    let fields = [("current", PASSWORD), ("password", new), ("again", new)];
    web.follow(web.post("/security/password", &fields).await).await.shows("Your password is changed");
    web.get("/").await.shows("Hello, Frieda");
    web.validate().await;
}

/// 6.3.5: the cookie by which a browser is recognised, and the notice where it is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v6_3_5_a_new_browser_is_told_of() {
    const COOKIE: &str = "__Host-postern-browser";
    let site = Site::new().await;
    let email = site.world.account("anna").email.clone();
    let web = Web::new(&site.world);
    site.sign_in(&web, "anna", PASSWORD).await;
    assert_eq!(web.cookie(COOKIE), None, "half a sign-in is none");
    site.prove(&web, PHONE, "/code").await;
    let known = web.cookie(COOKIE).unwrap();
    assert_eq!(known.len(), 43, "256 bits in base64url");
    let notice = site.notice("new-sign-in", &email).await;
    let text = notice["text"].as_str().unwrap();
    assert!(text.contains("Firefox, Linux") && text.contains("127.0.0.1"), "{text}");
    assert!(text.contains("https://portal.test/sign-ins"), "{text}");
    // The same browser later, signed out or not: not a word.
    web.post("/sign-out", &[]).await;
    assert_eq!(web.cookie(COOKIE).as_deref(), Some(known.as_str()), "it outlives the sign-in");
    site.sign_in(&web, "anna", PASSWORD).await;
    site.prove(&web, PHONE, "/code").await;
    assert_eq!(web.cookie(COOKIE).as_deref(), Some(known.as_str()));
    assert_eq!(site.count("new-sign-in", &email), 1);
    // It opens nothing by itself.
    let thief = Web::new(&site.world);
    thief.set_cookie(COOKIE, &known);
    assert_eq!(thief.get("/profile").await.location(), "/sign-in?first=yes&next=/profile");
    // What is no value of ours is replaced.
    let odd = Web::new(&site.world);
    odd.set_cookie(COOKIE, "short");
    site.sign_in(&odd, "anna", PASSWORD).await;
    site.prove(&odd, PHONE, "/code").await;
    assert_ne!(odd.cookie(COOKIE).as_deref(), Some("short"));
    site.notice("new-sign-in", &email).await;
}

/// Names go into notices to people outside: a name is no link, and turns no text around.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_no_link() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    for name in [
        "https://evil.example/x",
        "Win at www.evil.example",
        "evil.example",
        "a@evil.example",
        "Anna\u{202e}nnA",
        "<b>Anna</b>",
        "Anna\r\nBcc: x",
    ] {
        web.get("/profile").await;
        let fields = [("first_name", name), ("last_name", "Weber"), ("time_zone", "UTC")];
        assert_eq!(web.post("/profile", &fields).await.status, 422, "{name}");
    }
    for name in ["Jean-Luc", "Dr. Anna J.R.", "O’Brien", "D'Arcy", "José María", "李", "Anna (Nan)"] {
        web.get("/profile").await;
        let fields = [("first_name", name), ("last_name", "Weber"), ("time_zone", "UTC")];
        assert_eq!(web.post("/profile", &fields).await.status, 303, "{name}");
    }
}

/// 6.6.1: where codes by phone are offered, the page says what is safer, and why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v6_6_1_the_risk_of_codes_by_phone_is_told() {
    let site = Site::new().await;
    let web = site.signed_in("anna", PASSWORD, PHONE).await;
    for path in ["/help", "/security/authenticator"] {
        web.get(path).await.shows("takes over your phone number");
    }
}
