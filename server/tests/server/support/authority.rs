//! A certificate authority that issues by itself (RFC 8555), small and strict: it checks every signature and nonce, really
//! looks at the proofs, and answers a test's questions about what it was asked.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, head, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

mod jws;
mod proof;

use jws::{Key, Question};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How the authority behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// How old a certificate is when it is issued, and for how long it is good from then on.
    pub days: (u32, u32),
    /// Expects another key's proof, as if somebody else had asked.
    pub mistrusts: bool,
    /// The kind of proof that it asks for.
    pub challenge: &'static str,
}

pub(crate) const GOOD: Manners = Manners { days: (1, 89), mistrusts: false, challenge: "tls-alpn-01" };

/// The authority, running; it ends with its value.
pub(crate) struct Authority {
    /// Its directory's address.
    pub directory: String,
    /// Its own certificate, which vouches for its directory and for what it issues.
    root: NamedTempFile,
    desk: Arc<Desk>,
    _tasks: JoinSet<()>,
}

/// What its handlers share.
struct Desk {
    base: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    book: Mutex<Book>,
    /// Where every name leads: the TLS port, and that for HTTP. Nobody looks before it is said.
    place: watch::Sender<Option<(SocketAddr, Option<SocketAddr>)>>,
}

struct Book {
    manners: Manners,
    nonces: BTreeSet<String>,
    has_refused_a_nonce: bool,
    accounts: Vec<Key>,
    orders: Vec<Order>,
}

struct Order {
    names: Vec<String>,
    /// Of each name's proof: `pending`, `valid`, `invalid`.
    proofs: Vec<&'static str>,
    why: String,
    chain: Option<String>,
}

impl Authority {
    pub(crate) async fn start(manners: Manners) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let root = NamedTempFile::new().expect("a file");
        std::fs::write(root.path(), issuer.pem()).expect("a file");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("https://{}", listener.local_addr().expect("its address"));
        let acceptor = acceptor(&issuer);
        let book = Book {
            manners,
            nonces: BTreeSet::new(),
            has_refused_a_nonce: false,
            accounts: Vec::new(),
            orders: Vec::new(),
        };
        let (place, _) = watch::channel(None);
        let desk = Arc::new(Desk { base: base.clone(), issuer, book: Mutex::new(book), place });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, acceptor, router(Arc::clone(&desk))));
        Self { directory: format!("{base}/directory"), root, desk, _tasks: tasks }
    }

    /// What a server is told to get a certificate for `chat.example` here.
    pub(crate) fn flags(&self) -> [String; 3] {
        let root = self.root.path().to_str().expect("a path in UTF-8");
        [
            "--tls-acme=chat.example".to_owned(),
            format!("--acme-directory={}", self.directory),
            format!("--acme-root={root}"),
        ]
    }

    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.desk.issuer.pem().into_bytes()
    }

    /// From now on every name leads there.
    pub(crate) fn finds(&self, tls: SocketAddr, http: Option<SocketAddr>) {
        self.desk.place.send_replace(Some((tls, http)));
    }

    pub(crate) fn behave(&self, manners: Manners) {
        self.desk.book().manners = manners;
    }

    pub(crate) fn orders(&self) -> usize {
        self.desk.book().orders.len()
    }

    pub(crate) fn issued(&self) -> usize {
        self.desk.book().orders.iter().filter(|order| order.chain.is_some()).count()
    }
}

fn acceptor(issuer: &CertifiedIssuer<'static, KeyPair>) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("parameters");
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
    TlsAcceptor::from(Arc::new(config.expect("a pair")))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
        connections.spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/directory", get(directory))
        .route("/nonce", head(|State(desk): State<Arc<Desk>>| async move { desk.answer(StatusCode::OK, &json!({})) }))
        .route("/account", post(open_account))
        .route("/order", post(open_order))
        .route("/order/{order}", post(read_order))
        .route("/proof/{order}/{name}", post(read_proof))
        .route("/look/{order}/{name}", post(look))
        .route("/finalize/{order}", post(finalize))
        .route("/certificate/{order}", post(certificate))
        .with_state(desk)
}

type Answer = Response<Body>;

async fn directory(State(desk): State<Arc<Desk>>) -> Answer {
    let at = |path: &str| format!("{}/{path}", desk.base);
    desk.answer(
        StatusCode::OK,
        &json!({"newNonce": at("nonce"), "newAccount": at("account"), "newOrder": at("order"), "meta": {}}),
    )
}

async fn open_account(State(desk): State<Arc<Desk>>, body: Bytes) -> Answer {
    desk.hear("account", &body, |question| {
        if question.payload["termsOfServiceAgreed"] != true {
            return desk.refuse(StatusCode::FORBIDDEN, "userActionRequired", "the terms");
        }
        let mut book = desk.book();
        book.accounts.push(question.key.clone());
        let account = format!("{}/account/{}", desk.base, book.accounts.len() - 1);
        drop(book);
        desk.answer_at(StatusCode::CREATED, &account, &json!({"status": "valid"}))
    })
}

async fn open_order(State(desk): State<Arc<Desk>>, body: Bytes) -> Answer {
    desk.hear("order", &body, |question| {
        let wanted = question.payload["identifiers"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> = wanted.iter().filter_map(|name| name["value"].as_str().map(str::to_owned)).collect();
        let mut book = desk.book();
        let proofs = vec!["pending"; names.len()];
        book.orders.push(Order { names, proofs, why: String::new(), chain: None });
        let id = book.orders.len() - 1;
        drop(book);
        desk.answer_at(StatusCode::CREATED, &format!("{}/order/{id}", desk.base), &desk.order(id))
    })
}

async fn read_order(State(desk): State<Arc<Desk>>, Path(id): Path<usize>, body: Bytes) -> Answer {
    desk.hear(&format!("order/{id}"), &body, |_| desk.answer(StatusCode::OK, &desk.order(id)))
}

async fn read_proof(State(desk): State<Arc<Desk>>, Path((id, name)): Path<(usize, usize)>, body: Bytes) -> Answer {
    desk.hear(&format!("proof/{id}/{name}"), &body, |_| desk.answer(StatusCode::OK, &desk.proof(id, name)))
}

/// Looks at once, before it answers.
async fn look(State(desk): State<Arc<Desk>>, Path((id, number)): Path<(usize, usize)>, body: Bytes) -> Answer {
    let mut key = None;
    let answer = desk.hear(&format!("look/{id}/{number}"), &body, |question| {
        key = Some(question.key.thumbprint());
        desk.answer(StatusCode::OK, &desk.proof(id, number)["challenges"][0])
    });
    let Some(key) = key else { return answer };
    let (name, manners) = {
        let book = desk.book();
        (book.orders[id].names[number].clone(), book.manners)
    };
    let key = if manners.mistrusts { "the-key-of-somebody-else".to_owned() } else { key };
    let token = token(id, number);
    let authorization = format!("{token}.{key}");
    let place = desk.place.subscribe().wait_for(Option::is_some).await.ok().and_then(|place| *place);
    let found = match (place, manners.challenge) {
        (Some((_, Some(http))), "http-01") => proof::by_http(http, &name, &token, &authorization).await,
        (Some((tls, _)), "tls-alpn-01") => proof::by_tls(tls, &name, &authorization).await,
        _ => Err("nothing to look at".to_owned()),
    };
    let mut book = desk.book();
    book.orders[id].proofs[number] = if found.is_ok() { "valid" } else { "invalid" };
    book.orders[id].why = found.err().unwrap_or_default();
    drop(book);
    answer
}

async fn finalize(State(desk): State<Arc<Desk>>, Path(id): Path<usize>, body: Bytes) -> Answer {
    desk.hear(&format!("finalize/{id}"), &body, |question| {
        let request = URL_SAFE_NO_PAD.decode(question.payload["csr"].as_str().unwrap_or_default()).unwrap_or_default();
        let Ok(mut request) = CertificateSigningRequestParams::from_der(&request.into()) else {
            return desk.refuse(StatusCode::BAD_REQUEST, "badCSR", "the request");
        };
        let mut book = desk.book();
        let (days, order) = (book.manners.days, &mut book.orders[id]);
        let names: Vec<String> = request.params.subject_alt_names.iter().map(name_of).collect();
        if order.proofs.iter().any(|&proof| proof != "valid") || names != order.names {
            drop(book);
            return desk.refuse(StatusCode::FORBIDDEN, "orderNotReady", "not proved");
        }
        let now = SystemTime::now();
        request.params.not_before = (now - DAY * days.0).into();
        request.params.not_after = (now + DAY * days.1).into();
        let issued = request.signed_by(&desk.issuer).expect("a certificate");
        order.chain = Some(format!("{}{}", issued.pem(), desk.issuer.pem()));
        drop(book);
        desk.answer(StatusCode::OK, &desk.order(id))
    })
}

async fn certificate(State(desk): State<Arc<Desk>>, Path(id): Path<usize>, body: Bytes) -> Answer {
    desk.hear(&format!("certificate/{id}"), &body, |_| {
        let chain = desk.book().orders[id].chain.clone().unwrap_or_default();
        let mut answer = desk.answer(StatusCode::OK, &json!({}));
        *answer.body_mut() = Body::from(chain);
        answer
    })
}

fn name_of(name: &rcgen::SanType) -> String {
    match name {
        rcgen::SanType::DnsName(name) => name.to_string(),
        other => format!("{other:?}"),
    }
}

/// Different for each proof; nobody guesses here.
fn token(order: usize, name: usize) -> String {
    format!("token-of-order-{order}-and-name-{name}")
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a question that is rightly signed, meant for this place, and was not asked before.
    fn hear(&self, path: &str, body: &[u8], answer: impl FnOnce(&Question) -> Answer) -> Answer {
        let key_of = |account: &str| {
            let number: usize = account.strip_prefix(&format!("{}/account/", self.base))?.parse().ok()?;
            self.book().accounts.get(number).cloned()
        };
        let Some(question) = Question::read(body, key_of) else {
            return self.refuse(StatusCode::UNAUTHORIZED, "unauthorized", "the signature");
        };
        let mut book = self.book();
        let is_fresh = book.nonces.remove(&question.nonce);
        // Once without a reason: clients must bear it (section 6.5).
        let is_refused = !std::mem::replace(&mut book.has_refused_a_nonce, true);
        drop(book);
        if !is_fresh || is_refused {
            return self.refuse(StatusCode::BAD_REQUEST, "badNonce", "the nonce");
        }
        if question.url != format!("{}/{path}", self.base) {
            return self.refuse(StatusCode::UNAUTHORIZED, "unauthorized", "meant for another address");
        }
        answer(&question)
    }

    fn order(&self, id: usize) -> Value {
        let book = self.book();
        let order = &book.orders[id];
        let status = match () {
            () if order.chain.is_some() => "valid",
            () if order.proofs.contains(&"invalid") => "invalid",
            () if order.proofs.contains(&"pending") => "pending",
            () => "ready",
        };
        let at = |what: &str| format!("{}/{what}/{id}", self.base);
        let proofs: Vec<String> = (0..order.names.len()).map(|name| at("proof") + &format!("/{name}")).collect();
        json!({"status": status, "identifiers": identifiers(&order.names), "authorizations": proofs,
            "finalize": at("finalize"), "certificate": order.chain.as_ref().map(|_| at("certificate"))})
    }

    fn proof(&self, id: usize, name: usize) -> Value {
        let book = self.book();
        let order = &book.orders[id];
        let status = order.proofs[name];
        let mut challenge = json!({"type": book.manners.challenge, "status": status, "token": token(id, name),
            "url": format!("{}/look/{id}/{name}", self.base)});
        if status == "invalid" {
            challenge["error"] = problem("unauthorized", &order.why);
        }
        json!({"status": status, "identifier": identifiers(&order.names)[name], "challenges": [challenge]})
    }

    fn refuse(&self, status: StatusCode, kind: &str, why: &str) -> Answer {
        self.answer(status, &problem(kind, why))
    }

    /// With a new nonce.
    fn answer(&self, status: StatusCode, body: &Value) -> Answer {
        self.answer_at(status, &self.base, body)
    }

    fn answer_at(&self, status: StatusCode, location: &str, body: &Value) -> Answer {
        let nonce = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>());
        self.book().nonces.insert(nonce.clone());
        let answer = Response::builder().status(status).header("replay-nonce", nonce).header("location", location);
        answer.body(Body::from(body.to_string())).expect("an answer")
    }
}

fn identifiers(names: &[String]) -> Vec<Value> {
    names.iter().map(|name| json!({"type": "dns", "value": name})).collect()
}

fn problem(kind: &str, why: &str) -> Value {
    json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": why})
}
