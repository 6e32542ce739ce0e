//! Ports for programs that must be told one before they listen.
//!
//! Whoever asks the system for any port gets one of a known range. One out of that range that was found free stays so
//! until the program that it is for takes it, however long that needs.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where those lie that the system gives, and the one above it.
fn given_by_the_system() -> RangeInclusive<u16> {
    let said = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ends = said.split_whitespace().map(|end| end.parse().unwrap());
    ends.next().unwrap_or(32_768)..=ends.next().unwrap_or(60_999)
}

/// A port of this machine on which nobody listens, never the same twice.
pub fn port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let given = given_by_the_system();
    let own: Vec<u16> = (10_000..*given.start()).chain(*given.end()..u16::MAX).skip(1).collect();
    // Another run of these tests beside this one begins elsewhere.
    let begin = std::process::id() as usize * 101;
    for _ in 0..own.len() {
        let port = own[(begin + NEXT.fetch_add(1, Ordering::Relaxed)) % own.len()];
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free outside of {given:?}");
}
