//! `--check-config`: the settings in force, as a settings file with the secrets hidden, and what is wrong with them.

use std::fmt::Write;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory};

use crate::join_key::{JoinKey, JoinKeyError};
use crate::secret::{Secret, SecretError};
use crate::settings::Settings;
use crate::tls::{Tls, TlsError};

/// What the server would not start with.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    JoinKey(#[from] JoinKeyError),
}

/// Every setting in force as a line of TOML; the ones that nobody set are comments.
pub fn effective(matches: &ArgMatches) -> String {
    let mut page = String::new();
    for argument in Settings::command().get_arguments() {
        let (id, Some(flag)) = (argument.get_id().as_str(), argument.get_long()) else { continue };
        if matches!(id, "help" | "version" | "check_config" | "config") {
            continue;
        }
        let values: Vec<String> = matches
            .try_get_raw(id)
            .ok()
            .flatten()
            .map(|values| values.map(|value| hide(id, &value.to_string_lossy())).collect())
            .unwrap_or_default();
        let is_list = matches!(argument.get_action(), clap::ArgAction::Append);
        let line = match &values[..] {
            [] => format!("{flag} = # not set"),
            [one] if !is_list => format!("{flag} = {}", toml(one)),
            many => format!("{flag} = [{}]", many.iter().map(|value| toml(value)).collect::<Vec<_>>().join(", ")),
        };
        let is_default = values.is_empty() || matches.value_source(id) == Some(ValueSource::DefaultValue);
        // Writing to a string cannot fail.
        let _ = writeln!(page, "{}{line}", if is_default { "# " } else { "" });
    }
    page
}

/// Reads what the settings name, and makes nothing.
pub fn files(settings: &Settings) -> Result<(), CheckError> {
    for path in [&settings.admin_token_file, &settings.operations.webhook_secret_file].into_iter().flatten() {
        Secret::read(path)?;
    }
    settings.join_key.as_deref().map(JoinKey::read).transpose()?;
    Ok(Tls::check(&settings.tls.source(), &settings.data_dir)?)
}

/// A login's secret in an address.
fn hide(id: &str, value: &str) -> String {
    match id {
        "ice_server" => match value.rsplit_once('@') {
            Some((login, host)) => {
                let user: Vec<&str> = login.splitn(3, ':').take(2).collect();
                format!("{}:***@{host}", user.join(":"))
            }
            None => value.to_owned(),
        },
        "webhook" => url::Url::parse(value).map_or_else(
            |_| value.to_owned(),
            |mut url| {
                if url.password().is_some() {
                    let _ = url.set_password(Some("***"));
                }
                if url.query().is_some() {
                    url.set_query(Some("***"));
                }
                url.to_string()
            },
        ),
        _ => value.to_owned(),
    }
}

fn toml(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() && !value.starts_with('+') => value.to_owned(),
        _ if value == "true" || value == "false" => value.to_owned(),
        _ => toml::Value::from(value).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(flags: &[&str]) -> String {
        let arguments = ["server"].iter().chain(flags);
        effective(&Settings::command().get_matches_from(arguments))
    }

    #[test]
    fn what_is_in_force_is_a_settings_file_that_says_the_same() {
        let flags = ["--listen=0.0.0.0:80", "--room=a", "--room=b c", "--behind-proxy", "--gone-seconds=7.5"];
        let page = shown(&flags);
        for line in ["listen = \"0.0.0.0:80\"", "room = [\"a\", \"b c\"]", "behind-proxy = true", "gone-seconds = 7.5"]
        {
            assert!(page.lines().any(|known| known == line), "{line} in {page}");
        }
        assert!(page.contains("# log = \"info\"\n") && page.contains("# assets = # not set\n"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &page).unwrap();
        let said = vec!["server".into(), format!("--config={}", file.path().display()).into()];
        let again = crate::settings::file::with_file(said).unwrap();
        assert_eq!(effective(&Settings::command().get_matches_from(again)), page);
    }

    #[test]
    fn secrets_are_hidden() {
        let page = shown(&[
            "--ice-server=turn:ann:s:e@t.example:3478",
            "--webhook=https://u:pw@h.example/x?token=t0p",
            "--webhook-secret-file=/f",
        ]);
        assert!(
            page.contains("turn:ann:***@t.example:3478") && page.contains("https://u:***@h.example/x?***"),
            "{page}"
        );
        assert!(!page.contains("s:e") && !page.contains("pw") && !page.contains("t0p"), "{page}");
    }
}
