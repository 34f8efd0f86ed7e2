//! Keeping order in a room: roles, knocks, settings, invites, and chat lines that last.

use desktop::{Command, Event};
use eframe::egui::Key;
use protocol::api::{CreateInvite, EditRoom};
use protocol::{Action, ClientId, Moderate, Role, RoomSettings, TextId};
use session::{Event as Session, Status};

use crate::bench::Bench;

fn moderate(action: Action, client: &str) -> Command {
    let client = Some(ClientId::new(client)).filter(|client| !client.as_str().is_empty());
    Command::Moderate(Moderate { action, client, address: false })
}

fn settings(role: Role) -> Event {
    let history = protocol::History::None;
    let settings =
        RoomSettings { locked: false, lobby: false, public: true, has_password: false, guest_limit: 0, history, role };
    Event::Session(Session::Settings(settings))
}

/// In company, with the people beside the stage.
fn among_people() -> Bench {
    let mut bench = Bench::in_company(1);
    bench.click("People");
    bench
}

#[test]
fn roles_are_shown_and_a_guest_sees_nothing_to_keep_order_with() {
    let mut bench = among_people();
    assert!(bench.sees("Owner") && bench.sees("Moderator"));
    assert!(bench.sees("Mute everyone") && bench.sees("More about Bob") && bench.sees("Room settings"));
    bench.tell([settings(Role::Moderator)]);
    assert!(bench.sees("Mute everyone") && bench.sees("More about Bob") && !bench.sees("Room settings"));
    bench.tell([settings(Role::Guest)]);
    assert!(!bench.sees("Mute everyone") && !bench.sees("More about Bob"));
    assert!(bench.sees("You are no longer a moderator of this room."));
}

#[test]
fn one_person_is_muted_and_made_a_moderator_by_the_menu() {
    let mut bench = among_people();
    bench.click("More about Carol");
    bench.click("Turn the microphone off");
    bench.click("More about Carol");
    bench.click("Make a moderator");
    assert_eq!(bench.commands(), [moderate(Action::Mute, "carol"), moderate(Action::Promote, "carol")]);
    assert!(bench.sees("Carol, moderator, microphone off"));
}

#[test]
fn putting_someone_out_is_asked_about_first() {
    let mut bench = among_people();
    bench.click("More about Bob");
    bench.click("Remove from the room…");
    assert!(bench.sees("Remove Bob from the room?"));
    bench.click("Cancel");
    assert_eq!(bench.commands(), []);
    bench.click("More about Bob");
    bench.click("Ban from the room…");
    bench.click("Also whoever else comes from the same network address");
    bench.click("Ban");
    let ban = Moderate { action: Action::Ban, client: Some(ClientId::new("bob")), address: true };
    assert_eq!(bench.commands(), [Command::Moderate(ban)]);
    assert!(!bench.sees("Ban Bob from the room?") && !bench.sees("More about Bob"));
}

#[test]
fn a_question_about_someone_who_has_left_is_withdrawn() {
    let mut bench = Bench::with_size(1_180.0, 1_200.0);
    bench.click("Join demo");
    bench.wait(1_000);
    bench.click("People");
    bench.click("More about Dave");
    bench.click("Remove from the room…");
    bench.wait(40_000);
    assert!(!bench.sees("Remove Dave from the room?"));
}

#[test]
fn everyone_is_muted_and_the_door_locked_at_once() {
    let mut bench = among_people();
    bench.click("Mute everyone");
    bench.click("Locked: nobody new comes in");
    assert!(bench.is_on("Locked: nobody new comes in"));
    bench.click("Locked: nobody new comes in");
    bench.click("Lobby: newcomers wait to be let in");
    let lobby = EditRoom { lobby: Some(false), ..EditRoom::default() };
    let asked = [
        moderate(Action::MuteAll, ""),
        moderate(Action::Lock, ""),
        moderate(Action::Unlock, ""),
        Command::EditRoom(lobby),
    ];
    assert_eq!(bench.commands(), asked);
}

#[test]
fn who_knocks_is_announced_and_let_in_or_not() {
    let mut bench = Bench::in_company(1);
    bench.wait(21_500);
    assert!(bench.sees("Frank asks to be let in.") && bench.sees("People, 1 waits to be let in"));
    bench.click("People, 1 waits to be let in");
    bench.click("Admit Frank");
    assert_eq!(bench.commands(), [moderate(Action::Admit, "frank")]);
    assert!(!bench.sees("Admit Frank") && bench.sees("Volume of Frank"));
}

#[test]
fn whoever_knocks_waits_until_someone_opens_and_can_give_up() {
    let mut bench = Bench::with_size(1180.0, 1000.0);
    bench.click("Join backstage");
    bench.wait(1_000);
    assert!(bench.sees("Waiting to be let into backstage"));
    bench.click("Cancel");
    assert!(!bench.sees("Waiting to be let into") && bench.commands().contains(&Command::Leave));
    bench.click("Join backstage");
    bench.wait(5_000);
    assert!(!bench.sees("Waiting to be let into") && bench.sees("Erin"));
}

#[test]
fn whoever_is_put_out_reads_by_whom_and_the_banned_have_no_way_back() {
    for (banned, sentence) in [(false, "Alice removed you from demo."), (true, "Alice banned you from demo.")] {
        let mut bench = Bench::in_company(1);
        let removed = Status::Removed { banned, by: Some("Alice".into()) };
        bench.tell([Event::Session(Session::Status(removed))]);
        assert!(bench.sees(sentence));
        assert_eq!(bench.sees("Join again"), !banned);
        assert_eq!(bench.commands(), [Command::Leave], "whoever is behind the window hears that it is over");
        bench.wait(60_000);
        assert!(bench.sees(sentence), "it stays until one goes elsewhere");
    }
}

#[test]
fn whoever_is_muted_reads_by_whom() {
    let mut bench = Bench::in_company(1);
    bench.tell([Event::Session(Session::Moderated { action: Action::Mute, by: Some("Alice".into()) })]);
    assert!(bench.sees("Alice turned your microphone off. You can turn it on again yourself."));
}

#[test]
fn the_owner_sets_the_room_and_only_what_is_different_is_sent() {
    let mut bench = among_people();
    bench.click("Room settings");
    bench.click("Newcomers wait to be let in");
    bench.type_into("New password", "secret");
    bench.click("Save");
    let edit = EditRoom { lobby: Some(false), password: Some("secret".into()), ..EditRoom::default() };
    assert_eq!(bench.commands(), [Command::EditRoom(edit)]);
    bench.wait(100);
    assert!(!bench.sees("New password"), "closed as it is done");
    bench.click("Room settings");
    bench.click("Save");
    assert_eq!(bench.commands(), [], "nothing is different");
}

#[test]
fn a_room_is_deleted_only_after_a_question() {
    let mut bench = among_people();
    bench.click("Room settings");
    bench.click("Delete the room…");
    assert!(bench.sees("Delete the room demo?"));
    assert_eq!(bench.commands(), []);
    bench.click("Delete");
    assert_eq!(bench.commands(), [Command::DeleteRoom]);
    bench.wait(100);
    assert!(!bench.sees("Join demo"));
}

#[test]
fn invites_are_made_copied_and_revoked() {
    let mut bench = among_people();
    bench.click("Invites");
    assert!(bench.sees("There are no invites."));
    assert_eq!(bench.commands(), [Command::ListInvites, Command::ListBans]);
    bench.click("Make an invite");
    let wish = CreateInvite { expires_in_seconds: Some(86_400), ..CreateInvite::default() };
    assert_eq!(bench.commands(), [Command::CreateInvite(wish)]);
    bench.wait(100);
    assert!(bench.text_of("Link of the invite").ends_with("?invite=secret-invite-1"));
    assert!(bench.sees("Copy link"));
    bench.click("Revoke invite 1");
    assert_eq!(bench.commands(), [Command::RevokeInvite("invite-1".into())]);
    bench.wait(100);
    assert!(bench.sees("There are no invites.") && !bench.sees("Copy link"));
}

#[test]
fn earlier_lines_are_read_on_demand() {
    let mut bench = Bench::in_company(1);
    bench.click("Chat");
    assert!(bench.sees("See you all in the morning.") && !bench.sees("Who takes notes tomorrow?"));
    bench.click("Load earlier");
    bench.wait(100);
    assert!(bench.sees("Who takes notes tomorrow?") && !bench.sees("Load earlier"));
    assert_eq!(bench.commands(), [Command::LoadEarlier { before: TextId(3) }]);
}

#[test]
fn ones_own_line_is_changed_or_left_as_it_was_and_taken_back() {
    let mut bench = Bench::in_company(1);
    bench.click("Chat");
    bench.type_into("Message", "helo");
    bench.press(Key::Enter);
    bench.type_into("Message", "half a thought");
    bench.click("Change the message: helo");
    bench.click("Edit");
    assert_eq!(bench.text_of("Message"), "helo");
    bench.press(Key::Escape);
    assert_eq!(bench.text_of("Message"), "half a thought", "nothing is lost");
    bench.commands();
    bench.click("Change the message: helo");
    bench.click("Edit");
    bench.type_into("Message", "!");
    bench.press(Key::Enter);
    let [Command::EditText { id, text }] = &bench.commands()[..] else { panic!("it is changed") };
    assert!(text.contains("helo") && text.contains('!'));
    assert!(bench.sees("edited"));
    let name = format!("Change the message: {text}");
    bench.click(&name);
    bench.click("Delete…");
    bench.click("Delete");
    assert_eq!(bench.commands(), [Command::DeleteText(*id)]);
    assert!(!bench.sees(&name));
}

#[test]
fn a_guest_changes_only_lines_of_its_own() {
    let mut bench = Bench::in_company(2);
    bench.click("Chat, 1 new message");
    assert!(bench.sees("Change the message: Good morning"), "the owner takes back anyone's");
    bench.tell([settings(Role::Guest)]);
    assert!(!bench.sees("Change the message: Good morning"));
}

#[test]
fn an_address_with_an_invite_opens_the_door_with_it() {
    let mut bench = Bench::new();
    bench.type_into("Name or address of the room", "http://127.0.0.1:5000/rtc/vault?invite=s3cret");
    bench.click("Join by name or address");
    let room = protocol::RoomId::parse("vault").unwrap();
    let join = Command::Join { room, password: None, invite: Some("s3cret".into()) };
    assert!(bench.commands().contains(&join));
}
