//! What is shared of the screen, as a person writes it on the command line.

use std::fmt;
use std::str::FromStr;

use super::{ChoiceError, split, unknown};

/// Smaller pictures are not encoded.
const SIDE_MIN: u16 = 16;

/// What is shared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ScreenChoice {
    /// All of the display; in a Wayland session what the person chooses in the desktop's own dialog.
    #[default]
    Screen,
    /// One monitor, by its name.
    Monitor(String),
    Window(WindowChoice),
    /// A part of the display, in pixels from its upper left corner.
    Region(Region),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowChoice {
    /// The display's number for it.
    Id(u32),
    /// Its title or, if only one window has that, a part of it.
    Title(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub x: i16,
    pub y: i16,
    pub width: u16,
    pub height: u16,
}

impl FromStr for ScreenChoice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match split(text) {
            ("screen", None) => Ok(Self::Screen),
            ("monitor", Some(name)) if !name.is_empty() => Ok(Self::Monitor(name.to_owned())),
            ("window", Some(name)) if !name.is_empty() => Ok(Self::Window(window(name))),
            ("region", Some(numbers)) => region(numbers).map(Self::Region),
            _ => Err(unknown(text, "screen, monitor:<name>, window:<id or title>, region:<x>,<y>,<width>,<height>")),
        }
    }
}

impl fmt::Display for ScreenChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Screen => f.write_str("screen"),
            Self::Monitor(name) => write!(f, "monitor:{name}"),
            Self::Window(WindowChoice::Id(id)) => write!(f, "window:{id:#x}"),
            Self::Window(WindowChoice::Title(title)) => write!(f, "window:{title}"),
            Self::Region(Region { x, y, width, height }) => write!(f, "region:{x},{y},{width},{height}"),
        }
    }
}

/// Ids are written as `xwininfo` and `wmctrl` print them.
fn window(name: &str) -> WindowChoice {
    let id = match name.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => name.parse().ok(),
    };
    id.map_or_else(|| WindowChoice::Title(name.to_owned()), WindowChoice::Id)
}

fn region(numbers: &str) -> Result<Region, ChoiceError> {
    let mut numbers_read = numbers.split(',').map(|number| number.trim().parse::<i16>().ok());
    let mut next = || numbers_read.next().flatten();
    let side = |number: Option<i16>| u16::try_from(number?).ok().filter(|side| *side >= SIDE_MIN);
    match (next(), next(), side(next()), side(next()), numbers_read.next()) {
        (Some(x @ 0..), Some(y @ 0..), Some(width), Some(height), None) => Ok(Region { x, y, width, height }),
        _ => Err(ChoiceError::Region(numbers.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_read_as_it_is_written() {
        let part = Region { x: 10, y: 0, width: 640, height: 360 };
        for (text, choice) in [
            ("screen", ScreenChoice::Screen),
            ("monitor:HDMI-1", ScreenChoice::Monitor("HDMI-1".to_owned())),
            ("window:0x3a00007", ScreenChoice::Window(WindowChoice::Id(0x3a0_0007))),
            ("window:a: b", ScreenChoice::Window(WindowChoice::Title("a: b".to_owned()))),
            ("region:10,0,640,360", ScreenChoice::Region(part)),
        ] {
            assert_eq!(text.parse(), Ok(choice.clone()));
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!("window:77".parse(), Ok(ScreenChoice::Window(WindowChoice::Id(77))));
    }

    #[test]
    fn what_cannot_be_shared_is_refused() {
        for bad in ["", "window:", "monitor", "monitor:", "screen:1", "desktop"] {
            assert!(matches!(bad.parse::<ScreenChoice>(), Err(ChoiceError::Unknown { .. })), "{bad}");
        }
        for bad in ["", "1,2,3", "0,0,640,360,1", "-1,0,640,360", "0,0,15,100", "0,0,99999,100", "a,b,c,d"] {
            let parsed = format!("region:{bad}").parse::<ScreenChoice>();
            assert_eq!(parsed, Err(ChoiceError::Region(bad.to_owned())));
        }
    }
}
