//! Notices as files, for the demo and for tests: nothing leaves the machine.
//!
//! Invariants: one JSON file a notice, named by the time it was written and its id, and for a mail an `.eml` beside it; each appears
//! whole, can be read by its owner alone, and a second copy of a notice replaces the first.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CarryError, Letter, Written, smarthost};

/// A folder that takes every notice. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OutboxDir {
    folder: PathBuf,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    kind: &'a str,
    channel: &'a str,
    to: &'a str,
    name: &'a str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    text: String,
}

impl OutboxDir {
    /// Makes the folder where it is missing, for its owner alone.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(folder: &Path) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Writes the files; they are on disk before this returns.
    ///
    /// # Errors
    /// [`CarryError::Later`].
    pub async fn send(&self, letter: &Letter) -> Result<(), CarryError> {
        let (folder, letter) = (self.folder.clone(), letter.clone());
        let written = tokio::task::spawn_blocking(move || write(&folder, &letter)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(CarryError::Never(why))) => Err(CarryError::Never(why)),
            Ok(Err(CarryError::Later(why))) => Err(CarryError::Later(why)),
            Err(_) => Err(CarryError::Later("the outbox folder cannot be written".to_owned())),
        }
    }
}

fn write(folder: &Path, letter: &Letter) -> Result<(), CarryError> {
    let stamp = |time| jiff::Timestamp::try_from(time).unwrap_or_default();
    let id = letter.id.to_string();
    let name = format!("{}-{}-{id}", stamp(letter.created_at).strftime("%Y%m%dT%H%M%S.%3fZ"), letter.kind);
    let (channel, subject, text) = match &letter.written {
        Written::Mail { subject, text, .. } => ("email", Some(subject.as_str()), text.clone()),
        Written::Text(text) => ("text", None, text.clone()),
        Written::Call(spoken) => ("voice", None, spoken.sentences.join("\n")),
    };
    let later = |e: std::io::Error| CarryError::Later(format!("the outbox folder: {}", e.kind()));
    if matches!(letter.written, Written::Mail { .. }) {
        let from = lettre::message::Mailbox::new(
            Some("Secure Mail".to_owned()),
            "notices@notices.test".parse().map_err(|_| CarryError::Never("no sender".to_owned()))?,
        );
        let mail = smarthost::compose(letter, &from, "notices.test")?;
        whole(&folder.join(format!("{name}.eml")), &mail.formatted()).map_err(later)?;
    }
    let shown = Shown {
        id,
        kind: letter.kind,
        channel,
        to: &letter.to,
        name: &letter.name,
        at: stamp(letter.at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        subject,
        text,
    };
    let json = serde_json::to_vec_pretty(&shown).map_err(|_| CarryError::Never("no JSON".to_owned()))?;
    whole(&folder.join(format!("{name}.json")), &json).map_err(later)
}

/// Whoever looks finds nothing, or the whole file.
fn whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(&name);
    let hidden = new.with_file_name(format!(".{}", name.to_string_lossy()));
    let mut file =
        std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&hidden)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(hidden, path)
}
