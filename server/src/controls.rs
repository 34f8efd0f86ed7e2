//! What can be changed while the server runs.

use crate::engine::{EngineHandle, Unavailable};
use crate::settings::Settings;
use crate::tls::Tls;

/// Reaches into a running server.
#[derive(Clone)]
pub struct Controls {
    engine: EngineHandle,
    tls: Option<Tls>,
}

impl Controls {
    pub(crate) fn new(engine: EngineHandle, tls: Option<Tls>) -> Self {
        Self { engine, tls }
    }

    /// Takes over what may change without a restart: the certificate's files, and the limits on offers and connections.
    /// What is wrong is logged, and what was in force stays.
    pub async fn reload(&self, settings: &Settings) {
        if let Some(tls) = &self.tls {
            match tls.reload() {
                Ok(()) => tracing::info!("read the certificate again"),
                Err(error) => tracing::error!(%error, "the certificate stays as it was"),
            }
        }
        if let Err(Unavailable) = self.engine.limit(settings.limits).await {
            tracing::error!("the limits stay as they were");
        }
    }

    /// Lets nobody new in from now on; done when everyone has left.
    pub async fn drain(&self) {
        if let Err(Unavailable) = self.engine.drain().await {
            tracing::debug!("stopped while people were leaving");
        }
    }
}
