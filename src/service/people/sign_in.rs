//! Signing in to the portal with address and password (R1, R3, R4).

use std::net::IpAddr;

use tokio::time::Instant;

use super::{Denied, Inner, People, PeopleError, Secret, SessionToken, Visitor};
use crate::service::portal_password::HashError;
use crate::store::{Account, AccountState, Because, SecretKind, WebStage};
use crate::types::{AccountId, Address, AuditAction, AuditNote, Origin};

/// Longest login and longest password that are looked at, in bytes; more is refused like a wrong one.
const INPUT_MAX: usize = 1024;

/// What the right password leads to. Set the cookie to the token in both cases.
#[derive(Clone, Debug)]
pub enum SignedIn {
    /// Signed in; two-step is off.
    Full(SessionToken),
    /// Ask for the second step: [`People::resume`] says which factor; a phone code is sent by
    /// [`People::send_code`] when the person has chosen text or voice.
    SecondStep(SessionToken),
}

impl People {
    /// R4: signs in with one of the account's two addresses and its portal password. A known and an unknown
    /// address, a wrong password and a locked account get the same [`Denied::SignIn`] at the same time.
    ///
    /// # Errors
    /// [`Denied::SignIn`], [`Denied::TooOften`] (this address was tried too often on this gateway, known or
    /// not), [`PeopleError::Busy`].
    pub async fn sign_in(
        &self,
        login: &str,
        password: Secret,
        visitor: &Visitor,
    ) -> Result<SignedIn, PeopleError> {
        let asked = Instant::now();
        if !self.0.entries.may(super::entry::Entry::SignIn, login) {
            return Err(Denied::TooOften.into());
        }
        let fits = login.len() <= INPUT_MAX && password.expose().len() <= INPUT_MAX;
        let address = if fits { Address::parse(login.trim()).ok() } else { None };
        let outcome = self.0.try_password(address.as_ref(), &password, visitor).await;
        match outcome {
            Ok(Some(signed_in)) => Ok(signed_in),
            Ok(None) => {
                tokio::time::sleep_until(asked + self.0.settings.refusal_floor).await;
                Err(Denied::SignIn.into())
            }
            Err(e) => Err(e),
        }
    }
}

impl Inner {
    async fn try_password(
        &self,
        address: Option<&Address>,
        password: &Secret,
        visitor: &Visitor,
    ) -> Result<Option<SignedIn>, PeopleError> {
        let account = match address {
            Some(address) => self.store.resolve(address).await?,
            None => None,
        };
        let (id, stored) = match &account {
            Some(a) => (a.id, self.store.portal_password(a.id).await?),
            // Nobody's number: the same is asked, and the same work done for it.
            None => (AccountId(0), self.store.portal_password(AccountId(0)).await?),
        };
        // While the account is locked its password is not compared (R4), but the time is spent.
        let usable = account.as_ref().is_some_and(|a| a.state == AccountState::Active);
        let compared = if let Some(stored) = stored.clone().filter(|_| usable) {
            self.passwords.verify(password.clone(), stored).await?
        } else {
            let decoy = self.decoy().await?;
            self.passwords.verify(password.clone(), decoy).await?;
            false
        };
        let (Some(account), Some(stored), true) = (account, stored, compared) else {
            self.wrong(id, password, visitor.address).await?;
            return Ok(None);
        };
        self.begin(&account, &stored, visitor).await
    }

    /// The password was right.
    async fn begin(
        &self,
        account: &Account,
        stored: &str,
        visitor: &Visitor,
    ) -> Result<Option<SignedIn>, PeopleError> {
        let profile = self.store.profile(account.id).await?;
        let two_step = profile.asks_factor();
        let stage = if two_step { WebStage::SecondStep } else { WebStage::Full };
        let store = self.store.acting_as(Origin::account(account.id, Some(visitor.address)));
        let token = store.web_sign_in(account.id, stored, stage, visitor.peer()).await?;
        metrics::counter!("postern_sign_ins_total", "door" => "portal").increment(1);
        Ok(token.map(|token| {
            let token = SessionToken(token);
            if two_step { SignedIn::SecondStep(token) } else { SignedIn::Full(token) }
        }))
    }

    /// R4: a wrong secret at the portal is counted and entered; `true`: it locked the account.
    pub(super) async fn wrong(
        &self,
        account: AccountId,
        secret: &Secret,
        from: IpAddr,
    ) -> Result<bool, PeopleError> {
        let because = self.store.note_wrong_secret(account, secret, SecretKind::Portal, from).await?;
        let word = match because {
            Because::Unknown => "unknown",
            Because::Locked => "locked",
            Because::Revoked => "revoked",
            Because::Again => "again",
            Because::Counted => "wrong",
            Because::LockedNow => "locked-now",
        };
        let id = (because != Because::Unknown).then_some(account.0);
        tracing::info!(event = "sign-in-refused", door = "portal", account = id, because = word);
        let mut note = AuditNote::refused(AuditAction::SignIn).detail(format!("door=portal because={word}"));
        note.account = id.map(AccountId);
        self.store.audit_note_by(Origin::stranger(from), note);
        metrics::counter!("postern_sign_ins_refused_total", "door" => "portal", "because" => word)
            .increment(1);
        Ok(matches!(because, Because::LockedNow | Because::Locked))
    }

    /// A hash that no password fits, of the cost of all others.
    pub(super) async fn decoy(&self) -> Result<String, HashError> {
        if let Some(decoy) = self.decoy.get() {
            return Ok(decoy.clone());
        }
        let random: [u8; 32] = random_bytes()?;
        let hashed = self.passwords.hash(Secret::new(random)).await?;
        Ok(self.decoy.get_or_init(|| hashed).clone())
    }
}

fn random_bytes() -> Result<[u8; 32], HashError> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| HashError::Failed)?;
    Ok(bytes)
}
