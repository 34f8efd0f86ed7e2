//! Reading: all rooms at the start, a page of texts whenever somebody scrolls back.

use protocol::{ClientId, History, RoomId, Username};
use rooms::{RoomRecord, TextRecord};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::write::integer;
use super::{Database, DatabaseError, Reader, lists};

impl Database {
    /// Every room as it was saved last. One that cannot be read is left out.
    pub(crate) async fn rooms(&mut self) -> Result<Vec<RoomRecord>, DatabaseError> {
        // The counter is saved with the room, the texts by themselves: the later of the two holds.
        let found = sqlx::query(
            "SELECT *, MAX(next_text_id, COALESCE((SELECT MAX(texts.id) + 1 FROM texts WHERE room = rooms.id), 0)) \
             AS free_text_id FROM rooms ORDER BY id",
        )
        .fetch_all(&mut self.connection)
        .await?;
        let mut rooms = Vec::with_capacity(found.len());
        for row in &found {
            match read_room(row) {
                Ok(room) => rooms.push(room),
                Err(error) => tracing::error!(%error, "a room cannot be read and stays closed"),
            }
        }
        Ok(rooms)
    }
}

impl Reader {
    /// The latest texts before `before` that are not older than `since_ms`, oldest first, `limit` at most; and whether there are more.
    pub(crate) async fn texts(
        &mut self,
        room: &RoomId,
        before: Option<u64>,
        limit: usize,
        since_ms: u64,
    ) -> Result<(Vec<TextRecord>, bool), DatabaseError> {
        let rows =
            sqlx::query("SELECT * FROM texts WHERE room = ?1 AND id < ?2 AND time_ms >= ?4 ORDER BY id DESC LIMIT ?3")
                .bind(room.as_str())
                .bind(before.map_or(i64::MAX, integer))
                .bind(integer(limit as u64) + 1)
                .bind(integer(since_ms))
                .fetch_all(&mut self.connection)
                .await?;
        let more = rows.len() > limit;
        let texts: Result<Vec<_>, _> = rows.iter().take(limit).rev().map(|row| read_text(room, row)).collect();
        Ok((texts?, more))
    }
}

fn read_room(row: &SqliteRow) -> Result<RoomRecord, DatabaseError> {
    let list = |column| row.try_get::<&str, _>(column);
    Ok(RoomRecord {
        id: RoomId::parse(row.try_get("id")?).map_err(DatabaseError::unreadable)?,
        public: row.try_get("public")?,
        guest_limit: usize::try_from(row.try_get::<i64, _>("guest_limit")?).unwrap_or(0),
        password_hash: row.try_get("password_hash")?,
        kept: row.try_get("kept")?,
        lobby: row.try_get("lobby")?,
        locked: row.try_get("locked")?,
        history: history_of(row.try_get("history")?),
        owner: row.try_get::<Option<String>, _>("owner")?.map(ClientId::new),
        moderators: lists::read::<ClientId, _>(list("moderators")?)?,
        bans: lists::read::<lists::Ban, _>(list("bans")?)?,
        invites: lists::read::<lists::Invite, _>(list("invites")?)?,
        inside: lists::read::<ClientId, _>(list("inside")?)?,
        created_s: natural(row.try_get("created")?),
        next_text_id: natural(row.try_get("free_text_id")?),
    })
}

fn read_text(room: &RoomId, row: &SqliteRow) -> Result<TextRecord, DatabaseError> {
    Ok(TextRecord {
        room: room.clone(),
        id: natural(row.try_get("id")?),
        client: ClientId::new(row.try_get::<String, _>("client")?),
        name: Username::parse(row.try_get("name")?).map_err(DatabaseError::unreadable)?,
        time_ms: natural(row.try_get("time_ms")?),
        said_ms: row.try_get("said_ms")?,
        text: row.try_get("text")?,
        key: row.try_get("key")?,
        edited: row.try_get("edited")?,
    })
}

fn history_of(number: i64) -> History {
    match u32::try_from(number) {
        Ok(0) => History::None,
        Ok(hours) => History::Hours(hours),
        Err(_) => History::Forever,
    }
}

pub(super) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
