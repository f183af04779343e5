//! How bytes pass while nothing in particular is done to a connection.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Open,
    /// Every piece is this late, each way.
    Slow(Duration),
    /// Nothing passes and nothing is closed, as behind a firewall that forgot. New connections open and stay silent.
    Blackhole,
    /// New connections are closed; those that are open stay open.
    Refused,
}

/// Waits until bytes may pass, and as long as they take.
pub(super) async fn wait(link: &watch::Sender<Link>) {
    wait_open(link).await;
    let slow = match *link.borrow() {
        Link::Slow(late) => Some(late),
        Link::Open | Link::Blackhole | Link::Refused => None,
    };
    if let Some(late) = slow {
        sleep(late).await;
        // It may have been blackholed meanwhile.
        wait_open(link).await;
    }
}

/// Waits until it is no blackhole.
pub(super) async fn wait_open(link: &watch::Sender<Link>) {
    // The sender lives as long as the proxy, so this ends only when it holds.
    let mut changes = link.subscribe();
    let _open = changes.wait_for(|link| *link != Link::Blackhole).await;
}
