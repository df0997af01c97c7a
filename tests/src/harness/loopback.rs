//! Addresses for servers that are other programs, and are told where to listen.
//!
//! A port that was free a moment ago may be somebody else's by the time such a program asks for it: of another test, or of a
//! connection on its way out. Every address of 127.0.0.0/8 is this machine's, so each process has one to itself.

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::process::Child;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// The first port, below those of outgoing connections.
const FIRST_PORT: u16 = 10_000;
const POLL: Duration = Duration::from_millis(10);

/// An address that no other test has.
#[must_use]
pub fn unshared() -> SocketAddrV4 {
    static USED: AtomicU16 = AtomicU16::new(0);
    // Process ids have 22 bits.
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, 64 + high % 64, middle, low);
    SocketAddrV4::new(host, FIRST_PORT + USED.fetch_add(1, Ordering::SeqCst))
}

/// Waits until a program listens.
///
/// # Errors
/// It ended first, or `patience` did.
pub fn listens(process: &mut Child, address: SocketAddrV4, patience: Duration) -> Result<(), String> {
    let limit = Instant::now() + patience;
    while TcpStream::connect(address).is_err() {
        if let Ok(Some(status)) = process.try_wait() {
            return Err(format!("it ended with {status}"));
        }
        if Instant::now() >= limit {
            return Err(format!("it does not listen at {address}"));
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}
