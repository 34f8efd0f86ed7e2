//! A display of our own (Xvfb), with known pixels on it.

mod display;
mod pictures;
mod rest;
mod windows;
