//! CRLF to LF and back, whatever the bytes are split into.

use super::WriteError;

/// CRLF becomes LF.
#[derive(Debug, Default)]
pub struct ToLf {
    /// A CR whose LF has not come yet.
    held: bool,
}

impl ToLf {
    /// Appends the next bytes to `out`.
    ///
    /// # Errors
    /// [`WriteError::BareLineEnd`]
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), WriteError> {
        let mut rest = bytes;
        while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
            if self.held && at > 0 {
                return Err(WriteError::BareLineEnd);
            }
            out.extend_from_slice(&rest[..at]);
            match (rest[at], self.held) {
                (b'\r', false) => self.held = true,
                (b'\n', true) => {
                    self.held = false;
                    out.push(b'\n');
                }
                _ => return Err(WriteError::BareLineEnd),
            }
            rest = &rest[at + 1..];
        }
        if self.held && !rest.is_empty() {
            return Err(WriteError::BareLineEnd);
        }
        out.extend_from_slice(rest);
        Ok(())
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// [`WriteError::BareLineEnd`]
    pub fn end(&self) -> Result<(), WriteError> {
        if self.held { Err(WriteError::BareLineEnd) } else { Ok(()) }
    }
}

/// LF becomes CRLF, CRLF stays.
#[derive(Debug, Default)]
pub struct ToCrlf {
    /// The last byte was a CR.
    cr: bool,
}

impl ToCrlf {
    /// Appends the next bytes to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            out.extend_from_slice(&rest[..at]);
            let cr = if at > 0 { rest[at - 1] == b'\r' } else { self.cr };
            out.extend_from_slice(if cr { b"\n" } else { b"\r\n" });
            self.cr = false;
            rest = &rest[at + 1..];
        }
        if let Some(last) = rest.last() {
            self.cr = *last == b'\r';
        }
        out.extend_from_slice(rest);
    }
}
