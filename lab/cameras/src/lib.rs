//! V4L2 cameras that are not there: preloaded into a program (`LD_PRELOAD`), this library answers what the program asks
//! of `/dev/video*` as Linux would, and passes everything else on.
//!
//! `RTC_CHAT_CAMERAS` names the folder that holds the cameras. Each is a folder `video0`, `video1`, …, plugged in for as
//! long as it is there, with these files:
//!
//! | file | what it says |
//! |---|---|
//! | `name` | the camera's name |
//! | `modes` | a line each: four letters of the format, size, pictures per seconds, bytes per row (0: as many as it needs), folder of pictures, as in `YUYV 640x360 30/1 0 /tmp/bars` |
//! | `standing` | the mode that was set last; it outlives the program that set it |
//! | `owner` | locked (`flock`) by the program that has buffers of the camera |
//! | `stalled` | no pictures come while it is there |
//! | `crowded` | there is no room on the bus while it is there |
//! | `forbidden` | the user has no right to the camera while it is there |
//! | `rate` | how many pictures a second really come, if not as many as agreed |
//!
//! A folder of pictures has a file for each, as the camera sends it; they come in the order of their names, again and
//! again. One whose name ends in `.error` comes with the mark of damage.
#![allow(unsafe_code)]

mod device;
mod doors;
mod real;
mod stream;
mod table;
mod view;
