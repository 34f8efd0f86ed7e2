//! Clips from files, good and bad.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::y4m::{Header, Writer};

const SIZE_MAX: (u32, u32) = (640, 360);

/// Pictures whose brightness counts from 1.
fn y4m(width: u32, height: u32, pictures: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file, Header { width, height, rate: (25, 1) }).unwrap();
    for value in 1..=pictures {
        let bytes = vec![value; I420::size(width, height)];
        writer.write(&I420::from_planes(width, height, bytes, Instant::now()).unwrap()).unwrap();
    }
    file
}

fn clip(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("clip");
    fs::write(&path, bytes).unwrap();
    path
}

fn failure(path: &Path, converter: &str) -> String {
    match Player::new(path, SIZE_MAX, Marks::None, converter) {
        Ok(mut player) => player.next().unwrap_err(),
        Err(sentence) => sentence,
    }
}

#[test]
fn a_clip_is_played_in_a_loop_at_its_own_size() {
    let folder = TempDir::new().unwrap();
    let path = clip(&folder, &y4m(176, 144, 3));
    let mut player = Player::new(&path, SIZE_MAX, Marks::None, "none").unwrap();
    assert_eq!(player.clip.header().rate, (25, 1));
    let shown: Vec<u8> = (0..8)
        .map(|_| {
            let picture = player.next().unwrap();
            assert_eq!((picture.width(), picture.height()), (176, 144));
            picture.y()[0]
        })
        .collect();
    assert_eq!(shown, [1, 2, 3, 1, 2, 3, 1, 2]);
}

#[test]
fn a_marked_clip_counts_on_when_it_begins_again() {
    let folder = TempDir::new().unwrap();
    let path = clip(&folder, &y4m(640, 480, 3));
    let mut player = Player::new(&path, SIZE_MAX, Marks::Drawn, "none").unwrap();
    for number in 0..8 {
        let (before, picture, after) = (wall_millis(), player.next().unwrap(), wall_millis());
        let mark = crate::pattern::read(&picture).unwrap();
        assert_eq!((mark.number, picture.y().last()), (number, Some(&(number as u8 % 3 + 1))));
        assert!((before..=after).contains(&mark.millis), "{mark:?}");
    }
}

#[test]
fn a_clip_that_is_too_large_is_scaled_down() {
    let folder = TempDir::new().unwrap();
    let path = clip(&folder, &y4m(1280, 1024, 1));
    let picture = Player::new(&path, SIZE_MAX, Marks::None, "none").unwrap().next().unwrap();
    assert_eq!((picture.width(), picture.height(), picture.y()[1000]), (450, 360, 1));
}

#[test]
fn a_clip_that_cannot_be_played_says_so() {
    let folder = TempDir::new().unwrap();
    assert!(failure(&folder.path().join("absent"), "none").contains("cannot be opened"));
    assert!(failure(&clip(&folder, b"YUV4MPEG2 W16 H16\n"), "none").contains("no pictures"));
    assert!(failure(&clip(&folder, b"YUV4MPEG2 W16 H16\nFRAMEabc"), "none").contains("stopped"));
    assert!(failure(&clip(&folder, b"YUV4MPEG2 W1 H16\n"), "none").contains("damaged"));
    let sentence = failure(&clip(&folder, b"\x1A\x45\xDF\xA3 a film"), "no-such-program");
    assert!(sentence.contains("`no-such-program`, which could convert it, is not installed"), "{sentence}");
}

#[test]
fn what_is_not_y4m_goes_through_the_converter() {
    let folder = TempDir::new().unwrap();
    let film = clip(&folder, b"a film");
    fs::write(folder.path().join("converted"), y4m(64, 48, 2)).unwrap();
    let converter = folder.path().join("converter");
    let converter = converter.to_str().unwrap();
    let script = format!(r#"echo "$@" > {0}/arguments; cat {0}/converted"#, folder.path().display());
    // Written by a process of its own: a file that this one has open for writing cannot be run.
    let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$2"; chmod +x "$2""#;
    assert!(Command::new("sh").args(["-c", write, "sh", &script, converter]).status().unwrap().success());
    let mut player = Player::new(&film, SIZE_MAX, Marks::None, converter).unwrap();
    let shown: Vec<u8> = (0..5).map(|_| player.next().unwrap().y()[0]).collect();
    assert_eq!(shown, [1, 2, 1, 2, 1]);
    let arguments = fs::read_to_string(folder.path().join("arguments")).unwrap();
    assert!(arguments.contains(&format!("-i file:{}", film.display())), "{arguments}");
    assert!(failure(&film, "true").contains("finds no pictures"));
}
