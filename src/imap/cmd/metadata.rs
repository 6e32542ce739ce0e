//! GETMETADATA and SETMETADATA (RFC 5464), and the METADATA of LIST (RFC 9590).
//!
//! `/private/specialuse` of a mailbox says its use (RFC 6154 §4). CREATE gives it, and nothing changes it.
//!
//! Mailboxes cannot be shared, so `/shared` and `/private` of a mailbox are both its owner's. The
//! server's own `/shared` entries are not for clients to write.

use crate::imap::command::GetMetadata;
use crate::imap::conn::{Answer, Client, Failure};
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;
use crate::imap::write;
use crate::service::mailbox::{ANNOTATION_SIZE_MAX, Annotation, MailboxInfo};
use crate::types::{AnnotationName, MailboxName, SpecialUse};

const SPECIAL_USE: &str = "/private/specialuse";

impl<S: Bytes> Client<S> {
    /// RFC 5464 §4.2
    pub(super) async fn get_metadata(&mut self, get: GetMetadata) -> Answer {
        let mailbox = self.annotated(get.mailbox.as_ref()).await?;
        let mut all = self.mail()?.annotations(mailbox.as_ref().map(|info| info.id)).await?;
        if let Some(info) = &mailbox {
            all.retain(|(name, _)| name.as_str() != SPECIAL_USE);
            all.extend(special_use(info));
        }
        let wanted = |name: &AnnotationName| {
            let within = |levels: usize| get.depth.is_none_or(|depth| levels <= depth);
            get.entries.iter().any(|entry| name.levels_below(entry).is_some_and(within))
        };
        let too_long = |value: &[u8]| get.max_size.is_some_and(|max| value.len() as u64 > max);
        let chosen = || all.iter().filter(|(name, _)| wanted(name));
        let longest = chosen()
            .map(|(_, value)| value.len())
            .filter(|len| get.max_size.is_some_and(|max| *len as u64 > max))
            .max();
        let mut told: Vec<(&AnnotationName, Option<&[u8]>)> = chosen()
            .filter(|(_, value)| !too_long(value))
            .map(|(name, value)| (name, Some(&value[..])))
            .collect();
        // What was asked for by its name and is not there is told to be so.
        let missing = get.entries.iter().filter(|entry| !all.iter().any(|(name, _)| name == *entry));
        told.extend(missing.filter(|_| get.depth == Some(0)).map(|entry| (entry, None)));
        self.metadata_response(get.mailbox.as_ref(), &told);
        let reply = Reply::ok("GETMETADATA done");
        Ok(match longest {
            Some(longest) => reply.with(Code::MetadataLongEntries(longest)),
            None => reply,
        })
    }

    /// RFC 5464 §4.3: all of them, or none.
    pub(super) async fn set_metadata(
        &mut self,
        mailbox: Option<MailboxName>,
        changes: Vec<(AnnotationName, Option<Vec<u8>>)>,
    ) -> Answer {
        let id = self.annotated(mailbox.as_ref()).await?.map(|info| info.id);
        if id.is_some() && changes.iter().any(|(name, _)| name.as_str() == SPECIAL_USE) {
            let text = "A folder is given its use when it is made";
            return Err(Reply::no(text).with(Code::Cannot).into());
        }
        if mailbox.is_none() && changes.iter().any(|(name, _)| name.is_shared()) {
            return Err(Reply::no("Only the operator can change this").with(Code::NoPerm).into());
        }
        if changes.iter().any(|(_, value)| value.as_ref().is_some_and(|v| v.len() > ANNOTATION_SIZE_MAX)) {
            let code = Code::MetadataMaxSize(ANNOTATION_SIZE_MAX);
            return Err(Reply::no("The note is too long").with(code).into());
        }
        let changed = self.mail()?.set_annotations(id, &changes).await?;
        self.note_own(|watch| watch.own_annotate(id, &changes, changed));
        Ok(Reply::ok("SETMETADATA done"))
    }

    /// RFC 9590: the entries asked for, NIL where there is none.
    pub(super) fn list_metadata(
        &mut self,
        info: &MailboxInfo,
        entries: &[AnnotationName],
        annotations: Option<&Vec<Annotation>>,
    ) {
        let value = |entry: &AnnotationName| match entry.as_str() {
            SPECIAL_USE => info.special_use.map(|it| it.as_str().as_bytes()),
            _ => {
                annotations.into_iter().flatten().find(|(name, _)| name == entry).map(|(_, value)| &value[..])
            }
        };
        let told: Vec<_> = entries.iter().map(|entry| (entry, value(entry))).collect();
        self.metadata_response(Some(&info.name), &told);
    }

    /// The mailbox whose annotations are meant; `None`: the server's.
    async fn annotated(&self, mailbox: Option<&MailboxName>) -> Result<Option<MailboxInfo>, Failure> {
        match mailbox {
            None => Ok(None),
            Some(name) => Ok(Some(self.mail()?.find(name).await?)),
        }
    }

    /// `* METADATA "INBOX" (/private/comment "My own comment")`; nothing where there is nothing to tell.
    fn metadata_response(
        &mut self,
        mailbox: Option<&MailboxName>,
        entries: &[(&AnnotationName, Option<&[u8]>)],
    ) {
        if entries.is_empty() {
            return;
        }
        let mode = self.utf8();
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* METADATA ");
        match mailbox {
            Some(name) => write::mailbox_name(name, mode, out),
            None => out.extend_from_slice(b"\"\""),
        }
        out.extend_from_slice(b" (");
        for (i, (name, value)) in entries.iter().enumerate() {
            if i > 0 {
                out.push(b' ');
            }
            write::astring(name.as_str(), out);
            out.push(b' ');
            match value {
                Some(value) => write::bytes(value, out),
                None => out.extend_from_slice(b"NIL"),
            }
        }
        out.extend_from_slice(b")\r\n");
    }
}

/// A mailbox's use, as the annotation that says it.
fn special_use(info: &MailboxInfo) -> Option<Annotation> {
    let name = AnnotationName::new(SPECIAL_USE).ok()?;
    info.special_use.map(|it: SpecialUse| (name, it.as_str().as_bytes().to_vec()))
}
