//! Accounts: made, changed, ended; signing in and out. Nobody needs one to create or join a room.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use protocol::{
    AccountName, AccountPassword, AccountState, ChangePassword, Credentials, DeleteAccount, ErrorNotice, PasswordError,
    SignedIn,
};
use rooms::SessionId;
use rooms::accounts::{AccountError, AccountReply, AccountRequest};
use serde::Deserialize;

use super::description::Refusals;
use super::{Body, misunderstood, read};
use crate::web::App;
use crate::web::caller::Caller;
use crate::web::failure::Failure;

/// Whether one is signed in, and whether one could be.
#[utoipa::path(
    get,
    path = "/api/v1/account",
    operation_id = "inspectAccount",
    responses((status = 200, description = "The account, if there is one.", body = AccountState), Refusals),
    security((), ("token" = []), ("cookie" = []))
)]
pub(super) async fn inspect(State(app): State<App>, caller: Caller) -> Result<Json<AccountState>, Failure> {
    match ask(&app, AccountRequest::Tell { session: caller.token().session() }).await? {
        AccountReply::Told { registration, name } => {
            Ok(Json(AccountState { registration, name: name.map(String::from) }))
        }
        AccountReply::SignedIn { .. } | AccountReply::Done | AccountReply::Listed(_) | AccountReply::Refused(_) => {
            Err(misunderstood())
        }
    }
}

/// Makes an account for whoever asks: what one owns and is in every room, one is on every device from then on.
///
/// The session of the token or cookie becomes the account's; tokens that were handed out before count no more. Without a
/// session a new one is made.
#[utoipa::path(
    post,
    path = "/api/v1/account",
    operation_id = "createAccount",
    request_body = Credentials,
    responses((status = 201, description = "The account exists, and the sender is signed in.", body = SignedIn), Refusals),
    security((), ("token" = []), ("cookie" = []))
)]
pub(super) async fn create(State(app): State<App>, caller: Caller, body: Body) -> Result<Response, Failure> {
    let (name, password) = credentials(&body?)?;
    let session = caller.session_or_new(app.keys());
    let reply = ask(&app, AccountRequest::Register { session, name, password, from: caller.from }).await?;
    Ok((StatusCode::CREATED, signed_in(&app, &caller, reply)?).into_response())
}

/// Changes the password. Everywhere else one is signed out.
#[utoipa::path(
    patch,
    path = "/api/v1/account",
    operation_id = "changePassword",
    request_body = ChangePassword,
    responses((status = 200, description = "The new password counts, and so does this token alone.", body = SignedIn), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn change(State(app): State<App>, caller: Caller, body: Body) -> Result<Response, Failure> {
    let body = body?;
    let session = session_of(&caller)?;
    let wish: ChangePassword = read(&body)?;
    let (old, new) = (AccountPassword::parse(&wish.old_password)?, AccountPassword::parse(&wish.password)?);
    let reply = ask(&app, AccountRequest::ChangePassword { session, old, new, from: caller.from }).await?;
    signed_in(&app, &caller, reply)
}

/// Ends the account, everywhere. The rooms stay; whoever owned them with it is somebody else from now on.
#[utoipa::path(
    delete,
    path = "/api/v1/account",
    operation_id = "deleteAccount",
    request_body = DeleteAccount,
    responses((status = 204, description = "The account is gone, and its tokens count no more."), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn delete(State(app): State<App>, caller: Caller, body: Body) -> Result<Response, Failure> {
    let body = body?;
    let session = session_of(&caller)?;
    let wish: DeleteAccount = read(&body)?;
    let password = AccountPassword::parse(&wish.password)?;
    ask(&app, AccountRequest::Delete { session, password, from: caller.from }).await?;
    Ok(signed_out(&caller))
}

/// Signs in: the answer carries a token of the account's session.
///
/// An unknown name and a wrong password get the same answer.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    operation_id = "signIn",
    request_body = Credentials,
    responses((status = 200, description = "The sender is signed in.", body = SignedIn), Refusals),
)]
pub(super) async fn sign_in(State(app): State<App>, caller: Caller, body: Body) -> Result<Response, Failure> {
    let (name, password) = credentials(&body?)?;
    let reply = ask(&app, AccountRequest::SignIn { name, password, from: caller.from }).await?;
    signed_in(&app, &caller, reply)
}

/// How far signing out reaches.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Reach {
    /// On every device: all tokens of the account's session count no more.
    #[serde(default)]
    #[param(required = false)]
    everywhere: bool,
}

/// Signs out: empties a browser's cookie. A program only has to forget its token.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    operation_id = "signOut",
    params(Reach),
    responses((status = 204, description = "The sender is signed out."), Refusals),
    security((), ("token" = []), ("cookie" = []))
)]
pub(super) async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    reach: Result<Query<Reach>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(reach) = reach.map_err(|_| Failure::malformed("`everywhere` is true or false"))?;
    if reach.everywhere {
        ask(&app, AccountRequest::SignOutEverywhere { session: session_of(&caller)? }).await?;
    }
    Ok(signed_out(&caller))
}

fn credentials(body: &[u8]) -> Result<(AccountName, AccountPassword), Failure> {
    let Credentials { name, password } = read(body)?;
    Ok((AccountName::parse(&name)?, AccountPassword::parse(&password)?))
}

fn session_of(caller: &Caller) -> Result<SessionId, Failure> {
    caller.token().session().ok_or_else(|| AccountError::NotSignedIn.into())
}

/// Asks the accounts; a refusal is a failure.
pub(in crate::web) async fn ask(app: &App, request: AccountRequest) -> Result<AccountReply, Failure> {
    match app.engine().account(request).await? {
        AccountReply::Refused(error) => Err(error.into()),
        reply => Ok(reply),
    }
}

fn signed_in(app: &App, caller: &Caller, reply: AccountReply) -> Result<Response, Failure> {
    let AccountReply::SignedIn { name, session } = reply else { return Err(misunderstood()) };
    let (token, cookie) = caller.hand_out(&session, app.keys());
    let cookie = AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok((cookie, Json(SignedIn { name: name.into(), token })).into_response())
}

fn signed_out(caller: &Caller) -> Response {
    let cookie = AppendHeaders([(header::SET_COOKIE, caller.remove_cookie())]);
    (StatusCode::NO_CONTENT, cookie).into_response()
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        Self::from(ErrorNotice::from(error))
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self::new(protocol::ErrorId::InvalidPassword, error.to_string())
    }
}
