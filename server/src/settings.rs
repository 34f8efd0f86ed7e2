//! Every setting: a flag, an environment variable, or a line in the settings file, parsed once into types.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use protocol::{IceServer, Registration, RoomId};
use rooms::accounts::AccountsConfig;

use crate::cli::Command;

mod changes;
pub mod file;
mod limits;
mod operations;
mod tls;

pub use changes::Changes;
pub use limits::Limits;
pub use operations::Operations;
pub use tls::{Acme, Domain, Tls, TlsSource};

/// The server of RTC-Chat: its pages, its API and its data channels.
///
/// A flag wins over its environment variable, and that over the settings file.
#[derive(Debug, Clone, Parser)]
#[command(name = "rtc-chat-server", version, next_line_help = true)]
pub struct Settings {
    /// Where to serve HTTP. Port 0: any free one.
    #[arg(long, env = "RTC_CHAT_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    pub listen: SocketAddr,

    /// Where to take WebRTC (UDP), one port for every client [default: as --listen; port 0 there or here: any free one].
    #[arg(long, env = "RTC_CHAT_RTC_LISTEN", value_name = "ADDRESS:PORT")]
    pub rtc_listen: Option<SocketAddr>,

    /// A public address to put into answers beside the interfaces' own, for a server behind NAT; repeatable.
    #[arg(long, env = "RTC_CHAT_RTC_ADDRESS", value_name = "ADDRESS", value_delimiter = ',')]
    pub rtc_address: Vec<IpAddr>,

    /// A public room that exists from the start and never expires; repeatable.
    #[arg(long, env = "RTC_CHAT_ROOM", value_name = "NAME", value_delimiter = ',')]
    pub room: Vec<RoomId>,

    /// Where the key that signs sessions and the database live; made at the first start.
    #[arg(long, env = "RTC_CHAT_DATA_DIR", value_name = "DIR", default_value = "rtc-chat-data")]
    pub data_dir: PathBuf,

    /// The file with rooms and their history, made at the first start [default: rtc-chat.sqlite in --data-dir].
    #[arg(long, env = "RTC_CHAT_DATABASE", value_name = "FILE")]
    pub database: Option<PathBuf>,

    /// A file with the key of join tokens that another application signs: a secret (HS256) or a public key in PEM (EdDSA).
    #[arg(long, env = "RTC_CHAT_JOIN_KEY", value_name = "FILE")]
    pub join_key: Option<PathBuf>,

    /// A file with the token of the administrator, who may do everything in every room.
    #[arg(long, env = "RTC_CHAT_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,

    /// Accounts, which nobody needs: `open` (whoever wants makes one), `closed` (no new ones), `off` (none at all).
    #[arg(long, env = "RTC_CHAT_ACCOUNTS", value_name = "WHO", default_value = "open", value_parser = parse_registration)]
    pub accounts: Registration,

    /// Serve a file under /assets/ from here if it is there, else the built-in one.
    #[arg(long, env = "RTC_CHAT_ASSETS", value_name = "DIR")]
    pub assets: Option<PathBuf>,

    /// A STUN or TURN server that clients are told of, as `stun:host:port` or `turn:user:secret@host:port`; repeatable.
    #[arg(long, env = "RTC_CHAT_ICE_SERVER", value_name = "URL", value_parser = parse_ice_server, value_delimiter = ',')]
    pub ice_server: Vec<IceServer>,

    /// Believe the last `X-Forwarded-For` and `X-Forwarded-Proto`: only behind a proxy that sets them.
    #[arg(long, env = "RTC_CHAT_BEHIND_PROXY")]
    pub behind_proxy: bool,

    /// What to log to stderr: error, warn, info, debug, trace, or a filter as `info,server=debug`.
    #[arg(long, env = "RTC_CHAT_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,

    /// A TOML file with any of these settings, named as the flags.
    #[arg(long, env = "RTC_CHAT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub tls: Tls,

    #[command(flatten)]
    pub operations: Operations,

    #[command(flatten)]
    pub limits: Limits,

    /// Without one: serve.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Settings {
    /// Reads the command line, the environment and the settings file. The error may also be help or the version.
    pub fn read() -> Result<(Self, ArgMatches), clap::Error> {
        let arguments: Vec<_> = std::env::args_os().collect();
        let arguments =
            file::with_file(arguments).map_err(|error| Self::command().error(clap::error::ErrorKind::Io, error))?;
        let matches = Self::command().try_get_matches_from(arguments)?;
        Ok((Self::from_arg_matches(&matches)?, matches))
    }

    pub fn database(&self) -> PathBuf {
        self.database.clone().unwrap_or_else(|| self.data_dir.join("rtc-chat.sqlite"))
    }

    /// What the accounts are told, as [`Self::rooms`].
    pub(crate) fn accounts(&self) -> AccountsConfig {
        self.limits.accounts(self.accounts)
    }

    /// What the rooms are told: at the start, and when the settings are read again.
    pub(crate) fn rooms(&self) -> rooms::Config {
        rooms::Config { ice_servers: self.ice_server.clone(), ..self.limits.rooms() }
    }

    /// HTTP connections of one address, and in all. Behind a proxy every connection is the proxy's.
    pub(crate) fn http_connections(&self) -> (usize, usize) {
        let in_all = self.limits.http_connections;
        (if self.behind_proxy { in_all } else { self.limits.http_connections_per_address }, in_all)
    }

    /// The address for WebRTC. With any free HTTP port it is any free UDP port too.
    pub fn rtc_listen(&self) -> SocketAddr {
        self.rtc_listen.unwrap_or(self.listen)
    }
}

fn parse_registration(text: &str) -> Result<Registration, String> {
    match text {
        "open" => Ok(Registration::Open),
        "closed" => Ok(Registration::Closed),
        "off" => Ok(Registration::Off),
        _ => Err("none of open, closed, off".to_owned()),
    }
}

/// `stun:host[:port]`, or `turn:user:secret@host[:port]`, both also with an `s`.
fn parse_ice_server(text: &str) -> Result<IceServer, String> {
    let (scheme, rest) = text.split_once(':').ok_or("not of the form scheme:host")?;
    if !matches!(scheme, "stun" | "stuns" | "turn" | "turns") || rest.is_empty() {
        return Err("not a stun:, stuns:, turn: or turns: address".to_owned());
    }
    let Some((login, host)) = rest.rsplit_once('@') else {
        return Ok(IceServer { urls: vec![text.to_owned()], username: None, credential: None });
    };
    let (username, credential) = login.split_once(':').ok_or("a login is user:secret")?;
    Ok(IceServer {
        urls: vec![format!("{scheme}:{host}")],
        username: Some(username.to_owned()),
        credential: Some(credential.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_help_names_every_setting_with_its_variable() {
        let command = Settings::command();
        command.clone().debug_assert();
        for argument in command.get_arguments().filter(|a| !["help", "version"].contains(&a.get_id().as_str())) {
            let flag = argument.get_long().expect("a long flag");
            let variable = argument.get_env().expect("a variable").to_string_lossy();
            assert_eq!(variable, format!("RTC_CHAT_{}", flag.to_uppercase().replace('-', "_")));
        }
    }

    #[test]
    fn a_turn_login_does_not_stay_in_the_address() {
        let server = parse_ice_server("turn:ann:s:e@example.org:3478").unwrap();
        assert_eq!(server.urls, ["turn:example.org:3478"]);
        assert_eq!((server.username.as_deref(), server.credential.as_deref()), (Some("ann"), Some("s:e")));
        assert!(parse_ice_server("http://example.org").is_err());
    }
}
