//! The address of a room as a person pastes it.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use protocol::{NameError, RoomId};
use thiserror::Error;
use url::Url;

/// A room on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomAddress {
    /// The server's root.
    pub server: Url,
    pub room: RoomId,
    /// The secret of an invite that came with the address.
    pub invite: Option<String>,
}

/// Why a text is not the address of a room.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum AddressError {
    #[error("{0:?} is not an address; a room's address looks like http://127.0.0.1:5000/rtc/demo")]
    NotAnAddress(String),
    #[error("the address names no room; it should end in /rtc/<room>")]
    NoRoom,
    #[error("the room's name does not fit: {0}")]
    Name(#[from] NameError),
}

impl FromStr for RoomAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let server = parse_server(text)?;
        let mut segments = server.path_segments().into_iter().flatten().skip_while(|s| !matches!(*s, "rtc" | "chat"));
        let room = segments.nth(1).filter(|room| !room.is_empty()).ok_or(AddressError::NoRoom)?;
        let room = RoomId::parse(&percent_decode_str(room).decode_utf8_lossy())?;
        let invite = server.query_pairs().find(|(name, _)| name == "invite").map(|(_, secret)| secret.into_owned());
        let invite = invite.filter(|secret| !secret.is_empty());
        Ok(Self { server: root(&server), room, invite })
    }
}

/// Reads a server's address; `host:port` alone means `http`.
pub fn parse_server(text: &str) -> Result<Url, AddressError> {
    let text = text.trim();
    let complete = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    match Url::parse(&complete) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(AddressError::NotAnAddress(text.to_owned())),
    }
}

fn root(url: &Url) -> Url {
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    root.set_fragment(None);
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_address_names_server_and_room() {
        let address: RoomAddress = "http://127.0.0.1:5000/rtc/caf%C3%A9?x#y".parse().unwrap();
        assert_eq!(address.server.as_str(), "http://127.0.0.1:5000/");
        assert_eq!(address.room.as_str(), "café");
        assert_eq!("host:5000/chat/a".parse::<RoomAddress>().unwrap().room.as_str(), "a");
    }

    #[test]
    fn an_invite_comes_with_the_address() {
        let invite = |text: &str| text.parse::<RoomAddress>().unwrap().invite;
        assert_eq!(invite("http://h/rtc/a?name=Ann&invite=s3-_cret#x").as_deref(), Some("s3-_cret"));
        assert_eq!(invite("h:5000/rtc/a?invite=%41").as_deref(), Some("A"));
        assert_eq!((invite("http://h/rtc/a"), invite("http://h/rtc/a?invite=")), (None, None));
    }

    #[test]
    fn what_is_no_room_says_so() {
        assert_eq!("http://h/rtc/".parse::<RoomAddress>(), Err(AddressError::NoRoom));
        assert_eq!("http://h".parse::<RoomAddress>(), Err(AddressError::NoRoom));
        assert!(matches!("ftp://h/rtc/a".parse::<RoomAddress>(), Err(AddressError::NotAnAddress(_))));
        assert!(matches!("http://h/rtc/a%2Fb".parse::<RoomAddress>(), Err(AddressError::Name(_))));
    }
}
