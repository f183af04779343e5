//! A TCP proxy between a service and PostgreSQL that makes the network fail where it hurts.
//!
//! It speaks just enough of the wire protocol to know where one message ends and the next begins, and to see a commit
//! go by and its acknowledgement come back. Everything else passes unread, byte for byte.
//! What it does is decided by the test alone: a [`Script`] is asked for every commit and every connection, and the
//! same script makes the same faults, so a seeded script repeats a failed run.
//!
//! Invariant: whatever it does, it never changes, adds or reorders a byte. It only delays, withholds and cuts.

mod commits;
mod frame;
mod link;
mod relay;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

pub use link::Link;

/// What happens to one commit: a `commit`, or the end of a statement that writes and is a transaction of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// It passes, and so does its acknowledgement.
    Pass,
    /// The connection is cut, and the server never sees the commit.
    CutBefore,
    /// The server commits and says so; the connection is cut before the first byte of that arrives.
    CutAfter,
    /// The commit goes out and the connection is cut at once: nobody can say whether it happened.
    CutBlind,
    /// The acknowledgement comes late.
    Delay(Duration),
}

/// Which way bytes flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// What happens to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionFault {
    Pass,
    /// Accepted and closed.
    Refuse,
    /// Reset (not closed) on both sides once so many bytes have passed one way.
    ResetAfter {
        way: Way,
        bytes: u64,
    },
    /// One way is closed once so many bytes have passed it; the other stays open.
    HalfCloseAfter {
        way: Way,
        bytes: u64,
    },
}

/// What the proxy is to do; asked from one place at a time, with a number that counts up from 0.
pub trait Script: Send + 'static {
    fn commit(&mut self, _number: u64) -> CommitFault {
        CommitFault::Pass
    }

    fn connection(&mut self, _number: u64) -> ConnectionFault {
        ConnectionFault::Pass
    }
}

/// Lets everything pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Script for Quiet {}

/// A script that only decides about commits.
impl<F: FnMut(u64) -> CommitFault + Send + 'static> Script for F {
    fn commit(&mut self, number: u64) -> CommitFault {
        self(number)
    }
}

/// How often each thing has really happened: a fault that was planned and never reached proves nothing.
#[derive(Debug, Default)]
pub struct Counts {
    connections: AtomicU64,
    commits: AtomicU64,
    cut_before: AtomicU64,
    cut_after: AtomicU64,
    cut_blind: AtomicU64,
    delayed: AtomicU64,
    resets: AtomicU64,
    half_closes: AtomicU64,
}

macro_rules! counts {
    ($($name:ident),+) => {
        impl Counts {
            $(pub fn $name(&self) -> u64 { self.$name.load(Ordering::Relaxed) })+
        }
    };
}
counts!(connections, commits, cut_before, cut_after, cut_blind, delayed, resets, half_closes);

fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed)
}

struct Shared {
    server: SocketAddr,
    script: Mutex<Box<dyn Script>>,
    counts: Counts,
    link: watch::Sender<Link>,
    /// Every change cuts what is open.
    cut: watch::Sender<u64>,
}

impl Shared {
    fn commit(&self) -> CommitFault {
        let number = count(&self.counts.commits);
        self.script.lock().unwrap_or_else(PoisonError::into_inner).commit(number)
    }

    fn connection(&self) -> ConnectionFault {
        let number = count(&self.counts.connections);
        self.script.lock().unwrap_or_else(PoisonError::into_inner).connection(number)
    }
}

/// A proxy that listens; dropping it cuts every connection.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It owns the connections' tasks, and they go with it.
        self.accepting.abort();
    }
}

impl Proxy {
    /// Listens on a free port of this machine, and forwards to `server`.
    pub async fn start(server: SocketAddr, script: impl Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen on a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared {
            server,
            script: Mutex::new(Box::new(script)),
            counts: Counts::default(),
            link: watch::Sender::new(Link::Open),
            cut: watch::Sender::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, accepting }
    }

    /// A proxy in front of the server that this database URL names.
    pub async fn before(url: &str, script: impl Script) -> Self {
        let config: tokio_postgres::Config = url.parse().expect("a database URL");
        let port = config.get_ports().first().copied().unwrap_or(5432);
        Self::start(SocketAddr::from(([127, 0, 0, 1], port)), script).await
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The same database, by way of this proxy.
    pub fn url(&self, url: &str) -> String {
        let (head, tail) = url.rsplit_once('@').expect("a URL with a user");
        let (host_port, path) = tail.split_once('/').expect("a URL with a database");
        let host = host_port.split_once(':').map_or(host_port, |(host, _)| host);
        format!("{head}@{host}:{}/{path}", self.port())
    }

    /// Asks another script from now on. Its numbers go on where the last one's ended.
    pub fn follow(&self, script: impl Script) {
        *self.shared.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// Changes how bytes pass, for connections that are open and those to come.
    pub fn set_link(&self, link: Link) {
        self.shared.link.send_replace(link);
    }

    /// Cuts every connection that is open.
    pub fn cut_all(&self) {
        self.shared.cut.send_modify(|times| *times += 1);
    }

    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                connections.spawn(serve(client, shared.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) {
    let mut cut = shared.cut.subscribe();
    cut.mark_unchanged();
    let fault = shared.connection();
    if fault == ConnectionFault::Refuse || *shared.link.borrow() == Link::Refused {
        return;
    }
    let serving = async {
        link::wait_open(&shared.link).await;
        // A server that is down: the client sees its connection close.
        let Ok(server) = TcpStream::connect(shared.server).await else { return };
        relay::run(client, server, fault, &shared).await;
    };
    tokio::select! {
        () = serving => {}
        _ = cut.changed() => {}
    }
}
