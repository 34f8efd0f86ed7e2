//! Certificates from an authority that issues them by itself (ACME, RFC 8555): when to order, and what to do when that fails.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

mod carrier;
mod order;
mod vault;

use order::{Issued, OrderError, Proof};
use vault::Vault;

use super::leaf::Leaf;
use super::shown::Shown;
use super::{Pair, TlsError};
use crate::metrics::Metrics;
use crate::settings::Acme;

/// An order that is not through by then never will be.
const ORDER_MAX: Duration = Duration::from_secs(5 * 60);
/// The pause after the first failure; each is twice as long as the one before. So that no authority counts us among those
/// who ask too often: Let's Encrypt forgives five failures an hour.
const PAUSE_FIRST: Duration = Duration::from_secs(2 * 60);
const PAUSE_LONGEST: Duration = Duration::from_secs(6 * 60 * 60);
/// So often is looked whether it is time: the machine may have slept, or its clock been set.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);
/// Of a certificate's life; when less is left it is renewed.
const REST_SHARE: f64 = 1.0 / 3.0;
/// Of a certificate's life: by up to so much earlier, so that not all servers come at once.
const SPREAD_SHARE: f64 = 1.0 / 24.0;

/// Keeps a certificate good.
pub(crate) struct Renewal {
    wish: Acme,
    vault: Vault,
    shown: Arc<Shown>,
    wake: Arc<Notify>,
    metrics: Metrics,
    /// Whether the proof can be laid out on a port for HTTP too.
    has_http: bool,
    /// Between 0 and 1, the same as long as we run.
    spread: f64,
    failures: u32,
}

/// The certificate of before, if it is one.
pub(super) fn kept(wish: &Acme, data_dir: &Path) -> Option<Pair> {
    Vault::of(data_dir, &wish.directory).certificate()
}

/// Reads what the settings name.
pub(super) fn check(wish: &Acme) -> Result<(), TlsError> {
    wish.root.as_deref().map(carrier::authorities).transpose().map(drop)
}

impl Renewal {
    pub(super) fn new(
        wish: Acme,
        data_dir: &Path,
        shown: Arc<Shown>,
        wake: Arc<Notify>,
        metrics: Metrics,
        has_http: bool,
    ) -> Self {
        let vault = Vault::of(data_dir, &wish.directory);
        let spread = rand::random_range(0.0..1.0);
        Self { wish, vault, shown, wake, metrics, has_http, spread, failures: 0 }
    }

    /// Runs until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            () = self.keep() => {}
            () = stop.cancelled() => {}
        }
    }

    async fn keep(&mut self) {
        loop {
            let now = SystemTime::now();
            let pause = match until_due(self.issued().as_ref(), now, self.spread) {
                Duration::ZERO => self.renew().await,
                due => due.min(LOOK_EVERY),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// The certificate that is shown, where it is the authority's and for all names.
    fn issued(&self) -> Option<Leaf> {
        let kept = self.vault.certificate()?.parse().ok()?;
        let leaf = Leaf::read(kept.end_entity_cert().ok()?)?;
        self.wish.domains.iter().all(|name| leaf.is_for(name.as_str())).then_some(leaf)
    }

    /// One attempt; how long to wait after it.
    async fn renew(&mut self) -> Duration {
        let first = if self.has_http && self.failures % 2 == 1 { Proof::Http } else { Proof::Tls };
        let order = order::order(&self.wish, &self.vault, &self.shown, first);
        let outcome = tokio::time::timeout(ORDER_MAX, order).await;
        self.shown.forget_proofs();
        let why = match outcome.map(|issued| issued.and_then(|issued| self.take(&issued))) {
            Ok(Ok(())) => {
                tracing::info!("a new certificate is shown");
                self.failures = 0;
                self.shown.set_trouble(None);
                self.metrics.ordered("ok");
                // One that is nearly over as it comes is no reason to ask again and again.
                return LOOK_EVERY;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("nothing came of it within {} s", ORDER_MAX.as_secs()),
        };
        self.failures += 1;
        let pause = pause_after(self.failures, rand::random_range(0.0..1.0));
        tracing::error!(why, retry_seconds = pause.as_secs(), "no certificate from the authority");
        self.shown.set_trouble(Some(why));
        self.metrics.ordered("failed");
        pause
    }

    /// What cannot be shown is not kept either.
    fn take(&self, issued: &Issued) -> Result<(), OrderError> {
        let pair = self.vault.pair(format!("{}\n{}", issued.key, issued.chain).into_bytes()).parse()?;
        self.vault.keep_certificate(&issued.chain, &issued.key)?;
        self.shown.show(pair);
        Ok(())
    }
}

/// How long a certificate need not be renewed yet. `spread`: between 0 and 1.
fn until_due(issued: Option<&Leaf>, now: SystemTime, spread: f64) -> Duration {
    let Some(leaf) = issued else { return Duration::ZERO };
    leaf.rest(now).saturating_sub(leaf.life().mul_f64(REST_SHARE + SPREAD_SHARE * spread))
}

/// `chance`: between 0 and 1.
fn pause_after(failures: u32, chance: f64) -> Duration {
    let doubled = PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(PAUSE_LONGEST).mul_f64(1.0 + 0.25 * chance)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn a_certificate_is_renewed_when_a_third_of_its_life_is_left() {
        let start = UNIX_EPOCH + DAY * 20_000;
        let mut params = CertificateParams::new(["chat.example".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (start.into(), (start + DAY * 90).into());
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let leaf = Leaf::read(made.der()).unwrap();
        let due = |day: u32, spread| until_due(Some(&leaf), start + DAY * day, spread);
        assert_eq!(due(0, 0.0), DAY * 60);
        assert_eq!(due(59, 0.0), DAY);
        assert_eq!(due(60, 0.0), Duration::ZERO);
        assert_eq!(due(0, 1.0), DAY * 60 - DAY.mul_f64(3.75), "never later than a third");
        assert_eq!(due(91, 0.0), Duration::ZERO, "it is over");
        assert_eq!(until_due(None, start, 0.0), Duration::ZERO, "there is none");
    }

    #[test]
    fn an_authority_that_refuses_is_asked_less_and_less_often() {
        let minutes: Vec<u64> = (1..=10).map(|failures| pause_after(failures, 0.0).as_secs() / 60).collect();
        assert_eq!(minutes, [2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert!(
            minutes
                .iter()
                .scan(0, |sum, &pause| {
                    *sum += pause;
                    Some(*sum)
                })
                .filter(|&sum| sum < 60)
                .count()
                < 5
        );
        assert_eq!(pause_after(u32::MAX, 1.0), PAUSE_LONGEST.mul_f64(1.25));
    }
}
