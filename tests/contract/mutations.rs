//! Damaged requests: whatever arrives, the process lives and serves the next connection.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use tests::harness::{Framing, Function, Request, WireError};

use crate::probe;

/// One damage to a byte string.
#[derive(Debug, Clone)]
enum Damage {
    Flip(Index, u8),
    Delete(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
    Cut(Index),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |index: &Index, bytes: &[u8]| index.index(bytes.len() + 1);
        match self {
            Self::Flip(index, mask) => {
                let place = place(index, bytes);
                bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= mask);
            }
            Self::Delete(index, count) => {
                let start = place(index, bytes);
                bytes.drain(start..bytes.len().min(start + count));
            }
            Self::Insert(index, extra) => {
                let start = place(index, bytes);
                bytes.splice(start..start, extra.iter().copied());
            }
            Self::Repeat(index, count) => {
                let start = place(index, bytes);
                let part = bytes[start..bytes.len().min(start + count)].to_vec();
                bytes.splice(start..start, part);
            }
            Self::Cut(index) => bytes.truncate(place(index, bytes)),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let syntax = prop_oneof![Just("\r\n"), Just("\n"), Just(":"), Just(" "), Just("0\r\n\r\n"), Just("\r\n\r\n")];
    let syntax = syntax.prop_map(|text| text.as_bytes().to_vec());
    let headers = prop_oneof![
        Just("\r\nContent-Length: 3"),
        Just("\r\nTransfer-Encoding: chunked"),
        Just("\r\nTransfer-Encoding: gzip, chunked"),
        Just("\r\nConnection: close"),
        Just("\r\nExpect: 100-continue"),
        Just("\r\nUpgrade: websocket\r\nConnection: upgrade"),
        Just("\r\nFn-Deadline: 0001-01-01T00:00:00Z"),
    ];
    let headers = headers.prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![
        (any::<Index>(), 1..=u8::MAX).prop_map(|(index, mask)| Damage::Flip(index, mask)),
        (any::<Index>(), 1..40_usize).prop_map(|(index, count)| Damage::Delete(index, count)),
        (any::<Index>(), vec(any::<u8>(), 1..20)).prop_map(|(index, bytes)| Damage::Insert(index, bytes)),
        (any::<Index>(), syntax).prop_map(|(index, bytes)| Damage::Insert(index, bytes)),
        (any::<Index>(), headers).prop_map(|(index, bytes)| Damage::Insert(index, bytes)),
        (any::<Index>(), 1..80_usize).prop_map(|(index, count)| Damage::Repeat(index, count)),
        any::<Index>().prop_map(Damage::Cut),
    ]
}

/// A request of any framing, sometimes two, with up to four damages.
fn damaged_request() -> impl Strategy<Value = Vec<u8>> {
    let framing = prop_oneof![Just(Framing::Length), (1..10_usize).prop_map(Framing::Chunks)];
    let request = (framing, vec(any::<u8>(), 0..50), any::<bool>(), any::<bool>());
    let bytes = request.prop_map(|(framing, body, gateway, twice)| {
        let request = Request::call(body).framing(framing);
        let request = if gateway { request.gateway("GET", "/a?b=c") } else { request };
        request.bytes().repeat(if twice { 2 } else { 1 })
    });
    (bytes, vec(damage(), 1..=4)).prop_map(|(mut bytes, damages)| {
        damages.iter().for_each(|damage| damage.apply(&mut bytes));
        bytes
    })
}

/// Sends the bytes in two parts, reads what comes to the end, and makes a clean call.
fn survives(function: &mut Function, bytes: &[u8], split: usize) -> Result<(), TestCaseError> {
    let mut connection = function.connect();
    let (first, second) = bytes.split_at(split);
    // The peer may hang up at any point.
    let _ = connection.try_send(first).and_then(|()| connection.try_send(second));
    connection.finish_sending();
    loop {
        match connection.try_reply() {
            Ok(_) => {}
            Err(WireError::Closed) => break,
            Err(error) => return Err(TestCaseError::fail(format!("improper reply: {error:?}"))),
        }
    }
    function.assert_serves(&Request::call("clean"));
    Ok(())
}

#[test]
fn mutated_requests_never_stop_the_process() {
    let mut function = probe();
    let pid = function.pid();
    let function_cell = std::cell::RefCell::new(&mut function);
    let config = Config { cases: 1500, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&(damaged_request(), any::<Index>()), |(bytes, split)| {
        let split = split.index(bytes.len() + 1);
        survives(&mut function_cell.borrow_mut(), &bytes, split)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((function.pid(), function.exited()), (pid, None));
    assert!(!function.stderr().contains("panicked"), "{}", function.stderr());
}
