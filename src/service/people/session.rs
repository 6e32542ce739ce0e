//! Web sign-ins: made, continued, ended (R5).

use std::net::IpAddr;
use std::time::SystemTime;

use super::{Account, People, PeopleError, Phone, Secret};

/// Who sits at the other end.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The peer's address.
    pub address: IpAddr,
    /// `User-Agent`; cut to 200 characters when stored.
    pub user_agent: String,
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

/// How far a web sign-in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// By an invitation's link, password chosen; the phone code is missing (R2, R16). Only [`People::send_code`],
    /// [`People::prove`] and [`People::not_my_phone`] work.
    Registering,
    /// By a reset link, new password chosen; the second step is missing (R2). As above.
    Resetting,
    /// Password right; the second step is missing (R3). As above.
    SecondStep,
    /// Signed in.
    Full,
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
    /// Whose. While registering: the invited account, with placeholder addresses that must not be shown.
    pub account: Account,
    /// How far it has come.
    pub stage: Stage,
    /// What proves the second step, and a fresh factor.
    pub factor: Factor,
    /// R2: whether signing in asks for the second step.
    pub two_step: bool,
    /// When a factor was last proved in this sign-in.
    pub factor_at: Option<SystemTime>,
    /// R24: an IANA name that jiff knows.
    pub time_zone: String,
    /// When it began.
    pub created_at: SystemTime,
    /// R5: when it ends unless there is activity (30 minutes), or for good (12 hours), whichever is first.
    pub ends_at: SystemTime,
    /// For the hidden field of every form; compare with [`Session::csrf_fits`].
    pub csrf: String,
    pub(super) key: [u8; 32],
}

impl Session {
    /// R29: a factor was proved within the last five minutes.
    pub fn factor_is_fresh(&self, now: SystemTime) -> bool {
        self.factor_at.is_some_and(|at| now.duration_since(at).unwrap_or_default() <= super::FRESH)
    }

    /// In constant time.
    pub fn csrf_fits(&self, given: &str) -> bool {
        Secret::new(given) == Secret::new(self.csrf.as_str())
    }
}

/// Whether a request is somebody doing something (R5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A page or a form: the 30 minutes begin anew.
    Person,
    /// The page asking by itself: they do not.
    Polling,
}

impl People {
    /// The web sign-in of a cookie, if it is still good: not ended, idle or too old; the account still in
    /// service, no password change or "sign out everywhere" since. One round trip, a write at most once a minute.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn resume(&self, token: &SessionToken, activity: Activity) -> Result<Option<Session>, PeopleError> {
        let _ = (token, activity);
        unimplemented!()
    }

    /// Ends this web sign-in.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn sign_out(&self, session: &Session) -> Result<(), PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// Ends every web sign-in of the account, this one too.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn sign_out_everywhere(&self, session: &Session) -> Result<(), PeopleError> {
        let _ = session;
        unimplemented!()
    }
}
