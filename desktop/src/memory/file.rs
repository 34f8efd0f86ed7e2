//! The file that the program's knowledge is kept in: for its owner's eyes only, written whole or not at all.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use media::Processing;
use protocol::{AccountName, Role, RoomId, Username};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::{ACCOUNTS_MAX, Contents, KnownAccount, KnownRoom, KnownServer, ROOMS_MAX, SERVERS_MAX, Secret};

/// Of the file's form; what a later one holds is left alone.
const VERSION: u32 = 1;
/// Two hundred rooms take a fifth of it.
const FILE_MAX: u64 = 1024 * 1024;

/// Why the program does not know what it should.
#[derive(Debug, Error)]
pub enum MemoryError {
    #[error(
        "RTC-Chat is running already. This one is somebody else in the rooms that you were in, and forgets at its end \
         what it learns"
    )]
    Busy,
    #[error("{} cannot be read or written: {source}. You are a newcomer in every room, until that is put right", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "{} is broken ({why}). You are a newcomer in every room; the broken file was put aside as {}",
        path.display(),
        aside.display()
    )]
    Broken { path: PathBuf, why: String, aside: PathBuf },
    #[error("{} was written by a newer RTC-Chat. It is left alone, and you are a newcomer in every room", path.display())]
    Newer { path: PathBuf },
}

/// Where what the program knows is kept if nothing else is said.
pub fn default_path() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.data_dir().join("rtc-chat").join("identity.json"))
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    microphone: Option<WrittenMicrophone>,
    #[serde(default)]
    rooms: Vec<WrittenRoom>,
    #[serde(default)]
    trusted: Vec<WrittenServer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<WrittenAccount>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenAccount {
    server: String,
    name: String,
    token: String,
}

/// What is done to its sound.
#[derive(Debug, Serialize, Deserialize)]
struct WrittenMicrophone {
    echo: bool,
    noise: bool,
    gain: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenRoom {
    server: String,
    room: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(default)]
    last: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenServer {
    host: String,
    sha256: String,
}

/// Ours alone from now on. `None` on a file system that has no locks.
pub(super) fn lock(path: &Path) -> Result<Option<File>, MemoryError> {
    let failed = |source| MemoryError::File { path: path.to_owned(), source };
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(path.with_extension("lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(MemoryError::Busy),
        Err(TryLockError::Error(error)) => {
            tracing::debug!(%error, "no lock is to be had");
            Ok(None)
        }
    }
}

/// `None`: there is no file yet.
pub(super) fn read(path: &Path) -> Result<Option<Contents>, MemoryError> {
    let failed = |source| MemoryError::File { path: path.to_owned(), source };
    let mut text = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(FILE_MAX + 1).read_to_end(&mut text).map_err(failed)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let broken = |why: String| MemoryError::Broken { path: path.to_owned(), why, aside: path.to_owned() };
    if text.len() as u64 > FILE_MAX {
        return Err(broken("it is too long".to_owned()));
    }
    // Where it breaks is told, what stands there is not: it may be a secret.
    let written: Written = serde_json::from_slice(&text)
        .map_err(|error| broken(format!("line {}, column {}", error.line(), error.column())))?;
    if written.version > VERSION {
        return Err(MemoryError::Newer { path: path.to_owned() });
    }
    Ok(Some(written.into_contents()))
}

/// Out of the way, but not lost.
pub(super) fn put_aside(path: &Path, error: MemoryError) -> MemoryError {
    let MemoryError::Broken { path: of, why, .. } = error else { return error };
    let aside = path.with_extension("broken");
    match std::fs::rename(path, &aside) {
        Ok(()) => MemoryError::Broken { path: of, why, aside },
        Err(source) => MemoryError::File { path: of, source },
    }
}

/// Whoever is interrupted here leaves the old file as it was.
pub(super) fn write(path: &Path, contents: &Contents) -> io::Result<()> {
    let fresh = path.with_extension("new");
    // One that is left over may be readable for others.
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&fresh)?;
    file.write_all(&serde_json::to_vec_pretty(&Written::from(contents))?)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

impl Written {
    /// What no longer makes sense is left out.
    fn into_contents(self) -> Contents {
        let room = |written: WrittenRoom| {
            let server = Url::parse(&written.server).ok().filter(Url::has_host)?;
            let room = RoomId::parse(&written.room).ok()?;
            let known = KnownRoom { server, room, role: written.role.unwrap_or_default(), last: written.last };
            Some((known, written.token.map(Secret)))
        };
        let server = |written: WrittenServer| {
            let fingerprint = written.sha256.parse().ok()?;
            Some(KnownServer { host: written.host, fingerprint })
        };
        let account = |written: WrittenAccount| {
            let server = Url::parse(&written.server).ok().filter(Url::has_host)?;
            let name = AccountName::parse(&written.name).ok()?.to_string();
            Some((KnownAccount { server, name }, Secret(written.token)))
        };
        let microphone = |WrittenMicrophone { echo, noise, gain }| Processing { echo, noise, gain };
        Contents {
            processing: self.microphone.map(microphone),
            name: self.name.and_then(|name| Username::parse(&name).ok()),
            server: self.server.and_then(|server| Url::parse(&server).ok()).filter(Url::has_host),
            rooms: self.rooms.into_iter().filter_map(room).take(ROOMS_MAX).collect(),
            servers: self.trusted.into_iter().filter_map(server).take(SERVERS_MAX).collect(),
            accounts: self.accounts.into_iter().filter_map(account).take(ACCOUNTS_MAX).collect(),
        }
    }
}

impl From<&Contents> for Written {
    fn from(contents: &Contents) -> Self {
        let room = |(known, secret): &(KnownRoom, Option<Secret>)| WrittenRoom {
            server: known.server.to_string(),
            room: known.room.to_string(),
            role: Some(known.role).filter(|role| *role != Role::Guest),
            last: known.last,
            token: secret.as_ref().map(|Secret(token)| token.clone()),
        };
        let server =
            |known: &KnownServer| WrittenServer { host: known.host.clone(), sha256: known.fingerprint.to_string() };
        let account = |(known, Secret(token)): &(KnownAccount, Secret)| WrittenAccount {
            server: known.server.to_string(),
            name: known.name.clone(),
            token: token.clone(),
        };
        Self {
            version: VERSION,
            microphone: contents.processing.map(|Processing { echo, noise, gain }| WrittenMicrophone {
                echo,
                noise,
                gain,
            }),
            name: contents.name.as_ref().map(ToString::to_string),
            server: contents.server.as_ref().map(ToString::to_string),
            rooms: contents.rooms.iter().map(room).collect(),
            trusted: contents.servers.iter().map(server).collect(),
            accounts: contents.accounts.iter().map(account).collect(),
        }
    }
}
