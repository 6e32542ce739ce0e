//! The dashboard: what the practice has bought, the own secure address, and the way to everything else (R1).

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use super::super::fault::Fault;
use super::super::page::{Page, Place, show};
use super::super::seat::Person;
use super::super::text::{ENGLISH, fill};
use super::{Done, Portal};
use crate::policy::size::MB;
use crate::service::people::{Dashboard, Product, Tier};

struct Shown {
    name: &'static str,
    state: &'static str,
    words: String,
}

#[derive(Template)]
#[template(path = "portal/home.html")]
struct HomePage {
    page: Page,
    hello: String,
    products_title: String,
    products: Vec<Shown>,
    secure_address: String,
    /// None has an app password yet.
    first_device: bool,
    places: Vec<(&'static str, &'static str, &'static str)>,
}

/// What a product is for this account. Everybody has mail, by the invitation if not by the practice.
fn shown(product: Product, tier: Tier, limit: u64) -> Shown {
    let t = &ENGLISH.home;
    match product {
        Product::SecureMail => {
            let (state, words) = match tier {
                Tier::Paid => (t.paid, t.securemail_paid),
                Tier::Free => (t.free, t.securemail_free),
            };
            Shown { name: t.securemail, state, words: fill(words, &[("limit", &(limit / MB))]) }
        }
        Product::Collaborator => {
            Shown { name: t.collaborator, state: t.active, words: t.collaborator_text.to_owned() }
        }
        Product::TruForm => Shown { name: t.truform, state: t.active, words: t.truform_text.to_owned() },
    }
}

fn products(dashboard: &Dashboard, limit: u64) -> Vec<Shown> {
    let mut list = dashboard.products.clone();
    if dashboard.practice.is_none() {
        list.push(Product::SecureMail);
    }
    list.into_iter().map(|p| shown(p, dashboard.account.tier, limit)).collect()
}

/// `GET /`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    let t = &ENGLISH.home;
    let dashboard = portal.people().dashboard(person.session()?).await?;
    let words = match done.done.as_str() {
        "reset" => Some(ENGLISH.security.password_changed),
        "accepted" => Some(ENGLISH.register.accepted),
        _ => None,
    };
    let page = person.page(Place::Home, t.title).with_done(words);
    let places = page.places().into_iter().filter_map(|place| {
        let about = match place {
            Place::Home => return None,
            Place::Contacts => t.contacts_text,
            Place::Invite => t.invite_text,
            Place::People => t.people_text,
            Place::Messaging => t.messaging_text,
            Place::Profile => t.profile_text,
            Place::Security => t.security_text,
            Place::Devices => t.devices_text,
        };
        Some((place.path(), place.name(), about))
    });
    let places = places.collect();
    let limit = dashboard.attachment_limit;
    let view = HomePage {
        hello: fill(t.hello, &[("name", &person.session()?.account.first_name)]),
        products_title: match &dashboard.practice {
            Some(practice) => fill(t.products, &[("practice", practice)]),
            None => t.products_free.to_owned(),
        },
        products: products(&dashboard, limit),
        secure_address: dashboard.account.secure_address.to_string(),
        first_device: dashboard.devices == 0,
        places,
        page,
    };
    show(&view, &view.page)
}
