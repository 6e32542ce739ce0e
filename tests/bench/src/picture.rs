//! Lines over an axis, as SVG: logarithmic both ways, or straight in time.

use std::fmt::Write as _;

/// One line.
pub struct Line {
    /// What it says beside it.
    pub name: String,
    /// Whether it is the peer's (drawn dashed).
    pub peer: bool,
    /// In the order of x.
    pub points: Vec<(f64, f64)>,
}

/// A picture.
pub struct Picture<'a> {
    /// Above it.
    pub title: &'a str,
    /// Below it.
    pub x_words: &'a str,
    /// Beside it.
    pub y_words: &'a str,
    /// Whether the axes are linear.
    pub straight: bool,
    /// What is drawn.
    pub lines: Vec<Line>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 200.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
/// Told apart by those who see no red and green, too.
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

struct Axis {
    from: f64,
    to: f64,
    straight: bool,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, straight: bool) -> Self {
        let (mut from, mut to) = (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max));
        if straight {
            from = from.min(0.0);
            to = to.max(1.0);
        } else {
            from = 10f64.powf(from.max(1e-6).log10().floor());
            to = 10f64.powf(to.max(1e-6).log10().ceil()).max(from * 10.0);
        }
        Self { from, to, straight }
    }

    /// 0 to 1.
    fn at(&self, value: f64) -> f64 {
        if self.straight {
            (value - self.from) / (self.to - self.from)
        } else {
            (value.max(self.from) / self.from).log10() / (self.to / self.from).log10()
        }
    }

    fn marks(&self) -> Vec<f64> {
        if self.straight {
            return (0..=5).map(|n| self.from + (self.to - self.from) * f64::from(n) / 5.0).collect();
        }
        let mut marks = Vec::new();
        let mut at = self.from;
        while at <= self.to * 1.001 {
            marks.push(at);
            at *= 10.0;
        }
        marks
    }
}

fn short(n: f64) -> String {
    match n {
        n if n >= 1e6 => format!("{}M", (n / 1e5).round() / 10.0),
        n if n >= 1e3 => format!("{}k", (n / 1e2).round() / 10.0),
        n if n >= 10.0 => format!("{n:.0}"),
        _ => format!("{}", (n * 1e4).round() / 1e4),
    }
}

impl Picture<'_> {
    /// The file.
    pub fn svg(&self) -> String {
        let points = self.lines.iter().flat_map(|l| &l.points);
        let x = Axis::over(points.clone().map(|p| p.0), self.straight);
        let y = Axis::over(points.map(|p| p.1), self.straight);
        let (wide, high) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
        let place = |p: (f64, f64)| (LEFT + wide * x.at(p.0), TOP + high * (1.0 - y.at(p.1)));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{}</text>\n",
            self.title
        );
        for mark in y.marks() {
            let (_, at) = place((x.from, mark));
            _ = writeln!(
                out,
                "<path d=\"M{LEFT} {at:.1}h{wide}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                short(mark)
            );
        }
        for mark in x.marks() {
            let (at, _) = place((mark, y.from));
            _ = writeln!(
                out,
                "<path d=\"M{at:.1} {TOP}v{high}\" stroke=\"#eee\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                TOP + high + 18.0,
                short(mark)
            );
        }
        _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
             <text x=\"16\" y=\"{}\" transform=\"rotate(-90 16 {})\" text-anchor=\"middle\">{}</text>",
            LEFT + wide / 2.0,
            HEIGHT - 10.0,
            self.x_words,
            TOP + high / 2.0,
            TOP + high / 2.0,
            self.y_words
        );
        let both = self.lines.iter().any(|l| l.peer);
        for (n, line) in self.lines.iter().enumerate() {
            // Ours and the peer's of one row follow each other and share a colour.
            let colour = COLOURS[if both { n / 2 } else { n } % COLOURS.len()];
            let dash = if line.peer { " stroke-dasharray=\"5 4\"" } else { "" };
            let path: Vec<String> = line
                .points
                .iter()
                .map(|p| {
                    let (x, y) = place(*p);
                    format!("{x:.1},{y:.1}")
                })
                .collect();
            _ = writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>",
                path.join(" ")
            );
            let at = TOP + 16.0 * n as f64;
            _ = writeln!(
                out,
                "<path d=\"M{} {at}h24\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/><text x=\"{}\" y=\"{}\">{}</text>",
                WIDTH - RIGHT + 12.0,
                WIDTH - RIGHT + 42.0,
                at + 4.0,
                line.name
            );
        }
        out.push_str("</svg>\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_a_logarithmic_axis_are_powers_of_ten() {
        let axis = Axis::over([3.0, 700.0].into_iter(), false);
        assert_eq!((short(axis.from), short(axis.to)), ("1".into(), "1k".into()));
        assert!((axis.at(1000.0) - 1.0).abs() < 1e-9);
        assert_eq!(axis.marks().len(), 4);
    }
}
