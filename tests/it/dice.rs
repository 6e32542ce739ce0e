//! Random choices that a seed repeats.

/// xorshift64*.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// Any seed but that of nothing.
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds would begin alike.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// 0 to `sides` − 1.
    pub fn roll(&mut self, sides: usize) -> usize {
        (self.number() % sides as u64) as usize
    }

    /// 64 random bits.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 3
    }

    /// One of them.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

/// A number from the environment, or the one of the short form.
pub fn setting<N: std::str::FromStr>(variable: &str, short: N) -> N {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is a number")),
        Err(_) => short,
    }
}
