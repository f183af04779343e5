//! The schemes that this process has read.
//!
//! A scheme and its tiers never change once they are made, and its reference stays its own: the database refuses to, and
//! the application's role may insert them and nothing else. So what was read once is true for ever, and is not read again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use zerosum_domain::BrandKey;

use crate::model::{SchemeId, SchemeRef};

/// More schemes than a process ever serves; past it the cache starts over rather than grow.
const SCHEMES_MAX: usize = 10_000;

/// See the module's documentation. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schemes(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    by_id: HashMap<(BrandKey, SchemeId), Arc<SchemeRef>>,
    by_reference: HashMap<(BrandKey, Arc<str>), Arc<SchemeRef>>,
}

impl Schemes {
    /// A poisoned cache is still one: what is in it was read.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn by_id(&self, brand: BrandKey, id: SchemeId) -> Option<Arc<SchemeRef>> {
        self.lock().by_id.get(&(brand, id)).cloned()
    }

    pub fn by_reference(&self, brand: BrandKey, reference: &str) -> Option<Arc<SchemeRef>> {
        self.lock().by_reference.get(&(brand, reference.into())).cloned()
    }

    /// Only what was read, and so committed.
    pub fn learn(&self, brand: BrandKey, scheme: &Arc<SchemeRef>) {
        let mut known = self.lock();
        if known.by_id.len() >= SCHEMES_MAX {
            *known = Known::default();
        }
        known.by_id.insert((brand, scheme.id), scheme.clone());
        known.by_reference.insert((brand, scheme.reference.clone()), scheme.clone());
    }
}
