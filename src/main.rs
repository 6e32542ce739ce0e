//! The one binary. Everything it does is in [`postern::cli`].

fn main() {}
