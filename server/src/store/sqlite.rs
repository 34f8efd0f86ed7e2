//! The store in one file of SQLite: the only file family that names `sqlx`.
//!
//! What [`Database::apply`] said is done is on the disk: the log is written ahead, and every commit waits for it.

mod accounts;
mod lists;
mod read;
#[cfg(test)]
pub(crate) mod tests;
mod write;

pub(crate) use write::Done;

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlStr};
use thiserror::Error;

/// In order; one that a release had is never changed again.
const MIGRATIONS: &[(&str, &str)] = &[
    ("rooms", include_str!("../../migrations/0001_rooms.sql")),
    ("texts", include_str!("../../migrations/0002_texts.sql")),
    ("text keys", include_str!("../../migrations/0003_text_keys.sql")),
    ("accounts", include_str!("../../migrations/0004_accounts.sql")),
];
/// Someone else (a backup, a curious person) may hold the file for this long.
const BUSY_MAX: Duration = Duration::from_secs(2);
/// An earlier server may still be about to end: it gets a second.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_EVERY: Duration = Duration::from_millis(50);
/// Readable by nobody else: it holds password hashes and what people wrote.
const MODE: u32 = 0o600;

/// Why there is no store.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("cannot make the database {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the database {} is in use by another server", path.display())]
    InUse { path: PathBuf },
    #[error("cannot open the database {}: {source}", path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("the database {} is damaged ({what}); put a backup in its place, or remove it to begin anew", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("the database {} was made by a later version, or is no database of this program: {source}", path.display())]
    Foreign { path: PathBuf, source: MigrateError },
    #[error("cannot bring the database {} up to date: {source}", path.display())]
    Migrate { path: PathBuf, source: MigrateError },
}

/// Why something was not read or written.
#[derive(Debug, Error)]
pub(crate) enum DatabaseError {
    /// The whole database does not work just now.
    #[error("the database does not work: {0}")]
    Unusable(sqlx::Error),
    /// This one thing does not fit, as a text for a room that is gone.
    #[error("the database refuses it: {0}")]
    Refused(sqlx::Error),
    /// What was to be changed is not there.
    #[error("there is no such text")]
    Missing,
}

impl From<std::convert::Infallible> for DatabaseError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl DatabaseError {
    /// It was not tried: what came before it failed already.
    pub(crate) fn given_up() -> Self {
        Self::Unusable(sqlx::Error::PoolClosed)
    }

    /// What stands there is not what this program writes.
    fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused(sqlx::Error::Decode(error.into()))
    }
}

impl OpenError {
    pub(crate) fn unreadable(path: &Path, error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unusable(source) | DatabaseError::Refused(source) => {
                Self::Open { path: path.to_owned(), source }
            }
            DatabaseError::Missing => Self::Open { path: path.to_owned(), source: sqlx::Error::RowNotFound },
        }
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(told) if told.kind() != sqlx::error::ErrorKind::Other => Self::Refused(error),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Encode(_) => Self::Refused(error),
            _ => Self::Unusable(error),
        }
    }
}

/// An open database, to write.
pub(crate) struct Database {
    connection: SqliteConnection,
    /// Locked as long as it is open; the system lets go of it even after `kill -9`.
    _lock: File,
}

/// The same database, to read: what is being written does not hold it up.
pub(crate) struct Reader {
    connection: SqliteConnection,
}

/// Opens the file, made with mode 0600 where there is none, checks it and brings it up to date.
pub(crate) async fn open(path: &Path) -> Result<(Database, Reader), OpenError> {
    let file_error = |source| OpenError::File { path: path.to_owned(), source };
    let lock = open_private(&lock_of(path)).map_err(file_error)?;
    for attempt in 1.. {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if attempt < LOCK_ATTEMPTS => tokio::time::sleep(LOCK_EVERY).await,
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(file_error(source)),
        }
    }
    // Closed at once: of a file that is open twice SQLite's own locks would be lost when one is closed.
    drop(open_private(path).map_err(file_error)?);
    let mut connection = connect(path, "store-writer").await?;
    check(path, &mut connection).await?;
    migrate(path, &mut connection).await?;
    let reader = connect(path, "store-reader").await?;
    Ok((Database { connection, _lock: lock }, Reader { connection: reader }))
}

/// The write-ahead log takes over the mode of the file.
fn open_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).mode(MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    Ok(file)
}

/// Two servers that write the same rooms would each undo what the other did.
fn lock_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

async fn connect(path: &Path, name: &'static str) -> Result<SqliteConnection, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_MAX)
        // What was deleted is not to be found in the file any more.
        .pragma("secure_delete", "ON")
        .thread_name(move |_| name.to_owned())
        .disable_statement_logging();
    options.connect().await.map_err(|source| match is_damage(&source) {
        true => OpenError::Damaged { path: path.to_owned(), what: source.to_string() },
        false => OpenError::Open { path: path.to_owned(), source },
    })
}

/// "database disk image is malformed" and "file is not a database".
fn is_damage(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|told| told.code()).is_some_and(|code| code == "11" || code == "26")
}

async fn check(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let damaged = |what: String| OpenError::Damaged { path: path.to_owned(), what };
    let found: Result<Vec<String>, _> = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_all(connection).await;
    match found {
        Ok(lines) if lines == ["ok"] => Ok(()),
        Ok(lines) => Err(damaged(lines.join("; "))),
        Err(error) if is_damage(&error) => Err(damaged(error.to_string())),
        Err(source) => Err(OpenError::Open { path: path.to_owned(), source }),
    }
}

async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let migrations = (1..).zip(MIGRATIONS).map(|(version, &(name, sql))| {
        Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    let path = path.to_owned();
    match Migrator::with_migrations(migrations.collect()).run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(source @ (MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_))) => {
            Err(OpenError::Foreign { path, source })
        }
        Err(source) => Err(OpenError::Migrate { path, source }),
    }
}

impl Database {
    pub(crate) async fn close(self) {
        close(self.connection).await;
    }
}

impl Reader {
    pub(crate) async fn close(self) {
        close(self.connection).await;
    }
}

/// The last one brings the log into the file.
async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
}
