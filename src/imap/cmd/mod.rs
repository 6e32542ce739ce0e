//! The commands, one file for each or for a family: each a method of the connection that says what the
//! tagged reply is. `conn` permits them, tells what changed, and writes the reply.

mod acl;
mod any;
mod append;
mod catenate;
mod context;
mod enable;
mod expunge;
mod fetch;
mod list;
mod mailboxes;
mod metadata;
pub(super) mod notify;
mod quota;
mod search;
mod select;
mod sign_in;
mod status;
mod store;
mod transfer;

use super::command::CommandBody as C;
use super::conn::{Answer, Client};
use super::reply::Reply;
use super::wire::Bytes;

impl<S: Bytes> Client<S> {
    /// Carries out a command that `session` permits now.
    pub(super) async fn perform(&mut self, tag: &str, command: C) -> Answer {
        match command {
            C::Capability => Ok(self.capability()),
            C::Noop | C::Check => self.noop().await,
            C::Logout => Ok(self.logout()),
            C::Id(fields) => Ok(self.id(fields.as_deref())),
            C::StartTls => Ok(self.start_tls()),
            C::Authenticate { mechanism, initial } => Box::pin(self.authenticate(&mechanism, initial)).await,
            C::Login { user, password } => Box::pin(self.sign_in(&user, &password)).await,
            C::Enable(what) => Ok(self.enable(&what)),
            C::Compress(algorithm) => self.compress(&algorithm),
            C::Unauthenticate => Ok(self.unauthenticate()),
            C::MyRights(mailbox) => Box::pin(self.my_rights(&mailbox)).await,
            C::GetAcl(mailbox) => Box::pin(self.get_acl(&mailbox)).await,
            C::ListRights { mailbox, identifier } => Box::pin(self.list_rights(&mailbox, &identifier)).await,
            C::ChangeAcl { mailbox, .. } => Box::pin(self.change_acl(&mailbox)).await,
            C::GetMetadata(get) => Box::pin(self.get_metadata(get)).await,
            C::SetMetadata { mailbox, changes } => Box::pin(self.set_metadata(mailbox, changes)).await,
            C::Select(select) => Box::pin(self.select(select, super::session::Access::ReadWrite)).await,
            C::Examine(select) => Box::pin(self.select(select, super::session::Access::ReadOnly)).await,
            C::Close => Box::pin(self.close()).await,
            C::Unselect => Ok(self.unselect()),
            C::Create { mailbox, supplied, uses } => {
                Box::pin(self.create(&mailbox, supplied.as_deref(), &uses)).await
            }
            C::Delete { mailbox, supplied } => Box::pin(self.delete(&mailbox, supplied.as_deref())).await,
            C::Rename { from, to, supplied } => Box::pin(self.rename(&from, &to, supplied.as_deref())).await,
            C::Subscribe(mailbox) => Box::pin(self.subscribe(&mailbox)).await,
            C::Unsubscribe(mailbox) => Box::pin(self.unsubscribe(&mailbox)).await,
            C::Namespace => Ok(self.namespace()),
            C::List(list) => Box::pin(self.list(list)).await,
            C::Lsub { reference, pattern } => Box::pin(self.lsub(&reference, &pattern)).await,
            C::Status { mailbox, items } => Box::pin(self.status(&mailbox, &items)).await,
            C::Expunge { uids } => Box::pin(self.expunge(uids)).await,
            C::Fetch(fetch) => Box::pin(self.fetch(fetch)).await,
            C::Store(store) => Box::pin(self.store(store)).await,
            C::Copy(transfer) => Box::pin(self.copy(tag, transfer)).await,
            C::Move(transfer) => Box::pin(self.move_messages(tag, transfer)).await,
            C::GetQuota { root } => Box::pin(self.get_quota(&root)).await,
            C::GetQuotaRoot(mailbox) => Box::pin(self.get_quota_root(&mailbox)).await,
            C::SetQuota { .. } => Ok(quota::set_quota()),
            C::MultiSearch(search) => Box::pin(self.multi_search(tag, search)).await,
            C::CancelUpdate(tags) => Ok(self.cancel_update(&tags)),
            C::Notify(notify) => Box::pin(self.notify(notify)).await,
            C::Sort(sort) => Box::pin(self.sort(tag, sort)).await,
            C::Thread(thread) => Box::pin(self.thread(tag, thread)).await,
            C::Search(search) => Box::pin(self.search(tag, search)).await,
            // The connection's own loop idles.
            C::Idle => Err(Reply::bad("not now").into()),
        }
    }
}
