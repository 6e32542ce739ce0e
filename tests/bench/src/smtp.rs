//! A submission client that waits for each reply, as Thunderbird does (no pipelining).

use std::net::Ipv4Addr;

use anyhow::{bail, ensure};

use crate::base64;
use crate::server::{Server, User};
use crate::wire::{Handshake, Wire};

/// A signed-in connection.
pub struct Smtp {
    wire: Wire,
    line: Vec<u8>,
    from: String,
}

impl Smtp {
    /// Connects, EHLO, AUTH PLAIN.
    pub async fn sign_in(server: &Server, user: &User, handshake: Handshake) -> anyhow::Result<Self> {
        Self::sign_in_from(server.source(), server, user, handshake).await
    }

    /// From a certain address.
    pub async fn sign_in_from(
        source: Ipv4Addr,
        server: &Server,
        user: &User,
        handshake: Handshake,
    ) -> anyhow::Result<Self> {
        let wire = Wire::open(server.smtp, source, &server.trust, handshake).await?;
        let mut smtp = Self { wire, line: Vec::new(), from: user.address.clone() };
        smtp.expect(220).await?;
        smtp.say("EHLO [127.0.0.1]", 250).await?;
        let initial = base64::encode(format!("\0{}\0{}", user.address, user.secret).as_bytes());
        smtp.say(&format!("AUTH PLAIN {initial}"), 235).await?;
        Ok(smtp)
    }

    async fn reply(&mut self) -> anyhow::Result<u16> {
        loop {
            self.line.clear();
            self.wire.line(&mut self.line).await?;
            ensure!(self.line.len() >= 3, "a reply of {} bytes", self.line.len());
            if self.line.get(3) != Some(&b'-') {
                return Ok(std::str::from_utf8(&self.line[..3])?.parse()?);
            }
        }
    }

    async fn expect(&mut self, code: u16) -> anyhow::Result<()> {
        let got = self.reply().await?;
        if got != code {
            bail!("{}", String::from_utf8_lossy(&self.line));
        }
        Ok(())
    }

    async fn say(&mut self, line: &str, code: u16) -> anyhow::Result<()> {
        self.wire.write(format!("{line}\r\n").as_bytes()).await?;
        self.expect(code).await
    }

    /// Submits one message, which holds no line that begins with a dot; returns at its 250.
    pub async fn send(&mut self, to: &User, message: &[u8]) -> anyhow::Result<()> {
        let mail = format!("MAIL FROM:<{}> BODY=8BITMIME SIZE={}", self.from, message.len());
        self.say(&mail, 250).await?;
        self.say(&format!("RCPT TO:<{}>", to.address), 250).await?;
        self.say("DATA", 354).await?;
        if message.len() < 1 << 16 {
            let mut whole = Vec::with_capacity(message.len() + 3);
            whole.extend_from_slice(message);
            whole.extend_from_slice(b".\r\n");
            self.wire.write(&whole).await?;
        } else {
            self.wire.write(message).await?;
            self.wire.write(b".\r\n").await?;
        }
        self.expect(250).await
    }

    /// QUIT, and the connection closed.
    pub async fn quit(mut self) -> anyhow::Result<()> {
        self.say("QUIT", 221).await?;
        self.wire.close().await;
        Ok(())
    }
}
