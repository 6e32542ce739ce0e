//! Lists for people: columns as wide as their widest cell, two spaces between them.

use std::fmt;

/// A heading and rows of as many cells.
pub struct Table {
    rows: Vec<Vec<String>>,
    empty: &'static str,
}

impl Table {
    /// A table with a heading; `empty` is printed instead when there are no rows.
    pub fn new<const N: usize>(heading: [&str; N], empty: &'static str) -> Self {
        Self { rows: vec![heading.map(str::to_owned).to_vec()], empty }
    }

    /// Appends a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.len() == 1 {
            return writeln!(f, "{}", self.empty);
        }
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let pad = width - cell.chars().count();
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', pad + 2));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A time as lists show it: UTC, to the minute.
pub fn shown(time: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map_or_else(|_| "?".to_owned(), |t| t.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// A time as JSON has it (RFC 3339), to the second.
pub fn rfc3339(time: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map_or_else(|_| "?".to_owned(), |t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn columns() {
        let mut table = Table::new(["NUMBER", "NAME"], "nobody");
        assert_eq!(table.to_string(), "nobody\n");
        table.row(["1".to_owned(), "Müller".to_owned()]);
        table.row(["2000000".to_owned(), String::new()]);
        assert_eq!(table.to_string(), "NUMBER   NAME\n1        Müller\n2000000\n");
    }

    #[test]
    fn times() {
        let t = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        assert_eq!(
            (shown(t).as_str(), rfc3339(t).as_str()),
            ("2026-11-18 11:06 UTC", "2026-11-18T11:06:40Z")
        );
    }
}
