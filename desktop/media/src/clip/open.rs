//! Opening a clip: Y4M as it is, everything else through `ffmpeg`.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::frame::I420;
use crate::y4m::{Header, Reader, Y4mError};

/// A clip from its beginning.
pub(super) enum Clip {
    Plain(Reader<BufReader<File>>),
    Converted {
        reader: Reader<BufReader<ChildStdout>>,
        /// Held for as long as it is read from.
        _converter: Converter,
    },
}

/// A running `ffmpeg`; dropping it ends it.
pub(super) struct Converter(Child);

impl Clip {
    /// `converter` is the program to run for what is not plain Y4M. The error is a sentence for a person.
    pub(super) fn open(path: &Path, converter: &str) -> Result<Self, String> {
        let shown = path.display();
        let file = File::open(path).map_err(|error| format!("The clip {shown} cannot be opened: {error}."))?;
        match Reader::new(BufReader::new(file)) {
            Ok(reader) => return Ok(Self::Plain(reader)),
            Err(Y4mError::NotY4m | Y4mError::Unsupported(_)) => {}
            Err(error) => return Err(format!("The clip {shown} cannot be played: {error}.")),
        }
        let (output, running) = convert(path, converter).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!(
                "The clip {shown} is not plain Y4M (4:2:0), and `{converter}`, which could convert it, is not installed."
            ),
            _ => format!("`{converter}` cannot be started for the clip {shown}: {error}."),
        })?;
        match Reader::new(BufReader::new(output)) {
            Ok(reader) => Ok(Self::Converted { reader, _converter: running }),
            Err(_) => Err(format!("`{converter}` finds no pictures in the clip {shown}.")),
        }
    }

    pub(super) fn header(&self) -> Header {
        match self {
            Self::Plain(reader) => reader.header(),
            Self::Converted { reader, .. } => reader.header(),
        }
    }

    /// `false` at the end.
    pub(super) fn read(&mut self, picture: &mut I420) -> Result<bool, Y4mError> {
        match self {
            Self::Plain(reader) => reader.read(picture),
            Self::Converted { reader, .. } => reader.read(picture),
        }
    }
}

fn convert(path: &Path, converter: &str) -> io::Result<(ChildStdout, Converter)> {
    // With `file:` in front, no name is taken for an option or for an address in the network.
    let mut input = std::ffi::OsString::from("file:");
    input.push(path);
    let mut child = Command::new(converter)
        .args(["-v", "quiet", "-nostdin", "-i"])
        .arg(input)
        .args(["-an", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = child.stdout.take();
    let child = Converter(child);
    output.map(|output| (output, child)).ok_or_else(|| io::Error::other("no output"))
}

impl Drop for Converter {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
