//! A connection that stays awake for a moment when calls come back to back.
//!
//! Parking a thread and waking it again costs more than a small call does. So when the last call came
//! within [`SPIN`] of the response before it, the next one is awaited by asking the kernel again for that
//! long, giving the processor away in between. The first call that does not come in time ends this, so it
//! costs at most one [`SPIN`] per burst of calls. `tests/src/bin/bench` measures the difference.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use rustix::net::{RecvFlags, recv};
use tokio::net::UnixStream;

/// Longest wait for the next call without parking.
const SPIN: Duration = Duration::from_micros(100);
/// Most that is read while waiting so; a larger request goes on in the usual way.
const SPIN_BYTES: usize = 8 * 1024;

/// An accepted connection.
pub(crate) struct Stream {
    io: TokioIo<UnixStream>,
    /// When the last response, or a part of it, was written; `None` once something was read after it.
    wrote_at: Option<Instant>,
    /// Whether the last call came within [`SPIN`] of the response before.
    busy: bool,
}

impl Stream {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { io: TokioIo::new(stream), wrote_at: None, busy: false }
    }

    fn note_read(&mut self) {
        if let Some(wrote_at) = self.wrote_at.take() {
            self.busy = wrote_at.elapsed() < SPIN;
        }
    }

    /// Reads past tokio, whose readiness is told by the reactor that this avoids; data read here makes
    /// that readiness a false alarm later, which tokio finds out by itself.
    fn spin(&self, until: Instant, buffer: &mut ReadBufCursor<'_>) -> bool {
        let mut bytes = [0; SPIN_BYTES];
        let room = buffer.remaining().min(SPIN_BYTES);
        loop {
            match recv(self.io.inner(), &mut bytes[..room], RecvFlags::DONTWAIT) {
                // The end of the stream and errors are tokio's to see.
                Ok((0, _)) => return false,
                Ok((received, _)) => {
                    buffer.put_slice(&bytes[..received]);
                    return true;
                }
                Err(rustix::io::Errno::AGAIN) if Instant::now() < until => std::thread::yield_now(),
                Err(_) => return false,
            }
        }
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &mut *self;
        if let (true, Some(wrote_at)) = (stream.busy, stream.wrote_at) {
            if stream.spin(wrote_at + SPIN, &mut buffer) {
                stream.note_read();
                return Poll::Ready(Ok(()));
            }
            stream.busy = false;
        }
        let read = Pin::new(&mut stream.io).poll_read(cx, buffer);
        if read.is_ready() {
            stream.note_read();
        }
        read
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote_at = Some(Instant::now());
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wrote_at = Some(Instant::now());
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
