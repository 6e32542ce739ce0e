//! A bar for what takes long; on a terminal alone, and on standard error.

use indicatif::{ProgressBar, ProgressStyle};

/// How far something has come.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins something of `count` steps, named in the plural.
    pub fn begin(what: &'static str, count: u64) -> Self {
        // Drawn by itself on a terminal only, at most 20 times a second.
        let bar = ProgressBar::new(count);
        let form = format!("{{bar:40}} {{human_pos}} of {{human_len}} {what}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&form) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// One step was done.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// So many steps were done in all.
    pub fn at(&self, steps: u64) {
        self.0.set_position(steps);
    }

    /// It is over; the bar goes.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
