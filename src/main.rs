//! The one binary. Everything it does is in [`postern::cli`].

/// The system's allocator keeps what 100 MB messages leave behind; this one gives it back. Without huge pages
/// (`no_thp` in `Cargo.toml`): with them each thread holds 2 MiB for every kind of thing it once made one of.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    postern::cli::main()
}
