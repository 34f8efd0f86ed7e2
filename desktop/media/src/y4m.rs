//! Y4M: uncompressed 4:2:0 pictures one after another, as clips and as recordings.

use std::io::{self, BufRead, Read, Write};

use thiserror::Error;

use crate::frame::I420;

/// Real headers have some fifty bytes.
const LINE_MAX: u64 = 512;

/// What a clip may ask us to hold in memory, per side.
const SIDE_MIN: u32 = 16;
const SIDE_MAX: u32 = 4096;

const FPS_MAX: u32 = 120;

#[derive(Debug, Error)]
pub(crate) enum Y4mError {
    #[error("it is not a Y4M file")]
    NotY4m,
    #[error("its `{0}` is not supported")]
    Unsupported(String),
    #[error("it is damaged")]
    Malformed,
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pictures per so many seconds.
    pub(crate) rate: (u32, u32),
}

/// Reads the pictures of a file that may say anything.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: R,
    header: Header,
    line: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    pub(crate) fn new(mut input: R) -> Result<Self, Y4mError> {
        let mut line = Vec::new();
        read_line(&mut input, &mut line)?;
        let header = parse_header(&line)?;
        Ok(Self { input, header, line })
    }

    pub(crate) fn header(&self) -> Header {
        self.header
    }

    /// Fills a picture of the header's size. `false` at the end; a picture that is cut short is the end, too.
    pub(crate) fn read(&mut self, picture: &mut I420) -> Result<bool, Y4mError> {
        read_line(&mut self.input, &mut self.line)?;
        if self.line.is_empty() {
            return Ok(false);
        }
        if !self.line.starts_with(b"FRAME") {
            return Err(Y4mError::Malformed);
        }
        match self.input.read_exact(picture.data_mut()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// One line without its end, bounded. Empty at the end of the file.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<(), Y4mError> {
    line.clear();
    input.take(LINE_MAX).read_until(b'\n', line)?;
    match line.pop() {
        None | Some(b'\n') => Ok(()),
        Some(_) => Err(Y4mError::NotY4m),
    }
}

fn parse_header(line: &[u8]) -> Result<Header, Y4mError> {
    let line = str::from_utf8(line).map_err(|_| Y4mError::NotY4m)?;
    let mut words = line.split(' ');
    if words.next() != Some("YUV4MPEG2") {
        return Err(Y4mError::NotY4m);
    }
    let mut header = Header { width: 0, height: 0, rate: (30, 1) };
    for word in words {
        let Some((tag, value)) = word.split_at_checked(1) else { continue };
        match tag {
            "W" => header.width = side(value).ok_or(Y4mError::Malformed)?,
            "H" => header.height = side(value).ok_or(Y4mError::Malformed)?,
            "F" => header.rate = rate(value).ok_or(Y4mError::Malformed)?,
            "C" if !matches!(value, "420" | "420jpeg" | "420mpeg2" | "420paldv") => {
                return Err(Y4mError::Unsupported(word.to_owned()));
            }
            // Interlacing, aspect, comments: shown as if they were not there.
            _ => {}
        }
    }
    if header.width == 0 || header.height == 0 { Err(Y4mError::Malformed) } else { Ok(header) }
}

fn side(value: &str) -> Option<u32> {
    value.parse().ok().filter(|side| (SIDE_MIN..=SIDE_MAX).contains(side))
}

/// `0:0` means unknown. Nothing is shown faster than our limit.
fn rate(value: &str) -> Option<(u32, u32)> {
    let (pictures, seconds) = value.split_once(':')?;
    match (pictures.parse::<u32>().ok()?, seconds.parse::<u32>().ok()?) {
        (0, _) | (_, 0) => Some((30, 1)),
        (pictures, seconds) if pictures / seconds > FPS_MAX => Some((FPS_MAX, 1)),
        rate => Some(rate),
    }
}

/// Writes pictures of one size.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    output: W,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(mut output: W, header: Header) -> io::Result<Self> {
        let Header { width, height, rate } = header;
        writeln!(output, "YUV4MPEG2 W{width} H{height} F{}:{} Ip A1:1 C420jpeg", rate.0, rate.1)?;
        Ok(Self { output })
    }

    pub(crate) fn write(&mut self, picture: &I420) -> io::Result<()> {
        self.output.write_all(b"FRAME\n")?;
        self.output.write_all(picture.data())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn header(text: &str) -> Result<Header, Y4mError> {
        Reader::new(text.as_bytes()).map(|reader| reader.header())
    }

    #[test]
    fn what_was_written_is_read_back() {
        let expected = Header { width: 17, height: 18, rate: (30_000, 1001) };
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, expected).unwrap();
        for value in [1, 2] {
            let bytes = vec![value; I420::size(17, 18)];
            writer.write(&I420::from_planes(17, 18, bytes, Instant::now()).unwrap()).unwrap();
        }
        let mut reader = Reader::new(file.as_slice()).unwrap();
        assert_eq!(reader.header(), expected);
        let mut picture = I420::black(17, 18, Instant::now());
        for value in [1, 2] {
            assert!(reader.read(&mut picture).unwrap());
            assert!(picture.data().iter().all(|byte| *byte == value));
        }
        assert!(!reader.read(&mut picture).unwrap());
    }

    #[test]
    fn headers_of_other_tools_are_understood() {
        let plain = header("YUV4MPEG2 W176 H144 F25:1 Ip A128:117 C420mpeg2 XYSCSS=420MPEG2 XCOLORRANGE=LIMITED\n");
        assert_eq!(plain.unwrap(), Header { width: 176, height: 144, rate: (25, 1) });
        assert_eq!(header("YUV4MPEG2 W176 H144 F0:0\n").unwrap().rate, (30, 1));
        assert_eq!(header("YUV4MPEG2 H144 W176\n").unwrap().rate, (30, 1));
        assert_eq!(header("YUV4MPEG2 W176 H144 F4000000000:1\n").unwrap().rate, (120, 1));
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        for (text, expected) in [
            ("", "not a Y4M"),
            ("RIFF....", "not a Y4M"),
            ("YUV4MPEG W16 H16\n", "not a Y4M"),
            ("YUV4MPEG2 W16 H16", "not a Y4M"),
            ("YUV4MPEG2\n", "damaged"),
            ("YUV4MPEG2 W16\n", "damaged"),
            ("YUV4MPEG2 W-16 H16\n", "damaged"),
            ("YUV4MPEG2 W4097 H16\n", "damaged"),
            ("YUV4MPEG2 W16 H99999999999999999999\n", "damaged"),
            ("YUV4MPEG2 W16 H16 F30\n", "damaged"),
            ("YUV4MPEG2 W16 H16 C444\n", "not supported"),
            ("YUV4MPEG2 W16 H16 C420p10\n", "not supported"),
        ] {
            let error = header(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
        assert!(header(&format!("YUV4MPEG2 W16 H16 X{}\n", "x".repeat(1 << 20))).is_err());
    }

    #[test]
    fn hostile_bytes_are_an_error_or_an_end() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, Header { width: 16, height: 16, rate: (30, 1) }).unwrap();
        (0..3).for_each(|_| writer.write(&I420::black(16, 16, Instant::now())).unwrap());
        for _ in 0..2_000 {
            let mut hostile = file.clone();
            for _ in 0..1 + rng.next_u32() % 4 {
                let at = rng.next_u32() as usize % 64;
                hostile[at] = rng.next_u32() as u8;
            }
            hostile.truncate(1 + rng.next_u32() as usize % file.len());
            let Ok(mut reader) = Reader::new(hostile.as_slice()) else { continue };
            let Header { width, height, .. } = reader.header();
            let mut picture = I420::black(width, height, Instant::now());
            while let Ok(true) = reader.read(&mut picture) {}
        }
    }
}
