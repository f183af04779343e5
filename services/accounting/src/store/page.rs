//! Pages: newest first, each starting below the last row of the one before.

/// How much to read, and below which row.
#[derive(Debug, Clone, Copy)]
pub struct Window<K> {
    /// `None`: from the newest.
    pub before: Option<K>,
    pub limit: usize,
}

/// Rows, and the key of the last one where there are more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    pub rows: Vec<T>,
    pub next: Option<K>,
}

impl<K> Window<K> {
    /// One more than is shown, to know whether there is a next page.
    pub(super) fn fetch(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1)
    }

    pub(super) fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Page<T, K> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = if more { rows.last().map(key) } else { None };
        Page { rows, next }
    }
}
