//! The records that the operator publishes, so that devices find their settings and nothing else is tried.

use std::fmt;

use super::{Server, Servers};

/// One record, as a line of a zone file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Record {
    /// Its name, with a dot at the end.
    pub name: String,
    /// Its type.
    pub kind: &'static str,
    /// Its data.
    pub data: String,
    /// What it is for.
    pub why: &'static str,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "; {}\n{} IN {} {}", self.why, self.name, self.kind, self.data)
    }
}

/// All records of the mail domain. The hosts' own A and AAAA records are the operator's.
pub fn records(servers: &Servers) -> Vec<Record> {
    let domain = &servers.domain;
    let mut out = Vec::new();
    let mut add = |name: &str, kind, data: String, why| {
        let name = if name.is_empty() { format!("{domain}.") } else { format!("{name}.{domain}.") };
        out.push(Record { name, kind, data, why });
    };
    add("", "MX", "0 .".to_owned(), "The domain takes no mail from outside (RFC 7505)");
    add("", "TXT", "\"v=spf1 -all\"".to_owned(), "The domain sends no mail to the outside (RFC 7208)");
    add(
        "_dmarc",
        "TXT",
        "\"v=DMARC1; p=reject; adkim=s; aspf=s\"".to_owned(),
        "So whatever claims to come from it is refused (RFC 7489)",
    );
    let service = |at: Option<&Server>| match at {
        Some(at) => format!("0 1 {} {}.", at.port, at.host),
        None => "0 0 0 .".to_owned(),
    };
    let no = || service(None);
    add("_imaps._tcp", "SRV", service(servers.imap.as_ref()), "Mail programs read here (RFC 6186)");
    add(
        "_submissions._tcp",
        "SRV",
        service(servers.submission.as_ref()),
        "Mail programs send here (RFC 8314)",
    );
    add("_imap._tcp", "SRV", no(), "Not offered: what starts in the clear (RFC 6186 section 3.4)");
    add("_submission._tcp", "SRV", no(), "Not offered: what starts in the clear");
    add("_pop3s._tcp", "SRV", no(), "Not offered: POP");
    add("_pop3._tcp", "SRV", no(), "Not offered: POP");
    if let Some(portal) = &servers.portal {
        let at = service(Some(portal));
        add("_carddavs._tcp", "SRV", at.clone(), "The address book (RFC 6764)");
        add(
            "_carddavs._tcp",
            "TXT",
            "\"path=/carddav/\"".to_owned(),
            "Where on that host (RFC 6764 section 4)",
        );
        add("_carddav._tcp", "SRV", no(), "Not offered: an address book in the clear");
        add(
            "autoconfig",
            "CNAME",
            format!("{}.", portal.host),
            "Thunderbird asks here, by HTTPS at port 443; the portal's certificate must have this name too",
        );
        add("_autodiscover._tcp", "SRV", at, "Outlook asks here");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::servers::sample;

    #[test]
    fn a_zone() {
        let lines: Vec<String> = records(&sample()).iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn what_is_not_offered_is_said() {
        let records = records(&Servers { imap: None, portal: None, ..sample() });
        assert!(records.iter().any(|r| r.name.starts_with("_imaps.") && r.data == "0 0 0 ."));
        assert!(!records.iter().any(|r| r.name.contains("carddav")));
    }
}
