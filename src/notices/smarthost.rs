//! Mail through a smarthost (RFC 5321, RFC 8314): TLS always, the certificate verified.

use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::{CarryError, Letter, Written};
use crate::types::Secret;

/// Connections kept open.
const CONNECTIONS: u32 = 4;

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFrom {
    /// With the first byte (RFC 8314 §3.3).
    Connect,
    /// After STARTTLS, without which nothing is sent (RFC 3207).
    StartTls,
}

/// How the smarthost is reached.
pub struct SmarthostSettings {
    /// Its name, as its certificate has it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When TLS begins.
    pub tls: TlsFrom,
    /// PEM of a CA that is trusted beside the system's.
    pub ca: Option<Vec<u8>>,
    /// User and password, if it asks for any.
    pub credentials: Option<(String, Secret)>,
    /// The notices' own sender, `Name <local@domain>`: not in the portal's mail domain, which sends nothing
    /// (R30).
    pub from: String,
    /// The name to greet with.
    pub hello: String,
    /// For each step of the dialogue.
    pub timeout: Duration,
}

/// Settings that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum SmarthostError {
    /// `notices.from`
    #[error("\"{0}\" is no sender: write Name <local@domain>")]
    From(String),
    /// The CA's file.
    #[error("the smarthost's CA: {0}")]
    Ca(String),
}

/// Sends mail through one smarthost. Cheap to clone.
#[derive(Clone)]
pub struct Smarthost {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    domain: String,
}

/// RFC 3834 §5: nobody's program answers this.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Smarthost {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// [`SmarthostError`].
    pub fn new(settings: SmarthostSettings) -> Result<Self, SmarthostError> {
        let from: Mailbox = settings.from.parse().map_err(|_| SmarthostError::From(settings.from.clone()))?;
        let mut tls = TlsParameters::builder(settings.host.clone());
        if let Some(ca) = &settings.ca {
            let ca = Certificate::from_pem(ca).map_err(|e| SmarthostError::Ca(e.to_string()))?;
            tls = tls.add_root_certificate(ca);
        }
        let tls = tls.build_rustls().map_err(|e| SmarthostError::Ca(e.to_string()))?;
        let tls = match settings.tls {
            TlsFrom::Connect => Tls::Wrapper(tls),
            TlsFrom::StartTls => Tls::Required(tls),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host)
            .port(settings.port)
            .tls(tls)
            .hello_name(ClientId::Domain(settings.hello))
            .timeout(Some(settings.timeout))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(Duration::from_secs(30)));
        if let Some((user, password)) = settings.credentials {
            let password = String::from_utf8_lossy(password.expose()).into_owned();
            transport = transport.credentials(Credentials::new(user, password));
        }
        let domain = from.email.domain().to_owned();
        Ok(Self { transport: transport.build(), from, domain })
    }

    /// Connects, signs in, and says goodbye.
    ///
    /// # Errors
    /// [`CarryError`].
    pub async fn test(&self) -> Result<(), CarryError> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(CarryError::Later("the smarthost does not answer".to_owned())),
            Err(error) => Err(judged(&error)),
        }
    }

    /// Hands a mail to the smarthost.
    ///
    /// # Errors
    /// [`CarryError`].
    pub async fn send(&self, letter: &Letter) -> Result<(), CarryError> {
        let message = compose(letter, &self.from, &self.domain)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(judged(&error)),
        }
    }
}

/// What a refusal means. The server's own words may name the address: they are left out.
fn judged(error: &lettre::transport::smtp::Error) -> CarryError {
    match error.status().map(|code| code.to_string()) {
        // Not allowed to send at all: the operator's to mend, not the notice's end (RFC 4954 §6).
        Some(code) if ["530", "534", "535", "538"].contains(&code.as_str()) => {
            CarryError::Later(format!("the smarthost refused our sign-in ({code})"))
        }
        Some(code) if error.is_permanent() => CarryError::Never(format!("the smarthost refused it ({code})")),
        Some(code) => CarryError::Later(format!("the smarthost put it off ({code})")),
        None if error.is_timeout() => CarryError::Later("the smarthost did not answer in time".to_owned()),
        None if error.is_tls() => CarryError::Later("no TLS with the smarthost".to_owned()),
        None => CarryError::Later("the smarthost cannot be reached, or broke off".to_owned()),
    }
}

/// The mail as it goes over the wire. Its Message-ID is made from the idempotency key, so a second copy can
/// be recognised.
///
/// # Errors
/// [`CarryError::Never`] for an address that is none.
pub fn compose(letter: &Letter, from: &Mailbox, domain: &str) -> Result<Message, CarryError> {
    let Written::Mail { subject, text, html } = &letter.written else {
        return Err(CarryError::Never("this is no mail".to_owned()));
    };
    let address = letter.to.parse().map_err(|_| CarryError::Never("the address is none".to_owned()))?;
    let name = Some(letter.name.clone()).filter(|n| !n.is_empty());
    let part = |kind, body: &str| SinglePart::builder().header(kind).body(body.to_owned());
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(name, address))
        .subject(subject.clone())
        .message_id(Some(format!("<{}@{domain}>", letter.id)))
        .date(letter.at)
        .header(AutoSubmitted)
        .multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, text))
                .singlepart(part(ContentType::TEXT_HTML, html)),
        )
        .map_err(|_| CarryError::Never("the mail cannot be written".to_owned()))
}
