//! What the window (or a headless run) and the participant say to each other.

use client::{Fingerprint, Untrusted};
use media::{Processing, ScreenChoice, Screens};
use protocol::api::{Ban, CreateInvite, CreatedInvite, EditRoom, Invite, RoomDetails, RoomSummary};
use protocol::{
    AccountState, Address, ChangePassword, ClientId, Credentials, DeleteAccount, ErrorNotice, History, Moderate,
    RoomId, TextId, Username,
};
use url::Url;

use crate::memory::Known;

/// A room as it is wished for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRoom {
    pub room: RoomId,
    pub password: Option<String>,
    pub public: bool,
    pub guest_limit: usize,
    /// Newcomers wait to be let in.
    pub lobby: bool,
    /// How long lines are kept; `None`: as the server does it for such a room.
    pub history: Option<History>,
}

/// What one wants of the accounts of the server that one is at. Its secrets never show.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountWish {
    /// To know who one is there.
    Look,
    Create(Credentials),
    SignIn(Credentials),
    SignOut {
        /// On every device.
        everywhere: bool,
    },
    ChangePassword(ChangePassword),
    Delete(DeleteAccount),
}

/// A wish of the person.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Talk to this server from now on.
    SetServer(Url),
    /// Ask for the public rooms; answered with [`Event::Rooms`] or [`Event::LobbyFailed`].
    ListRooms,
    /// Create a room and, when it is there, join it.
    CreateRoom(NewRoom),
    Join {
        room: RoomId,
        password: Option<String>,
        /// The secret of an invite.
        invite: Option<String>,
    },
    /// Be nobody special in a room where one was before.
    ForgetRoom {
        server: Url,
        room: RoomId,
    },
    /// From now on the server has to show exactly this certificate; the list of rooms is asked for anew.
    Trust {
        server: Url,
        fingerprint: Fingerprint,
    },
    /// From now on the server (`host:port`) has to be vouched for by an authority.
    Distrust(String),
    /// Answered with [`Event::Account`] or [`Event::AccountFailed`].
    Account(AccountWish),
    Leave,
    SetUsername(Username),
    Say {
        to: Address,
        text: String,
    },
    /// Change a line of one's own.
    EditText {
        id: TextId,
        text: String,
    },
    /// Take a line back: one's own, or anyone's as a moderator.
    DeleteText(TextId),
    /// Ask for the lines before this one.
    LoadEarlier {
        before: TextId,
    },
    Moderate(Moderate),
    /// Set the room differently; answered with [`Event::RoomEdited`] or, as all that follow, [`Event::RoomFailed`].
    EditRoom(EditRoom),
    /// End the room for everyone.
    DeleteRoom,
    /// Answered with [`Event::Invites`].
    ListInvites,
    /// Answered with [`Event::InviteMade`] and the new list.
    CreateInvite(CreateInvite),
    /// Answered with the new list.
    RevokeInvite(String),
    /// Answered with [`Event::Bans`].
    ListBans,
    /// Answered with the new list.
    LiftBan(ClientId),
    SetCamera(bool),
    SetMicrophone(bool),
    /// Share what was chosen last, or nothing.
    SetScreen(bool),
    /// Look at what can be shared; answered with [`Event::Screens`].
    ListScreens,
    /// Share this from now on.
    ShareScreen(ScreenChoice),
    /// Whether other programs' sound goes along with a shared screen from now on; answered with [`Event::ScreenSound`].
    SetScreenSound(bool),
    /// Whether a shared screen is a film rather than a text from now on; answered with [`Event::ScreenMotion`].
    SetScreenMotion(bool),
    SetHand(bool),
    /// What is done to the microphone's sound from now on; answered with [`Event::Processing`].
    SetProcessing(Processing),
    /// 1.0 is as sent.
    SetVolume {
        client: ClientId,
        volume: f32,
    },
    /// So high are this participant's pictures shown.
    ShowAt {
        client: ClientId,
        view: protocol::View,
    },
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Rooms(Vec<RoomSummary>),
    /// A request of the lobby failed: say why, keep what was typed.
    LobbyFailed(ErrorNotice),
    /// The rooms that one was in and the servers that one trusts: at the start, and after every change.
    Known(Known),
    /// A server could not prove who it is, and was told nothing; the failure of what was asked for follows.
    Untrusted(Doubt),
    /// Who one is at the server, after whatever was asked of its accounts; and why that was not done.
    Account {
        server: Url,
        state: AccountState,
        failure: Option<ErrorNotice>,
    },
    /// Nothing new is known of the account at the server.
    AccountFailed {
        server: Url,
        failure: ErrorNotice,
    },
    /// The chosen room is being entered.
    Entering(RoomId),
    Session(session::Event),
    RoomEdited(Box<RoomDetails>),
    Invites(Vec<Invite>),
    InviteMade(CreatedInvite),
    Bans(Vec<Ban>),
    /// Something that was asked for about the room was not done.
    RoomFailed(ErrorNotice),
    /// What is captured and sent at the moment, after every change and at the start.
    Sending {
        camera: bool,
        microphone: bool,
        screen: bool,
        hand: bool,
    },
    /// Whether the camera is wanted and missing, so that it is switched on as soon as it is there: after every change and
    /// at the start.
    CameraAwaited(bool),
    /// What can be shared of the screen, or a sentence that says why nothing can.
    Screens(Result<Screens, String>),
    /// Whether other programs' sound goes along with a shared screen: at the start, after every change, and whenever one
    /// looks at the screens. `missing` says in a sentence why it cannot.
    ScreenSound {
        wished: bool,
        missing: Option<String>,
    },
    /// Whether a shared screen is sent as a film: at the start, and after every change.
    ScreenMotion(bool),
    Speaking {
        who: Speaker,
        speaking: bool,
    },
    /// What is done to the microphone's sound: at the start, and after every change.
    Processing(Processing),
    /// How loud oneself is, 0 to [`media::LEVELS`]: after every change.
    Level(u8),
    /// One speaks, and the microphone is off.
    Unheard,
    /// A device is missing, busy or back: a sentence that says what happened and what to do.
    Notice(String),
    /// The room was left; the lobby is shown again.
    Left,
}

/// A server whose certificate nobody vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub server: Url,
    pub untrusted: Untrusted,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaker {
    Me,
    Client(ClientId),
}

/// Whose picture, and of what: a shared screen has a tile beside its owner's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tile {
    Me,
    Client(ClientId),
    MyScreen,
    Screen(ClientId),
}

/// The participant as the window sees it: the real one, or a scripted room.
pub trait Backend {
    fn poll_event(&mut self) -> Option<Event>;
    fn command(&mut self, command: Command);
    /// The newest picture of a tile. Cheap: called on every repaint.
    fn picture(&self, tile: &Tile) -> Option<media::Picture>;
    /// Whether the program should end, as after `--for 30s`: looked at after the events.
    fn wants_to_end(&self) -> bool {
        false
    }
}

impl<B: Backend + ?Sized> Backend for Box<B> {
    fn poll_event(&mut self) -> Option<Event> {
        (**self).poll_event()
    }

    fn command(&mut self, command: Command) {
        (**self).command(command);
    }

    fn picture(&self, tile: &Tile) -> Option<media::Picture> {
        (**self).picture(tile)
    }

    fn wants_to_end(&self) -> bool {
        (**self).wants_to_end()
    }
}
