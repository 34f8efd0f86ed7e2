//! Every limit, in one place. Each is a default that the server's configuration can change.

use std::time::Duration;

/// Bytes in the body of an offer to the server.
pub const OFFER_BYTES: usize = 64 * 1024;
/// Media sections in an SDP.
pub const SDP_MEDIA_SECTIONS: usize = 32;
/// Candidates in an SDP.
pub const SDP_CANDIDATES: usize = 64;
/// Lines in an SDP.
pub const SDP_LINES: usize = 2_000;

/// Bytes in a frame that relays an SDP (`offer` and `answer`).
pub const FRAME_BYTES_SDP: usize = 64 * 1024;
/// Bytes in any other frame.
pub const FRAME_BYTES: usize = 8 * 1024;
/// Bytes that a frame which names its sender may have beyond its limit: the server adds the name on the way.
pub const SENDER_BYTES: usize = 64;
/// How deep a frame's JSON may nest.
pub const JSON_DEPTH: usize = 16;

/// Messages of one client: sustained rate a second, and the burst above it.
pub const MESSAGES: (u32, u32) = (30, 60);
/// Text messages of one client: sustained rate a second, and the burst above it.
pub const TEXTS: (u32, u32) = (5, 20);
/// Bytes that may wait for one client before it is disconnected.
pub const BACKLOG_BYTES: usize = 1024 * 1024;

/// Characters in a room's name.
pub const ROOM_ID_CHARS: usize = 64;
/// Unicode scalar values in a person's name.
pub const USERNAME_CHARS: usize = 64;
/// Unicode scalar values in a text message.
pub const TEXT_CHARS: usize = 4_000;
/// Unicode scalar values in the key of a text message.
pub const TEXT_KEY_CHARS: usize = 64;
/// Keys of one client's last texts that a room remembers.
pub const TEXT_KEYS: usize = 64;
/// People who are not in the room any more whose keys it still remembers: they may be about to come back.
pub const TEXT_KEYS_ABSENT: usize = 64;
/// Chat lines in one answer to `get-chat`: where nothing is said, and at most.
pub const CHAT_LINES: (usize, usize) = (50, 100);
/// Chat lines by number that a room remembers for changes where it keeps no history.
pub const TEXTS_REMEMBERED: usize = 200;
/// Chat lines of one client, and of a whole room, that may wait to be stored.
pub const TEXTS_WAITING: (usize, usize) = (64, 1024);
/// Questions of one client for earlier chat lines that may wait.
pub const CHATS_WAITING: usize = 2;
/// Hours that a room may keep its chat lines, unless it keeps them for ever: a year.
pub const HISTORY_HOURS: u32 = 24 * 366;

/// Bytes in a password; long enough for any passphrase, short enough to hash.
pub const PASSWORD_BYTES: usize = 512;

/// Unicode scalar values in the name of an account.
pub const ACCOUNT_NAME_CHARS: usize = 64;
/// Unicode scalar values in the password of an account, at least and at most.
pub const ACCOUNT_PASSWORD_CHARS: (usize, usize) = (8, 256);
/// Accounts made per address: the first ones free, then this many an hour.
pub const ACCOUNTS_PER_ADDRESS: (u32, u32) = (20, 5);
/// Wrong passwords a minute for one account. Per address it is as many as for rooms.
pub const WRONG_PASSWORDS_PER_ACCOUNT: u32 = 30;

/// A seat that nobody connects to is free again after this long.
pub const SEAT_UNCONNECTED: Duration = Duration::from_secs(15);
/// A connected client that is silent for this long is shown as unstable.
pub const SILENCE_UNSTABLE: Duration = Duration::from_secs(6);
/// A connected client that is silent for this long is gone.
pub const SILENCE_GONE: Duration = Duration::from_secs(15);
/// A knock that is not renewed for this long is withdrawn; one that was denied is refused for this long.
pub const KNOCK: Duration = Duration::from_secs(15);
/// How often a client that knocks asks again.
pub const KNOCK_EVERY: Duration = Duration::from_secs(2);
/// People who may knock at one room: in all, and from one address.
pub const KNOCKS: (usize, usize) = (128, 64);
/// Who was inside when the server stopped may come back for this long without a password and without knocking.
pub const COMEBACK: Duration = Duration::from_secs(120);
/// Moderators of one room.
pub const MODERATORS: usize = 64;
/// Bans of one room.
pub const BANS: usize = 1_000;
/// Invites of one room.
pub const INVITES: usize = 100;
/// Names of people inside that are shown outside.
pub const NAMES_SHOWN: usize = 20;
/// A half-open connection lives this long.
pub const HALF_OPEN: Duration = Duration::from_secs(15);
/// Half-open connections: per address, and in all.
pub const HALF_OPEN_COUNT: (usize, usize) = (128, 1024);

/// Offers per address: a minute, and the burst above it.
pub const OFFERS_PER_MINUTE: (u32, u32) = (120, 60);
/// Wrong passwords a minute: per address, and per room.
pub const WRONG_PASSWORDS_PER_MINUTE: (u32, u32) = (5, 30);
/// Rooms created per address: the first ones free, then this many an hour.
pub const ROOMS_PER_ADDRESS: (u32, u32) = (20, 5);
/// An empty room expires after this long unless it is kept.
pub const EMPTY_ROOM: Duration = Duration::from_secs(300);
/// The guest limits that the classic form offers; 0 means no limit.
pub const GUEST_LIMITS: [usize; 5] = [0, 2, 3, 4, 5];

/// How often a client of ours pings the server: well under [`SILENCE_UNSTABLE`], so one lost ping shows nothing.
pub const PING_EVERY: Duration = Duration::from_secs(2);
/// A client of ours whose server is silent for this long, two pings long, asks for a new connection. The seat is kept
/// meanwhile, so what was a mere hiccup costs nothing; and a server that started anew has its people back in seconds.
pub const SERVER_SILENCE: Duration = Duration::from_millis(4_500);
/// A client that lost its server tries again at least this often: nobody stays away for long once the server is back.
pub const RETRY_MAX: Duration = Duration::from_secs(4);
