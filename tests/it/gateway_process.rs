//! `postern serve` as a process of its own, on a world's database: for long runs, where its memory is looked at.
//!
//! `POSTERN_BINARY` names another build of the program (`make soak`: the release build).

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::harness::World;

/// A running gateway; ended when dropped.
pub struct GatewayProcess {
    child: Child,
    /// IMAP with TLS.
    pub imap_tls: u16,
}

impl GatewayProcess {
    /// Starts one that keeps its files in `folder`, and waits until it answers.
    pub async fn start(world: &World, folder: &Path) -> Self {
        std::fs::create_dir(folder).unwrap();
        let file = world.config_file(folder);
        let imap_tls = crate::harness::port();
        let text = std::fs::read_to_string(&file).unwrap();
        let text = format!(
            "{}\n[imap]\ntls_listen = [\"127.0.0.1:{imap_tls}\"]\nstarttls_listen = []\n\n\
             [submission]\ntls_listen = [\"127.0.0.1:0\"]\n\n[metrics]\nlisten = []\n\n[retention]\ndeleted_days = 0\n\n\
             [limits]\nconnections_per_device = 60\nconnections_per_account = 60\nsign_ins_per_device = 100000\n",
            text.replace("[portal]\n", "[portal]\nlisten = []\n"),
        );
        std::fs::write(&file, text).unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let binary = std::env::var("POSTERN_BINARY");
        let mut command = Command::new(binary.as_deref().unwrap_or(env!("CARGO_BIN_EXE_postern")));
        // What tests are told is no setting of the gateway, which refuses those that it does not know.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("POSTERN_"))
        {
            command.env_remove(name);
        }
        let child = command
            .arg("--config")
            .arg(&file)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut gateway = Self { child, imap_tls };
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let end = tokio::time::Instant::now() + Duration::from_mins(2);
        while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, imap_tls)).await.is_err() {
            let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(gateway.child.try_wait().unwrap().is_none(), "the gateway ended: {}", log());
            assert!(tokio::time::Instant::now() < end, "the gateway does not answer: {}", log());
            look.tick().await;
        }
        gateway
    }

    /// Resident memory now, in KiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for GatewayProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
