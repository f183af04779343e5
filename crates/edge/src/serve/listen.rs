//! A listener whose backlog holds a storm.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Connections that the kernel keeps until they are accepted. When a service is back, all its callers connect in the
/// same instant; one that finds the backlog full is not refused, it is left to try again after a second. The usual 128
/// are fewer than the tills of one region. The kernel's own bound (`somaxconn`, 4,096 on Linux) may lower it.
const BACKLOG: u32 = 4_096;

/// Listens on the address. Must be called in a runtime.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As the standard library does, so that a restart need not wait for old connections to be forgotten. On Windows
    // the option means that two programs may share the port.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{net::TcpStream, time::timeout};

    use super::listen;

    /// The kernel tries a connection again after a second when the backlog was full.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn five_hundred_callers_that_connect_at_once_all_get_in() {
        let bound = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let callers = bound.trim().parse::<usize>().unwrap().min(500);
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let connecting = (0..callers).map(|_| TcpStream::connect(address));
        let connected = timeout(Duration::from_millis(900), futures_util::future::try_join_all(connecting));
        // Nobody accepts yet.
        assert_eq!(connected.await.expect("all at once").unwrap().len(), callers);
    }
}
