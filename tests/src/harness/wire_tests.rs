//! The client must not forgive what an agent would not.

use super::*;

fn read(bytes: &str) -> Result<Reply, WireError> {
    Reader::new(bytes.as_bytes()).reply()
}

#[test]
fn proper_responses() {
    let check = |bytes: &str, status: u16, body: &str| {
        let reply = read(bytes).expect(bytes);
        assert_eq!((reply.status, reply.text().as_str()), (status, body), "{bytes:?}");
    };
    check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 200, "abc");
    check("HTTP/1.1 502 \r\ncontent-length: 0\r\n\r\n", 502, "");
    check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", 100, "");
    check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, "abc");
    check("HTTP/1.0 200 OK\r\n\r\nto the end", 200, "to the end");
}

#[test]
fn improper_responses() {
    let bad = [
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
    ];
    for bytes in bad {
        assert!(matches!(read(bytes), Err(WireError::Malformed(_))), "{bytes:?}: {:?}", read(bytes));
    }
    assert!(matches!(read(""), Err(WireError::Closed)));
}
