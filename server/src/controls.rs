//! What can be changed while the server runs.

use std::sync::Arc;

use crate::credentials::Credentials;
use crate::engine::{EngineHandle, Unavailable};
use crate::settings::Settings;
use crate::tls::Tls;
use crate::web::Crowd;

/// Reaches into a running server.
#[derive(Clone)]
pub struct Controls {
    engine: EngineHandle,
    tls: Option<Tls>,
    credentials: Arc<Credentials>,
    crowd: Arc<Crowd>,
}

impl Controls {
    pub(crate) fn new(
        engine: EngineHandle,
        tls: Option<Tls>,
        credentials: Arc<Credentials>,
        crowd: Arc<Crowd>,
    ) -> Self {
        Self { engine, tls, credentials, crowd }
    }

    /// Takes over what may change without a restart: every limit, the ICE servers, who may have an account, the certificate,
    /// the administrator's token and the join key. What is wrong is logged, and what was in force stays.
    pub async fn reload(&self, settings: &Settings) {
        if let Some(tls) = &self.tls {
            match tls.reload(&settings.tls.source()) {
                Ok(()) => tracing::info!("read the certificate again"),
                Err(error) => tracing::error!(%error, "the certificate stays as it was"),
            }
        }
        if let Err(error) = self.credentials.reload(settings) {
            tracing::error!(%error, "the administrator's token and the join key stay as they were");
        }
        let (per_address, in_all) = settings.http_connections();
        self.crowd.limit(per_address, in_all);
        if let Err(Unavailable) = self.engine.configure(settings.limits, settings.rooms(), settings.accounts()).await {
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
