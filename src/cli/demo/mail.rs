//! The mail that the demo begins with: what two practices and a free dentist write to each other, sent
//! through the same use case, under the same rules, as a mail program's. The patients are invented.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use mail_builder::MessageBuilder;

use super::pictures;
use super::state::{Person, State};
use crate::cli::serve::Gateway;
use crate::service::authenticate::Identity;
use crate::service::submit::{MailFrom, Submission, SubmitError};
use crate::types::Address;

/// One message; `answers` counts from 0 in the list it stands in.
struct Letter {
    from: &'static str,
    to: &'static str,
    subject: &'static str,
    text: &'static str,
    answers: Option<usize>,
    hours_ago: u64,
    attachment: Option<Attachment>,
}

enum Attachment {
    Panorama,
    Report,
}

const LETTERS: &[Letter] = &[
    Letter {
        from: "Anna",
        to: "Dora",
        subject: "Überweisung: M. Tannhoff, Platzmangel im Unterkiefer",
        text: "Liebe Frau Dr. Stein,\n\nich überweise Ihnen Herrn M. Tannhoff (14 Jahre) mit ausgeprägtem \
               Platzmangel im Unterkiefer. Die Panoramaaufnahme von gestern liegt bei. 38 und 48 sind \
               angelegt.\n\nBitte um Beurteilung und Therapievorschlag.\n\nMit freundlichen Grüßen\nAnna Weber\n",
        answers: None,
        hours_ago: 50,
        attachment: Some(Attachment::Panorama),
    },
    Letter {
        from: "Dora",
        to: "Anna",
        subject: "Zur Überweisung: M. Tannhoff, Platzmangel im Unterkiefer",
        text: "Liebe Frau Kollegin,\n\nvielen Dank für die Überweisung. Ich schlage eine festsitzende \
               Behandlung ohne Extraktion vor; den Befund finden Sie im Anhang. Der Patient hat am Donnerstag \
               einen Termin zur Abformung.\n\nBeste Grüße\nDora Stein\n",
        answers: Some(0),
        hours_ago: 26,
        attachment: Some(Attachment::Report),
    },
    Letter {
        from: "Bert",
        to: "Fiona",
        subject: "Termin für Frau Ostermann verschieben?",
        text: "Hallo Fiona,\n\nFrau Ostermann kann am Montag um 9:30 doch nicht. Ginge bei euch auch Mittwoch \
               nach 14 Uhr? Die Unterlagen sind schon unterwegs.\n\nDanke und Gruß\nBert\n",
        answers: None,
        hours_ago: 22,
        attachment: None,
    },
    Letter {
        from: "Fiona",
        to: "Bert",
        subject: "Neuer Termin für Frau Ostermann",
        text: "Hallo Bert,\n\nMittwoch 14:45 ist frei, ich habe sie eingetragen. Bitte sag ihr, dass sie die \
               Schiene mitbringen soll.\n\nGruß\nFiona\n",
        answers: Some(2),
        hours_ago: 21,
        attachment: None,
    },
    Letter {
        from: "Anna",
        to: "Georg",
        subject: "Implantat regio 36: Röntgenbild zur Mitbeurteilung",
        text: "Lieber Herr Kollege Frei,\n\nIhr Patient war heute zur Kontrolle bei uns. Das Implantat regio 36 \
               ist reizlos eingeheilt, die Aufnahme liegt bei. Von uns aus kann versorgt werden.\n\n\
               Mit freundlichen Grüßen\nAnna Weber\n",
        answers: None,
        hours_ago: 8,
        attachment: Some(Attachment::Panorama),
    },
    Letter {
        from: "Georg",
        to: "Anna",
        subject: "Befund zum Röntgenbild, Implantat regio 36",
        text: "Liebe Frau Dr. Weber,\n\nvielen Dank, das Bild sieht gut aus. Ich nehme nächste Woche die \
               Abformung und melde mich, wenn die Krone sitzt.\n\nGeorg Frei\n",
        answers: Some(4),
        hours_ago: 5,
        attachment: None,
    },
    Letter {
        from: "Emil",
        to: "Cora",
        subject: "Lab order, upper retainer",
        text: "Hi Cora,\n\nthe upper retainer for Mr Albers is back from the lab. Could you call him in for \
               fitting this week? Ten minutes are enough.\n\nThanks\nEmil\n",
        answers: None,
        hours_ago: 3,
        attachment: None,
    },
    Letter {
        from: "Bert",
        to: "Anna",
        subject: "Rückruf Krankenkasse",
        text: "Hallo Anna,\n\ndie Kasse von Herrn Tannhoff bittet um Rückruf wegen des Heil- und Kostenplans, am \
               besten heute vor 16 Uhr.\n\nBert\n",
        answers: None,
        hours_ago: 1,
        attachment: None,
    },
];

/// The first message to somebody who is invited (R15).
pub(super) async fn send_invited(gateway: &Gateway, from: &Person, to: &str) -> anyhow::Result<()> {
    let message = MessageBuilder::new()
        .from((from.name.as_str(), from.secure_address.as_str()))
        .to(to)
        .subject("Überweisung: Frau S. Albers")
        .message_id(format!("demo-invited@{}", super::DOMAIN))
        .text_body(
            "Liebe Frau Kollegin,\n\nich überweise Ihnen Frau S. Albers zur Wurzelbehandlung an 26.\n\n\
             Mit freundlichen Grüßen\nAnna Weber\n",
        )
        .write_to_vec()?;
    let submission = begin(gateway, from).await?;
    deliver(submission, to, &message).await.context("the demo's first message to the invited colleague")
}

/// As the mail program of one of the demo's people.
async fn begin(gateway: &Gateway, from: &Person) -> anyhow::Result<Submission> {
    let address = from.secure_address.parse::<Address>()?;
    let account = gateway.store().resolve(&address).await?.context("an account of the demo is missing")?;
    let password = gateway.store().app_passwords(account.id).await?;
    let password = password.first().context("an account of the demo has no app password")?;
    let identity = Identity::new(&account, password.id);
    let mail_from = MailFrom { path: from.secure_address.clone(), ..MailFrom::default() };
    Ok(gateway.submitter().begin(&identity, &mail_from)?)
}

/// Sends them all. Sent twice after a start that was cut off, they are recognised and not doubled (R17).
pub(super) async fn send(gateway: &Gateway, state: &State) -> anyhow::Result<()> {
    for (n, letter) in LETTERS.iter().enumerate() {
        let (from, to) = (find(state, letter.from)?, find(state, letter.to)?);
        let message = compose(n, letter, from, to)?;
        let submission = begin(gateway, from).await?;
        deliver(submission, &to.secure_address, &message)
            .await
            .with_context(|| format!("the demo's letter {n}"))?;
    }
    Ok(())
}

pub(super) fn find<'a>(state: &'a State, first: &str) -> anyhow::Result<&'a Person> {
    let found = state.people.iter().find(|p| p.name.split(' ').next() == Some(first));
    found.with_context(|| format!("{first} is missing in demo.json"))
}

fn id(n: usize) -> String {
    format!("demo-letter-{n}@{}", super::DOMAIN)
}

fn compose(n: usize, letter: &Letter, from: &Person, to: &Person) -> anyhow::Result<Vec<u8>> {
    let when = SystemTime::now() - Duration::from_hours(letter.hours_ago);
    let when = when.duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let mut message = MessageBuilder::new()
        .from((from.name.as_str(), from.secure_address.as_str()))
        .to((to.name.as_str(), to.secure_address.as_str()))
        .subject(letter.subject)
        .date(when.cast_signed())
        .message_id(id(n))
        .text_body(letter.text);
    if let Some(answered) = letter.answers {
        message = message.in_reply_to(id(answered)).references(id(answered));
    }
    match letter.attachment {
        Some(Attachment::Panorama) => {
            message = message.attachment("image/png", "Panorama.png", pictures::panorama()?);
        }
        Some(Attachment::Report) => {
            let text = [
                "Befund",
                "",
                "Unterkiefer: Engstand Klasse I, 38 und 48 angelegt.",
                "Therapie: festsitzend.",
            ];
            message = message.attachment("application/pdf", "Befund.pdf", pictures::letter(&text));
        }
        None => {}
    }
    Ok(message.write_to_vec()?)
}

async fn deliver(submission: Submission, to: &str, message: &[u8]) -> Result<(), SubmitError> {
    let mut data = submission.recipient(to).await?.data();
    for piece in message.chunks(64 * 1024) {
        data.push(piece).await?;
    }
    data.finish().await.map(|_| ())
}
