//! The SASL exchange of AUTH (RFC 4954 §4): PLAIN (RFC 4616) and LOGIN.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::reply::Reply;
use crate::types::Secret;

/// Who somebody says to be, and the proof.
pub struct Credentials {
    /// The login as given; not yet an address.
    pub login: String,
    /// The app password.
    pub secret: Secret,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// What the next line of the client is.
pub enum Exchange {
    /// The one response of PLAIN.
    Plain,
    /// The user name of LOGIN.
    LoginName,
    /// The password of LOGIN.
    LoginPassword {
        /// The name given before.
        login: String,
    },
}

/// How the exchange goes on.
pub enum Progress {
    /// Send this challenge, expect another line.
    Challenge(Exchange, Reply),
    /// The client has said all.
    Complete(Credentials),
    /// It is over without a question to anybody.
    Failed(Reply),
}

/// Mail programs compare these letter by letter ("Username:", "Password:").
const LOGIN_NAME: &str = "VXNlcm5hbWU6";
const LOGIN_PASSWORD: &str = "UGFzc3dvcmQ6";

impl Exchange {
    /// Begins; `mechanism` is in upper case, `initial` as the client wrote it.
    pub fn begin(mechanism: &str, initial: Option<&Secret>) -> Progress {
        let exchange = match mechanism {
            "PLAIN" => Self::Plain,
            "LOGIN" => Self::LoginName,
            _ => {
                return Progress::Failed(Reply::new(
                    504,
                    "5.5.4",
                    "Only AUTH PLAIN and AUTH LOGIN are known here",
                ));
            }
        };
        match initial.map(Secret::expose) {
            // RFC 4954 §4: "=" is an empty initial response, and none is no response.
            Some(b"=") => exchange.decoded(&[]),
            Some(text) => exchange.respond(text),
            None => {
                let prompt = if mechanism == "LOGIN" { LOGIN_NAME } else { "" };
                Progress::Challenge(exchange, Reply::plain(334, prompt))
            }
        }
    }

    /// Takes the client's next line.
    pub fn respond(self, line: &[u8]) -> Progress {
        if line == b"*" {
            return Progress::Failed(Reply::new(501, "5.7.0", "The sign-in was cancelled"));
        }
        match STANDARD.decode(line).map(Zeroizing::new) {
            Ok(response) => self.decoded(&response),
            Err(_) => malformed(),
        }
    }

    fn decoded(self, response: &[u8]) -> Progress {
        match self {
            Self::Plain => plain(response),
            Self::LoginName => Progress::Challenge(
                Self::LoginPassword { login: String::from_utf8_lossy(response).into_owned() },
                Reply::plain(334, LOGIN_PASSWORD),
            ),
            Self::LoginPassword { login } => {
                Progress::Complete(Credentials { login, secret: Secret::new(response) })
            }
        }
    }
}

/// `[authzid] NUL authcid NUL passwd`
fn plain(response: &[u8]) -> Progress {
    let parts: Vec<_> = response.split(|b| *b == 0).collect();
    let [authzid, login, password] = parts[..] else { return malformed() };
    let Ok(login) = std::str::from_utf8(login) else { return malformed() };
    // RFC 4616 §2: acting for somebody else is asked for, and nobody may.
    if !authzid.is_empty() && !authzid.eq_ignore_ascii_case(login.as_bytes()) {
        return Progress::Failed(refused());
    }
    Progress::Complete(Credentials { login: login.to_owned(), secret: Secret::new(password) })
}

fn malformed() -> Progress {
    Progress::Failed(Reply::new(501, "5.5.2", "The sign-in is not well-formed"))
}

/// R4: one answer for a wrong secret, an unknown address and a locked account.
pub fn refused() -> Reply {
    Reply::new(535, "5.7.8", "The address or the app password is not right, or the account is locked")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(progress: Progress) -> (String, Vec<u8>) {
        match progress {
            Progress::Complete(c) => (c.login.clone(), c.secret.expose().to_vec()),
            Progress::Challenge(_, r) | Progress::Failed(r) => panic!("{r:?}"),
        }
    }

    fn challenge(progress: Progress) -> (Exchange, Reply) {
        match progress {
            Progress::Challenge(e, r) => (e, r),
            _ => panic!("no challenge"),
        }
    }

    fn failed(progress: Progress) -> u16 {
        match progress {
            Progress::Failed(r) => r.code,
            _ => panic!("did not fail"),
        }
    }

    fn begin(mechanism: &str, initial: Option<&[u8]>) -> Progress {
        let initial =
            initial.map(|i| Secret::new(if i == b"=" { "=".to_owned() } else { STANDARD.encode(i) }));
        Exchange::begin(mechanism, initial.as_ref())
    }

    #[test]
    fn plain_with_and_without_initial_response() {
        let anna = ("anna@x".to_owned(), b"pw".to_vec());
        assert_eq!(complete(begin("PLAIN", Some(b"\0anna@x\0pw"))), anna);
        assert_eq!(complete(begin("PLAIN", Some(b"Anna@X\0anna@x\0pw"))), anna);
        let (exchange, reply) = challenge(begin("PLAIN", None));
        assert_eq!((reply.code, reply.text()), (334, ""));
        assert_eq!(complete(exchange.respond(b"AGFubmFAeABwdw==")), anna);
    }

    #[test]
    fn login_prompts_are_exact() {
        let (exchange, reply) = challenge(begin("LOGIN", None));
        assert_eq!(reply.text(), "VXNlcm5hbWU6");
        let (exchange, reply) = challenge(exchange.respond(b"YW5uYUB4"));
        assert_eq!(reply.text(), "UGFzc3dvcmQ6");
        assert_eq!(complete(exchange.respond(b"cHc=")), ("anna@x".to_owned(), b"pw".to_vec()));
        let (_, reply) = challenge(begin("LOGIN", Some(b"anna@x")));
        assert_eq!(reply.text(), "UGFzc3dvcmQ6");
    }

    #[test]
    fn what_fails_without_asking() {
        assert_eq!(failed(begin("PLAIN", Some(b"="))), 501);
        assert_eq!(failed(begin("PLAIN", Some(b"anna@x\0pw"))), 501);
        assert_eq!(failed(begin("PLAIN", Some(b"\0a\0b\0c"))), 501);
        assert_eq!(failed(begin("PLAIN", Some(b"bert@x\0anna@x\0pw"))), 535);
        assert_eq!(failed(begin("CRAM-MD5", None)), 504);
        for line in [&b"*"[..], b"no base64!", b"YQ", b"\xff"] {
            assert_eq!(failed(challenge(begin("PLAIN", None)).0.respond(line)), 501, "{line:?}");
        }
    }
}
