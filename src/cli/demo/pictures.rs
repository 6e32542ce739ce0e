//! Attachments for the demo's mail, drawn here: a panoramic picture (PNG) and a letter (PDF).

use std::io::Write as _;

/// A grey picture of the sort a practice sends: two rows of teeth, bright on dark.
pub(super) fn panorama() -> std::io::Result<Vec<u8>> {
    const WIDTH: u32 = 640;
    const HEIGHT: u32 = 320;
    let mut rows = Vec::with_capacity(((WIDTH + 1) * HEIGHT) as usize);
    for y in 0..HEIGHT {
        rows.push(0); // filter: none
        for x in 0..WIDTH {
            rows.push(shade(f64::from(x) / f64::from(WIDTH), f64::from(y) / f64::from(HEIGHT)));
        }
    }
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    packed.write_all(&rows)?;
    let mut header = Vec::new();
    header.extend(WIDTH.to_be_bytes());
    header.extend(HEIGHT.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]); // 8 bits of grey, deflate, adaptive filters, not interlaced
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"IDAT", &packed.finish()?);
    chunk(&mut png, *b"IEND", &[]);
    Ok(png)
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let mut sum = flate2::Crc::new();
    sum.update(&kind);
    sum.update(data);
    png.extend((data.len() as u32).to_be_bytes());
    png.extend(kind);
    png.extend(data);
    png.extend(sum.sum().to_be_bytes());
}

fn shade(x: f64, y: f64) -> u8 {
    // The jaws curve upwards at the sides.
    let curve = (x - 0.5).powi(2) * 0.7;
    let tooth = (x * 16.0).fract() - 0.5;
    let mut light = 40.0 + 60.0 * (1.0 - ((y - 0.55 + curve) * 2.2).powi(2)).max(0.0);
    for (middle, length) in [(0.42, 0.12), (0.66, 0.11)] {
        let off = (y - middle + curve) / length;
        let inside = 1.0 - (tooth * 2.3).powi(4) - off.powi(4);
        if inside > 0.0 {
            light += 110.0 * inside.sqrt();
        }
    }
    light.clamp(0.0, 255.0) as u8
}

/// One page with a few lines of Latin letters.
pub(super) fn letter(lines: &[&str]) -> Vec<u8> {
    let mut page = String::from("BT /F1 12 Tf 72 760 Td 18 TL\n");
    for line in lines {
        let line = line.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
        page.extend(["(", &line, ") Tj T*\n"]);
    }
    page.push_str("ET\n");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}endstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n{object}\nendobj\n", n + 1).bytes());
    }
    let table = pdf.len();
    pdf.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        pdf.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let end = format!("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    pdf.extend(end.bytes());
    pdf
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other programs' word for it: every chunk's sum, every object's place.
    #[test]
    fn well_formed() {
        let png = panorama().unwrap();
        let pdf = letter(&["Befund (links)", "a\\b"]);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.png"), png).unwrap();
        std::fs::write(dir.path().join("a.pdf"), &pdf).unwrap();
        let script = r#"
import re, struct, sys, zlib
png = open(sys.argv[1] + "/a.png", "rb").read()
assert png[:8] == b"\x89PNG\r\n\x1a\n"
at, kinds, data = 8, [], b""
while at < len(png):
    size, kind = struct.unpack(">I4s", png[at:at + 8])
    body = png[at + 8:at + 8 + size]
    assert struct.unpack(">I", png[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body)
    kinds.append(kind); data += body if kind == b"IDAT" else b""; at += 12 + size
assert kinds == [b"IHDR", b"IDAT", b"IEND"] and len(zlib.decompress(data)) == 641 * 320
pdf = open(sys.argv[1] + "/a.pdf", "rb").read()
table = int(re.search(rb"startxref\n(\d+)", pdf)[1])
assert pdf[table:table + 4] == b"xref"
for n, place in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf), 1):
    assert pdf[int(place):].startswith(b"%d 0 obj" % n)
length = int(re.search(rb"/Length (\d+)", pdf)[1])
assert pdf.split(b"stream\n")[1][length:].startswith(b"endstream") or pdf[pdf.index(b"stream\n") + 7 + length:].startswith(b"endstream")
"#;
        let run =
            std::process::Command::new("python3").args(["-c", script]).arg(dir.path()).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }
}
