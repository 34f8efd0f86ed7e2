//! What is enforced against people who ask too much; the defaults are the protocol's.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Parser;
use protocol::{Registration, limits};
use rooms::accounts::AccountsConfig;

/// Per address (a school sits behind one, and a browser opens six) and in all.
const HTTP_CONNECTIONS: (usize, usize) = (256, 2_048);

/// Every limit that is not part of the wire itself.
#[derive(Debug, Clone, Copy, Parser)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Offers that one address may post a minute.
    #[arg(long, env = "RTC_CHAT_OFFERS_PER_MINUTE", value_name = "COUNT", default_value_t = limits::OFFERS_PER_MINUTE.0)]
    pub offers_per_minute: u32,
    /// Offers that one address may post at once.
    #[arg(long, env = "RTC_CHAT_OFFERS_BURST", value_name = "COUNT", default_value_t = limits::OFFERS_PER_MINUTE.1)]
    pub offers_burst: u32,
    /// Connections of one address that have no open channel yet.
    #[arg(long, env = "RTC_CHAT_HALF_OPEN_PER_ADDRESS", value_name = "COUNT", default_value_t = limits::HALF_OPEN_COUNT.0)]
    pub half_open_per_address: usize,
    /// Connections that have no open channel yet, in all.
    #[arg(long, env = "RTC_CHAT_HALF_OPEN", value_name = "COUNT", default_value_t = limits::HALF_OPEN_COUNT.1)]
    pub half_open: usize,
    /// Until a connection without an open channel is dropped.
    #[arg(long, env = "RTC_CHAT_HALF_OPEN_SECONDS", value_name = "SECONDS", default_value_t = seconds(limits::HALF_OPEN))]
    pub half_open_seconds: Seconds,
    /// HTTP connections of one address. Behind a proxy every connection is the proxy's: then only the limit in all counts.
    #[arg(long, env = "RTC_CHAT_HTTP_CONNECTIONS_PER_ADDRESS", value_name = "COUNT", default_value_t = HTTP_CONNECTIONS.0)]
    pub http_connections_per_address: usize,
    /// HTTP connections in all.
    #[arg(long, env = "RTC_CHAT_HTTP_CONNECTIONS", value_name = "COUNT", default_value_t = HTTP_CONNECTIONS.1)]
    pub http_connections: usize,
    /// Bytes that may wait for one client before it is disconnected.
    #[arg(long, env = "RTC_CHAT_BACKLOG_BYTES", value_name = "BYTES", default_value_t = limits::BACKLOG_BYTES)]
    pub backlog_bytes: usize,
    /// Messages that one client may send a second.
    #[arg(long, env = "RTC_CHAT_MESSAGES_PER_SECOND", value_name = "COUNT", default_value_t = limits::MESSAGES.0)]
    pub messages_per_second: u32,
    /// Messages that one client may send at once.
    #[arg(long, env = "RTC_CHAT_MESSAGES_BURST", value_name = "COUNT", default_value_t = limits::MESSAGES.1)]
    pub messages_burst: u32,
    /// Text messages that one client may send a second.
    #[arg(long, env = "RTC_CHAT_TEXTS_PER_SECOND", value_name = "COUNT", default_value_t = limits::TEXTS.0)]
    pub texts_per_second: u32,
    /// Text messages that one client may send at once.
    #[arg(long, env = "RTC_CHAT_TEXTS_BURST", value_name = "COUNT", default_value_t = limits::TEXTS.1)]
    pub texts_burst: u32,
    /// Until a seat that nobody connects to is free again.
    #[arg(long, env = "RTC_CHAT_SEAT_SECONDS", value_name = "SECONDS", default_value_t = seconds(limits::SEAT_UNCONNECTED))]
    pub seat_seconds: Seconds,
    /// Until a client that says nothing is shown as unstable.
    #[arg(long, env = "RTC_CHAT_UNSTABLE_SECONDS", value_name = "SECONDS", default_value_t = seconds(limits::SILENCE_UNSTABLE))]
    pub unstable_seconds: Seconds,
    /// Until a client that says nothing is gone.
    #[arg(long, env = "RTC_CHAT_GONE_SECONDS", value_name = "SECONDS", default_value_t = seconds(limits::SILENCE_GONE))]
    pub gone_seconds: Seconds,
    /// Wrong passwords that one address may try a minute: for rooms, and as many for accounts.
    #[arg(long, env = "RTC_CHAT_WRONG_PASSWORDS_PER_ADDRESS", value_name = "COUNT", default_value_t = limits::WRONG_PASSWORDS_PER_MINUTE.0)]
    pub wrong_passwords_per_address: u32,
    /// Wrong passwords that may be tried on one room a minute.
    #[arg(long, env = "RTC_CHAT_WRONG_PASSWORDS_PER_ROOM", value_name = "COUNT", default_value_t = limits::WRONG_PASSWORDS_PER_MINUTE.1)]
    pub wrong_passwords_per_room: u32,
    /// Wrong administrator's tokens that one address may try a minute.
    #[arg(long, env = "RTC_CHAT_WRONG_ADMIN_TOKENS_PER_ADDRESS", value_name = "COUNT", default_value_t = limits::WRONG_PASSWORDS_PER_MINUTE.0)]
    pub wrong_admin_tokens_per_address: u32,
    /// Wrong passwords that may be tried on one account a minute.
    #[arg(long, env = "RTC_CHAT_WRONG_PASSWORDS_PER_ACCOUNT", value_name = "COUNT", default_value_t = limits::WRONG_PASSWORDS_PER_ACCOUNT)]
    pub wrong_passwords_per_account: u32,
    /// Passwords that are hashed at once, 19 MiB each [default: one for each two cores].
    #[arg(long, env = "RTC_CHAT_HASHING_SLOTS", value_name = "COUNT")]
    pub hashing_slots: Option<NonZeroUsize>,
    /// Rooms that one address may create at once.
    #[arg(long, env = "RTC_CHAT_ROOMS_BURST", value_name = "COUNT", default_value_t = limits::ROOMS_PER_ADDRESS.0)]
    pub rooms_burst: u32,
    /// Rooms that one address may create an hour beyond these.
    #[arg(long, env = "RTC_CHAT_ROOMS_PER_HOUR", value_name = "COUNT", default_value_t = limits::ROOMS_PER_ADDRESS.1)]
    pub rooms_per_hour: u32,
    /// Accounts that one address may make at once.
    #[arg(long, env = "RTC_CHAT_ACCOUNTS_BURST", value_name = "COUNT", default_value_t = limits::ACCOUNTS_PER_ADDRESS.0)]
    pub accounts_burst: u32,
    /// Accounts that one address may make an hour beyond these.
    #[arg(long, env = "RTC_CHAT_ACCOUNTS_PER_HOUR", value_name = "COUNT", default_value_t = limits::ACCOUNTS_PER_ADDRESS.1)]
    pub accounts_per_hour: u32,
    /// Until an empty room that is not kept expires.
    #[arg(long, env = "RTC_CHAT_EMPTY_ROOM_SECONDS", value_name = "SECONDS", default_value_t = seconds(limits::EMPTY_ROOM))]
    pub empty_room_seconds: Seconds,
    /// Until a knock that is not renewed is withdrawn, and until whoever was denied may knock again.
    #[arg(long, env = "RTC_CHAT_KNOCK_SECONDS", value_name = "SECONDS", default_value_t = seconds(limits::KNOCK))]
    pub knock_seconds: Seconds,
    /// People who may knock at one room.
    #[arg(long, env = "RTC_CHAT_KNOCKS", value_name = "COUNT", default_value_t = limits::KNOCKS.0)]
    pub knocks: usize,
    /// People who may knock at one room from one address.
    #[arg(long, env = "RTC_CHAT_KNOCKS_PER_ADDRESS", value_name = "COUNT", default_value_t = limits::KNOCKS.1)]
    pub knocks_per_address: usize,
    /// How long whoever was inside before a restart may come back without a password and without knocking.
    #[arg(long, env = "RTC_CHAT_COMEBACK_SECONDS", value_name = "SECONDS", default_value_t = seconds(limits::COMEBACK))]
    pub comeback_seconds: Seconds,
    /// Chat lines of one client that may wait for the disk.
    #[arg(long, env = "RTC_CHAT_TEXTS_WAITING_PER_CLIENT", value_name = "COUNT", default_value_t = limits::TEXTS_WAITING.0)]
    pub texts_waiting_per_client: usize,
    /// Chat lines of one room that may wait for the disk.
    #[arg(long, env = "RTC_CHAT_TEXTS_WAITING", value_name = "COUNT", default_value_t = limits::TEXTS_WAITING.1)]
    pub texts_waiting: usize,
}

/// A span of time as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub Duration);

const fn seconds(duration: Duration) -> Seconds {
    Seconds(duration)
}

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_secs_f64().fmt(f)
    }
}

impl std::str::FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
        Duration::try_from_secs_f64(seconds).map(Self).map_err(|error| error.to_string())
    }
}

impl Limits {
    /// One slot for each two cores: joining must not take the cores from those who talk already.
    pub fn hashing_slots(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.hashing_slots.map_or_else(|| (cores() / 2).max(1), NonZeroUsize::get)
    }

    /// Those that the accounts enforce.
    pub fn accounts(&self, registration: Registration) -> AccountsConfig {
        AccountsConfig {
            registration,
            wrong_passwords_per_minute: (self.wrong_passwords_per_address, self.wrong_passwords_per_account),
            accounts_per_address: (self.accounts_burst, self.accounts_per_hour),
            ..AccountsConfig::default()
        }
    }

    /// Those that the rooms enforce.
    pub fn rooms(&self) -> rooms::Config {
        rooms::Config {
            messages: (self.messages_per_second, self.messages_burst),
            texts: (self.texts_per_second, self.texts_burst),
            wrong_passwords_per_minute: (self.wrong_passwords_per_address, self.wrong_passwords_per_room),
            rooms_per_address: (self.rooms_burst, self.rooms_per_hour),
            empty_room: self.empty_room_seconds.0,
            seat_unconnected: self.seat_seconds.0,
            silence_unstable: self.unstable_seconds.0,
            silence_gone: self.gone_seconds.0,
            knock: self.knock_seconds.0,
            knocks: (self.knocks, self.knocks_per_address),
            comeback: self.comeback_seconds.0,
            texts_waiting: (self.texts_waiting_per_client, self.texts_waiting),
            ..rooms::Config::default()
        }
    }
}
