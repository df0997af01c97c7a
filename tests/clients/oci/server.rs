//! An emulator on a port of its own, in this process, set up as a scenario wants it.

use std::net::TcpListener;
use std::thread::JoinHandle;

use causeway_oci_emulator::{Emulator, Options};
use tokio::sync::oneshot;

/// An emulator that answers on `url`; it ends with this value.
pub(crate) struct Server {
    /// For what tests do behind the services' backs.
    pub(crate) emulator: Emulator,
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(options: Options) -> Self {
        let emulator = Emulator::open(options).expect("an emulator");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn({
            let emulator = emulator.clone();
            move || serve(&emulator, listener, stopped)
        });
        Self { emulator, url, stop: Some(stop), thread: Some(thread) }
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

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
