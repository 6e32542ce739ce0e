//! CATENATE (RFC 4469): octets of messages that are here already become part of a new one.
//!
//! Only relative URLs to messages of this account are understood (RFC 4469 §3), so nothing is fetched
//! from anywhere and nobody else's mail is reached.

use std::ops::Range;

use crate::imap::command::{Section, SectionText};
use crate::imap::conn::{Client, Failure};
use crate::imap::imap_url::ImapUrl;
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;
use crate::mime::{FactsRef, SectionPart, SectionSpec, select_header_fields};
use crate::service::append::Appending;
use crate::service::mailbox::MailError;
use crate::types::MailboxId;

/// Bytes read at a time.
const PIECE: u64 = 256 * 1024;
/// Longest header block that fields are chosen from.
const HEADER: u64 = 512 * 1024;

impl<S: Bytes> Client<S> {
    /// Adds the octets behind a URL; how many they were.
    pub(super) async fn catenate(&mut self, url: &str, appending: &mut Appending) -> Result<u64, Failure> {
        let bad =
            |text: &'static str| -> Failure { Reply::no(text).with(Code::BadUrl(url.to_owned())).into() };
        let Some(parsed) = ImapUrl::parse(url) else {
            return Err(bad("This is not the URL of a message on this server"));
        };
        let mailbox = self.url_mailbox(&parsed).await?;
        let Some(mailbox) = mailbox else { return Err(bad("There is no such folder")) };
        let mail = self.mail()?.clone();
        let Some((body, size)) = mail.message_at(mailbox, parsed.uid).await? else {
            return Err(bad("There is no such message"));
        };
        let Some(reader) = mail.bodies(&[body]).await?.pop().flatten() else {
            return Err(bad("There is no such message"));
        };
        let facts = mail.facts(&[body]).await?.pop().flatten();
        let facts = facts.as_deref().and_then(|facts| FactsRef::parse(facts).ok());
        let Some(facts) = facts else { return Err(bad("There is no such message")) };
        let Some(range) = located(&parsed.section, &facts, size) else {
            return Err(bad("The message has no such part"));
        };
        mail.note_read(mailbox, [parsed.uid]);
        let before = appending.size();
        if let SectionText::HeaderFields(names) | SectionText::HeaderFieldsNot(names) = &parsed.section.text {
            let not = matches!(parsed.section.text, SectionText::HeaderFieldsNot(_));
            let block = reader
                .read(range.start..range.end.min(range.start + HEADER))
                .await
                .map_err(MailError::from)?;
            let mut chosen = Vec::new();
            select_header_fields(&block, names, not, &mut chosen);
            let Range { start, end } = parsed.cut(0..chosen.len() as u64);
            self.permit_size(before.saturating_add(end - start))?;
            appending.push(&chosen[start as usize..end as usize]).await?;
            return Ok(end - start);
        }
        let Range { start, end } = parsed.cut(range);
        self.permit_size(before.saturating_add(end - start))?;
        let mut at = start;
        while at < end {
            let stop = end.min((at / PIECE + 1) * PIECE);
            appending.push(&reader.read(at..stop).await.map_err(MailError::from)?).await?;
            at = stop;
        }
        Ok(end - start)
    }

    /// The mailbox that the URL names, else the selected one (the base of a relative URL, RFC 4469 §3).
    async fn url_mailbox(&mut self, url: &ImapUrl) -> Result<Option<MailboxId>, Failure> {
        let (id, uidvalidity) = match &url.mailbox {
            None => match &self.selected {
                Some(selected) => (selected.id, selected.live.read(|now| now.uidvalidity)),
                None => return Ok(None),
            },
            Some(name) => match self.mail()?.find_selectable(name).await {
                Ok(info) => (info.id, info.uidvalidity),
                Err(MailError::NoMailbox | MailError::NotSelectable) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
        };
        Ok(url.uidvalidity.is_none_or(|n| n == uidvalidity.get()).then_some(id))
    }
}

fn located(section: &Section, facts: &FactsRef<'_>, size: u64) -> Option<Range<u64>> {
    let part = match section.text {
        SectionText::Whole if section.part.is_empty() => return Some(0..size),
        SectionText::Whole => SectionPart::Whole,
        SectionText::Text => SectionPart::Text,
        SectionText::Mime => SectionPart::Mime,
        SectionText::Header | SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
            SectionPart::Header
        }
    };
    facts.locate(SectionSpec::new(&section.part, part))
}
