//! Where the servers are.

use std::net::SocketAddr;

/// A host name and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// As the certificate names it.
    pub host: String,
    /// TCP.
    pub port: u16,
}

/// Everything a device connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers {
    /// The domain of the secure addresses (R30).
    pub domain: String,
    /// IMAP with TLS from the first byte; `None`: not offered.
    pub imap: Option<Server>,
    /// Submission with TLS from the first byte; `None`: not offered.
    pub submission: Option<Server>,
    /// The portal, which serves the address book too; `None`: not offered.
    pub portal: Option<Server>,
}

impl Servers {
    /// Of the mail domain, the host name of the mail listeners, the addresses of those with implicit TLS, and
    /// the portal's address as people type it.
    pub fn new(
        domain: &str,
        hostname: &str,
        imap: &[SocketAddr],
        submission: &[SocketAddr],
        portal_url: &str,
    ) -> Self {
        let first = |listen: &[SocketAddr]| {
            listen.first().map(|at| Server { host: hostname.to_ascii_lowercase(), port: at.port() })
        };
        Self {
            domain: domain.to_ascii_lowercase(),
            imap: first(imap),
            submission: first(submission),
            portal: Server::of_url(portal_url),
        }
    }

    /// Whether an address is in the domain; its local part is not looked at, so nothing is told about it.
    pub fn is_ours(&self, address: &str) -> bool {
        address
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.eq_ignore_ascii_case(&self.domain))
    }

    /// The address book, as an address with a slash at the end.
    pub fn address_book_url(&self) -> Option<String> {
        self.portal.as_ref().map(|portal| format!("{}/carddav/", portal.url()))
    }
}

impl Server {
    /// `https://host[:port]`, with or without a slash at the end.
    fn of_url(url: &str) -> Option<Self> {
        let authority = url.strip_prefix("https://")?.split('/').next()?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (authority, 443),
        };
        (!host.is_empty()).then(|| Self { host: host.to_ascii_lowercase(), port })
    }

    /// As an address in a browser, without a slash at the end.
    pub fn url(&self) -> String {
        match self.port {
            443 => format!("https://{}", self.host),
            port => format!("https://{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
pub(super) fn sample() -> Servers {
    let at = |port: u16| [SocketAddr::from(([0, 0, 0, 0], port))];
    Servers::new("Secure.Example", "mail.secure.example", &at(993), &at(465), "https://portal.example")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_settings() {
        let servers = sample();
        assert_eq!(servers.imap, Some(Server { host: "mail.secure.example".to_owned(), port: 993 }));
        assert_eq!(servers.address_book_url().unwrap(), "https://portal.example/carddav/");
        let odd = Servers::new("secure.test", "localhost", &[], &[], "https://localhost:8443/");
        assert_eq!((odd.imap, odd.submission), (None, None));
        assert_eq!(odd.portal.unwrap().url(), "https://localhost:8443");
        assert_eq!(Servers::new("a", "b", &[], &[], "").portal, None);
    }

    #[test]
    fn an_address_is_ours_by_its_domain_alone() {
        let servers = sample();
        for yes in ["anna@secure.example", "nobody@SECURE.EXAMPLE", "\"a@b\"@secure.example"] {
            assert!(servers.is_ours(yes), "{yes}");
        }
        for no in ["anna@praxis.example", "secure.example", "@secure.example", "a@secure.example.evil", ""] {
            assert!(!servers.is_ours(no), "{no}");
        }
    }
}
