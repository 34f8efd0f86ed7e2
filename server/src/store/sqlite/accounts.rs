//! Accounts, and which tokens of a session count: written with everything else, read at the start.

use protocol::AccountName;
use rooms::SessionId;
use rooms::accounts::{AccountChange, AccountRecord, StoredAccounts};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::read::natural;
use super::write::{Done, integer};
use super::{Database, DatabaseError};

impl Database {
    /// Every account as it was saved last. One that cannot be read is left out; its session's tokens are judged all the same.
    pub(crate) async fn accounts(&mut self) -> Result<StoredAccounts, DatabaseError> {
        let mut stored = StoredAccounts::default();
        for row in &sqlx::query("SELECT id, generation FROM sessions").fetch_all(&mut self.connection).await? {
            stored.generations.push((session_of(row, "id")?, natural(row.try_get("generation")?)));
        }
        let found = "SELECT accounts.*, sessions.generation FROM accounts JOIN sessions ON sessions.id = session";
        for row in &sqlx::query(found).fetch_all(&mut self.connection).await? {
            match read_account(row) {
                Ok(account) => stored.accounts.push(account),
                Err(error) => tracing::error!(%error, "an account cannot be read and stays closed"),
            }
        }
        Ok(stored)
    }
}

fn read_account(row: &SqliteRow) -> Result<AccountRecord, DatabaseError> {
    Ok(AccountRecord {
        name: AccountName::parse(row.try_get("name")?).map_err(DatabaseError::unreadable)?,
        password_hash: row.try_get("password_hash")?,
        session: session_of(row, "session")?,
        generation: natural(row.try_get("generation")?),
        created_s: natural(row.try_get("created")?),
    })
}

fn session_of(row: &SqliteRow, column: &str) -> Result<SessionId, DatabaseError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map(SessionId::new).map_err(DatabaseError::unreadable)
}

pub(super) async fn apply(connection: &mut SqliteConnection, change: &AccountChange) -> Done {
    match change {
        AccountChange::Save(account) => save(connection, account).await,
        AccountChange::Forget { key, session, generation } => {
            sqlx::query("DELETE FROM accounts WHERE key = ?").bind(key.as_str()).execute(&mut *connection).await?;
            count(connection, session, *generation).await
        }
    }
}

/// The whole record, whatever was there before.
async fn save(connection: &mut SqliteConnection, account: &AccountRecord) -> Done {
    count(connection, &account.session, account.generation).await?;
    sqlx::query(
        "INSERT INTO accounts (key, name, password_hash, session, created) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (key) DO UPDATE SET name = ?2, password_hash = ?3, session = ?4, created = ?5",
    )
    .bind(account.name.key().as_str())
    .bind(account.name.as_str())
    .bind(account.password_hash.as_str())
    .bind(account.session.as_bytes().as_slice())
    .bind(integer(account.created_s))
    .execute(connection)
    .await?;
    Ok(None)
}

async fn count(connection: &mut SqliteConnection, session: &SessionId, generation: u64) -> Done {
    sqlx::query("INSERT INTO sessions (id, generation) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET generation = ?2")
        .bind(session.as_bytes().as_slice())
        .bind(integer(generation))
        .execute(connection)
        .await?;
    Ok(None)
}
