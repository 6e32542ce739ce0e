//! `postern migrate`: the schema brought up to date; the first time, the master key made.

use super::{Output, database};
use crate::config::Config;

/// Runs it.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(config: &Config, output: Output) -> anyhow::Result<()> {
    let database = database::Database::reach(config).await?;
    let done = database::prepare(config, &database.url).await;
    database.stop().await?;
    done?;
    output.print(&serde_json::json!({ "up_to_date": true }), "The database schema is up to date.\n")
}
