//! The store over a real file: what comes back, what is refused, what becomes too old, what damage does.

use std::os::unix::fs::PermissionsExt;

use protocol::{ClientId, History, Role, RoomId};
use rooms::{AddressMark, BanRecord, InviteHash, InviteId, InviteRecord, JobId, RoomRecord, TextRecord};
use tempfile::TempDir;

use super::*;
use crate::store::Change;
use crate::store::sample::{self, text};

const HOUR_MS: u64 = 3_600_000;

struct Kept {
    directory: TempDir,
    database: Database,
    reader: Reader,
}

impl Kept {
    async fn new() -> Self {
        Self::over(tempfile::tempdir().unwrap()).await
    }

    async fn over(directory: TempDir) -> Self {
        let (database, reader) = open(&directory.path().join("store.sqlite")).await.unwrap();
        Self { directory, database, reader }
    }

    async fn reopened(self) -> Self {
        drop((self.database, self.reader));
        Self::over(self.directory).await
    }

    async fn apply(&mut self, changes: &[Change]) -> Vec<bool> {
        self.database.apply(changes).await.iter().map(Result::is_ok).collect()
    }

    async fn ids(&mut self, room: &str, before: Option<u64>, limit: usize, since_ms: u64) -> (Vec<u64>, bool) {
        let room = RoomId::parse(room).unwrap();
        let (texts, more) = self.reader.texts(&room, before, limit, since_ms).await.unwrap();
        (texts.into_iter().map(|text| text.id).collect(), more)
    }
}

/// Someone else who writes: nobody can until it lets go.
pub(crate) struct Thief {
    connection: SqliteConnection,
}

pub(crate) async fn hold(path: &Path) -> Thief {
    let mut connection = connect(path, "thief").await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
    Thief { connection }
}

impl Thief {
    pub(crate) async fn let_go(mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.connection).await.unwrap();
    }
}

fn save(room: RoomRecord) -> Change {
    Change::SaveRoom(Box::new(room))
}

fn keep(text: TextRecord) -> Change {
    Change::KeepText { job: JobId(text.id), text: Box::new(text) }
}

fn full_room() -> RoomRecord {
    RoomRecord {
        public: false,
        guest_limit: 7,
        password_hash: Some("$argon2id$…".to_owned()),
        kept: true,
        lobby: true,
        locked: true,
        history: History::Hours(24),
        owner: Some(ClientId::new("ann")),
        moderators: vec![ClientId::new("cyn"), ClientId::new("bea")],
        bans: vec![
            BanRecord {
                client: ClientId::new("eve"),
                name: "<b>Eve".to_owned(),
                address: Some(AddressMark([7; 16])),
                by: Some(ClientId::new("bea")),
                since_s: 3,
            },
            BanRecord { client: ClientId::new("dan"), name: "Dan".to_owned(), address: None, by: None, since_s: 4 },
        ],
        invites: vec![
            InviteRecord {
                id: InviteId::new("b"),
                hash: InviteHash([1; 32]),
                role: Role::Moderator,
                uses_left: Some(3),
                expires_s: Some(99),
                created_s: 5,
            },
            InviteRecord {
                id: InviteId::new("a"),
                hash: InviteHash([2; 32]),
                role: Role::Guest,
                uses_left: None,
                expires_s: None,
                created_s: 6,
            },
        ],
        inside: vec![ClientId::new("cyn"), ClientId::new("ann")],
        created_s: 1_700_000_000,
        next_text_id: 42,
        ..sample::room("Größe 'x'; --")
    }
}

#[tokio::test]
async fn a_room_comes_back_as_it_was() {
    let mut kept = Kept::new().await;
    assert_eq!(kept.apply(&[save(full_room()), save(sample::room("demo"))]).await, [true, true]);
    let mut kept = kept.reopened().await;
    assert_eq!(kept.database.rooms().await.unwrap(), [full_room(), sample::room("demo")]);
    // The whole record takes the place of the one before.
    let less = RoomRecord { bans: vec![], invites: vec![], moderators: vec![], owner: None, ..full_room() };
    kept.apply(&[save(less.clone())]).await;
    assert_eq!(kept.database.rooms().await.unwrap()[0], less);
    kept.apply(&[Change::ForgetRoom(less.id)]).await;
    assert_eq!(kept.reopened().await.database.rooms().await.unwrap(), [sample::room("demo")]);
}

#[tokio::test]
async fn texts_come_back_in_pages_the_oldest_first() {
    let mut kept = Kept::new().await;
    let lines: Vec<_> = (1..=5).map(|id| keep(text("demo", id, id))).collect();
    kept.apply(&[save(sample::room("demo"))]).await;
    assert_eq!(kept.apply(&lines).await, [true; 5]);
    let mut kept = kept.reopened().await;
    assert_eq!(kept.ids("demo", None, 2, 0).await, (vec![4, 5], true));
    assert_eq!(kept.ids("demo", Some(4), 2, 0).await, (vec![2, 3], true));
    assert_eq!(kept.ids("demo", Some(4), 3, 0).await, (vec![1, 2, 3], false));
    assert_eq!(kept.ids("demo", Some(1), 3, 0).await, (vec![], false));
    let (texts, _) = kept.reader.texts(&RoomId::parse("demo").unwrap(), None, 1, 0).await.unwrap();
    assert_eq!(texts, [text("demo", 5, 5)]);
}

#[tokio::test]
async fn the_next_id_is_beyond_every_kept_text() {
    let mut kept = Kept::new().await;
    kept.apply(&[save(sample::room("demo")), keep(text("demo", 7, 7))]).await;
    assert_eq!(kept.database.rooms().await.unwrap()[0].next_text_id, 8);
    kept.apply(&[save(RoomRecord { next_text_id: 90, ..sample::room("demo") })]).await;
    assert_eq!(kept.database.rooms().await.unwrap()[0].next_text_id, 90);
    assert_eq!(kept.ids("demo", None, 9, 0).await.0, [7], "saving a room leaves its texts alone");
}

#[tokio::test]
async fn texts_are_edited_dropped_and_forgotten_with_their_room() {
    let mut kept = Kept::new().await;
    let room = RoomId::parse("demo").unwrap();
    let lines = [save(sample::room("demo")), keep(text("demo", 1, 1)), keep(text("demo", 2, 2))];
    kept.apply(&lines).await;
    let change_of = |id, author: &str| {
        let (room, author) = (room.clone(), ClientId::new(author));
        Change::EditText { job: JobId(id), room, id, author, text: "better".to_owned() }
    };
    let drop_of = |id, author: Option<&str>| Change::DropText {
        job: JobId(id),
        room: room.clone(),
        id,
        author: author.map(ClientId::new),
    };
    let foreign = [change_of(1, "bea"), drop_of(1, Some("bea")), change_of(9, "ann"), drop_of(9, None)];
    let results = kept.database.apply(&foreign).await;
    assert!(results.iter().all(|result| matches!(result, Err(DatabaseError::Missing))), "{results:?}");
    assert_eq!(kept.apply(&[change_of(1, "ann"), drop_of(2, None)]).await, [true, true]);
    let (texts, _) = kept.reader.texts(&room, None, 9, 0).await.unwrap();
    assert_eq!(texts, [TextRecord { text: "better".to_owned(), edited: true, ..text("demo", 1, 1) }]);
    kept.apply(&[Change::ForgetRoom(room.clone()), save(sample::room("demo"))]).await;
    assert_eq!(kept.ids("demo", None, 9, 0).await, (vec![], false), "a new room of the same name begins empty");
}

#[tokio::test]
async fn what_is_refused_does_not_keep_the_others_from_being_written() {
    let mut kept = Kept::new().await;
    let changes = [save(sample::room("demo")), keep(text("nowhere", 1, 1)), keep(text("demo", 1, 1))];
    assert_eq!(kept.apply(&changes).await, [true, false, true]);
    assert_eq!(kept.apply(&[keep(text("demo", 1, 1))]).await, [false], "no text twice");
    assert_eq!(kept.ids("demo", None, 9, 0).await.0, [1]);
}

#[tokio::test]
async fn a_text_is_kept_for_its_hours_and_not_longer() {
    let mut kept = Kept::new().await;
    let day = RoomRecord { history: History::Hours(24), ..sample::room("day") };
    let mut changes = vec![save(day.clone()), save(sample::room("ever"))];
    changes.extend(["day", "ever"].map(|room| keep(text(room, 1, 1_000))));
    kept.apply(&changes).await;
    let last = 1_000 + 24 * HOUR_MS;
    assert_eq!(kept.ids("day", None, 9, 1_000).await.0, [1]);
    assert_eq!(kept.ids("day", None, 9, 1_001).await.0, [0; 0], "not shown, even before it is forgotten");
    assert_eq!(kept.database.prune(last).await.unwrap(), 0);
    assert_eq!(kept.database.prune(last + 1).await.unwrap(), 1);
    assert_eq!(kept.ids("ever", None, 9, 0).await.0, [1]);
    let forget = |before_ms| Change::ForgetTexts { room: RoomId::parse("ever").unwrap(), before_ms };
    kept.apply(&[forget(1_000)]).await;
    assert_eq!(kept.ids("ever", None, 9, 0).await.0, [1]);
    kept.apply(&[forget(1_001)]).await;
    assert_eq!(kept.ids("ever", None, 9, 0).await.0, [0; 0]);
    // A room that keeps nothing any more is swept with the others.
    kept.apply(&[keep(text("ever", 2, 9)), save(RoomRecord { history: History::None, ..sample::room("ever") })]).await;
    assert_eq!(kept.database.prune(10).await.unwrap(), 1);
}

#[tokio::test]
async fn the_file_and_its_log_are_for_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.sqlite");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let mut kept = Kept::over(directory).await;
    kept.apply(&[save(sample::room("demo"))]).await;
    for name in ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm"] {
        let mode = std::fs::metadata(kept.directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn every_commit_waits_for_the_disk() {
    let mut kept = Kept::new().await;
    let connection = &mut kept.database.connection;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await.unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 2));
}

#[tokio::test]
async fn a_database_that_someone_holds_is_unusable_until_it_is_let_go() {
    let mut kept = Kept::new().await;
    kept.apply(&[save(sample::room("demo"))]).await;
    let thief = hold(&kept.directory.path().join("store.sqlite")).await;
    let results = kept.database.apply(&[keep(text("demo", 1, 1)), keep(text("demo", 2, 2))]).await;
    assert!(results.iter().all(|result| matches!(result, Err(DatabaseError::Unusable(_)))), "{results:?}");
    thief.let_go().await;
    assert_eq!(kept.apply(&[keep(text("demo", 1, 1))]).await, [true]);
    assert_eq!(kept.ids("demo", None, 9, 0).await.0, [1]);
}

async fn refused(prepare: impl FnOnce(&Path)) -> String {
    let mut kept = Kept::new().await;
    let lines: Vec<_> = (1..=2000).map(|id| keep(text("demo", id, id))).collect();
    kept.apply(&[save(sample::room("demo"))]).await;
    kept.apply(&lines).await;
    let Kept { directory, database, reader } = kept;
    reader.close().await;
    database.close().await;
    let path = directory.path().join("store.sqlite");
    prepare(&path);
    match open(&path).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_damaged_or_foreign_file_is_refused_in_a_sentence() {
    let garbage = refused(|path| std::fs::write(path, "no database at all ".repeat(1000)).unwrap()).await;
    assert!(garbage.contains("is damaged") && garbage.contains("put a backup in its place"), "{garbage}");
    let holes = refused(|path| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..].fill(0x5a);
        std::fs::write(path, bytes).unwrap();
    });
    assert!(holes.await.contains("is damaged"));
    let directory = refused(|path| {
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
    });
    assert!(directory.await.contains("cannot make the database"));
}

#[tokio::test]
async fn one_server_at_a_time_has_a_database() {
    let kept = Kept::new().await;
    let path = kept.directory.path().join("store.sqlite");
    let refused = open(&path).await.err().expect("a refusal");
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    drop((kept.database, kept.reader));
    assert!(open(&path).await.is_ok());
}

#[tokio::test]
async fn a_database_of_a_later_version_is_left_alone() {
    let mut kept = Kept::new().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (99, 'later', 1, x'00', 0)";
    sqlx::query(later).execute(&mut kept.database.connection).await.unwrap();
    let path = kept.directory.path().join("store.sqlite");
    drop((kept.database, kept.reader));
    let error = open(&path).await.err().expect("a refusal").to_string();
    assert!(error.contains("later version"), "{error}");
}

#[tokio::test]
async fn of_one_author_and_key_a_room_keeps_one_text_and_says_which() {
    let mut kept = Kept::new().await;
    kept.apply(&[save(sample::room("demo")), save(sample::room("moon"))]).await;
    let line = |room, id, client: &str, key: Option<&str>| {
        let key = key.map(str::to_owned);
        keep(TextRecord { client: ClientId::new(client), key, ..text(room, id, id) })
    };
    let changes = [
        line("demo", 1, "ann", Some("k")),
        line("demo", 2, "ann", Some("k")),
        line("demo", 3, "bob", Some("k")),
        line("moon", 4, "ann", Some("k")),
        line("demo", 5, "ann", None),
        line("demo", 6, "ann", None),
        line("demo", 7, "ann", Some("l")),
    ];
    let done: Vec<_> = kept.database.apply(&changes).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(done, [None, Some(1), None, None, None, None, None]);
    let mut kept = kept.reopened().await;
    assert_eq!(kept.ids("demo", None, 9, 0).await, (vec![1, 3, 5, 6, 7], false));
    let room = RoomId::parse("demo").unwrap();
    let drop = Change::DropText { job: JobId(0), room, id: 1, author: None };
    let changes = [line("demo", 8, "ann", Some("k")), drop, line("demo", 9, "ann", Some("k"))];
    let done: Vec<_> = kept.database.apply(&changes).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(done, [Some(1), None, None]);
    let (texts, _) = kept.reader.texts(&RoomId::parse("demo").unwrap(), None, 1, 0).await.unwrap();
    assert_eq!((texts[0].id, texts[0].key.as_deref()), (9, Some("k")));
}
