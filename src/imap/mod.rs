//! IMAP (RFC 9051, RFC 3501): the door through which mail is read.
//!
//! `codec` turns bytes into commands, `session` says which may come now, `cmd` carries them out by the
//! use cases of `service`, `view` keeps one client's sequence numbers, `conn` drives it all. Imports
//! `service`, `mime`, `types`, `net`.

mod cmd;
pub mod codec;
pub mod command;
mod conn;
mod context;
mod deflate;
mod fetch_item;
mod imap_url;
mod notify;
mod pattern;
mod reply;
mod selected;
mod session;
mod settings;
mod thread_response;
pub mod utf7;
mod vanished;
mod view;
mod wire;
mod write;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use arc_swap::ArcSwap;

use crate::mime;
use crate::net::{Full, SignInGate};
use crate::service::authenticate::Authenticator;
use crate::service::mailbox::Mail;

pub use session::switchable;
pub use settings::Settings;

/// The IMAP door of a gateway: what its connections share.
pub struct Imap {
    settings: ArcSwap<Settings>,
    authenticator: Authenticator,
    gate: Arc<SignInGate>,
    mail: Mail,
    mime: mime::Limits,
    lists: view::SharedLists,
    deflated: AtomicUsize,
}

impl Imap {
    /// A door. `gate` is the one that all doors share.
    pub fn new(
        settings: Settings,
        authenticator: Authenticator,
        gate: Arc<SignInGate>,
        mail: Mail,
        mime: mime::Limits,
    ) -> Arc<Self> {
        Arc::new(Self {
            settings: ArcSwap::from_pointee(settings),
            authenticator,
            gate,
            mail,
            mime,
            lists: view::SharedLists::default(),
            deflated: AtomicUsize::new(0),
        })
    }

    /// For connections that come from now on.
    pub fn set_settings(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }

    /// What a client is told that cannot be let in ([`crate::net::Door::when_full`]).
    pub fn when_full(full: Full) -> &'static [u8] {
        match full {
            Full::Total => {
                b"* BYE [UNAVAILABLE] The server has too many connections, please try again later\r\n"
            }
            Full::Address => {
                b"* BYE [UNAVAILABLE] Too many connections from your network, please close a mail program\r\n"
            }
        }
    }
}
