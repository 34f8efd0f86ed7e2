//! Sentences for people.

use protocol::api::RoomSummary;
use protocol::{Action, ErrorId, ErrorNotice, Role, RoomId};

use super::{plain_name, plain_text};

/// What a refusal means and, where it helps, what to do.
pub fn explain(error: &ErrorNotice) -> String {
    let sentence = match &error.id {
        ErrorId::UnknownRoom => "There is no room of this name.",
        ErrorId::RoomExists => "A room of this name exists already. Join it, or choose another name.",
        ErrorId::RoomFull => "The room is full. Try again when someone has left.",
        ErrorId::PasswordRequired => "This room wants a password.",
        ErrorId::WrongPassword => "That is not the password of this room.",
        ErrorId::UnknownClient => "The server no longer knows you. Join again.",
        ErrorId::TooMany => "That was too often. Wait a moment and try again.",
        ErrorId::InvalidText => "The message was not sent: it is empty or too long.",
        ErrorId::TooLarge => "The message was not sent: it is too large.",
        ErrorId::UnknownReceiver => "Whom this was for has left the room.",
        ErrorId::ShuttingDown => "The server is stopping.",
        ErrorId::Forbidden => "Only an owner or a moderator of the room may do that.",
        ErrorId::Banned => "You are banned from this room.",
        ErrorId::Locked => "The room is locked: nobody new comes in at the moment.",
        ErrorId::Knocking => "You knocked. Someone inside has to let you in.",
        ErrorId::Denied => "You were not let in.",
        ErrorId::InvalidInvite => "This invite no longer opens the room.",
        ErrorId::UnknownText => "This message is no longer there, or cannot be changed.",
        ErrorId::Elsewhere => "You are here on another device now. Join again to come back to this one.",
        ErrorId::AccountExists => "This name is taken. Choose another one, or sign in.",
        ErrorId::UnknownAccount => "There is no account of this name.",
        ErrorId::AccountsClosed => "This server makes no accounts.",
        ErrorId::NotSignedIn => "You are not signed in any more. Sign in again.",
        ErrorId::SignedIn => "You are signed in already. Sign out first.",
        ErrorId::InvalidPassword => "A password has 8 to 256 characters.",
        ErrorId::Other(id) if id == client::UNTRUSTED => {
            "The server could not prove who it is, and was told nothing. Compare its certificate with the one it should have."
        }
        ErrorId::InvalidName
        | ErrorId::WrongRoom
        | ErrorId::Malformed
        | ErrorId::InvalidOffer
        | ErrorId::InvalidCsrfToken
        | ErrorId::CrossOrigin
        | ErrorId::UnknownType
        | ErrorId::BinaryFrame
        | ErrorId::InvalidToken
        | ErrorId::Internal
        | ErrorId::Other(_) => return sentence_of(&error.message),
    };
    sentence.to_owned()
}

/// Bounded, with a capital letter and a full stop.
fn sentence_of(message: &str) -> String {
    let text: String = plain_text(message).chars().take(300).collect();
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return "Something went wrong.".to_owned() };
    let mut sentence: String = first.to_uppercase().chain(chars).collect();
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

/// What a moderator has done to us; `None`: it shows elsewhere.
pub fn moderated(action: Action, by: Option<&str>) -> Option<String> {
    let by = who(by);
    match action {
        Action::Mute | Action::MuteAll => {
            Some(format!("{by} turned your microphone off. You can turn it on again yourself."))
        }
        Action::LowerHand => Some(format!("{by} lowered your hand.")),
        Action::Kick
        | Action::Ban
        | Action::Unban
        | Action::Admit
        | Action::Deny
        | Action::Lock
        | Action::Unlock
        | Action::Promote
        | Action::Demote
        | Action::HandOver => None,
    }
}

/// Why one is not in the room any more.
pub fn removed(room: &RoomId, banned: bool, by: Option<&str>) -> String {
    let by = who(by);
    if banned { format!("{by} banned you from {room}.") } else { format!("{by} removed you from {room}.") }
}

fn who(by: Option<&str>) -> String {
    by.map_or_else(|| "A moderator".to_owned(), plain_name)
}

/// What a role is called; a guest is nothing special.
pub fn role_name(role: Role) -> Option<&'static str> {
    match role {
        Role::Guest => None,
        Role::Moderator => Some("Moderator"),
        Role::Owner => Some("Owner"),
    }
}

/// "3 of 5 people", "nobody yet".
pub fn occupancy(room: &RoomSummary) -> String {
    match (room.participants, room.guest_limit) {
        (0, 0) => "Nobody yet".to_owned(),
        (1, 0) => "1 person".to_owned(),
        (n, 0) => format!("{n} people"),
        (n, limit) => format!("{n} of {limit} people"),
    }
}

/// "active 5 min ago", from seconds.
pub fn idle(seconds: u64) -> String {
    match seconds {
        0..60 => "active just now".to_owned(),
        60..3_600 => format!("active {} min ago", seconds / 60),
        3_600..86_400 => format!("active {} h ago", seconds / 3_600),
        _ => format!("active {} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_a_sentence() {
        for id in ErrorId::ALL {
            let sentence = explain(&ErrorNotice::new(id.clone(), "the server said so"));
            assert!(sentence.starts_with(|c: char| c.is_uppercase()) && sentence.ends_with('.'), "{sentence:?}");
        }
        assert_eq!(explain(&ErrorNotice::new(ErrorId::Other("x".into()), "")), "Something went wrong.");
        assert!(explain(&ErrorNotice::new(ErrorId::Internal, "y".repeat(9_000))).chars().count() <= 301);
    }

    #[test]
    fn idle_time_is_told_in_one_unit() {
        assert_eq!(idle(3), "active just now");
        assert_eq!(idle(61), "active 1 min ago");
        assert_eq!(idle(7_300), "active 2 h ago");
        assert_eq!(idle(200_000), "active 2 d ago");
    }
}
