//! Dovecot 2.3 with Postfix from Debian, under private configurations in a folder of their own.
//!
//! As Debian ships them, but for what is said here: sdbox (Dovecot's own format; Maildir renames a file for
//! each flag), one listener with TLS from the first byte each, users in a passwd-file without a costly hash,
//! limits per user and per service raised to the load. `mail_fsync` and Postfix's queue stay as they are
//! shipped: a message is on disk before it is acknowledged; a flag is not waited for.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::process::Child;
use tokio::time::sleep;

use crate::postern::lock;
use crate::process::{self, CpuGroup};
use crate::server::User;

/// Owner of the mail: nobody else's number.
const OWNER: u32 = 59_000;

/// The two running programs.
pub struct Peer {
    dir: PathBuf,
    imap: u16,
    smtp: u16,
    children: Mutex<Vec<(u32, Child)>>,
    /// Where their CPU is counted.
    pub group: CpuGroup,
}

impl Peer {
    /// Writes the configurations and starts both. The certificate is the gateway's, so that both show the same.
    pub async fn start(dir: &Path, users: &[User], certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let version = std::process::Command::new("dovecot").arg("--version").output().context("dovecot")?;
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        ensure!(version.starts_with("2.3."), "the configuration is written for Dovecot 2.3, not {version}");
        std::fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o755))?;
        let group = CpuGroup::new(&format!("postern-bench-{}-peer", std::process::id()));
        let peer = Self { imap: free_port()?, smtp: free_port()?, children: Mutex::default(), group, dir };
        for sub in ["etc", "queue", "data", "mail"] {
            std::fs::create_dir_all(peer.dir.join(sub))?;
        }
        for (file, name) in [(certificate, "cert.pem"), (key, "key.pem")] {
            std::fs::copy(file, peer.dir.join(name))?;
        }
        std::os::unix::fs::chown(peer.dir.join("mail"), Some(OWNER), Some(OWNER))?;
        let postfix = std::process::Command::new("id").args(["-u", "postfix"]).output()?;
        let postfix: u32 = String::from_utf8(postfix.stdout)?.trim().parse().context("no user postfix")?;
        std::os::unix::fs::chown(peer.dir.join("data"), Some(postfix), None)?;
        let mut list = String::new();
        for user in users {
            writeln!(list, "{}:{{PLAIN}}{}:::::", user.address, user.secret)?;
        }
        std::fs::write(peer.dir.join("users"), list)?;
        std::fs::write(peer.dir.join("dovecot.conf"), peer.dovecot())?;
        std::fs::write(peer.dir.join("etc/main.cf"), peer.postfix(users)?)?;
        std::fs::write(peer.dir.join("etc/master.cf"), peer.postfix_services())?;
        peer.run().await?;
        Ok(peer)
    }

    /// Ports of IMAP and submission.
    pub fn ports(&self) -> (u16, u16) {
        (self.imap, self.smtp)
    }

    /// The folder of a user's mailbox INBOX.
    pub fn inbox(&self, user: &User) -> PathBuf {
        let local = user.address.split('@').next().unwrap_or_default();
        self.dir.join("mail").join(local).join("mailboxes/INBOX/dbox-Mails")
    }

    fn dovecot(&self) -> String {
        let (dir, imap) = (self.dir.display(), self.imap);
        format!(
            "base_dir = {dir}/run\nstate_dir = {dir}/state\nlog_path = {dir}/dovecot.log\n\
             protocols = imap lmtp\nlisten = 127.0.0.1\nssl = required\nssl_cert = <{dir}/cert.pem\n\
             ssl_key = <{dir}/key.pem\nfirst_valid_uid = 1\nmail_location = sdbox:{dir}/mail/%n\n\
             mail_max_userip_connections = 0\nmail_uid = {OWNER}\nmail_gid = {OWNER}\n\
             auth_mechanisms = plain login\nsubmission_host =\n\
             service imap-login {{\n inet_listener imap {{\n port = 0\n }}\n inet_listener imaps {{\n port = {imap}\n \
             ssl = yes\n }}\n process_limit = 12000\n}}\n\
             service imap {{\n process_limit = 12000\n}}\nservice lmtp {{\n unix_listener {dir}/lmtp {{\n mode = 0666\n }}\n}}\n\
             service auth {{\n unix_listener {dir}/auth {{\n mode = 0666\n }}\n client_limit = 30000\n}}\n\
             service anvil {{\n client_limit = 30000\n}}\nservice stats {{\n client_limit = 30000\n}}\n\
             default_client_limit = 15000\n\
             passdb {{\n driver = passwd-file\n args = {dir}/users\n}}\n\
             userdb {{\n driver = static\n args = uid={OWNER} gid={OWNER} home={dir}/mail/%n\n}}\n\
             protocol imap {{\n mail_max_userip_connections = 0\n}}\n"
        )
    }

    fn postfix(&self, users: &[User]) -> anyhow::Result<String> {
        let domain = users.first().and_then(|u| u.address.split('@').nth(1)).context("no users")?;
        let dir = self.dir.display();
        Ok(format!(
            "compatibility_level = 3.6\nqueue_directory = {dir}/queue\ndata_directory = {dir}/data\n\
             maillog_file = {dir}/postfix.log\nmaillog_file_prefixes = {dir}\ninet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\nmyhostname = localhost\nmydestination =\nalias_maps =\nbiff = no\n\
             mynetworks = 127.0.0.0/8\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject\n\
             virtual_mailbox_domains = {domain}\nvirtual_mailbox_maps = static:yes\n\
             virtual_transport = lmtp:unix:{dir}/lmtp\nmessage_size_limit = 200000000\nvirtual_mailbox_limit = 0\n\
             mailbox_size_limit = 0\nsmtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n\
             smtpd_sasl_path = {dir}/auth\nsmtpd_tls_cert_file = {dir}/cert.pem\nsmtpd_tls_key_file = {dir}/key.pem\n\
             smtpd_tls_security_level = encrypt\ndefault_process_limit = 300\n"
        ))
    }

    fn postfix_services(&self) -> String {
        format!(
            "127.0.0.1:{} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n\
             cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\nrewrite unix - - n - - trivial-rewrite\n\
             bounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
             error unix - - n - - error\nretry unix - - n - - error\nlmtp unix - - n - - lmtp\n\
             anvil unix - - n - 1 anvil\nproxymap unix - - n - - proxymap\ntlsmgr unix - - n 1000? 1 tlsmgr\n\
             postlog unix-dgram n - n - 1 postlogd\n",
            self.smtp
        )
    }

    async fn run(&self) -> anyhow::Result<()> {
        let mut dovecot = self.group.command("dovecot");
        dovecot.arg("-F").arg("-c").arg(self.dir.join("dovecot.conf"));
        let mut postfix = self.group.command("/usr/sbin/postfix");
        postfix.arg("-c").arg(self.dir.join("etc")).arg("start-fg");
        for mut command in [dovecot, postfix] {
            let log =
                std::fs::OpenOptions::new().create(true).append(true).open(self.dir.join("start.log"))?;
            let errors = log.try_clone()?;
            let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn()?;
            let pid = child.id().context("ended at once")?;
            lock(&self.children).push((pid, child));
        }
        let end = Instant::now() + Duration::from_mins(3);
        for port in [self.imap, self.smtp] {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                if Instant::now() > end {
                    bail!("Dovecot or Postfix does not start; see {}", self.dir.display());
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    /// For filling, which is not measured: Dovecot waits for the disk no longer, or again.
    pub async fn set_fsync(&self, fsync: &str) -> anyhow::Result<()> {
        self.stop().await?;
        std::fs::write(self.dir.join("dovecot.conf"), format!("{}mail_fsync = {fsync}\n", self.dovecot()))?;
        self.run().await
    }

    /// Both master processes.
    pub fn roots(&self) -> Vec<u32> {
        lock(&self.children).iter().map(|(pid, _)| *pid).collect()
    }

    /// Ends both and starts them anew.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.stop().await?;
        self.run().await
    }

    /// Ends both.
    pub async fn stop(&self) -> anyhow::Result<()> {
        let children = std::mem::take(&mut *lock(&self.children));
        // The process that was started as Postfix is a shell, which would leave the master behind.
        if !children.is_empty() {
            std::process::Command::new("/usr/sbin/postfix").args(self.postfix_stop()).output()?;
        }
        for (pid, mut child) in children {
            process::terminate(pid)?;
            tokio::time::timeout(Duration::from_mins(1), child.wait()).await.context("it does not end")??;
        }
        Ok(())
    }

    fn postfix_stop(&self) -> [std::ffi::OsString; 3] {
        ["-c".into(), self.dir.join("etc").into(), "stop".into()]
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let children = lock(&self.children);
        if !children.is_empty() {
            let _gone = std::process::Command::new("/usr/sbin/postfix").args(self.postfix_stop()).output();
        }
        for (pid, _) in children.iter() {
            let _gone = process::terminate(*pid);
        }
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
