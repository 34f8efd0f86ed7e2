//! The administrator's view of accounts: who has one, away with one, a new password for one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::admin::{AccountOverviews, NewPassword};
use protocol::{AccountName, AccountPassword};
use rooms::accounts::{AccountError, AccountReply, AccountRequest};

use super::Administrator;
use crate::web::App;
use crate::web::api::{Refusals, ask_accounts, misunderstood};
use crate::web::failure::Failure;

/// Nobody guesses so many, and everybody can still type the 20 letters.
const PASSWORD_BYTES: usize = 15;

/// Every account.
#[utoipa::path(
    get,
    path = "/api/v1/admin/accounts",
    operation_id = "listAccounts",
    responses((status = 200, description = "The accounts, by name.", body = AccountOverviews), Refusals),
    security(("token" = []))
)]
pub(in crate::web) async fn list(State(app): State<App>, _: Administrator) -> Result<Json<AccountOverviews>, Failure> {
    match ask_accounts(&app, AccountRequest::List).await? {
        AccountReply::Listed(accounts) => Ok(Json(AccountOverviews { accounts })),
        AccountReply::SignedIn { .. } | AccountReply::Told { .. } | AccountReply::Done | AccountReply::Refused(_) => {
            Err(misunderstood())
        }
    }
}

/// Ends an account; its tokens count no more.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/accounts/{name}",
    operation_id = "removeAccount",
    params(("name" = String, Path)),
    responses((status = 204, description = "The account is gone."), Refusals),
    security(("token" = []))
)]
pub(in crate::web) async fn remove(
    State(app): State<App>,
    _: Administrator,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    ask_accounts(&app, AccountRequest::Remove { name: known(&name)? }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an account a password that the server chose, for whoever lost theirs. Its tokens count no more.
#[utoipa::path(
    post,
    path = "/api/v1/admin/accounts/{name}/password",
    operation_id = "resetPassword",
    params(("name" = String, Path)),
    responses((status = 200, description = "The new password, which nobody can read again.", body = NewPassword), Refusals),
    security(("token" = []))
)]
pub(in crate::web) async fn reset(
    State(app): State<App>,
    _: Administrator,
    Path(name): Path<String>,
) -> Result<Json<NewPassword>, Failure> {
    let chosen = URL_SAFE_NO_PAD.encode(rand::random::<[u8; PASSWORD_BYTES]>());
    let password = AccountPassword::parse(&chosen)?;
    ask_accounts(&app, AccountRequest::Reset { name: known(&name)?, password }).await?;
    Ok(Json(NewPassword { password: chosen }))
}

/// What no account can be called, none is.
fn known(name: &str) -> Result<AccountName, Failure> {
    AccountName::parse(name).map_err(|_| AccountError::Unknown.into())
}
