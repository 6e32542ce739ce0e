//! Outlook's Autodiscover for IMAP and SMTP ("POX": plain old XML).
//!
//! Outlook may send the person's password with the question, by HTTP Basic. It is not looked at, and what
//! is asked is never logged.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

use super::{Server, Servers};

/// Longest question that is read, in bytes.
pub const QUESTION_MAX: usize = 16 * 1024;

/// The address that a question names.
pub fn asked_for(question: &[u8]) -> Option<String> {
    let mut reader = Reader::from_str(std::str::from_utf8(question).ok()?);
    let mut inside = false;
    let mut address = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(e) => inside = e.local_name().as_ref().eq_ignore_ascii_case("EMailAddress"),
            Event::Text(text) if inside => address.push_str(&text),
            Event::End(_) if inside => break,
            Event::Eof => return None,
            _ => {}
        }
    }
    let address = address.trim();
    (!address.is_empty() && address.len() <= 320).then(|| address.to_owned())
}

/// The answer for an address of our domain; `None`: nothing is offered for it.
pub fn answer(servers: &Servers, address: &str) -> Option<String> {
    if !servers.is_ours(address) {
        return None;
    }
    let (imap, submission) = (servers.imap.as_ref()?, servers.submission.as_ref()?);
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n\
         <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\">\n\
         <Account>\n<AccountType>email</AccountType>\n<Action>settings</Action>\n{}{}</Account>\n</Response>\n</Autodiscover>\n",
        protocol("IMAP", imap, address, ""),
        protocol("SMTP", submission, address, "<UsePOPAuth>off</UsePOPAuth>\n<SMTPLast>off</SMTPLast>\n")
    ))
}

fn protocol(kind: &str, at: &Server, address: &str, more: &str) -> String {
    format!(
        "<Protocol>\n<Type>{kind}</Type>\n<Server>{}</Server>\n<Port>{}</Port>\n<LoginName>{}</LoginName>\n\
         <DomainRequired>off</DomainRequired>\n<SPA>off</SPA>\n<SSL>on</SSL>\n<Encryption>SSL</Encryption>\n\
         <AuthRequired>on</AuthRequired>\n{more}</Protocol>\n",
        escape(&at.host),
        at.port,
        escape(address)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::servers::sample;

    const QUESTION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\"><Request><EMailAddress>anna@secure.example</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>";

    #[test]
    fn a_question_of_outlook() {
        assert_eq!(asked_for(QUESTION.as_bytes()).as_deref(), Some("anna@secure.example"));
        insta::assert_snapshot!(answer(&sample(), "anna@secure.example").unwrap());
    }

    #[test]
    fn what_is_no_question() {
        for text in [
            "",
            "x",
            "<a>",
            "<EMailAddress></EMailAddress>",
            "<EMailAddress>",
            "<!DOCTYPE x [<!ENTITY e \"x\">]><EMailAddress>&e;</EMailAddress>",
        ] {
            assert_eq!(asked_for(text.as_bytes()), None, "{text}");
        }
        assert_eq!(answer(&sample(), "anna@praxis.example"), None);
        let hostile = answer(&sample(), "<x>\"&@secure.example").unwrap();
        assert!(hostile.contains("&lt;x&gt;&quot;&amp;@secure.example"), "{hostile}");
    }

    proptest::proptest! {
        #[test]
        fn no_question_makes_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = asked_for(&[b"<EMailAddress>", &bytes[..]].concat());
        }
    }
}
