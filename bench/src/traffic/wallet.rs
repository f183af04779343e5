//! Loyalty points: calculate, spends that lock and are then settled, and spends at once. Every request is signed.

use std::{io::Write as _, sync::Arc};

use rand::{Rng, SeedableRng as _, rngs::SmallRng};

use super::Traffic;
use crate::http::{Answer, Signer};

/// A consumer's wallet, as the till knows it.
#[derive(Debug, Clone)]
pub struct Wallet {
    pub id: String,
    /// The value of its identity: what a till scans.
    pub identity: String,
    /// What calculate answered for it: a spend sends it back.
    pub adjudication: String,
}

/// Where the till stands, and what calculate asks for.
#[derive(Debug, Clone)]
pub struct Till {
    pub signer: Signer,
    pub brand: String,
    pub scheme: String,
    pub points: u64,
}

impl Till {
    fn location(&self) -> String {
        format!(r#"{{"incomingIdentifier":"111","parentIncomingIdentifier":"{}"}}"#, self.brand)
    }

    /// POST …/calculate.
    pub fn calculate(&self, identity: &str, request: &mut Vec<u8>) {
        let body = format!(
            r#"{{"identity":{{"identityValue":"{identity}"}},"location":{},"pointsValue":{},"scheme":{{"reference":"{}"}}}}"#,
            self.location(),
            self.points,
            self.scheme,
        );
        self.signer.send("POST", "/connect/wallet/spend/calculate", body.as_bytes(), request);
    }
}

/// Calculate for a random wallet.
pub struct Calculates {
    till: Till,
    wallets: Arc<Vec<Wallet>>,
    random: SmallRng,
    target: usize,
}

impl Calculates {
    pub fn new(till: Till, wallets: Arc<Vec<Wallet>>, target: usize) -> Self {
        Self { till, wallets, random: SmallRng::from_os_rng(), target }
    }
}

impl Traffic for Calculates {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        let wallet = &self.wallets[self.random.random_range(0..self.wallets.len())];
        self.till.calculate(&wallet.identity, request);
        Some(self.target)
    }
}

/// How a spend takes its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It locks them; the next request settles it.
    BySettle,
    AtOnce,
}

/// Spends of random wallets, one after the other.
pub struct WalletSpends {
    till: Till,
    taken: Taken,
    location: String,
    wallets: Arc<Vec<Wallet>>,
    /// The wallet and the reference of a spend that is not settled.
    open: Option<(usize, u128)>,
    body: Vec<u8>,
    random: SmallRng,
    target: usize,
}

impl WalletSpends {
    pub fn new(till: Till, wallets: Arc<Vec<Wallet>>, taken: Taken, target: usize) -> Self {
        let (location, random) = (till.location(), SmallRng::from_os_rng());
        Self { till, taken, location, wallets, open: None, body: Vec::new(), random, target }
    }
}

impl Traffic for WalletSpends {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        self.body.clear();
        // Writing to memory cannot fail.
        let path = match self.open.take() {
            None => {
                let (place, reference) =
                    (self.random.random_range(0..self.wallets.len()), self.random.random());
                let Wallet { identity, adjudication, .. } = &self.wallets[place];
                let locks = self.taken == Taken::BySettle;
                let _ = write!(
                    self.body,
                    r#"{{"identity":{{"identityValue":"{identity}"}},"location":{},"reference":"{reference:032x}","lock":{locks},"spendAdjudicationResults":{adjudication}}}"#,
                    self.location,
                );
                self.open = locks.then_some((place, reference));
                "/connect/wallet/spend"
            }
            Some((place, spend)) => {
                let reference: u128 = self.random.random();
                let id = &self.wallets[place].id;
                let _ = write!(
                    self.body,
                    r#"{{"reference":"{reference:032x}","mode":"ACTIVE","walletId":"{id}","location":{},"walletTransactions":[{{"link":true,"reference":"{spend:032x}","walletId":"{id}","operationType":"SETTLE"}}]}}"#,
                    self.location,
                );
                "/connect/wallet/settle"
            }
        };
        self.till.signer.send("POST", path, &self.body, request);
        Some(self.target)
    }

    /// A settle with issues (207) is not wanted.
    fn answered(&mut self, answer: Answer<'_>) -> Option<u64> {
        if answer.status == 200 {
            return Some(1);
        }
        self.open = None;
        None
    }
}
