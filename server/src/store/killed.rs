//! `kill -9` while the store writes: what was answered is there, once, and nothing that nobody said.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use protocol::RoomId;

use super::*;

/// Names the directory for the process that is to be killed.
const DIRECTORY: &str = "STORE_TO_KILL";
const ROUNDS: u64 = 200;
/// Texts that wait for the disk at once.
const WINDOW: u64 = 16;

/// The writer, as a process of its own: this very program with one test to run.
fn writer(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::killed::writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Says `kept <id>` for each text that the store says it has kept.
#[tokio::test]
#[ignore = "it is run, and killed, by the test below"]
async fn writes_until_it_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let (mut store, stored) = Store::open(&Path::new(&directory).join("store.sqlite")).await.unwrap();
    let mut next = stored.rooms.first().map_or(1, |room| room.next_text_id);
    store.write(Change::SaveRoom(Box::new(sample::room("demo"))));
    let mut waiting = 0;
    loop {
        while waiting < WINDOW {
            let text = Box::new(sample::text("demo", next, next));
            store.write(Change::KeepText { job: JobId(next), text });
            (next, waiting) = (next + 1, waiting + 1);
        }
        let mut said = String::new();
        for answer in store.next().await {
            let Answer::Written { job, kept: Kept::Done } = answer else { panic!("{answer:?}") };
            said.push_str(&format!("kept {}\n", job.0));
            waiting -= 1;
        }
        // At once and unbuffered: what is said is said.
        std::io::stdout().write_all(said.as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
    }
}

/// Kills the writer when it has said so many; everything that it said, also in its last moment.
fn kill_after(mut writer: Child, count: u64) -> Vec<u64> {
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    let mut killed = count == 0;
    if killed {
        writer.kill().unwrap();
    }
    for line in lines {
        if let Some(id) = line.unwrap().strip_prefix("kept ") {
            said.push(id.parse().unwrap());
        }
        if !killed && said.len() as u64 >= count {
            writer.kill().unwrap();
            killed = true;
        }
    }
    writer.wait().unwrap();
    said
}

#[tokio::test]
async fn what_was_answered_survives_200_kills_and_nothing_else_appears() {
    let directory = tempfile::tempdir().unwrap();
    let room = RoomId::parse("demo").unwrap();
    let mut answered = BTreeSet::new();
    for round in 0..ROUNDS {
        // Anywhere between the first moment and the middle of a later batch.
        let count = round * 37 % 101;
        let said = kill_after(writer(directory.path()), count);
        assert!(said.len() as u64 >= count, "round {round}: it ended by itself");
        for id in said {
            assert!(answered.insert(id), "round {round}: {id} was answered twice");
        }
    }
    let (_, mut reader) = sqlite::open(&directory.path().join("store.sqlite")).await.unwrap();
    let (texts, more) = reader.texts(&room, None, 1_000_000, 0).await.unwrap();
    assert!(!more);
    let found: BTreeSet<_> = texts.iter().map(|text| text.id).collect();
    assert_eq!(found.len(), texts.len(), "each is there once");
    assert!(answered.is_subset(&found), "lost: {:?}", answered.difference(&found).collect::<Vec<_>>());
    // Whoever was killed between the disk and the answer leaves at most what was on its way.
    let silent = found.len() - answered.len();
    assert!(silent as u64 <= ROUNDS * WINDOW, "{silent} that nobody was told of");
    for text in &texts {
        assert_eq!(text, &sample::text("demo", text.id, text.id));
    }
    assert!(answered.len() as u64 > ROUNDS * 20, "{} answers in all", answered.len());
}
