//! `postern backup check`: good backups are called good, and of damaged ones it is said what is damaged.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use postern::cli::cluster::{self, Cluster, Options as ClusterOptions};
use postern::clock::Clock;
use postern::mime;
use postern::store::{MasterKey, NewAccount, NewAppend, Options, Role, Store};
use postern::types::{Flags, MailboxName, Tier};

use crate::harness::execute;

/// A private server with a little mail, not the one of the other tests: base backups are of all databases.
struct Place {
    cluster: Cluster,
    key: PathBuf,
    folder: tempfile::TempDir,
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

impl Place {
    async fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().permissions(open).tempdir().unwrap();
        let home = folder.path().join("home");
        let options = ClusterOptions { home, max_connections: 20, ephemeral: true };
        let cluster = aside(move || Cluster::start(&options).unwrap()).await;
        let key = folder.path().join("master.key");
        let url = cluster.url(cluster::NAME);
        Store::migrate(&url).await.unwrap();
        let store = Store::open(Options {
            database_url: url,
            max_connections: 2,
            master_key: MasterKey::create(&key).unwrap(),
            domain: "secure.test".into(),
            clock: Clock::system(),
        })
        .await
        .unwrap();
        let practice = store.practice_create("Praxis", None).await.unwrap().id;
        let new = NewAccount {
            practice: Some(practice),
            first_name: "Anna".to_owned(),
            last_name: "Weber".to_owned(),
            role: Role::Doctor,
            tier: Tier::Paid,
            user_manager: false,
            email: "anna@praxis.test".parse().unwrap(),
            portal_password: None,
        };
        let account = store.account_create(new).await.unwrap().id;
        let inbox = store.mailbox(account, &MailboxName::inbox()).await.unwrap().unwrap().id;
        for n in 0..20 {
            let mut ingest = store.ingest(mime::Limits::default()).unwrap();
            let text = format!("Subject: {n}\r\n\r\n{}\r\n", "Befund ".repeat(n * 100));
            ingest.push(text.as_bytes()).await.unwrap();
            let new = NewAppend {
                mailbox: inbox,
                ingested: ingest.finish().await.unwrap(),
                flags: Flags::NONE,
                keywords: &[],
                internal_date: None,
                sent_copy: None,
            };
            store.append(account, new).await.unwrap();
        }
        store.close().await;
        Self { cluster, key, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn dump(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let program = cluster::program("pg_dump", None).unwrap();
        let mut command = self.cluster.client(&program, cluster::NAME);
        command.args(["-Fc", "-f"]).arg(&path);
        assert!(aside(move || command.status().unwrap()).await.success());
        path
    }

    async fn base(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let program = cluster::program("pg_basebackup", None).unwrap();
        let mut command = self.cluster.client(&program, cluster::NAME);
        command.args(["-c", "fast", "-X", "stream", "-D"]).arg(&path);
        assert!(aside(move || command.status().unwrap()).await.success());
        path
    }

    async fn check(&self, backup: &Path, key: &Path, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(["backup", "check"]).arg(backup).arg("--master-key").arg(key).args(more);
        command.env("TMPDIR", self.folder.path()).stdin(Stdio::null());
        let output = aside(move || command.output().unwrap()).await;
        let left = std::fs::read_dir(self.folder.path()).unwrap().flatten();
        let left: Vec<_> =
            left.filter(|e| e.file_name().to_string_lossy().starts_with("postern-check")).collect();
        assert!(left.is_empty(), "{left:?}");
        output
    }

    async fn good(&self, backup: &Path) {
        let output = self.check(backup, &self.key, &[]).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(said, "The backup is good: restored, opened with its master key, 20 messages whole.\n");
    }

    async fn bad(&self, backup: &Path, key: &Path, named: &[&str]) {
        let output = self.check(backup, key, &[]).await;
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{said}");
        for named in named {
            assert!(said.contains(named), "{named}\n{said}");
        }
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn dumps() {
    run(async {
        let place = Place::new().await;
        let whole = place.dump("whole.dump").await;
        place.good(&whole).await;
        // Cut off.
        let bytes = std::fs::read(&whole).unwrap();
        for (n, part) in [bytes.len() / 2, bytes.len() - 100].into_iter().enumerate() {
            let cut = place.path(&format!("cut{n}.dump"));
            std::fs::write(&cut, &bytes[..part]).unwrap();
            place.bad(&cut, &place.key, &["the backup cannot be restored: pg_restore said"]).await;
        }
        // Something else.
        let other = place.path("other");
        std::fs::write(&other, "select 1;").unwrap();
        place.bad(&other, &place.key, &["is no dump in PostgreSQL's own format"]).await;
        // Another master key.
        let key = place.path("other.key");
        MasterKey::create(&key).unwrap();
        place.bad(&whole, &key, &["this is not the master key of the backup"]).await;
        // Damaged before it was backed up: named.
        let url = place.cluster.url(cluster::NAME);
        execute(
            &url,
            "update body_chunk set data = set_byte(data, 20, get_byte(data, 20) # 1)
              where message_id = (select min(id::text)::uuid from message)",
        )
        .await;
        let damaged = place.dump("damaged.dump").await;
        place
            .bad(&damaged, &place.key, &["DAMAGED  message ", "chunk 0", "the backup is damaged: 1 faults"])
            .await;
        let Place { cluster, .. } = place;
        aside(move || cluster.stop()).await;
    });
}

#[test]
fn base_backups() {
    run(async {
        let place = Place::new().await;
        let base = place.base("base").await;
        place.good(&base).await;
        // Twice: the first check changed nothing in it.
        place.good(&base).await;
        // A file that is not as it was.
        let file = largest(&base.join("base"));
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        place.bad(&base, &place.key, &["pg_verifybackup said", "mismatch"]).await;
        // The WAL without which it is no state at all.
        let base = place.base("without").await;
        std::fs::remove_dir_all(base.join("pg_wal")).unwrap();
        std::fs::create_dir(base.join("pg_wal")).unwrap();
        place.bad(&base, &place.key, &["the backup cannot be restored"]).await;
        let Place { cluster, .. } = place;
        aside(move || cluster.stop()).await;
    });
}

fn largest(folder: &Path) -> PathBuf {
    let mut all = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                todo.push(entry.path());
            } else {
                all.push((entry.metadata().unwrap().len(), entry.path()));
            }
        }
    }
    all.into_iter().max().unwrap().1
}
