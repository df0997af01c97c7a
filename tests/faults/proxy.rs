//! A network that breaks: passes bytes between clients and the emulator, and cuts connections on demand.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bytes that are passed on at a time.
const CHUNK: usize = 16 * 1024;
/// Longest time until a connection is cut after a whole answer.
const AFTER: Duration = Duration::from_millis(3);

/// How often what is cut. Shares of the stretches of bytes that pass, which are about one per request and answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cuts {
    /// Requests lose at least their last byte, so that the service cannot carry them out.
    pub(crate) requests: f64,
    /// Answers lose at least their last byte; what was asked for has happened.
    pub(crate) answers: f64,
    /// Connections are reset soon after an answer, when the next request may be under way.
    pub(crate) after: f64,
}

/// A stretch of network. It ends with this value.
pub(crate) struct Proxy {
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

struct State {
    target: SocketAddr,
    cuts: Mutex<Cuts>,
    random: Mutex<fastrand::Rng>,
    done: [AtomicU64; 3],
    /// While it is `true`, requests wait here.
    held: watch::Sender<bool>,
    /// Bytes that wait.
    waiting: AtomicU64,
    /// Answers to what had waited.
    late: Mutex<Vec<u8>>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Proxy {
    pub(crate) async fn start(target: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            target,
            cuts: Mutex::default(),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            done: [const { AtomicU64::new(0) }; 3],
            held: watch::Sender::new(false),
            waiting: AtomicU64::new(0),
            late: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(Arc::clone(&shared), client));
            }
        });
        Self { url, state, server }
    }

    pub(crate) fn cut(&self, cuts: Cuts) {
        *self.state.cuts.lock().unwrap() = cuts;
    }

    /// How many requests, answers and idle connections were cut.
    pub(crate) fn done(&self) -> [u64; 3] {
        self.state.done.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// Holds requests back, or lets them go.
    pub(crate) fn hold(&self, held: bool) {
        self.state.held.send_replace(held);
    }

    /// Bytes of requests that are held back.
    pub(crate) fn waiting(&self) -> u64 {
        self.state.waiting.load(Ordering::Acquire)
    }

    /// What the service answered to requests that had been held back.
    pub(crate) fn late(&self) -> String {
        String::from_utf8_lossy(&self.state.late.lock().unwrap()).into_owned()
    }
}

/// What is done with a stretch of bytes.
enum Fate {
    Whole,
    /// Only this many bytes pass.
    Cut(usize),
    /// All pass, and a moment later the connection ends.
    Last(Duration),
}

impl State {
    fn fate(&self, is_request: bool, length: usize) -> Fate {
        let cuts = *self.cuts.lock().unwrap();
        let mut random = self.random.lock().unwrap();
        let share = if is_request { cuts.requests } else { cuts.answers };
        if random.f64() < share {
            self.done[usize::from(!is_request)].fetch_add(1, Ordering::Relaxed);
            return Fate::Cut(random.usize(..length));
        }
        if !is_request && random.f64() < cuts.after {
            self.done[2].fetch_add(1, Ordering::Relaxed);
            return Fate::Last(AFTER.mul_f64(random.f64()));
        }
        Fate::Whole
    }
}

async fn pass(state: Arc<State>, client: TcpStream) {
    let Ok(service) = TcpStream::connect(state.target).await else { return };
    let _ = (client.set_nodelay(true), service.set_nodelay(true));
    // A reset rather than an end: what was sent last may be lost on its way as well.
    let _ = (client.set_zero_linger(), service.set_zero_linger());
    let (from_client, to_client) = client.into_split();
    let (from_service, to_service) = service.into_split();
    let requests = requests(&state, from_client, to_service);
    let answers = answers(&state, from_service, to_client);
    // The first that ends takes the connection along.
    tokio::select! {
        _ = requests => {}
        _ = answers => {}
    }
}

async fn requests(
    state: &State,
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
) -> io::Result<()> {
    let (mut buffer, mut held) = (vec![0; CHUNK], state.held.subscribe());
    loop {
        let length = from.read(&mut buffer).await?;
        let is_held = *held.borrow();
        if is_held {
            state.waiting.fetch_add(length as u64, Ordering::AcqRel);
            let _ = held.wait_for(|held| !held).await;
        }
        if length == 0 {
            return Ok(());
        }
        let passed = match state.fate(true, length) {
            Fate::Cut(passed) => passed,
            Fate::Whole | Fate::Last(_) => length,
        };
        to.write_all(&buffer[..passed]).await?;
        if passed < length {
            // What was passed on arrives before the reset.
            tokio::time::sleep(Duration::from_millis(1)).await;
            return Ok(());
        }
        if is_held {
            // The client is gone; its request is carried out all the same.
            std::future::pending::<()>().await;
        }
    }
}

async fn answers(
    state: &State,
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        if state.waiting.load(Ordering::Acquire) > 0 {
            state.late.lock().unwrap().extend_from_slice(&buffer[..length]);
        }
        match state.fate(false, length) {
            Fate::Whole => to.write_all(&buffer[..length]).await?,
            Fate::Cut(passed) => {
                to.write_all(&buffer[..passed]).await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
                return Ok(());
            }
            Fate::Last(after) => {
                to.write_all(&buffer[..length]).await?;
                tokio::time::sleep(after).await;
                return Ok(());
            }
        }
    }
}
