//! The settings file: each line becomes the flag of its name, unless the command line or the environment says otherwise.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::Value;

/// Why the settings file was refused.
#[derive(Debug, Error)]
pub enum FileError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} is not TOML: {source}", path.display())]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{}: `{key}` is neither a text, a number, a yes or no, nor a list of these", path.display())]
    Shape { path: PathBuf, key: String },
}

/// The arguments with those of the settings file that they name put in front.
pub fn with_file(arguments: Vec<OsString>) -> Result<Vec<OsString>, FileError> {
    let Some(path) = named_file(&arguments) else { return Ok(arguments) };
    let text = std::fs::read_to_string(&path).map_err(|source| FileError::Read { path: path.clone(), source })?;
    with_text(&path, &text, arguments)
}

/// The arguments with those of a settings file's text put in front; `path` is for complaints.
pub(crate) fn with_text(path: &Path, text: &str, arguments: Vec<OsString>) -> Result<Vec<OsString>, FileError> {
    let table = text
        .parse::<toml::Table>()
        .map_err(|source| FileError::Parse { path: path.to_owned(), source: Box::new(source) })?;
    let mut all: Vec<OsString> = arguments.iter().take(1).cloned().collect();
    for (key, value) in &table {
        if !is_said_elsewhere(key, &arguments) {
            all.extend(as_flags(path, key, value)?.into_iter().map(OsString::from));
        }
    }
    all.extend(arguments.into_iter().skip(1));
    Ok(all)
}

fn named_file(arguments: &[OsString]) -> Option<PathBuf> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        if let Some(path) = text.strip_prefix("--config=") {
            return Some(PathBuf::from(path));
        }
    }
    std::env::var_os("RTC_CHAT_CONFIG").map(PathBuf::from)
}

fn is_said_elsewhere(key: &str, arguments: &[OsString]) -> bool {
    let flag = format!("--{key}");
    let is_flag = |argument: &OsString| {
        let text = argument.to_string_lossy();
        text == flag || text.starts_with(&format!("{flag}="))
    };
    let variable = format!("RTC_CHAT_{}", key.to_uppercase().replace('-', "_"));
    arguments.iter().any(is_flag) || std::env::var_os(variable).is_some()
}

fn as_flags(path: &Path, key: &str, value: &Value) -> Result<Vec<String>, FileError> {
    Ok(match value {
        Value::Boolean(true) => vec![format!("--{key}")],
        Value::Boolean(false) => vec![],
        Value::String(text) => vec![format!("--{key}={text}")],
        Value::Integer(number) => vec![format!("--{key}={number}")],
        Value::Float(number) => vec![format!("--{key}={number}")],
        Value::Array(values) => {
            let mut flags = Vec::new();
            for value in values {
                flags.extend(as_flags(path, key, value)?);
            }
            flags
        }
        Value::Datetime(_) | Value::Table(_) => {
            return Err(FileError::Shape { path: path.to_owned(), key: key.to_owned() });
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_flag_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.toml");
        std::fs::write(
            &path,
            "listen = \"0.0.0.0:80\"\nroom = [\"a\", \"b\"]\nbacklog-bytes = 7\nbehind-proxy = true\n",
        )
        .unwrap();
        let said = ["server", "--config", path.to_str().unwrap(), "--backlog-bytes=9"];
        let settings = Settings::parse_from(with_file(said.map(OsString::from).to_vec()).unwrap());
        assert_eq!(settings.listen.to_string(), "0.0.0.0:80");
        assert_eq!(settings.room.len(), 2);
        assert_eq!(settings.limits.backlog_bytes, 9);
        assert!(settings.behind_proxy);
    }

    #[test]
    fn a_file_that_is_missing_or_no_toml_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.toml");
        let said = || vec!["server".into(), format!("--config={}", path.display()).into()];
        assert!(matches!(with_file(said()), Err(FileError::Read { .. })));
        std::fs::write(&path, "= nonsense").unwrap();
        assert!(matches!(with_file(said()), Err(FileError::Parse { .. })));
    }

    #[test]
    fn the_packaged_settings_are_settings() {
        let file = concat!("--config=", env!("CARGO_MANIFEST_DIR"), "/packaging/server.toml");
        let settings = Settings::try_parse_from(with_file(vec!["server".into(), file.into()]).unwrap()).unwrap();
        assert!(settings.tls.tls_self_signed && settings.listen.port() == 443);
        let unit = include_str!("../../packaging/rtc-chat-server.service");
        let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let started = Settings::try_parse_from(start.split(' ')).unwrap();
        assert_eq!(started.config.unwrap().to_str(), Some("/etc/rtc-chat/server.toml"));
        let patience = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
        assert!(patience.parse::<u64>().unwrap() > settings.operations.drain_seconds + 10);
    }
}
