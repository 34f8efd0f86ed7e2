//! The words that two programs say to each other: every message, HTTP body and limit. No I/O, no clock.
//!
//! The prose is in `docs/PROTOCOL.md`. Reading is lenient (absent, `null` or empty `data`; unknown fields and types),
//! writing is strict: what these types write is what the document says, byte for byte.

mod account;
mod address;
pub mod admin;
pub mod api;
mod candidate;
mod description;
mod envelope;
mod error;
mod history;
pub mod limits;
mod message;
mod moderation;
mod names;
mod presence;
#[cfg(feature = "openapi")]
mod schema;
mod text;

pub use account::{
    AccountKey, AccountName, AccountPassword, AccountState, ChangePassword, Credentials, DeleteAccount, PasswordError,
    Registration, SignedIn,
};
pub use address::Address;
pub use candidate::{IceCandidate, IceServer};
pub use description::{Description, OfferForm};
pub use envelope::{Envelope, EnvelopeError};
pub use error::{ErrorId, ErrorNotice};
pub use history::{Chat, ChatLine, DeleteText, EditText, GetChat, TextDeleted, TextEdited, TextId};
pub use message::{KINDS, Message, MessageError};
pub use moderation::{Action, History, Knock, Knocking, Moderate, Moderated, Role, RoomSettings};
pub use names::{ClientId, NameError, RoomId, Username};
pub use presence::{Capability, ClientInfo, MediaState, Profile, RoomInfo, View};
pub use text::{Text, TextError};
