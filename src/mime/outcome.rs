//! From what the pass gathered to [`Facts`] and [`Summary`].

use super::content::Finished;
use super::envelope::{Addresses, EnvelopeFields};
use super::field::{Field, fields, unfold};
use super::message_id::MAX_IDS;
use super::scan::{Node, Scanner};
use super::structure::{self, Shape};
use super::{
    AddressField, Encryption, Facts, LimitHit, MAX_ADDRESSES, PartSummary, Report, Role, Scan, Section,
    SectionKind, Summary, addresses, decode_header, message_ids,
};
use memchr::memmem;

/// The object identifier of CMS `signedData` (RFC 5652 §5.1), DER.
const SIGNED_DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// Ends a pass whose sections are all closed.
pub(super) fn build(scanner: Scanner) -> Scan {
    let Scanner { nodes, header, limit_hit, .. } = scanner;
    let facts = facts(&nodes, header);
    let summary = summary(nodes, &facts, limit_hit);
    Scan { facts, summary }
}

fn facts(nodes: &[Node], header: Vec<u8>) -> Facts {
    let mut children = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(index);
        }
    }
    let envelopes: Vec<Vec<u8>> = nodes
        .iter()
        .map(|node| {
            let mut out = Vec::new();
            if let Some(fields) = &node.envelope {
                fields.write(&mut out);
            }
            out
        })
        .collect();
    let shape = |index: usize| {
        let node: &Node = &nodes[index];
        Shape {
            entity: &node.entity,
            kind: node.kind,
            envelope: &envelopes[index],
            size: node.body.end - node.body.start,
            lines: node.lines,
            children: &children[index],
        }
    };
    let (mut body, mut bodystructure) = (Vec::new(), Vec::new());
    structure::write(&mut body, &shape, 0, false);
    structure::write(&mut bodystructure, &shape, 0, true);
    Facts {
        size: nodes[0].body.end,
        header,
        envelope: envelopes.into_iter().next().unwrap_or_default(),
        body,
        bodystructure,
        sections: nodes.iter().map(section).collect(),
    }
}

fn section(node: &Node) -> Section {
    let content = node.finished.as_ref().map(|f| &f.content);
    Section {
        parent: node.parent,
        role: node.role,
        kind: node.kind,
        media_type: node.entity.media_type.clone(),
        charset: node.entity.word("charset"),
        encoding: node.entity.body_encoding(),
        header: node.header.clone(),
        body: node.body.clone(),
        lines: node.lines,
        decoded_size: content.map_or(node.body.end - node.body.start, |c| c.decoded_size),
    }
}

fn summary(nodes: Vec<Node>, facts: &Facts, limit_hit: Option<LimitHit>) -> Summary {
    let mut summary = Summary {
        size: facts.size,
        header_8bit: !facts.header.is_ascii(),
        limit_hit,
        is_signed: nodes.iter().any(|n| n.entity.media_type == "multipart/signed"),
        encryption: nodes.iter().find_map(encryption),
        report: report(&nodes),
        ..Summary::default()
    };
    let mut followup = Addresses::default();
    let mut notification = Addresses::default();
    for field in fields(&facts.header) {
        top_field(&mut summary, field, &mut followup, &mut notification);
    }
    let mut nodes = nodes;
    let people = nodes.first_mut().and_then(|n| n.envelope.take()).unwrap_or_default();
    summary.has_date = people.has_date();
    summary.subject = people.subject().map(decode_header).unwrap_or_default();
    summary.message_id = people.message_id().and_then(|value| message_ids(value).into_iter().next());
    let EnvelopeFields { from, sender, reply_to, to, cc, bcc, .. } = people;
    for (slot, own) in [
        (&mut summary.from, from),
        (&mut summary.sender, sender),
        (&mut summary.reply_to, reply_to),
        (&mut summary.to, to),
        (&mut summary.cc, cc),
        (&mut summary.bcc, bcc),
        (&mut summary.mail_followup_to, followup),
        (&mut summary.disposition_notification_to, notification),
    ] {
        *slot = AddressField { fields: own.fields, total: own.list.total, mailboxes: own.list.mailboxes() };
        if slot.total > MAX_ADDRESSES {
            summary.limit_hit.get_or_insert(LimitHit::Values);
        }
    }
    summary.parts = parts(nodes);
    summary
}

/// Notes what the rules ask of one field and ENVELOPE does not.
fn top_field(
    summary: &mut Summary,
    field: Field<'_>,
    followup: &mut Addresses,
    notification: &mut Addresses,
) {
    let add_ids = |ids: &mut Vec<String>| {
        ids.extend(message_ids(field.value));
        ids.truncate(MAX_IDS);
    };
    match field.name.len() {
        10 if field.is("references") => add_ids(&mut summary.references),
        10 if field.is("message-id") => summary.message_id_count += 1,
        11 if field.is("in-reply-to") => add_ids(&mut summary.in_reply_to),
        16 if field.is("mail-followup-to") => followup.add(field.value),
        22 if field.is("x-forwarded-message-id") => summary.forwarded_id = true,
        27 if field.is("disposition-notification-to") => notification.add(field.value),
        8.. if field.name[..7].eq_ignore_ascii_case(b"resent-") => summary.resent = true,
        _ => {}
    }
}

fn parts(nodes: Vec<Node>) -> Vec<PartSummary> {
    let mut paths: Vec<Vec<u32>> = Vec::with_capacity(nodes.len());
    let mut signed = Vec::with_capacity(nodes.len());
    let mut parts = Vec::with_capacity(nodes.len());
    for node in nodes {
        let mut path = node.parent.map(|p| paths[p].clone()).unwrap_or_default();
        match node.role {
            Role::Part(number) => path.push(number),
            // A message that is no multipart has one part, number 1.
            Role::Root | Role::Embedded if node.kind != SectionKind::Multipart => path.push(1),
            Role::Root | Role::Embedded => {}
        }
        paths.push(path.clone());
        signed.push(node.entity.media_type == "multipart/signed");
        parts.push(PartSummary {
            path,
            parent: node.parent,
            role: node.role,
            kind: node.kind,
            disposition: node.entity.disposition(),
            names: node.entity.names(),
            charset: node.entity.word("charset"),
            content_id: node.entity.id.as_deref().and_then(|id| message_ids(id).into_iter().next()),
            encoding: node.entity.body_encoding(),
            encoded: node.body,
            ambiguous: node.entity.ambiguous,
            is_signature: node.role == Role::Part(2) && node.parent.is_some_and(|p| signed[p]),
            content: node.finished.map(|f| f.content),
            media_type: node.entity.media_type,
        });
    }
    parts
}

fn encryption(node: &Node) -> Option<Encryption> {
    match node.entity.media_type.as_str() {
        "multipart/encrypted" => Some(Encryption::Multipart),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
            let signed = match node.entity.word("smime-type").as_deref() {
                Some("signed-data" | "certs-only") => true,
                Some(_) => false,
                // Without the parameter the content says it: its type stands at the beginning.
                None => node.finished.as_ref().is_some_and(|f| {
                    let head = &f.content.head[..f.content.head.len().min(40)];
                    memmem::find(head, &SIGNED_DATA).is_some()
                }),
            };
            Some(if signed { Encryption::SmimeOpaqueSigned } else { Encryption::Smime })
        }
        _ => node.finished.as_ref().is_some_and(|f| f.inline_pgp).then_some(Encryption::InlinePgp),
    }
}

/// The first `multipart/report`, and what its disposition notification says (RFC 8098 §3).
fn report(nodes: &[Node]) -> Option<Report> {
    let outer = nodes.iter().find(|n| n.entity.media_type == "multipart/report")?;
    let mut report =
        Report { report_type: outer.entity.word("report-type").unwrap_or_default(), ..Report::default() };
    let text = nodes.iter().find_map(|n| n.finished.as_ref().and_then(|f: &Finished| f.report.as_deref()));
    for field in fields(text.unwrap_or_default()) {
        match field.name.len() {
            19 if field.is("original-message-id") => {
                report.original_message_id = message_ids(field.value).into_iter().next();
            }
            15 if field.is("final-recipient") => {
                let value = unfold(field.value);
                // address-type ";" generic-address
                let address = value.split(|&b| b == b';').nth(1).unwrap_or(&value);
                report.final_recipient = addresses(address).into_iter().next().map(|m| m.address);
            }
            11 if field.is("disposition") => report.disposition = Some(decode_header(field.value)),
            _ => {}
        }
    }
    Some(report)
}
