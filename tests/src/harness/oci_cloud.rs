//! The OCI emulator on a port of its own, in this process.

use std::net::TcpListener;
use std::thread::JoinHandle;

use causeway_oci_emulator::{Emulator, Options};
use tokio::sync::oneshot;

/// An emulator that answers on `url`; it ends with this value.
pub struct OciCloud {
    /// For what tests do behind the services' backs.
    pub emulator: Emulator,
    /// `http://127.0.0.1:port`.
    pub url: String,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl OciCloud {
    /// An empty one, in memory.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start() -> Self {
        Self::with(Options::default())
    }

    /// One that is set up as the test wants it.
    ///
    /// # Panics
    /// When the options cannot be used, or there is no port.
    #[must_use]
    pub fn with(options: Options) -> Self {
        let emulator = Emulator::open(options).expect("an emulator");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel();
        let server = std::thread::spawn({
            let emulator = emulator.clone();
            move || serve(&emulator, listener, stopped)
        });
        Self { emulator, url, stop: Some(stop), server: Some(server) }
    }
}

fn serve(emulator: &Emulator, listener: TcpListener, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        emulator.serve(listener, async { drop(stopped.await) }).await.expect("served");
    });
}

impl Drop for OciCloud {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}
