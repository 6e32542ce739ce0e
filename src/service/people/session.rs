//! Web sign-ins: made, continued, ended (R5).

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{ABSOLUTE, Account, Denied, FRESH, IDLE, Inner, People, PeopleError, Phone, Secret};
pub use crate::store::WebStage as Stage;
use crate::store::{Browser, Store, WebLife, WebPeer, WebSession};
use crate::types::Origin;

/// R5
pub(super) const LIFE: WebLife = WebLife { idle: IDLE, absolute: ABSOLUTE };

/// Who sits at the other end.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The peer's address.
    pub address: IpAddr,
    /// `User-Agent`; cut to 200 characters when stored.
    pub user_agent: String,
    /// Which browser; `None`: the door does not tell them apart, and nobody is told of a new one.
    pub browser: Option<KnownBrowser>,
}

/// A browser that is recognised when it comes again. It opens nothing.
#[derive(Clone, Debug)]
pub struct KnownBrowser {
    /// Random, from a lasting cookie of its own; kept as a keyed hash, together with the account.
    pub token: Secret,
    /// Browser and system in words.
    pub name: String,
}

/// For so long the cookie of a known browser is kept.
pub const BROWSER_LIFE: Duration = crate::store::BROWSER_LIFE;

impl Visitor {
    pub(super) fn peer(&self) -> WebPeer<'_> {
        WebPeer {
            address: self.address,
            user_agent: &self.user_agent,
            browser: self.browser.as_ref().map(|b| Browser { token: &b.token, name: &b.name }),
        }
    }
}

/// The value of the `__Host-` cookie: 43 characters of base64url, 256 random bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionToken(pub Secret);

impl SessionToken {
    /// For `Set-Cookie`; nowhere else.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.0.expose()).unwrap_or_default()
    }

    /// From a cookie; anything is taken, and then not found.
    pub fn from_cookie(value: &str) -> Self {
        Self(Secret::new(value))
    }
}

/// R3: what proves the second step for this account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Factor {
    /// A code by text or voice to this number; show [`Phone::ending`] alone while not signed in.
    Phone(Phone),
    /// The authenticator app, or a recovery code.
    App,
    /// Neither; only possible for accounts that Support made without a phone number.
    None,
}

/// One web sign-in as it is now.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose. While registering the invited account, with the invited address in the place of both.
    pub account: Account,
    /// How far it has come.
    pub stage: Stage,
    /// What proves the second step, and a fresh factor.
    pub factor: Factor,
    /// R2: whether signing in asks for the second step.
    pub two_step: bool,
    /// When a factor was last proved in this sign-in.
    pub factor_at: Option<SystemTime>,
    /// When the password was last typed, or chosen, in this sign-in.
    pub password_at: Option<SystemTime>,
    /// Support has made the password: only choosing another one is possible (ASVS 5.0, 6.4.1).
    pub password_initial: bool,
    /// R24: an IANA name that jiff knows.
    pub time_zone: String,
    /// When it began.
    pub created_at: SystemTime,
    /// R5: when it ends unless there is activity (30 minutes), or for good (12 hours), whichever is first.
    pub ends_at: SystemTime,
    /// Where this request comes from, which need not be where the sign-in began.
    peer: Option<IpAddr>,
    /// For the hidden field of every form; compare with [`Session::csrf_fits`].
    pub csrf: String,
    pub(super) web: WebSession,
}

impl Session {
    /// R29: a factor was proved within the last five minutes.
    pub fn factor_is_fresh(&self, now: SystemTime) -> bool {
        is_fresh(self.factor_at, now)
    }

    /// The password was typed within the last five minutes.
    pub fn password_is_fresh(&self, now: SystemTime) -> bool {
        is_fresh(self.password_at, now)
    }

    /// In constant time.
    pub fn csrf_fits(&self, given: &str) -> bool {
        Secret::new(given) == Secret::new(self.csrf.as_str())
    }

    /// For the audit log: where the request at hand comes from; where the sign-in began, should the door not have said.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.peer.or_else(|| self.web.from_address.parse().ok())
    }

    /// Tells where the request at hand comes from: a stolen cookie is used elsewhere.
    #[must_use]
    pub fn seen_from(self, peer: IpAddr) -> Self {
        Self { peer: Some(peer), ..self }
    }
}

fn is_fresh(at: Option<SystemTime>, now: SystemTime) -> bool {
    // Two gateways' clocks differ a little.
    const AHEAD: Duration = Duration::from_mins(1);
    at.is_some_and(|at| match now.duration_since(at) {
        Ok(age) => age <= FRESH,
        Err(ahead) => ahead.duration() <= AHEAD,
    })
}

/// Whether a request is somebody doing something (R5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A page or a form: the 30 minutes begin anew.
    Person,
    /// The page asking by itself: they do not.
    Polling,
}

/// Only when signed in, with a password of the person's own.
pub(super) fn full(session: &Session) -> Result<&WebSession, PeopleError> {
    let web = signed_in(session)?;
    if session.password_initial { Err(Denied::PasswordInitial.into()) } else { Ok(web) }
}

/// Only when signed in, be it with a password that Support has made.
pub(super) fn signed_in(session: &Session) -> Result<&WebSession, PeopleError> {
    if session.stage == Stage::Full { Ok(&session.web) } else { Err(Denied::Stage.into()) }
}

impl Inner {
    /// The store, for what this person does.
    pub(super) fn store_of(&self, session: &Session) -> Store {
        self.store.acting_as(Origin::account(session.account.id, session.address()))
    }

    /// Only when signed in, and a factor was proved lately (R29).
    pub(super) fn fresh<'a>(&self, session: &'a Session) -> Result<&'a WebSession, PeopleError> {
        let web = full(session)?;
        if session.factor_is_fresh(self.clock.now()) { Ok(web) } else { Err(Denied::FactorNeeded.into()) }
    }

    /// Only when signed in, and password and factor were both proved lately: before what signs in is changed (ASVS
    /// 5.0, 7.5.1).
    pub(super) fn confirmed<'a>(&self, session: &'a Session) -> Result<&'a WebSession, PeopleError> {
        let web = self.fresh(session)?;
        if session.password_is_fresh(self.clock.now()) { Ok(web) } else { Err(Denied::PasswordNeeded.into()) }
    }

    /// Only when signed in, and one of the two was proved lately: before sign-ins are ended (ASVS 5.0, 7.5.2).
    pub(super) fn recent<'a>(&self, session: &'a Session) -> Result<&'a WebSession, PeopleError> {
        let web = full(session)?;
        let now = self.clock.now();
        let recent = session.password_is_fresh(now) || session.factor_is_fresh(now);
        if recent { Ok(web) } else { Err(Denied::PasswordNeeded.into()) }
    }
}

impl People {
    /// The web sign-in of a cookie, if it is still good: not ended, idle or too old; the account still in
    /// service, no password change or "sign out everywhere" since. 1 round trip, a write at most once a minute.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn resume(
        &self,
        token: &SessionToken,
        activity: Activity,
    ) -> Result<Option<Session>, PeopleError> {
        let store = &self.0.store;
        let Some(mut web) = store.web_session(&token.0, LIFE).await? else { return Ok(None) };
        if activity == Activity::Person {
            web.active_at = store.web_session_active(&web).await?;
        }
        let factor = match (&web.phone, web.app) {
            (_, true) => Factor::App,
            (Some(phone), false) => Factor::Phone(phone.clone()),
            (None, false) => Factor::None,
        };
        Ok(Some(Session {
            stage: web.stage,
            factor,
            two_step: web.two_step,
            factor_at: web.factor_at,
            password_at: web.password_at,
            password_initial: web.password_initial,
            time_zone: web.time_zone.clone(),
            created_at: web.created_at,
            ends_at: (web.active_at + IDLE).min(web.created_at + ABSOLUTE),
            csrf: URL_SAFE_NO_PAD.encode(store.lookup().token("form", &token.0)),
            account: web.account.clone(),
            peer: None,
            web,
        }))
    }

    /// Ends this web sign-in.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn sign_out(&self, session: &Session) -> Result<(), PeopleError> {
        self.0.store_of(session).web_session_end(&session.web).await?;
        Ok(())
    }

    /// The password once more, before what asks for it. Answers the new token: set the cookie.
    ///
    /// # Errors
    /// [`Denied::PasswordWrong`] (counts under R4), [`Denied::TooOften`]; [`Denied::SignedOut`] when that locked the
    /// account.
    pub async fn password_confirm(
        &self,
        session: &Session,
        password: Secret,
        visitor: &Visitor,
    ) -> Result<SessionToken, PeopleError> {
        let web = full(session)?;
        let account = session.account.id;
        if !self.0.entries.may(super::entry::Entry::Prove, &account.to_string()) {
            return Err(Denied::TooOften.into());
        }
        let stored = self.0.store.portal_password(account).await?.ok_or(Denied::PasswordWrong)?;
        if !self.0.passwords.verify(password.clone(), stored.clone()).await? {
            let locked = self.0.wrong(account, &password, visitor.address).await?;
            return Err(if locked { Denied::SignedOut } else { Denied::PasswordWrong }.into());
        }
        let token = self.0.store_of(session).password_confirm(web, &stored).await?;
        Ok(SessionToken(token.ok_or(Denied::SignedOut)?))
    }

    /// Ends one web sign-in of the account. `false`: it has ended already. Needs the password or a factor of the last
    /// five minutes.
    ///
    /// # Errors
    /// [`Denied::PasswordNeeded`].
    pub async fn sign_in_end(&self, session: &Session, handle: &str) -> Result<bool, PeopleError> {
        self.0.recent(session)?;
        let Ok(key) = URL_SAFE_NO_PAD.decode(handle) else { return Ok(false) };
        Ok(self.0.store_of(session).web_session_end_of(session.account.id, &key).await?)
    }

    /// Ends every web sign-in of the account, this one too. Needs the password or a factor of the last five minutes.
    ///
    /// # Errors
    /// [`Denied::PasswordNeeded`].
    pub async fn sign_out_everywhere(&self, session: &Session) -> Result<(), PeopleError> {
        self.0.recent(session)?;
        self.0.store_of(session).web_sessions_end(session.account.id).await?;
        Ok(())
    }
}
