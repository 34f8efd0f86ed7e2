//! What a peer sent, as a file: every decoded picture, uncompressed.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;

use crate::frame::I420;
use crate::packet::PeerTag;
use crate::y4m::{Header, Writer};

/// A file has one rate, and RTP has none; this is only what a player shows it with.
const RATE: (u32, u32) = (30, 1);

/// Writes `<tag>.y4m`, and after a change of size `<tag>-2.y4m` and so on: a file has one size.
#[derive(Debug)]
pub(super) struct Recording {
    folder: PathBuf,
    peer: PeerTag,
    files: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    size: (u32, u32),
    writer: Writer<BufWriter<File>>,
}

impl Recording {
    pub(super) fn new(folder: PathBuf, peer: PeerTag) -> Self {
        Self { folder, peer, files: 0, open: None }
    }

    pub(super) fn write(&mut self, picture: &I420) -> io::Result<()> {
        let size = (picture.width(), picture.height());
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
