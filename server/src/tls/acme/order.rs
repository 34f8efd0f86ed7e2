//! One order of a certificate (RFC 8555): account, proof that the names are ours, request, certificate.

use std::path::Path;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeHandle, ChallengeType, Error, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error as ThisError;

use super::carrier::Carrier;
use super::vault::Vault;
use crate::settings::Acme;
use crate::tls::shown::Shown;
use crate::tls::{TlsError, provider};

/// How long the authority may take to look at our proofs, and to make the certificate.
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).backoff(1.5).timeout(Duration::from_secs(90));
/// What an authority calls an account that it does not know.
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// Why there is no certificate.
#[derive(Debug, ThisError)]
pub(super) enum OrderError {
    #[error("{0}")]
    Authority(#[from] Error),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the account's file is damaged: {0}")]
    Account(#[from] serde_json::Error),
    #[error("cannot make a certificate request: {0}")]
    Request(#[from] rcgen::Error),
    #[error("the authority offers no way to prove {name} that this server knows")]
    NoChallenge { name: String },
    #[error("the authority did not accept the proof for {name}: {why}")]
    Refused { name: String, why: String },
    #[error("the order ended as {0:?}")]
    Ended(OrderStatus),
}

/// How a name is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// On the TLS port, by a certificate.
    Tls,
    /// On the port that leads to HTTPS, by a text.
    Http,
}

/// What came of an order.
pub(super) struct Issued {
    /// PEM.
    pub chain: String,
    /// PEM.
    pub key: String,
}

/// Gets a certificate for every name in `wish`. `first` is tried where the authority lets us choose.
pub(super) async fn order(wish: &Acme, vault: &Vault, shown: &Shown, first: Proof) -> Result<Issued, OrderError> {
    let account = match account(wish, vault).await {
        Err(OrderError::Authority(Error::Api(problem))) if problem.r#type.as_deref() == Some(NO_ACCOUNT) => {
            vault.drop_account();
            return Err(Error::Api(problem).into());
        }
        account => account?,
    };
    let names: Vec<Identifier> = wish.domains.iter().map(|name| Identifier::Dns(name.to_string())).collect();
    let opened = account.new_order(&NewOrder::new(&names)).await;
    if let Err(Error::Api(problem)) = &opened
        && problem.r#type.as_deref() == Some(NO_ACCOUNT)
    {
        vault.drop_account();
    }
    let mut order = opened?;
    prove(&mut order, shown, first).await?;
    match order.poll_ready(&PATIENCE).await? {
        OrderStatus::Ready => {}
        ended => return Err(why_refused(&mut order).await.unwrap_or(OrderError::Ended(ended))),
    }
    let mut params = CertificateParams::new(wish.domains.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    params.distinguished_name = DistinguishedName::new();
    let key = KeyPair::generate()?;
    order.finalize_csr(params.serialize_request(&key)?.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(Issued { chain, key: key.serialize_pem() })
}

/// The account of before, or a new one.
async fn account(wish: &Acme, vault: &Vault) -> Result<Account, OrderError> {
    let builder = Account::builder_with_http(Box::new(Carrier::new(wish.root.as_deref().map(Path::new))?));
    if let Some(known) = vault.account() {
        return Ok(builder.from_credentials(serde_json::from_slice(&known)?).await?);
    }
    tracing::info!("opening an account with the certificate authority, which agrees to its terms");
    let contact: Vec<&str> = wish.contacts.iter().map(String::as_str).collect();
    let account = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let (account, credentials) = builder.create(&account, wish.directory.to_string(), None).await?;
    vault.keep_account(&serde_json::to_vec(&credentials)?)?;
    Ok(account)
}

/// Lays out a proof for every name that the authority does not believe yet, and tells it to look.
async fn prove(order: &mut Order, shown: &Shown, first: Proof) -> Result<(), OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let name = authorization.identifier().to_string();
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            _ => return Err(refusal(&authorization).unwrap_or(OrderError::NoChallenge { name })),
        }
        let offers = |kind| authorization.challenges.iter().any(|challenge| challenge.r#type == kind);
        let (tls, http) = (offers(ChallengeType::TlsAlpn01), offers(ChallengeType::Http01));
        let kind = match first {
            Proof::Http if http => ChallengeType::Http01,
            _ if tls => ChallengeType::TlsAlpn01,
            _ => ChallengeType::Http01,
        };
        let is_by_tls = kind == ChallengeType::TlsAlpn01;
        let mut challenge =
            authorization.challenge(kind).ok_or_else(|| OrderError::NoChallenge { name: name.clone() })?;
        if is_by_tls {
            shown.prove_by_certificate(&name, proof(&name, &challenge)?);
        } else {
            shown.prove_by_text(&challenge.token, challenge.key_authorization().as_str());
        }
        challenge.set_ready().await?;
    }
    Ok(())
}

/// The certificate of RFC 8737, section 3: self-signed, for that name, with the digest of the key authorization.
fn proof(name: &str, challenge: &ChallengeHandle<'_>) -> Result<CertifiedKey, OrderError> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    let digest = challenge.key_authorization().digest();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not checked as a pair: the digest is a critical extension, which a checker must refuse that does not know it.
    let key = provider().key_provider.load_private_key(key).map_err(TlsError::Pair)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

/// What the authority says of the proofs that it did not accept.
async fn why_refused(order: &mut Order) -> Option<OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        authorization.refresh().await.ok()?;
        if let Some(refused) = refusal(&authorization) {
            return Some(refused);
        }
    }
    None
}

fn refusal(authorization: &AuthorizationHandle<'_>) -> Option<OrderError> {
    let problem = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref())?;
    Some(OrderError::Refused { name: authorization.identifier().to_string(), why: problem.to_string() })
}
