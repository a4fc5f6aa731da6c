//! The listener, and the connections that it has accepted.

use std::collections::HashMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::connection::serve;
use super::site::Site;
use crate::lock::lock;

/// How many connections are served at a time. Others wait until one is closed.
const MAX_CONNECTIONS: usize = 64;

pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    site: Arc<Site>,
    registry: Mutex<Registry>,
    /// Notified if a connection is closed, and if the mode changes.
    changed: Condvar,
}

struct Registry {
    mode: Mode,
    open: HashMap<usize, Open>,
    accepted: usize,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Mode {
    Serving,
    Outage,
    Stopped,
}

/// By which the provider ends a connection that another thread serves.
struct Open {
    stream: TcpStream,
    ended: Arc<AtomicBool>,
}

/// A connection that has a place among those that are served.
struct Admitted {
    id: usize,
    shared: Arc<Shared>,
    ended: Arc<AtomicBool>,
    stream: TcpStream,
}

impl Server {
    pub(crate) fn start(listener: TcpListener, site: Arc<Site>) -> Self {
        let address = listener.local_addr().expect("a listener has an address");
        let registry = Registry { mode: Mode::Serving, open: HashMap::new(), accepted: 0 };
        let shared = Arc::new(Shared { site, registry: Mutex::new(registry), changed: Condvar::new() });
        let acceptor = thread::spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    pub(crate) fn connections(&self) -> usize {
        lock(&self.shared.registry).accepted
    }

    pub(crate) fn outage(&self) {
        self.shared.enter(Mode::Outage);
    }

    pub(crate) fn recover(&self) {
        self.shared.enter(Mode::Serving);
    }
}

/// Closes the listener and all connections, and waits for all threads.
impl Drop for Server {
    fn drop(&mut self) {
        self.shared.enter(Mode::Stopped);
        let Some(acceptor) = self.acceptor.take() else { return };
        // It waits in `accept`, which ends by a connection only.
        while !acceptor.is_finished() && TcpStream::connect(self.address).is_err() {
            thread::yield_now();
        }
        let _ = acceptor.join();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    loop {
        let accepted = listener.accept();
        if lock(&shared.registry).mode == Mode::Stopped {
            break;
        }
        let Ok((stream, _)) = accepted else {
            // Such as too many open files. It may pass.
            thread::yield_now();
            continue;
        };
        threads.retain(|thread| !thread.is_finished());
        if let Some(connection) = shared.admit(stream) {
            threads.push(thread::spawn(move || connection.serve()));
        }
    }
    for thread in threads {
        let _ = thread.join();
    }
}

impl Shared {
    /// Counts a connection, and waits for its place. In an outage it is closed at once.
    fn admit(self: &Arc<Self>, stream: TcpStream) -> Option<Admitted> {
        let mut registry = lock(&self.registry);
        registry.accepted += 1;
        while registry.open.len() >= MAX_CONNECTIONS && registry.mode == Mode::Serving {
            registry = self.changed.wait(registry).unwrap_or_else(PoisonError::into_inner);
        }
        if registry.mode != Mode::Serving {
            return None;
        }
        let (id, ended) = (registry.accepted, Arc::<AtomicBool>::default());
        let open = Open { stream: stream.try_clone().ok()?, ended: ended.clone() };
        registry.open.insert(id, open);
        Some(Admitted { id, shared: self.clone(), ended, stream })
    }

    fn enter(&self, mode: Mode) {
        let mut registry = lock(&self.registry);
        registry.mode = mode;
        if mode != Mode::Serving {
            for connection in registry.open.values() {
                connection.ended.store(true, Ordering::SeqCst);
                let _ = connection.stream.shutdown(Shutdown::Both);
            }
        }
        drop(registry);
        self.changed.notify_all();
        self.site.clock.interrupt();
    }
}

impl Admitted {
    fn serve(&self) {
        // Errors end the connection, as the client or the test wants it.
        let _ = serve(&self.stream, &self.shared.site, &self.ended);
    }
}

/// Makes room before the connection closes: a client that has seen its end finds a place for the next one.
impl Drop for Admitted {
    fn drop(&mut self) {
        lock(&self.shared.registry).open.remove(&self.id);
        self.shared.changed.notify_all();
    }
}
