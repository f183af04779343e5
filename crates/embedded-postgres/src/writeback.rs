//! Has the system write what tables have grown by soon after, in small pieces.
//!
//! PostgreSQL makes a file longer by writing empty pages, and tells the system nothing of them. The system keeps them for
//! half a minute and then writes all of them at once: hundreds of megabytes, behind which each flush of the log waits for
//! as long as the disk takes. What the checkpointer writes it has written back at once (`checkpoint_flush_after`).
//!
//! Only advice: nothing is changed, and nothing waits for it.

use std::{
    collections::HashMap,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

/// At the highest load some 15 MB of new pages. A look at the files of three databases takes a few milliseconds.
const PERIOD: Duration = Duration::from_millis(500);

/// Goes on until it is dropped.
#[derive(Debug)]
pub(crate) struct Writeback {
    _until_dropped: Sender<()>,
}

impl Writeback {
    /// Of the databases below `data`; `None` where the system cannot be told, or has no thread left.
    pub(crate) fn start(data: &Path) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let (sender, dropped) = mpsc::channel();
        let mut grown = Grown::of(data);
        let run = move || {
            while dropped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                for (path, range) in grown.look() {
                    // A table that was dropped a moment ago, or a system that does not want to know: as good.
                    let _ = write_back(&path, range);
                }
            }
        };
        let started = thread::Builder::new().name("writeback".into()).spawn(run);
        started.is_ok().then_some(Self { _until_dropped: sender })
    }
}

/// The files of the databases, and how long each was when it was last looked at.
struct Grown {
    databases: PathBuf,
    lengths: HashMap<PathBuf, u64>,
}

impl Grown {
    /// What is there already does not count.
    fn of(data: &Path) -> Self {
        let mut grown = Self { databases: data.join("base"), lengths: HashMap::new() };
        grown.look();
        grown
    }

    /// What has been added to files since the last look, new files included.
    fn look(&mut self) -> Vec<(PathBuf, Range<u64>)> {
        let mut ranges = Vec::new();
        let mut lengths = HashMap::with_capacity(self.lengths.len());
        let folders = entries(&self.databases);
        for entry in folders.flat_map(|database| entries(&database.path())) {
            // A table's or an index's, in pieces of a gigabyte; others (lists, temporary tables) are short or short-lived.
            if !entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit) {
                continue;
            }
            let Ok(metadata) = entry.metadata() else { continue };
            let (path, length) = (entry.path(), metadata.len());
            let known = self.lengths.get(&path).copied().unwrap_or(0);
            if length > known {
                ranges.push((path.clone(), known..length));
            }
            lengths.insert(path, length);
        }
        self.lengths = lengths;
        ranges
    }
}

/// None of a folder that has gone.
fn entries(folder: &Path) -> impl Iterator<Item = fs::DirEntry> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

/// Linux begins to write a range out when it is told that it will not be read again soon; PostgreSQL has it in its own
/// cache.
#[cfg(target_os = "linux")]
fn write_back(path: &Path, range: Range<u64>) -> io::Result<()> {
    use rustix::fs::{Advice, fadvise};
    let length = std::num::NonZeroU64::new(range.end - range.start);
    Ok(fadvise(fs::File::open(path)?, range.start, length, Advice::DontNeed)?)
}

#[cfg(not(target_os = "linux"))]
fn write_back(_: &Path, _: Range<u64>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tables_have_grown_by_is_told_once() {
        let data = tempfile::tempdir().expect("a folder");
        let database = data.path().join("base").join("5");
        fs::create_dir_all(&database).expect("a database");
        let (table, index) = (database.join("16384"), database.join("16390.1"));
        let write = |path: &Path, bytes| fs::write(path, vec![0; bytes]).expect("a file");
        write(&table, 8_192);
        write(&database.join("PG_VERSION"), 3);
        let mut grown = Grown::of(data.path());
        assert_eq!(grown.look(), [], "what was there before");

        write(&table, 24_576);
        write(&index, 16_384);
        write(&database.join("t3_16400"), 8_192);
        write(&database.join("PG_VERSION"), 4);
        let mut told = grown.look();
        told.sort_by_key(|(path, _)| path.clone());
        assert_eq!(told, [(table.clone(), 8_192..24_576), (index.clone(), 0..16_384)]);
        for (path, range) in told {
            write_back(&path, range).expect("advice is taken");
        }
        assert_eq!(grown.look(), [], "once");

        fs::remove_file(&index).expect("dropped");
        write(&table, 0);
        assert_eq!(grown.look(), [], "truncated and dropped");
        write(&index, 8_192);
        write(&table, 8_192);
        assert_eq!(grown.look().len(), 2, "files that begin again");
        fs::remove_dir_all(&database).expect("a dropped database");
        assert_eq!(grown.look(), []);
    }
}
