//! The portal without a browser: what every answer carries, what is refused before anything is looked up.

use reqwest::Method;

use crate::harness::World;
use crate::portal_web::Web;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_carries_the_same_protection() {
    let world = World::new().await;
    let web = Web::new(&world);
    for (path, status) in
        [("/sign-in", 200), ("/help", 200), ("/nowhere", 404), ("/healthz", 200), ("/", 303)]
    {
        let answer = web.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=63072000");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    web.validate().await;
}

/// What the policy forbids is not there: no style, script or handler in a page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn style_and_script_are_files_that_never_change() {
    let world = World::new().await;
    let web = Web::new(&world);
    let page = web.get("/sign-in").await;
    assert!(
        !page.body.contains("<style") && !page.body.contains(" style=") && !page.body.contains("<script>")
    );
    let mut files = 0;
    for path in page.body.split('"').filter(|p| p.starts_with("/static/")) {
        let file = web.get(path).await;
        assert_eq!(file.status, 200, "{path}");
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(file.headers.get("set-cookie").is_none());
        assert_eq!(web.get(&path.replace('-', "-0")).await.status, 404);
        files += 1;
    }
    assert_eq!(files, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_an_old_browser_is_asked_to_make_way() {
    let world = World::new().await;
    let mut web = Web::new(&world);
    web.agent = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)";
    for path in ["/", "/sign-in", "/invitation/abc", "/nowhere"] {
        let page = web.get(path).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.heading(), "Please update your browser");
        assert!(page.body.contains("Mozilla Firefox"));
    }
    let style =
        web.get("/sign-in").await.body.split('"').find(|p| p.starts_with("/static/")).unwrap().to_owned();
    assert_eq!(web.get(&style).await.status, 200);
    web.validate().await;
}

/// Every form of every page: without the token, or with another browser's, nothing happens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_without_its_token_is_refused() {
    let world = World::new().await;
    let web = Web::new(&world);
    web.get("/sign-in").await;
    let other = Web::new(&world);
    other.get("/sign-in").await;
    let forms = [
        "/sign-in",
        "/sign-out",
        "/code",
        "/code/new",
        "/invitation/abc",
        "/not-my-phone",
        "/reset",
        "/reset/abc",
        "/password-strength",
    ];
    for path in forms {
        for token in ["", "x", &other.csrf(), &web.cookie("__Host-postern-visitor").unwrap()] {
            let request =
                web.request(Method::POST, path).form(&[("csrf", token), ("login", "anna@praxis.test")]);
            let answer = web.send(request).await;
            assert_eq!((answer.status, answer.heading()), (403, "The page was too old"), "{path} {token}");
        }
    }
    web.validate().await;
}

/// The token alone is not enough where the browser says that another site sent the form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_from_another_site_is_refused() {
    let world = World::new().await;
    let web = Web::new(&world);
    web.get("/sign-in").await;
    let csrf = web.csrf();
    let send = |name: &'static str, value: String| {
        let request =
            web.request(Method::POST, "/sign-out").header(name, value).form(&[("csrf", csrf.as_str())]);
        web.send(request)
    };
    for (name, value) in [
        ("origin", "https://evil.example".to_owned()),
        ("origin", world.portal_url().replace("https", "http")),
        ("sec-fetch-site", "cross-site".to_owned()),
        ("sec-fetch-site", "same-site".to_owned()),
        ("sec-fetch-site", "none".to_owned()),
    ] {
        assert_eq!(send(name, value.clone()).await.status, 403, "{name}: {value}");
    }
    assert_eq!(send("origin", world.portal_url()).await.status, 303);
    // What a page under `no-referrer` says of itself.
    assert_eq!(send("origin", "null".to_owned()).await.status, 303);
    assert_eq!(send("origin", "https://portal.test".to_owned()).await.status, 303);
    assert_eq!(send("sec-fetch-site", "same-origin".to_owned()).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_form_of_ours_is_refused() {
    let world = World::new().await;
    let web = Web::new(&world);
    web.get("/sign-in").await;
    let big = "x".repeat(40 * 1024);
    let answer = web.post("/sign-in", &[("login", &big)]).await;
    assert_eq!((answer.status, answer.heading()), (413, "That was too much"));
    let many: Vec<(&str, &str)> = vec![("a", "b"); 100];
    assert_eq!(web.post("/sign-in", &many).await.status, 413);
    let request = web.request(Method::POST, "/sign-in").header("content-type", "application/json").body("{}");
    let answer = web.send(request).await;
    assert_eq!((answer.status, answer.heading()), (400, "The request could not be read"));
    let request = web.request(Method::POST, "/help").form(&[("csrf", web.csrf())]);
    assert_eq!(web.send(request).await.status, 404);
    assert_eq!(web.send(web.request(Method::PUT, "/sign-in").body("")).await.status, 404);
    web.validate().await;
}

/// R15: the link of a refusal leads through the sign-in, and nothing leads out of the portal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_leads_nowhere_else() {
    let world = World::new().await;
    let web = Web::new(&world);
    let answer = web.get("/invite?address=bob%2Bx@praxis.example").await;
    let way = "/sign-in?first=yes&next=/invite%3Faddress%3Dbob%252Bx%40praxis.example";
    assert_eq!(answer.location(), way);
    let page = web.get(way).await;
    page.shows("Sign in first");
    assert!(
        page.body.contains("name=\"next\" value=\"/invite?address=bob%2Bx@praxis.example\""),
        "{}",
        page.body
    );
    for evil in ["https://evil.example", "//evil.example", "/%5Cevil.example", "javascript:alert(1)"] {
        let page = web.get(&format!("/sign-in?next={evil}")).await;
        assert!(page.body.contains("name=\"next\" value=\"/\""), "{}", page.body);
    }
}

/// Whoever has no sign-in reaches nothing of an account's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_an_account_ask_for_a_sign_in() {
    let world = World::new().await;
    let web = Web::new(&world);
    web.get("/sign-in").await;
    for path in [
        "/",
        "/welcome",
        "/invite",
        "/profile",
        "/profile/email",
        "/profile/phone",
        "/profile/phone/code",
        "/messaging",
        "/security",
        "/sign-ins",
        "/confirm",
        "/email/abc",
        "/security/password",
        "/security/two-step",
        "/security/authenticator",
        "/security/authenticator/remove",
        "/security/recovery-codes",
        "/devices",
        "/devices/new",
        "/contacts",
        "/people",
        "/people/1",
        "/code",
    ] {
        assert!(web.get(path).await.location().starts_with("/sign-in"), "{path}");
    }
    for path in [
        "/session/extend",
        "/invite",
        "/profile",
        "/profile/email",
        "/profile/phone",
        "/profile/phone/code",
        "/profile/phones/use",
        "/profile/phones/remove",
        "/sign-ins/end",
        "/confirm",
        "/email/abc",
        "/messaging",
        "/security/password",
        "/security/two-step",
        "/security/two-step/on",
        "/security/authenticator",
        "/security/authenticator/confirm",
        "/security/authenticator/remove",
        "/security/recovery-codes",
        "/sign-ins/end-all",
        "/devices/new",
        "/devices/revoke",
        "/people/1",
        "/people/1/send",
        "/invitation/abc/accept",
        "/invitation/abc/code",
        "/code",
    ] {
        assert!(web.post(path, &[]).await.location().starts_with("/sign-in"), "{path}");
    }
}

/// Before anything is looked up, and for that peer alone; a practice behind one address does not notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_tries_are_turned_away() {
    let world = World::new().await;
    let web = Web::new(&world);
    let mut turned_away = None;
    for n in 0..200 {
        let answer = web.get("/reset/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await;
        match answer.status {
            410 => answer.shows("This link does not work any more"),
            429 => {
                turned_away = Some(n);
                assert_eq!(answer.header("retry-after"), "60");
                answer.shows("Too many tries")
            }
            other => panic!("{other}"),
        };
        if turned_away.is_some() {
            break;
        }
    }
    assert!(turned_away.is_some_and(|n| n >= 120), "{turned_away:?}");
    assert_eq!(web.get("/help").await.status, 200);
    web.validate().await;
}
