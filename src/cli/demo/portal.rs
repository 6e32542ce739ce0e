//! What the demo's portal begins with: a phone for everybody, an authenticator app for one, and a colleague
//! who is invited, whose link lies in the outbox.
//!
//! Invariant: each step is remembered after it is done and does no harm when it is done twice.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::mail;
use super::state::State;
use crate::cli::serve::Gateway;
use crate::policy::totp;
use crate::service::people::{ABSOLUTE, IDLE};
use crate::store::{AccountEdit, InviteError, NewInvited, Role, Store, WebLife, WebPeer, WebStage};
use crate::types::{Address, Phone};

/// Who signs in with an app.
const WITH_APP: &str = "Dora";
/// Who is invited, by Anna.
const INVITED: (&str, &str, &str) = ("Hilde", "Neumann", "hilde.neumann@praxis-neumann.test");

/// Makes what is missing.
pub(super) async fn ensure(gateway: &Gateway, state: &mut State, dir: &Path) -> anyhow::Result<()> {
    phones(gateway.store(), state, dir).await?;
    app(gateway.store(), state, dir).await?;
    if !state.invited {
        Box::pin(invite(gateway, state)).await?;
        state.invited = true;
        state.save(dir)?;
    }
    Ok(())
}

/// Numbers that are nobody's (555-01xx); whatever is sent to them lies in the outbox.
async fn phones(store: &Store, state: &mut State, dir: &Path) -> anyhow::Result<()> {
    for n in 0..state.people.len() {
        if state.people[n].phone.is_some() {
            continue;
        }
        let number = format!("+1202555{:04}", 120 + n);
        let phone = Phone::parse(&number)?;
        let account =
            store.resolve(&state.people[n].email.parse()?).await?.context("an account is missing")?;
        store.account_edit(account.id, &AccountEdit { phone: Some(phone), ..AccountEdit::default() }).await?;
        state.people[n].phone = Some(number);
        state.save(dir)?;
    }
    Ok(())
}

/// Enrols the app as its owner would. The secret is written down before it counts: a start that is cut off in
/// between leaves one that the next start enrols.
async fn app(store: &Store, state: &mut State, dir: &Path) -> anyhow::Result<()> {
    let Some(n) = state.people.iter().position(|p| p.name.starts_with(WITH_APP)) else { return Ok(()) };
    let account = store.resolve(&state.people[n].email.parse()?).await?.context("an account is missing")?;
    if state.people[n].totp_secret.is_some() && store.app_secret(account.id).await?.is_some() {
        return Ok(());
    }
    let secret = totp::new_secret().context("the system has no random numbers")?;
    state.people[n].totp_secret = Some(std::str::from_utf8(secret.expose())?.to_owned());
    state.save(dir)?;
    let hash = store.portal_password(account.id).await?.context("an account of the demo has no password")?;
    let peer =
        WebPeer { address: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: "postern demo", browser: None };
    let token = store.web_sign_in(account.id, &hash, WebStage::Full, peer).await?;
    let token = token.context("an account of the demo is not in service")?;
    let session = store.web_session(&token, WebLife { idle: IDLE, absolute: ABSOLUTE }).await?;
    let session = session.context("the demo's own sign-in has ended")?;
    anyhow::ensure!(store.app_begin(&session, &secret).await?, "the demo's own sign-in has ended");
    let pending = store.app_pending(account.id).await?.context("the enrolment has gone")?;
    // A step of the past, so that the first real code is good.
    let step = totp::step_at(std::time::SystemTime::now() - Duration::from_mins(2));
    store.app_confirm(&session, &pending, step).await?.context("the enrolment has gone")?;
    store.web_session_end(&session).await?;
    Ok(())
}

/// R15: Anna invites a colleague and writes to her; the first message sends the invitation.
async fn invite(gateway: &Gateway, state: &State) -> anyhow::Result<()> {
    let store = gateway.store();
    let (first_name, last_name, email) = INVITED;
    let anna = mail::find(state, "Anna")?;
    let account = store.resolve(&anna.email.parse::<Address>()?).await?.context("an account is missing")?;
    let new = NewInvited {
        inviter: account.id,
        practice: account.practice,
        email: email.parse()?,
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        role: Role::Doctor,
        phone: Phone::parse("+12025550199")?,
        per_day: 20,
    };
    match store.invite(new).await {
        // Invited by a start that was cut off; or registered meanwhile.
        Ok(_) | Err(InviteError::Already) => {}
        Err(InviteError::HasAccount) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    Box::pin(mail::send_invited(gateway, anna, email)).await
}
