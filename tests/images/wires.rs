//! What a container without a network finds on its own loopback: a server of names, and the way to the services.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::runtime::Runtime;

use crate::tls::Identity;

/// The services' only name.
pub(crate) const NAME: &str = "services.causeway.test";
/// Their port in the container.
pub(crate) const PORT: u16 = 8443;

/// Names that were asked for, in lower case and without the last dot.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn add(&self, name: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Lays both into the network of the process `pid`; the services are at `to` outside of it.
pub(crate) fn lay(runtime: &Runtime, pid: u32, identity: &Identity, to: SocketAddr) -> Asked {
    let (names, services) = sockets_of(pid);
    let asked = Asked::default();
    let _guard = runtime.enter();
    let names = tokio::net::UdpSocket::from_std(names).expect("a socket");
    runtime.spawn(answer_names(names, asked.clone()));
    let services = tokio::net::TcpListener::from_std(services).expect("a socket");
    runtime.spawn(identity.pass_on(services, to));
    asked
}

/// A socket belongs to the network where it was made; a thread of its own goes there to make them.
fn sockets_of(pid: u32) -> (UdpSocket, TcpListener) {
    let make = move || {
        let network = File::open(format!("/proc/{pid}/ns/net")).expect("the network of the process");
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).expect("the right to enter it");
        let names = UdpSocket::bind(("127.0.0.1", 53)).expect("the port of names");
        let services = TcpListener::bind(("127.0.0.1", PORT)).expect("the port of the services");
        names.set_nonblocking(true).and_then(|()| services.set_nonblocking(true)).expect("sockets");
        (names, services)
    };
    std::thread::spawn(make).join().expect("sockets")
}

async fn answer_names(socket: tokio::net::UdpSocket, asked: Asked) {
    let mut query = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut query).await {
        if let Some((name, answer)) = answer(&query[..length]) {
            asked.add(name);
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// The name that is asked for and the answer (RFC 1035): an address for the services' name, and that there is nothing
/// else. `None` for what is no question.
fn answer(query: &[u8]) -> Option<(String, Vec<u8>)> {
    const HEADER: usize = 12;
    const ADDRESS: [u8; 4] = [0, 1, 0, 1];
    let (name, end) = name(query, HEADER)?;
    let question = query.get(HEADER..end + 4)?;
    let (is_known, wants_address) = (name == NAME, question.ends_with(&ADDRESS));
    let (code, answers) = (if is_known { 0 } else { 3 }, u8::from(is_known && wants_address));
    let mut answer = [&query[..2], &[0x84, code, 0, 1, 0, answers, 0, 0, 0, 0], question].concat();
    if answers == 1 {
        // The name of the question, its type and class, a minute, and 127.0.0.1.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some((name, answer))
}

/// The name at `start`, and where it ends.
fn name(query: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), start);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
}
