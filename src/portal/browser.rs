//! Which browser asks: those that cannot show the pages are asked to make way (R9), the others get a name
//! in the list of sign-ins.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::page::Page;
use super::text::ENGLISH;

/// Internet Explorer, every version: it lacks what the pages' style needs, and gets no corrections any more.
/// Others that lack it see a sentence above the page, which a browser that understands the style hides.
pub(super) fn is_too_old(user_agent: &str) -> bool {
    user_agent.contains("MSIE ") || user_agent.contains("Trident/")
}

#[derive(Template)]
#[template(path = "portal/old.html")]
struct UpdatePage {
    page: Page,
}

/// Answered 200: Internet Explorer puts a page of its own in the place of a short error.
pub(super) fn update_page() -> Response {
    let page = UpdatePage { page: Page::bare(ENGLISH.old.title) };
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => ENGLISH.old.lead.into_response(),
    }
}

/// "Firefox, Windows", for a list; good enough to recognise one's own.
pub(super) fn name(user_agent: &str) -> String {
    const BROWSERS: [(&str, &str); 7] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |list: &[(&str, &'static str)]| {
        list.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => ENGLISH.sign_ins.unknown_browser.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r9_internet_explorer_is_too_old() {
        for old in [
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
            "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
            "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        ] {
            assert!(is_too_old(old), "{old}");
        }
        for new in ["", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8.0"]
        {
            assert!(!is_too_old(new), "{new}");
        }
    }

    #[test]
    fn browsers_have_names() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
        assert_eq!(name(edge), "Edge, Windows");
        assert_eq!(name(safari), "Safari, iPhone");
        assert_eq!(name("curl/8.0"), ENGLISH.sign_ins.unknown_browser);
    }
}
