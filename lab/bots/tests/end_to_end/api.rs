//! The server's API against the client's: whatever the one describes, the other can call.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use bots::Server;
use bots::fleet::Fleet;
use client::api::{Admission, Api, Description};
use protocol::api::{CreateInvite, CreateRoom, EditRoom, JoinRoom, Seat};
use protocol::{ChangePassword, ClientId, Credentials, DeleteAccount, ErrorId, History, RoomId};

const ADMINISTRATOR: &str = "a-token-of-enough-letters";

/// A method and a route, as the document and the metrics both write them.
type Operation = (String, String);

#[tokio::test]
async fn every_operation_that_the_server_describes_has_a_typed_call_that_works() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    std::fs::write(&token, ADMINISTRATOR)?;
    let token = format!("--admin-token-file={}", token.display());
    let mut server = Server::start(folder.path(), 0, &[], &["--metrics-listen=127.0.0.1:0", &token]).await?;
    let metrics = server.metrics().await?;
    let api = Api::new(server.address.parse()?, None);
    call_everything(&api).await?;
    let mut wanted = described(&api.describe().await?)?;
    // The document does not name itself.
    wanted.insert(("GET".into(), "/api/v1/openapi.json".into()));
    let seen = seen(&reqwest::get(metrics).await?.text().await?)?;
    assert_eq!(seen, wanted, "the calls that were made, and the document");
    Ok(())
}

/// Makes each call of the typed client once, with an answer that is no refusal wherever one can be had over HTTP.
async fn call_everything(api: &Api) -> Result<()> {
    let wish = CreateRoom { id: "hall".into(), public: true, ..CreateRoom::default() };
    let hall = RoomId::parse(&wish.id)?;
    let owner = api.create_room(&wish, None).await?.token;
    assert_eq!(api.list_rooms().await?.len(), 1);
    assert_eq!(api.inspect(&hall).await?.id, hall);
    let edit = EditRoom { history: Some(History::Hours(1)), ..EditRoom::default() };
    assert_eq!(api.edit_room(&hall, &owner, &edit).await?.history, History::Hours(1));

    let invite = api.create_invite(&hall, &owner, &CreateInvite::default()).await?.invite;
    assert_eq!(api.list_invites(&hall, &owner).await?, std::slice::from_ref(&invite));
    api.revoke_invite(&hall, &owner, &invite.id).await?;

    // Bans are made on the data channel only: here is nobody to be forgiven.
    assert!(api.list_bans(&hall, &owner).await?.is_empty());
    let nobody = api.lift_ban(&hall, &owner, &ClientId::new("nobody")).await.expect_err("nobody is banned");
    assert_eq!(nobody.id(), Some(&ErrorId::UnknownReceiver));

    Fleet::launch()?.offer_only(api, &hall, &JoinRoom::default()).await?;
    let ann = seated(api, &hall).await?;
    api.leave(&hall, &ann.token).await?;
    let bo = seated(api, &hall).await?;
    api.kick_client(&hall, ADMINISTRATOR, &bo.client_id).await?;
    assert_eq!(api.list_all_rooms(ADMINISTRATOR).await?.len(), 1);
    api.delete_room(&hall, &owner).await?;

    let wish = CreateRoom { id: "cellar".into(), kept: true, ..CreateRoom::default() };
    api.create_room(&wish, Some(ADMINISTRATOR)).await?;
    api.close_room(&RoomId::parse(&wish.id)?, ADMINISTRATOR).await?;
    assert!(api.list_all_rooms(ADMINISTRATOR).await?.is_empty());
    call_accounts(api).await
}

async fn call_accounts(api: &Api) -> Result<()> {
    let mut login = Credentials { name: "Ann".into(), password: "the first of them".into() };
    let first = api.create_account(&login, None).await?;
    assert_eq!(api.account(Some(&first.token)).await?.name.as_deref(), Some("Ann"));
    api.sign_out_everywhere(&api.sign_in(&login).await?.token).await?;
    let token = api.sign_in(&login).await?.token;
    let change = ChangePassword { old_password: login.password.clone(), password: "the second of them".into() };
    api.change_password(&change, &token).await?;
    assert_eq!(api.list_accounts(ADMINISTRATOR).await?.len(), 1);
    login.password = api.reset_password("Ann", ADMINISTRATOR).await?;
    let token = api.sign_in(&login).await?.token;
    api.delete_account(&DeleteAccount { password: login.password.clone() }, &token).await?;
    api.create_account(&login, None).await?;
    api.remove_account("Ann", ADMINISTRATOR).await?;
    assert!(api.list_accounts(ADMINISTRATOR).await?.is_empty());
    Ok(())
}

async fn seated(api: &Api, room: &RoomId) -> Result<Seat> {
    match api.join(room, &JoinRoom::default(), None).await? {
        Admission::Seated(seat) => Ok(seat),
        Admission::Waiting(_) => bail!("there is no lobby"),
    }
}

fn described(document: &Description) -> Result<BTreeSet<Operation>> {
    let mut operations = BTreeSet::new();
    for (route, methods) in document["paths"].as_object().context("the document has paths")? {
        let methods = methods.as_object().context("a path has methods")?;
        operations.extend(methods.keys().map(|method| (method.to_uppercase(), route.clone())));
    }
    Ok(operations)
}

/// What the server was asked for, by its own account.
fn seen(metrics: &str) -> Result<BTreeSet<Operation>> {
    let requests = metrics.lines().filter_map(|line| line.strip_prefix("rtc_chat_http_requests_total{"));
    let label = |line: &str, name: &str| -> Result<String> {
        let (_, rest) = line.split_once(&format!("{name}=\"")).with_context(|| format!("{name} in {line}"))?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    };
    requests.map(|line| Ok((label(line, "method")?, label(line, "route")?))).collect()
}
