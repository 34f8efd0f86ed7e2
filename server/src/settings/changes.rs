//! What of the settings is different from before, and whether that can be taken over while the server runs.

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory};

use super::{Limits, Settings};

/// Settings beside the limits that are taken over without a restart; what is in the files that they name is read again too.
const LIVE: [&str; 7] = ["accounts", "ice_server", "admin_token_file", "join_key", "log", "tls_cert", "tls_key"];

/// The flags whose values are others, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    pub live: Vec<String>,
    /// These stay as they were until the server is started again.
    pub restart: Vec<String>,
}

impl Changes {
    pub fn between(before: &ArgMatches, after: &ArgMatches) -> Self {
        let mut changes = Self::default();
        let limits = Limits::command();
        for argument in Settings::command().get_arguments() {
            let (id, Some(flag)) = (argument.get_id().as_str(), argument.get_long()) else { continue };
            if values(before, id) == values(after, id) {
                continue;
            }
            let is_limit = limits.get_arguments().any(|limit| limit.get_id() == argument.get_id());
            let list = if is_limit || LIVE.contains(&id) { &mut changes.live } else { &mut changes.restart };
            list.push(flag.to_owned());
        }
        changes
    }
}

fn values(matches: &ArgMatches, id: &str) -> Vec<OsString> {
    let raw = matches.try_get_raw(id).ok().flatten();
    raw.map(|values| values.map(OsString::from).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_taken_over_is_told_from_what_can() {
        let read = |flags: &[&str]| Settings::command().get_matches_from(["server"].iter().chain(flags));
        let before = read(&["--texts-burst=5", "--room=a", "--ice-server=turn:a:b@c.example"]);
        let after =
            read(&["--texts-burst=6", "--room=a", "--room=b", "--ice-server=turn:a:x@c.example", "--log=debug"]);
        let mut changes = Changes::between(&before, &after);
        changes.live.sort();
        assert_eq!(changes.live, ["ice-server", "log", "texts-burst"]);
        assert_eq!(changes.restart, ["room"]);
        assert_eq!(Changes::between(&after, &after), Changes::default());
    }
}
