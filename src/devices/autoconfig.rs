//! The account-setup file of Thunderbird and those who followed it (`config-v1.1.xml`).
//!
//! Asked for at `autoconfig.DOMAIN/mail/config-v1.1.xml` and `DOMAIN/.well-known/autoconfig/mail/config-v1.1.xml`.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::{Server, Servers};

/// The file; `None`: mail programs are served by no listener with TLS from the first byte.
pub fn file(servers: &Servers) -> Option<String> {
    let (imap, submission) = (servers.imap.as_ref()?, servers.submission.as_ref()?);
    let domain = escape(&servers.domain);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n  <emailProvider id=\"{domain}\">\n    \
         <domain>{domain}</domain>\n    <displayName>Secure mail ({domain})</displayName>\n    \
         <displayShortName>Secure mail</displayShortName>\n"
    );
    out.push_str(&server("incomingServer", "imap", imap));
    out.push_str(&server("outgoingServer", "smtp", submission));
    if let Some(portal) = &servers.portal {
        let url = portal.url();
        let help = escape(&url);
        let _ = writeln!(
            out,
            "    <documentation url=\"{help}/help\"><descr lang=\"en\">How to set up a mail program; its password is made in \
             the portal</descr></documentation>"
        );
    }
    out.push_str("  </emailProvider>\n");
    if let Some(url) = servers.address_book_url() {
        let _ = write!(
            out,
            "  <addressBook type=\"carddav\">\n    <username>%EMAILADDRESS%</username>\n    \
             <authentication system=\"http\">basic</authentication>\n    <serverURL>{}</serverURL>\n  </addressBook>\n",
            escape(&url)
        );
    }
    out.push_str("</clientConfig>\n");
    Some(out)
}

fn server(element: &str, kind: &str, at: &Server) -> String {
    // `password-cleartext` is SASL PLAIN; the connection is TLS.
    format!(
        "    <{element} type=\"{kind}\">\n      <hostname>{}</hostname>\n      <port>{}</port>\n      \
         <socketType>SSL</socketType>\n      <authentication>password-cleartext</authentication>\n      \
         <username>%EMAILADDRESS%</username>\n    </{element}>\n",
        escape(&at.host),
        at.port
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::servers::sample;

    #[test]
    fn only_implicit_tls_and_the_secure_address() {
        let file = file(&sample()).unwrap();
        insta::assert_snapshot!(file);
        assert!(!file.contains("STARTTLS") && !file.contains("plain"));
    }

    #[test]
    fn nothing_without_a_listener() {
        let servers = Servers { imap: None, ..sample() };
        assert_eq!(super::file(&servers), None);
    }
}
