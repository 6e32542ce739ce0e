//! Text messages and calls through an HTTP provider of Twilio's shape: `POST` of a form to
//! `…/2010-04-01/Accounts/{account}/Messages.json` and `…/Calls.json`, HTTP Basic, an answer with a status.

use std::fmt::Write as _;
use std::time::Duration;

use super::words::Spoken;
use super::{CarryError, Letter, Written};
use crate::types::Secret;

/// Most of an answer that is read, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// How the provider is reached.
pub struct ProviderSettings {
    /// Without a slash at the end; `https://`, in the clear only on loopback.
    pub base_url: String,
    /// The account, also the user of HTTP Basic.
    pub account: String,
    /// Its password.
    pub token: Secret,
    /// The sender's number (E.164).
    pub from: String,
    /// PEM of a CA that is trusted beside the system's.
    pub ca: Option<Vec<u8>>,
    /// For the whole request.
    pub timeout: Duration,
}

/// Sends texts and makes calls. Cheap to clone.
#[derive(Clone)]
pub struct Provider {
    client: reqwest::Client,
    base: String,
    account: String,
    token: Secret,
    from: String,
}

impl Provider {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// A CA that is none.
    pub fn new(settings: ProviderSettings) -> Result<Self, reqwest::Error> {
        let mut client = reqwest::Client::builder()
            .timeout(settings.timeout)
            // The password goes nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("postern");
        if let Some(ca) = &settings.ca {
            client = client.add_root_certificate(reqwest::Certificate::from_pem(ca)?);
        }
        Ok(Self {
            client: client.build()?,
            base: format!("{}/2010-04-01/Accounts/{}", settings.base_url, settings.account),
            account: settings.account,
            token: settings.token,
            from: settings.from,
        })
    }

    /// Hands a text or a call to the provider.
    ///
    /// # Errors
    /// [`CarryError`].
    pub async fn send(&self, letter: &Letter) -> Result<(), CarryError> {
        let (resource, words) = match &letter.written {
            Written::Text(text) => ("Messages.json", ("Body", text.clone())),
            Written::Call(spoken) => ("Calls.json", ("Twiml", twiml(spoken))),
            Written::Mail { .. } => return Err(CarryError::Never("a mail is no text message".to_owned())),
        };
        let id = letter.id.to_string();
        let password = String::from_utf8_lossy(self.token.expose()).into_owned();
        let answer = self
            .client
            .post(format!("{}/{resource}", self.base))
            .basic_auth(&self.account, Some(password))
            .header("Idempotency-Key", &id)
            .header("I-Twilio-Idempotency-Token", &id)
            .form(&[("To", letter.to.as_str()), ("From", &self.from), (words.0, &words.1)])
            .send()
            .await
            // What the library says may hold the address of the request: it is left out.
            .map_err(|e| {
                CarryError::Later(if e.is_timeout() {
                    "the provider did not answer in time".to_owned()
                } else {
                    "the provider cannot be reached, or broke off".to_owned()
                })
            })?;
        judged(answer).await
    }
}

async fn judged(mut answer: reqwest::Response) -> Result<(), CarryError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_MAX {
            break;
        }
    }
    // The provider's own number for the fault; its sentence may name the phone.
    let code = serde_json::from_slice::<serde_json::Value>(&body)
        .ok()
        .and_then(|v| v.get("code").and_then(serde_json::Value::as_u64));
    let said = match code {
        Some(code) => format!("{}, its code {code}", status.as_u16()),
        None => status.as_u16().to_string(),
    };
    // Who we are, or how often we ask, is the operator's to mend; everything else of 4xx is about this notice.
    let never = status.is_client_error() && ![401, 403, 404, 408, 409, 425, 429].contains(&status.as_u16());
    Err(if never {
        CarryError::Never(format!("the provider refused it ({said})"))
    } else {
        CarryError::Later(format!("the provider did not take it ({said})"))
    })
}

/// The call as `TwiML`: each sentence, then a second's pause.
pub fn twiml(spoken: &Spoken) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>");
    for sentence in &spoken.sentences {
        let _ = write!(
            out,
            "<Say language=\"{}\">{}</Say><Pause length=\"1\"/>",
            spoken.language,
            escaped(sentence)
        );
    }
    out.push_str("</Response>");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reads_digits() {
        let code = crate::types::NoticeContent::PhoneCode { code: Secret::new("314159") };
        let spoken = super::super::english::spoken(&code).unwrap();
        let twiml = twiml(&spoken);
        assert!(twiml.contains("<Say language=\"en-US\">Your code is: 3, 1, 4, 1, 5, 9.</Say>"), "{twiml}");
        assert_eq!(twiml.matches("3, 1, 4, 1, 5, 9").count(), 3);
        assert_eq!(escaped("a<b>&c"), "a&lt;b&gt;&amp;c");
    }
}
