//! The account, for whoever wants to be the same person on several devices.

use eframe::egui::{Checkbox, Key, Label, Response, RichText, Ui};
use protocol::limits::{ACCOUNT_NAME_CHARS, ACCOUNT_PASSWORD_CHARS};
use protocol::{ChangePassword, Credentials, DeleteAccount, Registration};

use super::theme::{self, strong};
use super::widget::{Field, Look, actions, button, button_enabled, complaint, dialog, soft};
use super::{Intent, View};
use crate::model::{Account, Deed, Model, plain_name};
use crate::{AccountWish, Command};

const NOBODY_NEEDS_ONE: &str = "Nobody needs an account. With one you are the same person on all your devices, and your \
                                rooms are yours on each of them.";
const NEW: &str = "Rooms that you create from now on belong to the account. Those that you made in this app before stay \
                   this app's own. If you lose the password, only whoever runs this server can give you another one.";
const SIGNED_IN: &str = "Rooms that you create belong to the account. In one room you are in one place: who enters a room \
                         again on another device leaves it here.";
const DELETING: &str = "It ends on every device. The rooms that you own stay, but nobody owns them any more: hand them \
                        over first if somebody should.";

/// What is typed, and which page of the dialog is open.
#[derive(Default)]
pub(super) struct AccountForm {
    page: Page,
    name: String,
    password: String,
    new_password: String,
    shows: bool,
    /// The answer to what was sent is awaited.
    sent: bool,
    /// The page's first field takes the focus when it appears.
    focus: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Page {
    /// Sign in, or be signed in.
    #[default]
    Home,
    Create,
    ChangePassword,
    Delete,
}

impl std::fmt::Debug for AccountForm {
    /// Without what is typed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountForm").field("page", &self.page).finish_non_exhaustive()
    }
}

impl AccountForm {
    fn open_page(&mut self, page: Page) {
        *self = Self { page, name: std::mem::take(&mut self.name), focus: true, ..Self::default() };
    }

    /// What was done is not to be done again; what failed is to be mended.
    fn settle(&mut self, account: &Account) {
        if !self.sent || account.pending.is_some() {
            return;
        }
        self.sent = false;
        self.focus = true;
        if account.failure.is_none() {
            *self = Self { focus: true, ..Self::default() };
        }
    }
}

/// The entry in the lobby's header.
pub(super) fn entry(ui: &mut Ui, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    let known = model.known.accounts.iter().find(|known| known.is_at(&model.server));
    let (words, hint) = match known {
        Some(known) => (plain_name(&known.name), "Your account on this server"),
        None => ("Account".to_owned(), "Sign in, or create an account. Nobody needs one."),
    };
    let words: String = words.chars().take(24).collect();
    if button(ui, Look::Bare, &words).accessible_name("Account").on_hover_text(hint).clicked() {
        view.account = Some(AccountForm { focus: true, ..AccountForm::default() });
        intents.push(ask(AccountWish::Look));
    }
}

fn ask(wish: AccountWish) -> Intent {
    Intent::Do(Command::Account(wish))
}

pub(super) fn show(ui: &mut Ui, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    let Some(form) = &mut view.account else { return };
    if model.is_asking_for_trust {
        // That comes first.
        return;
    }
    let account = &model.account;
    form.settle(account);
    let mut wish = None;
    let shown = dialog("account").show(ui.ctx(), |ui| {
        ui.set_width(420.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 12.0;
        match (account.registration(), account.name(), form.page) {
            (None, ..) => unknown(ui, account, &mut wish),
            (Some(Registration::Off), ..) => nowhere(ui),
            (Some(_), Some(_), Page::ChangePassword) => change(ui, account, form, &mut wish),
            (Some(_), Some(_), Page::Delete) => delete(ui, account, form, &mut wish),
            (Some(_), Some(name), Page::Home | Page::Create) => signed_in(ui, account, name, form, &mut wish),
            (Some(registration), None, _) => signed_out(ui, account, registration, form, &mut wish),
        }
    });
    let close = shown.inner || shown.should_close();
    if let Some(wish) = wish {
        form.sent = wish != AccountWish::Look;
        intents.push(ask(wish));
    }
    if close {
        view.account = None;
    }
}

/// The server has not answered yet, or cannot be reached.
fn unknown(ui: &mut Ui, account: &Account, wish: &mut Option<AccountWish>) -> bool {
    ui.heading("Account");
    match &account.failure {
        Some(failure) => drop(complaint(ui, failure)),
        None => drop(ui.label(soft("Asking the server…"))),
    }
    actions(ui, |ui| {
        if account.failure.is_some() && button_enabled(ui, Look::Main, "Try again", account.pending.is_none()).clicked()
        {
            *wish = Some(AccountWish::Look);
        }
        button(ui, Look::Bare, "Close").clicked()
    })
}

fn nowhere(ui: &mut Ui) -> bool {
    ui.heading("Account");
    say(ui, "This server has no accounts. You need none to create or join rooms.");
    actions(ui, |ui| button(ui, Look::Main, "Close").clicked())
}

/// One form for both: who comes to create an account may have one.
fn signed_out(
    ui: &mut Ui,
    account: &Account,
    registration: Registration,
    form: &mut AccountForm,
    wish: &mut Option<AccountWish>,
) -> bool {
    let may_create = registration == Registration::Open;
    let is_new = form.page == Page::Create && may_create;
    ui.heading(if is_new { "Create an account" } else { "Account" });
    say(ui, if is_new { NEW } else { NOBODY_NEEDS_ONE });
    let name = field("Account name", "", 2 * ACCOUNT_NAME_CHARS, false).show(ui, &mut form.name);
    let password = secret(ui, "Account password", if is_new { HINT } else { "" }, &mut form.password, form.shows);
    ui.add(Checkbox::new(&mut form.shows, "Show what I type"));
    outcome(ui, account);
    if std::mem::take(&mut form.focus) {
        if account.failure.is_some() { &password } else { &name }.request_focus();
    }
    let enter = entered(ui, &[&name, &password]);
    let is_idle = account.pending.is_none();
    let close = actions(ui, |ui| {
        let words = match (is_idle, is_new) {
            (false, _) => "One moment…",
            (true, true) => "Create account",
            (true, false) => "Sign in",
        };
        let sent = button_enabled(ui, Look::Main, words, is_idle).clicked() || enter && is_idle;
        if sent {
            let login = Credentials { name: form.name.clone(), password: form.password.clone() };
            *wish = Some(if is_new { AccountWish::Create(login) } else { AccountWish::SignIn(login) });
        }
        button(ui, Look::Bare, "Close").clicked()
    });
    if may_create {
        let words = if is_new { "I have an account" } else { "Create an account" };
        if button(ui, Look::Bare, words).clicked() {
            form.open_page(if is_new { Page::Home } else { Page::Create });
        }
    }
    close
}

const HINT: &str = "8 characters or more";

fn signed_in(
    ui: &mut Ui,
    account: &Account,
    name: &str,
    form: &mut AccountForm,
    wish: &mut Option<AccountWish>,
) -> bool {
    let title = RichText::new(format!("Signed in as {}", plain_name(name))).font(strong(19.0));
    ui.add(Label::new(title).wrap());
    say(ui, SIGNED_IN);
    let is_idle = account.pending.is_none();
    ui.horizontal_wrapped(|ui| {
        let out = button_enabled(ui, Look::Plain, "Sign out", is_idle);
        if std::mem::take(&mut form.focus) {
            out.request_focus();
        }
        if out.clicked() {
            *wish = Some(AccountWish::SignOut { everywhere: false });
        }
        let hint = "On every device, also on those that you have lost";
        if button_enabled(ui, Look::Plain, "Sign out everywhere", is_idle).on_hover_text(hint).clicked() {
            *wish = Some(AccountWish::SignOut { everywhere: true });
        }
    });
    ui.horizontal_wrapped(|ui| {
        if button_enabled(ui, Look::Plain, "Change the password…", is_idle).clicked() {
            form.open_page(Page::ChangePassword);
        }
        if button_enabled(ui, Look::Plain, "Delete the account…", is_idle).clicked() {
            form.open_page(Page::Delete);
        }
    });
    outcome(ui, account);
    actions(ui, |ui| button(ui, Look::Bare, "Close").clicked())
}

fn change(ui: &mut Ui, account: &Account, form: &mut AccountForm, wish: &mut Option<AccountWish>) -> bool {
    ui.heading("Change the password");
    say(ui, "On your other devices you are signed out.");
    let old = secret(ui, "Old password", "", &mut form.password, form.shows);
    let new = secret(ui, "New password", HINT, &mut form.new_password, form.shows);
    ui.add(Checkbox::new(&mut form.shows, "Show what I type"));
    if submit(ui, account, form, &[&old, &new], "Change password") {
        let (old_password, password) = (form.password.clone(), form.new_password.clone());
        *wish = Some(AccountWish::ChangePassword(ChangePassword { old_password, password }));
    }
    false
}

fn delete(ui: &mut Ui, account: &Account, form: &mut AccountForm, wish: &mut Option<AccountWish>) -> bool {
    ui.heading("Delete the account?");
    say(ui, DELETING);
    let password = secret(ui, "Account password", "", &mut form.password, form.shows);
    if submit(ui, account, form, &[&password], "Delete account") {
        *wish = Some(AccountWish::Delete(DeleteAccount { password: form.password.clone() }));
    }
    false
}

/// The end of a page that one comes back from; whether it is to be sent.
fn submit(ui: &mut Ui, account: &Account, form: &mut AccountForm, fields: &[&Response], words: &str) -> bool {
    outcome(ui, account);
    if std::mem::take(&mut form.focus)
        && let Some(first) = fields.first()
    {
        first.request_focus();
    }
    let enter = entered(ui, fields);
    let is_idle = account.pending.is_none();
    let (send, back) = actions(ui, |ui| {
        let send = button_enabled(ui, Look::Main, if is_idle { words } else { "One moment…" }, is_idle).clicked();
        (send, button(ui, Look::Bare, "Cancel").clicked())
    });
    if back {
        form.open_page(Page::Home);
    }
    (send || enter) && is_idle && !back
}

/// What became of the last wish.
fn outcome(ui: &mut Ui, account: &Account) {
    if let Some(failure) = &account.failure {
        complaint(ui, failure);
    }
    let words = match account.done {
        Some(Deed::ChangePassword) => "The password is changed. On your other devices you are signed out.",
        Some(Deed::SignOut) => "You are signed out.",
        Some(Deed::Delete) => "The account is gone.",
        Some(Deed::Look | Deed::Create | Deed::SignIn) | None => return,
    };
    ui.add(Label::new(soft(words).color(theme::GOOD)).wrap());
}

fn say(ui: &mut Ui, words: &str) {
    ui.add(Label::new(soft(words)).wrap());
}

fn field<'a>(name: &'a str, hint: &'a str, limit: usize, secret: bool) -> Field<'a> {
    Field { name, hint, limit, secret, error: None }
}

fn secret(ui: &mut Ui, name: &str, hint: &str, text: &mut String, shows: bool) -> Response {
    // The server counts and says what is wrong; a text without end is cut.
    field(name, hint, 2 * ACCOUNT_PASSWORD_CHARS.1, !shows).show(ui, text)
}

fn entered(ui: &Ui, fields: &[&Response]) -> bool {
    fields.iter().any(|field| field.lost_focus()) && ui.input(|input| input.key_pressed(Key::Enter))
}
