//! Messaging settings: signature, how one hears of new messages (R22, R23).

use axum::extract::{Query, State};
use axum::response::Response;

use super::super::denied::{Mistakes, denied};
use super::super::fault::Fault;
use super::super::field::{Choice, Field};
use super::super::form::Form;
use super::super::page::{Place, show};
use super::super::seat::Person;
use super::super::text::ENGLISH;
use super::super::view::FormPage;
use super::super::way::to;
use super::{Done, Portal, profile};
use crate::service::people::{Messaging, NotifyBy, NotifyWhen};

const BY: [(NotifyBy, &str); 4] = [
    (NotifyBy::Email, "email"),
    (NotifyBy::Text, "text"),
    (NotifyBy::Both, "both"),
    (NotifyBy::None, "none"),
];

fn form(
    person: &Person,
    done: &Done,
    now: &Messaging,
    zone: &str,
    mistakes: &Mistakes,
) -> Result<Response, Fault> {
    let t = &ENGLISH.messaging;
    let choices = BY.map(|(by, word)| {
        let label = match by {
            NotifyBy::Email => t.by_email,
            NotifyBy::Text => t.by_text,
            NotifyBy::Both => t.by_both,
            NotifyBy::None => t.by_none,
        };
        Choice::new(word, label)
    });
    let by = BY.iter().find(|(by, _)| *by == now.notify_by).map_or("email", |(_, word)| word);
    let fields = vec![
        Field::lines("signature", t.signature)
            .hint(t.signature_hint)
            .optional()
            .value(&now.signature)
            .wrong(mistakes.of("signature").or(mistakes.of("form"))),
        Field::radios("notify", t.notify, choices.into())
            .hint(t.notify_hint)
            .value(by)
            .wrong(mistakes.of("notify")),
        Field::tick("disconnected", t.idle_only, (now.notify_when == NotifyWhen::Disconnected).into()),
        profile::zone_field(zone).wrong(mistakes.of("time_zone")),
    ];
    let words = (done.done == "saved").then_some(t.saved);
    let page = person.page(Place::Messaging, t.title).with_done(words);
    let view = FormPage::new(page, "/messaging", fields, t.save);
    show(&view, &view.page)
}

/// `GET /messaging`
pub(in crate::portal) async fn page(
    State(portal): State<Portal>,
    person: Person,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    let session = person.session()?;
    let now = portal.people().messaging(session).await?;
    form(&person, &done, &now, &session.time_zone, &Mistakes::none())
}

/// `POST /messaging`
pub(in crate::portal) async fn send(
    State(portal): State<Portal>,
    person: Person,
    sent: Form,
) -> Result<Response, Fault> {
    let session = person.session()?;
    let by = BY.iter().find(|(_, word)| *word == sent.get("notify")).map(|(by, _)| *by);
    let change = Messaging {
        // A form's lines end with CRLF.
        signature: sent.get("signature").replace("\r\n", "\n").trim_end().to_owned(),
        notify_by: by.unwrap_or(NotifyBy::Email),
        notify_when: if sent.ticked("disconnected") { NotifyWhen::Disconnected } else { NotifyWhen::Always },
    };
    let zone = sent.get("time_zone");
    let mut mistakes = Mistakes::none();
    if by.is_none() {
        mistakes.add("notify", ENGLISH.form.choose);
        return form(&person, &Done::default(), &change, zone, &mistakes);
    }
    let changed = match profile::zone_change(&portal, session, zone).await {
        Ok(()) => portal.people().messaging_change(session, &change).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => Ok(to("/messaging?done=saved")),
        Err(error) => form(&person, &Done::default(), &change, zone, &Mistakes::of_denied(&denied(error)?)),
    }
}
