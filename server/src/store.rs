//! What outlives the process: rooms, what was said in them, and accounts. The engine owns a [`Store`] and never waits for it.
//!
//! Everything that waits while one batch is being written goes into the next one (group commit), so a slow disk makes
//! batches larger and not the queue longer.

#[cfg(test)]
mod killed;
mod queue;
#[cfg(test)]
mod sample;
mod sqlite;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use protocol::{ClientId, RoomId};
use rooms::accounts::{AccountChange, AccountJob, StoredAccounts};
use rooms::{JobId, Kept, LoadedTexts, RoomRecord, TextRecord};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::calendar::unix_ms;
use queue::Queue;
pub use sqlite::OpenError;
use sqlite::{Database, DatabaseError, Done, Reader};

/// What may be written in one transaction: at a tenth of a millisecond each nobody waits long for the others.
const BATCH_MAX: usize = 512;
/// Pages of texts that may wait to be read; whoever asks beyond that gets an empty one.
const PAGES_MAX: usize = 256;
/// Until what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often texts are looked for that have become too old.
const PRUNE_EVERY: Duration = Duration::from_mins(10);
/// How long the last changes may take when the server stops.
const FINISH_MAX: Duration = Duration::from_secs(2);

/// One thing to write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// The whole room as it is now.
    SaveRoom(Box<RoomRecord>),
    /// With everything that was said in it.
    ForgetRoom(RoomId),
    KeepText {
        job: JobId,
        text: Box<TextRecord>,
    },
    EditText {
        job: JobId,
        room: RoomId,
        id: u64,
        author: ClientId,
        text: String,
    },
    DropText {
        job: JobId,
        room: RoomId,
        id: u64,
        /// `None`: whoever wrote it.
        author: Option<ClientId>,
    },
    ForgetTexts {
        room: RoomId,
        before_ms: u64,
    },
    /// Accounts come one at a time and rarely: so many may wait as there are.
    Account {
        job: AccountJob,
        change: AccountChange,
    },
    /// Nothing to write: comes back when everything before it has been written, or could not be.
    Mark(u64),
}

impl Change {
    /// Whose text it is about; the others are about rooms and accounts.
    fn job(&self) -> Option<JobId> {
        match self {
            Self::SaveRoom(_)
            | Self::ForgetRoom(_)
            | Self::ForgetTexts { .. }
            | Self::Account { .. }
            | Self::Mark(_) => None,
            Self::KeepText { job, .. } | Self::EditText { job, .. } | Self::DropText { job, .. } => Some(*job),
        }
    }

    fn is_about_a_room(&self) -> bool {
        matches!(self, Self::SaveRoom(_) | Self::ForgetRoom(_) | Self::ForgetTexts { .. })
    }
}

/// What came of something.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// It is on the disk, or will never be.
    Written { job: JobId, kept: Kept },
    /// A change of an account is on the disk, or will never be.
    Account { job: AccountJob, kept: bool },
    /// Everything before the mark has been tried.
    Passed(u64),
    /// Oldest first; `None`: they could not be read.
    Texts { job: JobId, page: Option<LoadedTexts> },
}

/// A wish for a page.
struct Ask {
    job: JobId,
    room: RoomId,
    before: Option<u64>,
    limit: usize,
    since_ms: u64,
}

/// A batch that the writer is done with.
struct Written {
    changes: Vec<Change>,
    results: Vec<Done>,
}

/// Whether what is written is kept at the moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoreHealth(Arc<AtomicBool>);

impl StoreHealth {
    pub(crate) fn works(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `true` if it was otherwise before.
    fn set(&self, works: bool) -> bool {
        self.0.swap(works, Ordering::Relaxed) != works
    }
}

/// What the database held at the start.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub rooms: Vec<RoomRecord>,
    pub accounts: StoredAccounts,
}

/// The engine's end of the store; dropping it ends the tasks.
pub(crate) struct Store {
    queue: Queue,
    batches: mpsc::Sender<Vec<Change>>,
    written: mpsc::Receiver<Written>,
    asks: mpsc::Sender<Ask>,
    pages: mpsc::Receiver<Answer>,
    /// A batch is with the writer.
    is_writing: bool,
    retry_at: Option<Instant>,
    next_mark: u64,
    health: StoreHealth,
    tasks: JoinSet<()>,
}

impl Store {
    /// Opens the database, and hands out what is in it.
    pub(crate) async fn open(path: &Path) -> Result<(Self, Stored), OpenError> {
        let (mut database, reader) = sqlite::open(path).await?;
        let unreadable = |error| OpenError::unreadable(path, error);
        let rooms = database.rooms().await.map_err(unreadable)?;
        let accounts = database.accounts().await.map_err(unreadable)?;
        let (batches, to_write) = mpsc::channel(1);
        let (written_tx, written) = mpsc::channel(1);
        let (asks, to_read) = mpsc::channel(PAGES_MAX);
        let (pages_tx, pages) = mpsc::channel(PAGES_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(write(database, to_write, written_tx));
        tasks.spawn(read(reader, to_read, pages_tx));
        let health = StoreHealth::default();
        health.set(true);
        let store = Self {
            queue: Queue::default(),
            batches,
            written,
            asks,
            pages,
            is_writing: false,
            retry_at: None,
            next_mark: 0,
            health,
            tasks,
        };
        Ok((store, Stored { rooms, accounts }))
    }

    pub(crate) fn health(&self) -> StoreHealth {
        self.health.clone()
    }

    /// Takes a change in line. A text is refused at once where too many wait; a room never is.
    pub(crate) fn write(&mut self, change: Change) {
        self.queue.push(change);
        self.fill();
    }

    /// Asks for the latest texts before `before` that are not older than `since_ms`.
    pub(crate) fn load(&mut self, job: JobId, room: RoomId, before: Option<u64>, limit: usize, since_ms: u64) {
        if self.asks.try_send(Ask { job, room, before, limit, since_ms }).is_err() {
            self.queue.answer(Answer::Texts { job, page: None });
        }
    }

    /// A number that comes back as [`Answer::Passed`] when all that was said of rooms so far is kept, or could not be.
    /// `None`: it is already, or it cannot be at the moment and nobody shall wait for it.
    pub(crate) fn mark(&mut self) -> Option<u64> {
        if !self.queue.has_rooms() || !self.health.works() {
            return None;
        }
        self.next_mark += 1;
        self.write(Change::Mark(self.next_mark));
        Some(self.next_mark)
    }

    /// What has been done; waits for ever where nothing is to be done. Cancel safe.
    pub(crate) async fn next(&mut self) -> Vec<Answer> {
        loop {
            self.fill();
            let answers = self.queue.take_answers();
            if !answers.is_empty() {
                return answers;
            }
            let retry_at = self.retry_at;
            tokio::select! {
                Some(written) = self.written.recv() => self.take(written),
                Some(page) = self.pages.recv() => return vec![page],
                () = tokio::time::sleep_until(retry_at.unwrap_or_else(Instant::now).into()), if retry_at.is_some() => {
                    self.retry_at = None;
                }
                else => return std::future::pending().await,
            }
        }
    }

    /// Writes what waits, closes the database, and gives up on a disk that takes too long.
    pub(crate) async fn finish(mut self) {
        let until = tokio::time::Instant::now() + FINISH_MAX;
        while !self.queue.is_empty() || self.is_writing {
            if tokio::time::timeout_at(until, self.next()).await.is_err() {
                tracing::error!("the last changes were not written");
                return;
            }
        }
        let Self { batches, asks, mut tasks, .. } = self;
        drop((batches, asks));
        let closed = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout_at(until, closed).await.is_err() {
            tracing::warn!("the database was not closed in time");
        }
    }

    /// Gives the writer the next batch as soon as it is free.
    fn fill(&mut self) {
        if self.is_writing || self.retry_at.is_some() || self.queue.is_empty() {
            return;
        }
        match self.batches.try_send(self.queue.take_batch(BATCH_MAX)) {
            Ok(()) => self.is_writing = true,
            // Only if the writer is gone.
            Err(error) => {
                self.note(false);
                self.queue.refuse(error.into_inner());
            }
        }
    }

    fn take(&mut self, Written { changes, results }: Written) {
        self.is_writing = false;
        let works = !results.iter().any(|result| matches!(result, Err(DatabaseError::Unusable(_))));
        if self.note(works) || !works {
            for error in results.iter().filter_map(|result| result.as_ref().err()).take(1) {
                tracing::error!(%error, "something was not written");
            }
        }
        if !works {
            self.retry_at = Some(Instant::now() + RETRY);
        }
        self.queue.settle(changes, &results);
    }

    fn note(&self, works: bool) -> bool {
        let changed = self.health.set(works);
        match works {
            true if changed => tracing::info!("the database works again"),
            false if changed => {
                tracing::error!("the database does not work: what is said in rooms with a history is refused")
            }
            true | false => {}
        }
        changed
    }
}

/// The writer: the only one that changes the database.
async fn write(mut database: Database, mut batches: mpsc::Receiver<Vec<Change>>, written: mpsc::Sender<Written>) {
    let mut prune = tokio::time::interval(PRUNE_EVERY);
    prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            batch = batches.recv() => {
                let Some(changes) = batch else { return database.close().await };
                let results = database.apply(&changes).await;
                if written.send(Written { changes, results }).await.is_err() {
                    return database.close().await;
                }
            }
            _ = prune.tick() => match database.prune(unix_ms()).await {
                Ok(0) => {}
                Ok(n_texts) => tracing::debug!(n_texts, "forgot what is older than its room keeps it"),
                Err(error) => tracing::error!(%error, "what is too old was not forgotten"),
            },
        }
    }
}

async fn read(mut reader: Reader, mut asks: mpsc::Receiver<Ask>, pages: mpsc::Sender<Answer>) {
    while let Some(Ask { job, room, before, limit, since_ms }) = asks.recv().await {
        let page = match reader.texts(&room, before, limit, since_ms).await {
            Ok((texts, more)) => Some(LoadedTexts { texts, more }),
            Err(error) => {
                tracing::error!(%error, "what was said in a room cannot be read");
                None
            }
        };
        if pages.send(Answer::Texts { job, page }).await.is_err() {
            break;
        }
    }
    reader.close().await;
}
