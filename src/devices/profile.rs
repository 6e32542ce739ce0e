//! Apple's configuration profile (`.mobileconfig`): a mail account and, where there is one, the address book.
//!
//! Keys and their values follow Apple's published schema (apple/device-management, `mdm/profiles`:
//! `TopLevel`, `CommonPayloadKeys`, `com.apple.mail.managed`, `com.apple.carddav.account`); a test holds the
//! profile against a table of it.
//!
//! Installed again, the profile replaces what it set up before, since its identifiers depend on the account
//! alone.

use aws_lc_rs::digest;
use plist::{Dictionary, Value};

use super::{Server, Servers};

/// The media type under which devices take it.
pub const MEDIA_TYPE: &str = "application/x-apple-aspen-config";

/// Whose device it is for.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// First and last name, which recipients see.
    pub full_name: &'a str,
    /// R30.
    pub secure_address: &'a str,
    /// The practice, shown with the profile.
    pub practice: Option<&'a str>,
    /// Written into the profile where it travels over a one-time link; else the device asks for it.
    pub password: Option<&'a str>,
    /// R21.
    pub contacts: Contacts,
}

/// Whether the account has an address book (R21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// A paid account.
    Yes,
    /// A free one.
    No,
}

/// The profile as an XML property list, unsigned; `None`: mail programs are served by no listener with TLS
/// from the first byte.
pub fn profile(servers: &Servers, owner: &Owner<'_>) -> Option<Vec<u8>> {
    let (imap, submission) = (servers.imap.as_ref()?, servers.submission.as_ref()?);
    let reversed: Vec<&str> = servers.domain.split('.').rev().collect();
    let local = owner.secure_address.split('@').next().unwrap_or_default();
    let base = format!("{}.postern.{local}", reversed.join("."));
    let organization = owner.practice.unwrap_or(&servers.domain);
    let payload = |kind: &str, identifier: &str, name: &str, description: &str| {
        let mut payload = Dictionary::new();
        payload.insert("PayloadType".to_owned(), kind.into());
        payload.insert("PayloadVersion".to_owned(), 1.into());
        payload.insert("PayloadIdentifier".to_owned(), identifier.into());
        payload.insert("PayloadUUID".to_owned(), uuid_of(identifier).into());
        payload.insert("PayloadDisplayName".to_owned(), name.into());
        payload.insert("PayloadDescription".to_owned(), description.into());
        payload.insert("PayloadOrganization".to_owned(), organization.into());
        payload
    };
    let mut mail = payload(
        "com.apple.mail.managed",
        &format!("{base}.mail"),
        "Secure mail",
        "The mail account of your practice's secure mail",
    );
    mail_account(&mut mail, owner, imap, submission);
    let mut payloads = vec![Value::Dictionary(mail)];
    if let (Contacts::Yes, Some(portal)) = (owner.contacts, &servers.portal) {
        let mut book = payload(
            "com.apple.carddav.account",
            &format!("{base}.contacts"),
            "Secure mail contacts",
            "The people you have written to; the list is kept by the portal",
        );
        address_book(&mut book, owner, portal);
        payloads.push(Value::Dictionary(book));
    }
    let mut whole = payload(
        "Configuration",
        &base,
        &format!("Secure mail for {}", owner.full_name),
        "Sets up secure mail on this device. Remove it to take the account off the device again.",
    );
    whole.insert("PayloadScope".to_owned(), "User".into());
    whole.insert("PayloadContent".to_owned(), Value::Array(payloads));
    let mut out = Vec::new();
    // Writing to memory does not fail.
    Value::Dictionary(whole).to_writer_xml(&mut out).ok()?;
    Some(out)
}

fn mail_account(mail: &mut Dictionary, owner: &Owner<'_>, imap: &Server, submission: &Server) {
    let mut put = |key: &str, value: Value| mail.insert(key.to_owned(), value);
    put("EmailAccountDescription", "Secure mail".into());
    put("EmailAccountName", owner.full_name.into());
    put("EmailAccountType", "EmailTypeIMAP".into());
    put("EmailAddress", owner.secure_address.into());
    for (direction, server) in [("Incoming", imap), ("Outgoing", submission)] {
        put(&format!("{direction}MailServerAuthentication"), "EmailAuthPassword".into());
        put(&format!("{direction}MailServerHostName"), server.host.as_str().into());
        // Without them a device tries others, among them those that start in the clear.
        put(&format!("{direction}MailServerPortNumber"), i64::from(server.port).into());
        put(&format!("{direction}MailServerUseSSL"), true.into());
        put(&format!("{direction}MailServerUsername"), owner.secure_address.into());
    }
    if let Some(password) = owner.password {
        put("IncomingPassword", password.into());
    }
    put("OutgoingPasswordSameAsIncomingPassword", true.into());
    // The closed system (R11): no message is moved to another account, no attachment uploaded elsewhere, no
    // address handed to other devices.
    put("PreventMove", true.into());
    put("allowMailDrop", false.into());
    put("disableMailRecentsSyncing", true.into());
}

fn address_book(book: &mut Dictionary, owner: &Owner<'_>, portal: &Server) {
    let mut put = |key: &str, value: Value| book.insert(key.to_owned(), value);
    put("CardDAVAccountDescription", "Secure mail contacts".into());
    put("CardDAVHostName", portal.host.as_str().into());
    put("CardDAVPort", i64::from(portal.port).into());
    put("CardDAVUseSSL", true.into());
    put("CardDAVPrincipalURL", "/carddav/".into());
    put("CardDAVUsername", owner.secure_address.into());
    if let Some(password) = owner.password {
        put("CardDAVPassword", password.into());
    }
}

/// The same for the same identifier.
fn uuid_of(identifier: &str) -> String {
    let hash = digest::digest(&digest::SHA256, identifier.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string().to_ascii_uppercase()
}

#[cfg(test)]
mod tests;
