//! A connection that costs as little as possible, so that what is measured is the server.

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One request as it travels.
pub(crate) struct Prepared {
    pub(crate) bytes: Vec<u8>,
    /// Whether its answer has no body whatever its head says.
    pub(crate) is_head: bool,
}

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// To `http://host:port`.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let address = url.strip_prefix("http://").context("an address with http")?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024] })
    }

    /// Sends one request and reads the whole answer, which must be a success.
    pub(crate) async fn exchange(&mut self, request: &Prepared) -> Result<()> {
        self.stream.write_all(&request.bytes).await?;
        let mut filled = 0;
        let (head, body) = loop {
            ensure!(filled < self.buffer.len(), "the head of the answer is too long");
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            ensure!(read > 0, "the connection ended");
            filled += read;
            if let Some(end) = find(&self.buffer[..filled], b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.buffer[..end])?;
                ensure!(head.starts_with("HTTP/1.1 2"), "{}", String::from_utf8_lossy(&self.buffer[..filled]));
                break (end + 4, if request.is_head { 0 } else { content_length(head)? });
            }
        };
        let mut left = (head + body).checked_sub(filled).context("more than one answer")?;
        while left > 0 {
            let most = left.min(self.buffer.len());
            let read = self.stream.read(&mut self.buffer[..most]).await?;
            ensure!(read > 0, "the connection ended");
            left -= read;
        }
        Ok(())
    }
}

fn find(text: &[u8], end: &[u8]) -> Option<usize> {
    text.windows(end.len()).position(|window| window == end)
}

fn content_length(head: &str) -> Result<usize> {
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value.trim())
    });
    Ok(value.context("an answer without a length")?.parse()?)
}
