//! A QR code as SVG, small enough to stand in the page: nothing is loaded, no script draws it.

use askama::Template;
use qrcode::types::{Color, QrError};
use qrcode::{EcLevel, QrCode};

use crate::types::Secret;

/// Drawn as one path, with the quiet zone around it.
#[derive(Template)]
#[template(
    source = r#"<svg viewBox="0 0 {{ size }} {{ size }}" role="img" aria-label="{{ label }}"><path d="{{ path }}"/></svg>"#,
    ext = "html"
)]
pub(super) struct Qr {
    size: usize,
    path: String,
    label: &'static str,
}

impl askama::filters::HtmlSafe for Qr {}

impl Qr {
    /// Modules of white around it (ISO/IEC 18004 asks for 4).
    const QUIET: usize = 4;

    /// Of a text, with words for those who do not see it.
    ///
    /// # Errors
    /// The text is too long.
    pub(super) fn new(text: &Secret, label: &'static str) -> Result<Self, QrError> {
        use std::fmt::Write as _;
        let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M)?;
        let width = code.width();
        let mut path = String::new();
        for (y, row) in code.to_colors().chunks(width).enumerate() {
            let mut x = 0;
            while x < width {
                let run = row[x..].iter().take_while(|c| **c == Color::Dark).count();
                if run > 0 {
                    let _infallible =
                        write!(path, "M{} {}h{run}v1h-{run}z", x + Self::QUIET, y + Self::QUIET);
                }
                x += run.max(1);
            }
        }
        Ok(Self { size: width + 2 * Self::QUIET, path, label })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every module is where qrcode's own drawing has it.
    #[test]
    fn the_picture_is_the_code() {
        let text = Secret::new("otpauth://totp/Secure%20mail:anna@praxis.test?secret=JBSWY3DPEHPK3PXP");
        let drawn = Qr::new(&text, "x").unwrap();
        let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M).unwrap();
        let mut dark = 0;
        for step in drawn.path.split('M').skip(1) {
            let (place, rest) = step.split_once('h').unwrap();
            let run: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            for n in 0..run {
                assert_eq!(code[(x + n - Qr::QUIET, y - Qr::QUIET)], Color::Dark);
            }
            dark += run;
        }
        assert_eq!(dark, code.to_colors().iter().filter(|c| **c == Color::Dark).count());
    }
}
