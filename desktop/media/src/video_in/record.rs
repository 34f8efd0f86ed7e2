//! What a peer sent, as files: decoded pictures, uncompressed, and a list of when each of them was shown.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::frame::I420;
use crate::packet::PeerTag;
use crate::pattern::Mark;
use crate::y4m::{Header, Writer};

/// A file has one rate, and RTP has none; this is only what a player shows it with.
const RATE: (u32, u32) = (30, 1);

/// Writes `<tag>.y4m`, and after a change of size `<tag>-2.y4m` and so on: a file has one size. `<tag>.times` has a line
/// for each picture that was shown, recorded or not: milliseconds since 1970, width, height, and number and time of the
/// pattern's mark, or a dash each.
#[derive(Debug)]
pub(super) struct Recording {
    folder: PathBuf,
    peer: PeerTag,
    /// Between two pictures that are recorded.
    every: Duration,
    files: u32,
    open: Option<Open>,
    times: Option<BufWriter<File>>,
    /// When a picture was recorded last.
    newest: Option<Duration>,
}

#[derive(Debug)]
struct Open {
    size: (u32, u32),
    writer: Writer<BufWriter<File>>,
}

impl Recording {
    pub(super) fn new(folder: PathBuf, every: Duration, peer: PeerTag) -> Self {
        Self { folder, peer, every, files: 0, open: None, times: None, newest: None }
    }

    /// A picture is shown at this time since 1970.
    pub(super) fn write(&mut self, picture: &I420, mark: Option<Mark>, at: Duration) -> io::Result<()> {
        let size = (picture.width(), picture.height());
        let times = match &mut self.times {
            Some(times) => times,
            times => {
                let file = File::create(self.folder.join(format!("{}.times", self.peer.0)))?;
                times.insert(BufWriter::new(file))
            }
        };
        let words = mark.map_or_else(|| "- -".to_owned(), |mark| format!("{} {}", mark.number, mark.millis));
        writeln!(times, "{:.3} {} {} {words}", at.as_secs_f64() * 1000.0, size.0, size.1)?;
        if self.newest.is_some_and(|newest| at.saturating_sub(newest) < self.every) {
            return Ok(());
        }
        self.newest = Some(at);
        let open = match &mut self.open {
            Some(open) if open.size == size => open,
            open => {
                self.files += 1;
                let suffix = if self.files == 1 { String::new() } else { format!("-{}", self.files) };
                let file = File::create(self.folder.join(format!("{}{suffix}.y4m", self.peer.0)))?;
                let header = Header { width: size.0, height: size.1, rate: RATE };
                open.insert(Open { size, writer: Writer::new(BufWriter::new(file), header)? })
            }
        };
        open.writer.write(picture)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn all_times_are_listed_and_pictures_recorded_only_so_often() {
        let folder = TempDir::new().unwrap();
        let mut recording = Recording::new(folder.path().into(), Duration::from_millis(500), PeerTag(7));
        let picture = I420::black(32, 16, Instant::now());
        for number in 0..10 {
            let mark = (number != 1).then_some(Mark { number, millis: 5 });
            recording.write(&picture, mark, Duration::from_millis(1_000 + 200 * u64::from(number))).unwrap();
        }
        drop(recording);
        let times = std::fs::read_to_string(folder.path().join("7.times")).unwrap();
        let lines: Vec<&str> = times.lines().collect();
        assert_eq!((lines.len(), lines[0], lines[1]), (10, "1000.000 32 16 0 5", "1200.000 32 16 - -"));
        // At 1.0, 1.6, 2.2 and 2.8 s.
        let recorded = std::fs::read(folder.path().join("7.y4m")).unwrap();
        assert_eq!(recorded.windows(6).filter(|bytes| bytes == b"FRAME\n").count(), 4);
    }
}
