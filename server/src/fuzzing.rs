//! What arbitrary bytes are fed to, and what must hold whatever they are. `lab/fuzz` searches; the tests replay what it found.

use std::path::Path;

use clap::{CommandFactory, Parser};
use protocol::Envelope;
use protocol::api::SessionDescription;

use crate::check;
use crate::settings::{Settings, file};

pub use crate::engine::fuzzing::{offer_sdp, sdp};

/// The body of `POST …/offer`, as far as the engine's answer.
pub fn offer(body: &[u8]) {
    if let Ok(offer) = serde_json::from_slice::<SessionDescription>(body) {
        offer_sdp(&offer.sdp);
    }
}

/// A frame from a data channel: what was read is written so that it reads the same.
pub fn envelope(frame: &[u8]) {
    let Ok(envelope) = Envelope::parse(frame) else { return };
    if let Ok(message) = envelope.message() {
        let written = Envelope::new(envelope.sender.clone(), envelope.receiver.clone(), &message);
        let again = Envelope::parse(written.to_json().as_bytes()).map(|again| again.message());
        // What is written may be longer than what was read (escapes), and then over its limit.
        if let Ok(again) = again {
            assert_eq!(again.ok().as_ref(), Some(&message));
        }
    }
    let text = envelope.to_json();
    if let Ok(again) = Envelope::parse(text.as_bytes()) {
        assert_eq!(again.to_json(), text);
    }
}

/// A settings file: refused or understood, and what is in force can be shown.
pub fn configuration(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(arguments) = file::with_text(Path::new("fuzzed.toml"), text, vec!["server".into()]) else { return };
    let Ok(matches) = Settings::command().try_get_matches_from(&arguments) else { return };
    check::effective(&matches);
    if let Ok(settings) = Settings::try_parse_from(&arguments) {
        settings.tls.source();
        settings.limits.rooms();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every file of a target's corpus, the ones that once broke something among them.
    fn replay(target: &str, feed: impl Fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab/fuzz/corpus").join(target);
        let mut count = 0;
        for entry in std::fs::read_dir(&corpus).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            feed(&std::fs::read(path).unwrap());
            count += 1;
        }
        assert!(count > 3, "{count} files in {}", corpus.display());
    }

    #[test]
    fn no_known_offer_breaks_anything() {
        replay("offer", offer);
    }

    #[test]
    fn no_known_sdp_breaks_anything() {
        replay("sdp", sdp);
    }

    #[test]
    fn no_known_frame_breaks_anything() {
        replay("envelope", envelope);
    }

    #[test]
    fn no_known_settings_break_anything() {
        replay("configuration", configuration);
    }
}
