//! The installation's key and what it signs: session tokens, form tokens, and the public client ids.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use protocol::{ClientId, RoomId};
use rooms::{AddressMark, SessionId};
use sha2::Sha256;
use thiserror::Error;

use crate::engine::network_of;
use crate::generations::Generations;

const KEY_BYTES: usize = 32;
const SESSION_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 32;
/// A form that was opened this long ago is stale; its page shows itself again with a new one.
const FORM_SECONDS: u64 = 12 * 60 * 60;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    #[error("cannot make the data directory {}: {source}", path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("cannot read or write the key {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the key {} does not have {KEY_BYTES} bytes; remove it to make a new one (sessions end)", path.display())]
    Length { path: PathBuf },
}

/// What only this installation can sign.
pub(crate) struct Keys {
    secret: [u8; KEY_BYTES],
    /// Which tokens count.
    generations: Generations,
}

impl Keys {
    /// The key in `directory`, made there with mode 0600 at the first start.
    pub(crate) fn open(directory: &Path, generations: Generations) -> Result<Self, KeyError> {
        std::fs::create_dir_all(directory)
            .map_err(|source| KeyError::Directory { path: directory.to_owned(), source })?;
        let path = directory.join("session.key");
        let found = match create(&path) {
            Ok(secret) => return Ok(Self { secret, generations }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path),
            Err(error) => Err(error),
        };
        let found = found.map_err(|source| KeyError::File { path: path.clone(), source })?;
        let secret = found.try_into().map_err(|_| KeyError::Length { path })?;
        Ok(Self { secret, generations })
    }

    /// A session that nobody had before.
    pub(crate) fn new_session(&self) -> SessionId {
        SessionId::new(rand::random::<[u8; SESSION_BYTES]>())
    }

    /// What its holder proves the session with. Where the session never had an account it says no generation, as ever.
    pub(crate) fn session_token(&self, session: &SessionId) -> String {
        let mut bytes = session.as_bytes().to_vec();
        match self.generations.of(session) {
            0 => bytes.extend(self.sign(b"session", &[session.as_bytes()])),
            generation => {
                let generation = generation.to_be_bytes();
                bytes.extend(generation);
                bytes.extend(self.sign(b"account", &[session.as_bytes(), &generation]));
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The session of a token that this installation made, and that still counts.
    pub(crate) fn open_session(&self, token: &str) -> Option<SessionId> {
        // Longer than any token: not worth decoding.
        if token.len() > 128 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (bytes, signature) = bytes.split_last_chunk::<SIGNATURE_BYTES>()?;
        let (session, generation) = bytes.split_first_chunk::<SESSION_BYTES>()?;
        let (is_ours, generation) = match generation {
            [] => (self.verify(b"session", &[session], signature), 0),
            given => {
                (self.verify(b"account", &[session, given], signature), u64::from_be_bytes(given.try_into().ok()?))
            }
        };
        let session = SessionId::new(*session);
        (is_ours && self.generations.of(&session) == generation).then_some(session)
    }

    /// Whether it could be the token of another installation's session.
    pub(crate) fn is_session_shaped(token: &str) -> bool {
        const PLAIN: usize = SESSION_BYTES + SIGNATURE_BYTES;
        const WITH_GENERATION: usize = PLAIN + size_of::<u64>();
        token.len() <= 128
            && URL_SAFE_NO_PAD.decode(token).is_ok_and(|bytes| matches!(bytes.len(), PLAIN | WITH_GENERATION))
    }

    /// A form's token: it fits only this session's forms, and only for a while. `now`: seconds since 1970.
    pub(crate) fn form_token(&self, session: &SessionId, now: u64) -> String {
        let mut bytes = now.to_be_bytes().to_vec();
        bytes.extend(self.sign(b"form", &[session.as_bytes(), &now.to_be_bytes()]));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn is_form_token(&self, token: &str, session: &SessionId, now: u64) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((made, signature)) = bytes.split_first_chunk::<8>() else { return false };
        self.verify(b"form", &[session.as_bytes(), made], signature)
            && now.saturating_sub(u64::from_be_bytes(*made)) <= FORM_SECONDS
    }

    /// The session's public name in a room: the same whenever it comes back, also after a restart.
    pub(crate) fn client_id(&self, session: &SessionId, room: &RoomId) -> ClientId {
        let digest = self.sign(b"client", &[session.as_bytes(), room.as_str().as_bytes()]);
        ClientId::new(digest[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// By what a banned address is known again; the address cannot be read back from it.
    pub(crate) fn address_mark(&self, address: IpAddr) -> AddressMark {
        let network = network_of(address);
        let digest = match network {
            IpAddr::V4(address) => self.sign(b"address", &[&address.octets()]),
            IpAddr::V6(address) => self.sign(b"address", &[&address.octets()]),
        };
        let (mark, _) = digest.split_first_chunk().expect("a signature is longer than a mark");
        AddressMark(*mark)
    }

    fn sign(&self, purpose: &[u8], parts: &[&[u8]]) -> [u8; SIGNATURE_BYTES] {
        self.mac(purpose, parts).finalize().into_bytes().into()
    }

    fn verify(&self, purpose: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
        self.mac(purpose, parts).verify_slice(signature).is_ok()
    }

    /// `purpose` keeps a signature of one kind from passing as another.
    fn mac(&self, purpose: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(purpose);
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

fn create(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let secret: [u8; KEY_BYTES] = rand::random();
    file.write_all(&secret)?;
    file.sync_all()?;
    Ok(secret)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut found = Vec::new();
    // One byte more than a key: a longer file shows itself without being read whole.
    std::fs::File::open(path)?.take(KEY_BYTES as u64 + 1).read_to_end(&mut found)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { secret: rand::random(), generations: Generations::default() }
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("data");
        let first = Keys::open(&home, Generations::default()).unwrap();
        let token = first.session_token(&first.new_session());
        assert!(Keys::open(&home, Generations::default()).unwrap().open_session(&token).is_some());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = home.join("session.key").metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(home.join("session.key"), [0; 33]).unwrap();
        assert!(matches!(Keys::open(&home, Generations::default()), Err(KeyError::Length { .. })));
    }

    #[test]
    fn a_token_of_another_installation_or_a_changed_one_opens_nothing() {
        let (ours, theirs) = (keys(), keys());
        let session = ours.new_session();
        let token = ours.session_token(&session);
        assert_eq!(ours.open_session(&token), Some(session));
        assert_eq!(theirs.open_session(&token), None);
        let mut changed = token.into_bytes();
        changed[3] ^= 1;
        assert_eq!(ours.open_session(std::str::from_utf8(&changed).unwrap()), None);
        for bad in ["", "AAAA", "not base64!", &"A".repeat(10_000)] {
            assert_eq!(ours.open_session(bad), None);
        }
    }

    #[test]
    fn a_token_counts_in_its_own_generation_only() {
        let keys = keys();
        let session = keys.new_session();
        let first = keys.session_token(&session);
        assert_eq!(first.len(), 86, "as it always was");
        keys.generations.set(session, 1);
        let second = keys.session_token(&session);
        assert_eq!((keys.open_session(&first), keys.open_session(&second)), (None, Some(session)));
        keys.generations.set(session, 2);
        let third = keys.session_token(&session);
        assert_eq!((keys.open_session(&second), keys.open_session(&third)), (None, Some(session)));
        assert!(Keys::is_session_shaped(&first) && Keys::is_session_shaped(&second), "an old one is no guess");
        let mut forged = URL_SAFE_NO_PAD.decode(&second).unwrap();
        forged[SESSION_BYTES + 7] = 2;
        assert_eq!(keys.open_session(&URL_SAFE_NO_PAD.encode(&forged)), None);
        let without = [&forged[..SESSION_BYTES], &forged[SESSION_BYTES + 8..]].concat();
        assert_eq!(keys.open_session(&URL_SAFE_NO_PAD.encode(without)), None);
    }

    #[test]
    fn a_form_token_fits_one_session_and_goes_stale() {
        let keys = keys();
        let (mine, yours) = (keys.new_session(), keys.new_session());
        let token = keys.form_token(&mine, 1_000);
        assert!(keys.is_form_token(&token, &mine, 1_000 + FORM_SECONDS));
        assert!(!keys.is_form_token(&token, &mine, 1_001 + FORM_SECONDS));
        assert!(!keys.is_form_token(&token, &yours, 1_000));
        assert!(!keys.is_form_token(&keys.session_token(&mine), &mine, 1_000));
        assert!(!keys.is_form_token("", &mine, 1_000));
    }

    #[test]
    fn a_client_id_tells_nothing_of_its_session_and_differs_by_room() {
        let keys = keys();
        let session = keys.new_session();
        let (a, b) = (RoomId::parse("a").unwrap(), RoomId::parse("b").unwrap());
        assert_eq!(keys.client_id(&session, &a), keys.client_id(&session, &a));
        assert_ne!(keys.client_id(&session, &a), keys.client_id(&session, &b));
        assert_eq!(keys.client_id(&session, &a).as_str().len(), 16);
        assert_eq!(keys.open_session(keys.client_id(&session, &a).as_str()), None);
    }
}
