//! The command line: one file for each noun or verb; the only place that wires modules to each other.
//!
//! Invariants: data goes to standard output (with `--json` as JSON), everything else to standard error;
//! secrets come by prompt, standard input or file and are printed once, never taken from arguments.
//! May import everything; `anyhow` is used here alone.

pub mod app_password;
pub mod certificate;
pub mod cluster;
pub mod config_file;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod logging;
pub mod migrate;
pub mod practice;
mod progress;
pub mod search;
pub mod serve;
pub mod table;
pub mod user;
pub mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A closed-system secure-mail gateway for dental and medical practices.
#[derive(Parser)]
#[command(name = "postern", version, arg_required_else_help = true)]
struct Arguments {
    /// The configuration file; without it `POSTERN_CONFIG`, else /etc/postern/postern.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
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
    /// People's accounts: make, list, show, change, lock, unlock
    #[command(subcommand)]
    User(user::Command),
    /// App passwords of mail programs: make, list, revoke
    #[command(subcommand)]
    AppPassword(app_password::Command),
    /// The search index over sealed mail: build anew, check
    #[command(subcommand)]
    Search(search::Command),
    /// Open and compare everything that is stored, while the gateway serves, and name all that is damaged
    Verify(verify::Arguments),
    /// Look at certificate, database, clock, ports, and say how to mend what is wrong
    Doctor,
    /// The configuration file: a sample, or what is wrong with one
    #[command(subcommand)]
    Config(config_file::Command),
}

/// Runs the program: arguments, verb, exit status.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let place = ConfigPlace { path: arguments.config };
    let output = Output { json: arguments.json };
    let done = match arguments.verb {
        Verb::Config(command) => config_file::run(&place, &command, output),
        Verb::Doctor => block_on(doctor::run(&place, output)),
        Verb::Demo(arguments) => block_on(demo::run(arguments)),
        Verb::Serve => block_on(serve::run(&place)),
        Verb::Migrate => block_on(async { migrate::run(&place.load()?, output).await }),
        Verb::Practice(command) => {
            block_on(database::with_store(&place, async |store| practice::run(store, command, output).await))
        }
        Verb::User(command) => {
            block_on(database::with_store(&place, async |store| user::run(store, command, output).await))
        }
        Verb::Search(command) => {
            block_on(database::with_store(&place, async |store| search::run(store, command, output).await))
        }
        Verb::Verify(arguments) => {
            block_on(database::with_store(&place, async |store| verify::run(store, arguments, output).await))
        }
        Verb::AppPassword(command) => block_on(database::with_store(&place, async |store| {
            app_password::run(store, command, output).await
        })),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("postern: {}", told(&error));
            ExitCode::FAILURE
        }
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

/// Where the configuration file is.
pub struct ConfigPlace {
    path: Option<PathBuf>,
}

impl ConfigPlace {
    /// A file of this program's own.
    pub fn at(path: PathBuf) -> Self {
        Self { path: Some(path) }
    }

    /// The file named by the arguments, else by the environment, else the default one.
    pub fn path(&self) -> PathBuf {
        let variable = || std::env::var_os(crate::config::FILE_VARIABLE).map(PathBuf::from);
        self.path.clone().or_else(variable).unwrap_or_else(|| crate::config::DEFAULT_FILE.into())
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
