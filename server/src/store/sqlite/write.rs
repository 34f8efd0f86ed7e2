//! Writing: many things in one transaction, so that a hundred chat lines cost one wait for the disk.

use protocol::History;
use rooms::{RoomRecord, TextRecord};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Sqlite, Transaction};

use super::{Database, DatabaseError, accounts, lists};
use crate::store::Change;

/// What came of one change. A number: of the text that was there already, in place of which nothing was written.
pub(crate) type Done = Result<Option<u64>, DatabaseError>;

impl Database {
    /// Writes all of it, in order; what is `Ok` survives whatever happens then.
    ///
    /// What the database refuses by itself does not keep the others from being written.
    pub(crate) async fn apply(&mut self, changes: &[Change]) -> Vec<Done> {
        match self.apply_together(changes).await {
            Ok(done) => done.into_iter().map(Ok).collect(),
            Err(DatabaseError::Refused(_) | DatabaseError::Missing) if changes.len() > 1 => {
                self.apply_each(changes).await
            }
            Err(error) => refuse_all(error, changes.len()),
        }
    }

    async fn apply_together(&mut self, changes: &[Change]) -> Result<Vec<Option<u64>>, DatabaseError> {
        // From the beginning with the right to write: waiting for it in the middle could deadlock with another.
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut done = Vec::with_capacity(changes.len());
        for change in changes {
            done.push(apply_one(&mut transaction, change).await?);
        }
        transaction.commit().await?;
        Ok(done)
    }

    async fn apply_each(&mut self, changes: &[Change]) -> Vec<Done> {
        let mut done = Vec::with_capacity(changes.len());
        for change in changes {
            let result = self.apply_together(std::slice::from_ref(change)).await;
            let is_hopeless = matches!(result, Err(DatabaseError::Unusable(_)));
            done.push(result.map(|done| done.into_iter().next().flatten()));
            if is_hopeless {
                // Each attempt may wait as long as this one did.
                done.extend(changes.iter().skip(done.len()).map(|_| Err(DatabaseError::given_up())));
                return done;
            }
        }
        done
    }

    /// Forgets the texts that are older than their rooms keep them; how many.
    pub(crate) async fn prune(&mut self, now_ms: u64) -> Result<u64, DatabaseError> {
        let pruned = sqlx::query(
            "DELETE FROM texts WHERE EXISTS (SELECT 1 FROM rooms WHERE rooms.id = texts.room \
             AND rooms.history >= 0 AND texts.time_ms < ?1 - rooms.history * 3600000)",
        )
        .bind(integer(now_ms))
        .execute(&mut self.connection)
        .await?;
        Ok(pruned.rows_affected())
    }
}

fn refuse_all(error: DatabaseError, count: usize) -> Vec<Done> {
    let mut done = vec![Err(error)];
    done.extend((1..count).map(|_| Err(DatabaseError::given_up())));
    done
}

async fn apply_one(transaction: &mut Transaction<'_, Sqlite>, change: &Change) -> Done {
    match change {
        Change::SaveRoom(room) => save_room(transaction, room).await,
        Change::ForgetRoom(room) => {
            sqlx::query("DELETE FROM rooms WHERE id = ?").bind(room.as_str()).execute(&mut **transaction).await?;
            Ok(None)
        }
        Change::KeepText { text, .. } => keep_text(transaction, text).await,
        Change::EditText { room, id, author, text, .. } => {
            let edit =
                sqlx::query("UPDATE texts SET text = ?4, edited = 1 WHERE room = ?1 AND id = ?2 AND client = ?3");
            let edit = edit.bind(room.as_str()).bind(integer(*id)).bind(author.as_str()).bind(text.as_str());
            was_there(edit.execute(&mut **transaction).await?.rows_affected())
        }
        Change::DropText { room, id, author, .. } => {
            let drop = sqlx::query("DELETE FROM texts WHERE room = ?1 AND id = ?2 AND (?3 IS NULL OR client = ?3)");
            let drop = drop.bind(room.as_str()).bind(integer(*id)).bind(author.as_ref().map(|author| author.as_str()));
            was_there(drop.execute(&mut **transaction).await?.rows_affected())
        }
        Change::ForgetTexts { room, before_ms } => {
            let forget = sqlx::query("DELETE FROM texts WHERE room = ? AND time_ms < ?");
            forget.bind(room.as_str()).bind(integer(*before_ms)).execute(&mut **transaction).await?;
            Ok(None)
        }
        Change::Account { change, .. } => accounts::apply(transaction, change).await,
        Change::Mark(_) => Ok(None),
    }
}

fn was_there(rows: u64) -> Done {
    if rows == 1 { Ok(None) } else { Err(DatabaseError::Missing) }
}

/// The whole record, whatever was there before. The texts stay.
async fn save_room(connection: &mut SqliteConnection, room: &RoomRecord) -> Done {
    sqlx::query(
        "INSERT INTO rooms (id, public, guest_limit, password_hash, kept, lobby, locked, history, owner, moderators, \
         bans, invites, inside, created, next_text_id) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
         ON CONFLICT (id) DO UPDATE SET public = ?2, guest_limit = ?3, password_hash = ?4, kept = ?5, lobby = ?6, \
         locked = ?7, history = ?8, owner = ?9, moderators = ?10, bans = ?11, invites = ?12, inside = ?13, \
         created = ?14, next_text_id = ?15",
    )
    .bind(room.id.as_str())
    .bind(room.public)
    .bind(integer(room.guest_limit as u64))
    .bind(room.password_hash.as_deref())
    .bind(room.kept)
    .bind(room.lobby)
    .bind(room.locked)
    .bind(history_number(room.history))
    .bind(room.owner.as_ref().map(|owner| owner.as_str()))
    .bind(lists::write(&room.moderators)?)
    .bind(lists::write(room.bans.iter().map(lists::Ban::from))?)
    .bind(lists::write(room.invites.iter().map(lists::Invite::from))?)
    .bind(lists::write(&room.inside)?)
    .bind(integer(room.created_s))
    .bind(integer(room.next_text_id))
    .execute(connection)
    .await?;
    Ok(None)
}

/// Unless its author has said it before, by its key.
async fn keep_text(connection: &mut SqliteConnection, text: &TextRecord) -> Done {
    let written = sqlx::query(
        "INSERT INTO texts (room, id, client, name, time_ms, said_ms, text, key, edited) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room, client, key) WHERE key IS NOT NULL DO NOTHING",
    )
    .bind(text.room.as_str())
    .bind(integer(text.id))
    .bind(text.client.as_str())
    .bind(text.name.as_str())
    .bind(integer(text.time_ms))
    .bind(text.said_ms)
    .bind(text.text.as_str())
    .bind(text.key.as_deref())
    .bind(text.edited)
    .execute(&mut *connection)
    .await?;
    if written.rows_affected() == 1 {
        return Ok(None);
    }
    let before: i64 = sqlx::query_scalar("SELECT id FROM texts WHERE room = ? AND client = ? AND key = ?")
        .bind(text.room.as_str())
        .bind(text.client.as_str())
        .bind(text.key.as_deref())
        .fetch_one(connection)
        .await?;
    Ok(Some(u64::try_from(before).unwrap_or(0)))
}

fn history_number(history: History) -> i64 {
    match history {
        History::None => 0,
        History::Forever => -1,
        History::Hours(hours) => i64::from(hours),
    }
}

/// SQLite's integers have a sign; ours come nowhere near the end.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
