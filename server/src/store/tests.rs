//! The engine's end of the store, over a real file.

use protocol::{ClientId, RoomId};

use super::sample;
use super::*;

async fn opened(directory: &Path) -> (Store, Vec<RoomRecord>) {
    let (store, stored) = Store::open(&directory.join("store.sqlite")).await.unwrap();
    (store, stored.rooms)
}

fn save(room: &str) -> Change {
    Change::SaveRoom(Box::new(sample::room(room)))
}

fn keep(room: &str, id: u64) -> Change {
    Change::KeepText { job: JobId(id), text: Box::new(sample::text(room, id, id)) }
}

/// Waits for so many answers.
async fn answers(store: &mut Store, count: usize) -> Vec<Answer> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(store.next().await);
    }
    all
}

fn written(job: u64, kept: Kept) -> Answer {
    Answer::Written { job: JobId(job), kept }
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, rooms) = opened(directory.path()).await;
    assert_eq!(rooms, []);
    store.write(save("demo"));
    (1..=1000).for_each(|id| store.write(keep("demo", id)));
    let expected: Vec<_> = (1..=1000).map(|id| written(id, Kept::Done)).collect();
    assert_eq!(answers(&mut store, 1000).await, expected, "in order");
    store.load(JobId(7), RoomId::parse("demo").unwrap(), None, 2, 0);
    let texts = [999, 1000].map(|id| sample::text("demo", id, id)).to_vec();
    let page = Some(LoadedTexts { texts, more: true });
    assert_eq!(answers(&mut store, 1).await, [Answer::Texts { job: JobId(7), page }]);
    store.write(save("late"));
    store.finish().await;
    let (_, rooms) = opened(directory.path()).await;
    let names: Vec<_> = rooms.iter().map(|room| (room.id.as_str(), room.next_text_id)).collect();
    assert_eq!(names, [("demo", 1001), ("late", 1)], "also what was said just before the end");
}

#[tokio::test]
async fn a_mark_passes_when_the_room_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = opened(directory.path()).await;
    assert_eq!(store.mark(), None);
    store.write(save("demo"));
    let mark = store.mark().expect("a mark");
    assert_eq!(answers(&mut store, 1).await, [Answer::Passed(mark)]);
    assert_eq!(store.mark(), None);
}

#[tokio::test]
async fn a_store_that_fails_says_so_and_catches_up_later() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = opened(directory.path()).await;
    let health = store.health();
    store.write(save("demo"));
    store.write(keep("demo", 1));
    assert_eq!(answers(&mut store, 1).await, [written(1, Kept::Done)]);
    assert!(health.works());
    let thief = sqlite::tests::hold(&directory.path().join("store.sqlite")).await;
    store.write(save("other"));
    store.write(keep("demo", 2));
    assert_eq!(answers(&mut store, 1).await, [written(2, Kept::Failed)]);
    assert!(!health.works());
    thief.let_go().await;
    store.write(keep("other", 3));
    assert_eq!(answers(&mut store, 1).await, [written(3, Kept::Done)], "the room that waited came first");
    assert!(health.works());
    store.write(Change::DropText { job: JobId(4), room: RoomId::parse("other").unwrap(), id: 3, author: None });
    let author = Some(ClientId::new("bea"));
    store.write(Change::DropText { job: JobId(5), room: RoomId::parse("demo").unwrap(), id: 1, author });
    assert_eq!(answers(&mut store, 2).await, [written(4, Kept::Done), written(5, Kept::Missing)]);
}
