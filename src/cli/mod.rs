//! The command line: one file for each noun or verb; the only place that wires modules to each other.
//!
//! Invariants: data goes to standard output (with `--json` as JSON), everything else to standard error;
//! secrets come by prompt, standard input or file and are printed once, never taken from arguments.
//! May import everything; `anyhow` is used here alone.

pub mod app_password;
pub mod archive;
pub mod audit;
pub mod backup;
pub mod break_glass;
pub mod certificate;
pub mod cluster;
pub mod config_file;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod imap_switches;
pub mod import;
pub mod invite;
pub mod keys;
mod logging;
pub mod message;
pub mod migrate;
pub mod notice;
pub mod notices;
pub mod practice;
mod progress;
pub mod retention;
pub mod search;
pub mod serve;
pub mod table;
pub mod user;
pub mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::types::{Origin, SupportName};

/// A closed-system secure-mail gateway for dental and medical practices.
#[derive(Parser)]
#[command(name = "postern", version, arg_required_else_help = true)]
struct Arguments {
    /// The configuration file; without it `POSTERN_CONFIG`, else /etc/postern/postern.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Who acts, for the audit log; without it `support.name` of the configuration
    #[arg(long = "as", global = true, value_name = "PERSON")]
    acting: Option<SupportName>,
    /// Print data as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Try it out: a whole system in one folder, with accounts and mail
    Demo(demo::Arguments),
    /// Run the gateway until SIGTERM; SIGHUP reads certificate, limits and attachment types again
    Serve,
    /// Bring the database's schema up to date; the first time, make the master key
    Migrate,
    /// Practices: make, list, show, change
    #[command(subcommand)]
    Practice(practice::Command),
    /// People's accounts: make, list, show, change, lock, unlock, sign out, close
    #[command(subcommand)]
    User(user::Command),
    /// Invited people who have not registered: list and why they are stuck, send again, revoke
    #[command(subcommand)]
    Invite(invite::Command),
    /// App passwords of mail programs: make, list, revoke
    #[command(subcommand)]
    AppPassword(app_password::Command),
    /// The master key: its versions, a new one
    #[command(subcommand)]
    Keys(keys::Command),
    /// Deleted messages, while they are recoverable: list, bring back
    #[command(subcommand)]
    Message(message::Command),
    /// Take an account's mail out, as a Maildir or mbox files: no longer sealed; the owner is told
    Export(export::Arguments),
    /// Put a Maildir or mbox files into an account
    Import(import::Arguments),
    /// Read an account's mail as Support: one asks, another approves, the owner is told
    #[command(subcommand)]
    BreakGlass(break_glass::Command),
    /// How long mail is kept: expiry of a practice's, holds for the law
    #[command(subcommand)]
    Retention(retention::Command),
    /// The search index over sealed mail: build anew, check
    #[command(subcommand)]
    Search(search::Command),
    /// Open and compare everything that is stored, while the gateway serves, and name all that is damaged
    Verify(verify::Arguments),
    /// Backups: restore one into a server of its own and verify it
    #[command(subcommand)]
    Backup(backup::Command),
    /// Notices on their way: list, show, try again
    #[command(subcommand)]
    Notice(notice::Command),
    /// The audit log: list, verify, export
    #[command(subcommand)]
    Audit(audit::Command),
    /// Look at certificate, database, clock, ports, and say how to mend what is wrong
    Doctor,
    /// The configuration file: a sample, or what is wrong with one
    #[command(subcommand)]
    Config(config_file::Command),
}

/// Runs the program: arguments, verb, exit status.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let place = ConfigPlace { path: arguments.config, acting: arguments.acting };
    let output = Output { json: arguments.json };
    if cfg!(feature = "bench-unsealed") {
        eprintln!("postern: THIS PROGRAM SEALS NOTHING. It was built to measure what sealing costs.");
        if !matches!(arguments.verb, Verb::Demo(_)) {
            eprintln!("postern: it runs the demo alone");
            return ExitCode::FAILURE;
        }
    }
    let done = match arguments.verb {
        Verb::Config(command) => config_file::run(&place, &command, output),
        Verb::Doctor => block_on(doctor::run(&place, output)),
        Verb::Demo(arguments) => block_on(demo::run(arguments)),
        Verb::Serve => block_on(serve::run(&place)),
        Verb::Migrate => block_on(async { migrate::run(&place.load()?, output).await }),
        Verb::Keys(command) => block_on(keys::run(&place, command, output)),
        Verb::Message(command) => block_on(database::with_store(&place, command.act(), async |store| {
            message::run(store, command, output).await
        })),
        Verb::Backup(command) => block_on(backup::run(&place, command, output)),
        Verb::Export(arguments) => block_on(database::with_store(&place, export::ACT, async |store| {
            let by = named(store)?.clone();
            export::run(store, arguments, &by, output).await
        })),
        Verb::Import(arguments) => block_on(async {
            let config = place.load()?;
            database::with_store(&place, import::ACT, async |store| {
                import::run(store, arguments, &config, output).await
            })
            .await
        }),
        Verb::BreakGlass(command) => block_on(database::with_store(&place, command.act(), async |store| {
            let by = named(store).ok().cloned();
            break_glass::run(store, command, by.as_ref(), output).await
        })),
        Verb::Retention(command) => block_on(database::with_store(&place, command.act(), async |store| {
            retention::run(store, command, output).await
        })),
        Verb::Search(command) => block_on(database::with_store(&place, command.act(), async |store| {
            search::run(store, command, output).await
        })),
        Verb::Verify(arguments) => block_on(database::with_store(&place, Act::Looks, async |store| {
            verify::run(store, arguments, output).await
        })),
        Verb::Practice(command) => block_on(database::with_store(&place, command.act(), async |store| {
            practice::run(store, command, output).await
        })),
        Verb::User(command) => block_on(async {
            let portal = place.load()?.portal.url;
            database::with_store(&place, command.act(), async |store| {
                user::run(store, command, output, &portal).await
            })
            .await
        }),
        Verb::Invite(command) => block_on(async {
            let portal = place.load()?.portal.url;
            database::with_store(&place, command.act(), async |store| {
                invite::run(store, command, output, &portal).await
            })
            .await
        }),
        Verb::AppPassword(command) => block_on(async {
            let portal_url = place.load()?.portal.url;
            database::with_store(&place, command.act(), async |store| {
                app_password::run(store, command, &portal_url, output).await
            })
            .await
        }),
        Verb::Notice(command) => block_on(database::with_store(&place, command.act(), async |store| {
            notice::run(store, command, output).await
        })),
        Verb::Audit(command) => block_on(audit::run(&place, command, output)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("postern: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// Whoever acts through this store.
fn named(store: &crate::store::Store) -> anyhow::Result<&SupportName> {
    match &store.origin().actor {
        crate::types::Actor::Support(name) => Ok(name),
        _ => anyhow::bail!("say who acts, for the audit log: --as NAME"),
    }
}

/// The error and its causes, each once: some tell their cause themselves.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| {
        if text.is_empty() {
            cause
        } else if text.contains(&cause) {
            text
        } else {
            format!("{text}: {cause}")
        }
    })
}

fn block_on(verb: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(verb)
}

/// Whether a verb changes anything: then the audit log must know who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It only looks.
    Looks,
    /// It changes something.
    Changes,
}

/// Where the configuration file is, and who asks.
pub struct ConfigPlace {
    path: Option<PathBuf>,
    acting: Option<SupportName>,
}

impl ConfigPlace {
    /// A file of this program's own.
    pub fn at(path: PathBuf) -> Self {
        Self { path: Some(path), acting: None }
    }

    /// The file named by the arguments, else by the environment, else the default one.
    pub fn path(&self) -> PathBuf {
        let variable = || std::env::var_os(crate::config::FILE_VARIABLE).map(PathBuf::from);
        self.path.clone().or_else(variable).unwrap_or_else(|| crate::config::DEFAULT_FILE.into())
    }

    /// Who acts: the person that the arguments name, else the configuration.
    ///
    /// # Errors
    /// A sentence for Support, when nobody is named and `act` changes something.
    pub fn origin(&self, config: &crate::config::Config, act: Act) -> anyhow::Result<Origin> {
        let configured = match config.support.name.trim() {
            "" => None,
            name => Some(name.parse::<SupportName>().context("support.name")?),
        };
        match (self.acting.clone().or(configured), act) {
            (Some(name), _) => Ok(Origin::support(name)),
            (None, Act::Looks) => Ok(Origin::system()),
            (None, Act::Changes) => anyhow::bail!(
                "say who acts, for the audit log: --as NAME, or name in [support] of the configuration"
            ),
        }
    }

    /// The configuration, with the environment laid over it.
    ///
    /// # Errors
    /// As [`crate::config::Config::load`].
    pub fn load(&self) -> Result<crate::config::Config, crate::config::ConfigError> {
        crate::config::Config::load(&self.path(), &crate::config::Config::environment())
    }
}

/// How a verb prints its data.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// JSON instead of text for people.
    pub json: bool,
}

impl Output {
    /// Prints `data` as JSON, or `text` for people.
    ///
    /// # Errors
    /// Standard output that is closed.
    pub fn print(self, data: &impl serde::Serialize, text: impl std::fmt::Display) -> anyhow::Result<()> {
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut out, data)?;
            writeln!(out)?;
        } else {
            write!(out, "{text}")?;
        }
        out.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Whoever changes something is named, by the arguments before the configuration.
    #[test]
    fn who_acts() {
        let place =
            |acting: Option<&str>| ConfigPlace { path: None, acting: acting.map(|a| a.parse().unwrap()) };
        let mut config = Config::default();
        let nobody = place(None).origin(&config, Act::Changes).unwrap_err();
        assert!(nobody.to_string().starts_with("say who acts"), "{nobody}");
        assert_eq!(place(None).origin(&config, Act::Looks).unwrap(), Origin::system());
        config.support.name = "ida".into();
        let of = |acting| place(acting).origin(&config, Act::Changes).unwrap().actor.to_string();
        assert_eq!((of(None), of(Some("jan"))), ("support:ida".to_owned(), "support:jan".to_owned()));
        config.support.name = "a\nb".into();
        assert!(place(None).origin(&config, Act::Changes).is_err());
    }
}
