//! `postern config`: the sample, the manual page, and what is wrong with a file.

use clap::Subcommand;

use super::{ConfigPlace, Output, serve};
use crate::config;
use crate::devices::dns;
use crate::policy::attachment::AttachmentTypes;

/// What to do with the configuration.
#[derive(Subcommand)]
pub enum Command {
    /// Print a sample with every setting described
    Example,
    /// Read the file and the environment and say what is wrong
    Check,
    /// Print the DNS records of the mail domain, for its zone file
    Dns,
    /// Print the manual page docs/config.md
    #[command(hide = true)]
    Manual,
}

/// Runs it.
///
/// # Errors
/// The faults of the configuration.
pub fn run(place: &ConfigPlace, command: &Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Example => {
            let sample = config::sample();
            output.print(&serde_json::json!({ "sample": sample }), &sample)
        }
        Command::Manual => {
            let manual = config::manual();
            output.print(&serde_json::json!({ "manual": manual }), &manual)
        }
        Command::Dns => {
            let config = place.load()?;
            let servers = serve::servers(&config, &config.imap.tls_listen, &config.submission.tls_listen);
            let records = dns::records(&servers);
            let lines: Vec<String> = records.iter().map(ToString::to_string).collect();
            output.print(&records, format_args!("{}\n", lines.join("\n")))
        }
        Command::Check => {
            let path = place.path();
            let attachments = place.load()?.attachments;
            AttachmentTypes::configured(&attachments.add, &attachments.remove, &attachments.custom)?;
            let data = serde_json::json!({ "file": path, "ok": true });
            output.print(&data, format_args!("{}: no faults\n", path.display()))
        }
    }
}
