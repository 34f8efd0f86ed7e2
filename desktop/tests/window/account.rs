//! The account: made, used and ended, by keyboard too, and every failure says what to do.

use desktop::mock::ACCOUNT_PASSWORD;
use desktop::{AccountWish, Command};
use eframe::egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};
use protocol::Credentials;

use crate::bench::Bench;

fn opened() -> Bench {
    let mut bench = Bench::new();
    bench.click("Account");
    assert_eq!(bench.commands(), [Command::Account(AccountWish::Look)]);
    bench
}

/// Replaces what stands there.
fn fill(bench: &mut Bench, field: &str, text: &str) {
    let old = bench.text_of(field).chars().count();
    bench.window.get_by_label(field).focus();
    bench.window.run();
    for _ in 0..old {
        bench.press(Key::Backspace);
    }
    bench.type_into(field, text);
}

fn signed_in() -> Bench {
    let mut bench = opened();
    fill(&mut bench, "Account name", "Ann");
    fill(&mut bench, "Account password", ACCOUNT_PASSWORD);
    bench.press(Key::Enter);
    assert!(bench.sees("Signed in as Ann"));
    bench.commands();
    bench
}

#[test]
fn one_signs_in_by_keyboard_alone_and_is_named_in_the_header() {
    let mut bench = opened();
    assert!(bench.sees("Nobody needs an account."));
    assert!(
        bench.window.get_by_label("Account name").accesskit_node().is_focused(),
        "there is something to type into at once"
    );
    bench.window.get_by_label("Account name").type_text("Ann");
    bench.window.run();
    bench.press(Key::Tab);
    bench.window.get_by_label("Account password").type_text(ACCOUNT_PASSWORD);
    bench.window.run();
    bench.press(Key::Enter);
    let login = Credentials { name: "Ann".to_owned(), password: ACCOUNT_PASSWORD.to_owned() };
    assert_eq!(bench.commands(), [Command::Account(AccountWish::SignIn(login))]);
    assert!(bench.sees("Signed in as Ann"));
    bench.press(Key::Escape);
    assert!(!bench.sees("Signed in as Ann"));
    bench.click("Account");
    assert!(bench.sees("Signed in as Ann"), "it is known who one is");
}

#[test]
fn a_wrong_password_says_what_to_do_and_keeps_what_was_typed() {
    let mut bench = opened();
    fill(&mut bench, "Account name", "Ann");
    fill(&mut bench, "Account password", "wrong horse");
    bench.click("Sign in");
    assert!(bench.sees("Check both, and whether Caps Lock is on."));
    assert_eq!(bench.text_of("Account name"), "Ann");
    assert!(bench.window.get_by_label("Account password").accesskit_node().is_focused());
    bench.click("Show what I type");
    assert_eq!(bench.text_of("Account password"), "wrong horse");
}

#[test]
fn an_account_is_made_where_there_is_none_of_that_name() {
    let mut bench = opened();
    bench.click("Create an account");
    fill(&mut bench, "Account name", "Ann");
    fill(&mut bench, "Account password", "long enough");
    bench.click("Create account");
    assert!(bench.sees("Somebody has this name already."));
    fill(&mut bench, "Account name", "Bea");
    fill(&mut bench, "Account password", "short");
    bench.click("Create account");
    assert!(bench.sees("A password has 8 to 256 characters."));
    fill(&mut bench, "Account password", "long enough");
    bench.press(Key::Enter);
    assert!(bench.sees("Signed in as Bea"));
}

#[test]
fn the_password_is_changed_only_by_whoever_knows_the_old_one() {
    let mut bench = signed_in();
    bench.click("Change the password…");
    fill(&mut bench, "Old password", "no idea at all");
    fill(&mut bench, "New password", "another one");
    bench.press(Key::Enter);
    assert!(bench.sees("The old password is wrong."));
    fill(&mut bench, "Old password", ACCOUNT_PASSWORD);
    bench.click("Change password");
    assert!(bench.sees("The password is changed.") && bench.sees("Signed in as Ann"));
}

#[test]
fn an_account_is_deleted_only_with_its_password_and_knowing_what_is_lost() {
    let mut bench = signed_in();
    bench.click("Delete the account…");
    assert!(bench.sees("The rooms that you own stay, but nobody owns them any more"));
    assert_eq!(bench.commands(), []);
    bench.click("Cancel");
    assert!(bench.sees("Signed in as Ann"));
    bench.click("Delete the account…");
    bench.click("Delete account");
    assert!(bench.sees("The password is wrong. The account is still there."));
    fill(&mut bench, "Account password", ACCOUNT_PASSWORD);
    bench.click("Delete account");
    assert!(bench.sees("The account is gone.") && bench.sees("Nobody needs an account."));
}

#[test]
fn signing_out_is_for_this_app_or_for_every_device() {
    for (words, everywhere) in [("Sign out", false), ("Sign out everywhere", true)] {
        let mut bench = signed_in();
        bench.click(words);
        assert_eq!(bench.commands(), [Command::Account(AccountWish::SignOut { everywhere })]);
        assert!(bench.sees("You are signed out."));
    }
}

#[test]
fn a_server_that_cannot_be_reached_is_asked_again_when_one_wants() {
    let mut bench = Bench::new();
    bench.click("Settings");
    fill(&mut bench, "Server", "http://nowhere.invalid");
    bench.click("Save");
    bench.click("Account");
    bench.commands();
    assert!(bench.sees("Connection refused."));
    bench.window.get_all_by_label("Try again").last().unwrap().click();
    bench.window.run();
    assert_eq!(bench.commands(), [Command::Account(AccountWish::Look)]);
}
