//! `rtc-chat-server rooms …` and `accounts …`: the administrator's hand on a running server.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use protocol::admin::{AccountOverviews, NewPassword, RoomOverviews};
use protocol::{AccountName, Role, RoomId, api};
use reqwest::{Certificate, Client, Method, Response};
use thiserror::Error;
use url::Url;

use crate::secret::{Secret, SecretError};

/// What the program does other than serve.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// See and end rooms of a running server.
    Rooms(RoomsCommand),
    /// See and end accounts of a running server, and help whoever lost a password.
    Accounts(AccountsCommand),
}

/// Talks to a running server as its administrator.
#[derive(Debug, Clone, Parser)]
pub struct RoomsCommand {
    #[command(flatten)]
    access: Access,

    #[command(subcommand)]
    deed: Deed,
}

/// Talks to a running server as its administrator.
#[derive(Debug, Clone, Parser)]
pub struct AccountsCommand {
    #[command(flatten)]
    access: Access,

    #[command(subcommand)]
    deed: AccountDeed,
}

/// Which server, and the right to command it.
#[derive(Debug, Clone, Parser)]
struct Access {
    /// The running server.
    #[arg(long, env = "RTC_CHAT_SERVER", value_name = "URL", default_value = "http://127.0.0.1:5000", global = true)]
    server: Url,

    /// The file with the administrator's token.
    #[arg(long, env = "RTC_CHAT_ADMIN_TOKEN_FILE", value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,

    /// Trust this certificate (PEM), and no other: for a self-signed server.
    #[arg(long, env = "RTC_CHAT_CERTIFICATE", value_name = "FILE", global = true)]
    certificate: Option<PathBuf>,
}

#[derive(Debug, Clone, Subcommand)]
enum Deed {
    /// Every room, and who is inside.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Send everybody away; the room is gone.
    Close { room: RoomId },
    /// Send one client away.
    Kick { room: RoomId, client: String },
}

#[derive(Debug, Clone, Subcommand)]
enum AccountDeed {
    /// Every account, and when it was made (seconds since 1970).
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// End an account; its owner is signed out everywhere.
    Remove { name: AccountName },
    /// Print a new password for an account; its owner is signed out everywhere.
    ResetPassword { name: AccountName },
}

/// Why it did not work.
#[derive(Debug, Error)]
pub enum CliError {
    #[error("say where the administrator's token is: --token-file or RTC_CHAT_ADMIN_TOKEN_FILE")]
    NoToken,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("{} is no certificate as PEM", path.display())]
    Certificate { path: PathBuf },
    #[error("cannot reach the server: {0}")]
    Reach(#[source] reqwest::Error),
    #[error("{0}")]
    Refused(String),
}

impl Command {
    /// What to print.
    pub async fn run(self) -> Result<String, CliError> {
        match self {
            Self::Rooms(command) => command.run().await,
            Self::Accounts(command) => command.run().await,
        }
    }
}

impl RoomsCommand {
    async fn run(self) -> Result<String, CliError> {
        let (method, segments) = match &self.deed {
            Deed::List { .. } => (Method::GET, vec!["rooms"]),
            Deed::Close { room } => (Method::DELETE, vec!["rooms", room.as_str()]),
            Deed::Kick { room, client } => (Method::DELETE, vec!["rooms", room.as_str(), "clients", client]),
        };
        let answer = self.access.ask(method, &segments).await?;
        match self.deed {
            Deed::List { json: true } => answer.text().await.map_err(CliError::Reach),
            Deed::List { json: false } => Ok(table(&answer.json().await.map_err(CliError::Reach)?)),
            Deed::Close { .. } | Deed::Kick { .. } => Ok(String::new()),
        }
    }
}

impl AccountsCommand {
    async fn run(self) -> Result<String, CliError> {
        let (method, segments) = match &self.deed {
            AccountDeed::List { .. } => (Method::GET, vec!["accounts"]),
            AccountDeed::Remove { name } => (Method::DELETE, vec!["accounts", name.as_str()]),
            AccountDeed::ResetPassword { name } => (Method::POST, vec!["accounts", name.as_str(), "password"]),
        };
        let answer = self.access.ask(method, &segments).await?;
        match self.deed {
            AccountDeed::List { json: true } => answer.text().await.map_err(CliError::Reach),
            AccountDeed::List { json: false } => {
                let listed: AccountOverviews = answer.json().await.map_err(CliError::Reach)?;
                let lines = listed.accounts.iter().map(|account| format!("{}  {}", account.created, account.name));
                Ok(lines.collect::<Vec<_>>().join("\n"))
            }
            AccountDeed::Remove { .. } => Ok(String::new()),
            AccountDeed::ResetPassword { .. } => {
                let chosen: NewPassword = answer.json().await.map_err(CliError::Reach)?;
                Ok(chosen.password)
            }
        }
    }
}

impl Access {
    /// A request to the administrator's API; a refusal is an error.
    async fn ask(&self, method: Method, segments: &[&str]) -> Result<Response, CliError> {
        let token = Secret::read(self.token_file.as_deref().ok_or(CliError::NoToken)?)?;
        let mut client = Client::builder();
        if let Some(path) = &self.certificate {
            client = client.tls_certs_only([certificate(path)?]);
        }
        let client = client.build().map_err(CliError::Reach)?;
        let mut url = self.server.clone();
        match url.path_segments_mut() {
            Ok(mut path) => drop(path.pop_if_empty().extend(["api", "v1", "admin"]).extend(segments)),
            Err(()) => return Err(CliError::Refused(format!("{} is no server's address", self.server))),
        }
        let sent = client.request(method, url).bearer_auth(token.reveal()).send().await;
        let answer = sent.map_err(CliError::Reach)?;
        if answer.status().is_success() { Ok(answer) } else { Err(CliError::Refused(refusal(answer).await)) }
    }
}

fn certificate(path: &Path) -> Result<Certificate, CliError> {
    let read = std::fs::read(path).ok().and_then(|pem| Certificate::from_pem(&pem).ok());
    read.ok_or_else(|| CliError::Certificate { path: path.to_owned() })
}

async fn refusal(answer: Response) -> String {
    let status = answer.status();
    match answer.json::<api::Failure>().await {
        Ok(failure) => failure.error.message,
        Err(_) => format!("the server answers {status}"),
    }
}

/// One line a room, and one for each client in it, indented.
fn table(rooms: &RoomOverviews) -> String {
    let mut lines = Vec::new();
    for overview in &rooms.rooms {
        let room = &overview.room;
        let mut words = vec![format!("{} inside", room.participants)];
        if room.guest_limit != 0 {
            words.push(format!("of {}", room.guest_limit));
        }
        let marks = [(room.public, "public"), (room.has_password, "password"), (overview.kept, "kept")];
        words.extend(marks.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()));
        lines.push(format!("{}  ({})", room.id, words.join(", ")));
        for client in &overview.clients {
            let state = if !client.connected {
                "awaited"
            } else if client.unstable {
                "unstable"
            } else {
                "connected"
            };
            let role = match client.role {
                Role::Owner => "  owner",
                Role::Moderator => "  moderator",
                Role::Guest => "",
            };
            lines.push(format!("  {}  {state}{role}  {}", client.id, client.username));
        }
    }
    lines.join("\n")
}
