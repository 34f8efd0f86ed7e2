//! What whoever runs the server needs: its state for machines, administration, reports, and how it stops.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use url::Url;

/// How the server is watched and run.
#[derive(Debug, Clone, Parser)]
#[command(next_help_heading = "Operations")]
pub struct Operations {
    /// Where to serve /metrics (Prometheus), /healthz and /readyz in the clear: an address that only your own reach.
    #[arg(long, env = "RTC_CHAT_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,

    /// Report rooms opened and closed, and people joining and leaving, by a POST to this address.
    #[arg(long, env = "RTC_CHAT_WEBHOOK", value_name = "URL", requires = "webhook_secret_file")]
    pub webhook: Option<Url>,

    /// A file with the secret that signs these reports, at least 16 characters.
    #[arg(long, env = "RTC_CHAT_WEBHOOK_SECRET_FILE", value_name = "FILE")]
    pub webhook_secret_file: Option<PathBuf>,

    /// When told to stop, let nobody new in and wait so long for everyone to leave.
    #[arg(long, env = "RTC_CHAT_DRAIN_SECONDS", value_name = "SECONDS", default_value_t = 0)]
    pub drain_seconds: u64,

    /// Print the settings that are in force, secrets hidden, say what is wrong with them, and end.
    #[arg(long, env = "RTC_CHAT_CHECK_CONFIG")]
    pub check_config: bool,
}
