//! Getting into a room, or being told why not.

use desktop::{Command, Event, NewRoom};
use eframe::egui;
use protocol::{ErrorId, ErrorNotice, History, RoomId};

use crate::bench::Bench;

fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

fn join(name: &str, password: Option<&str>) -> Command {
    Command::Join { room: room(name), password: password.map(str::to_owned), invite: None }
}

fn create(name: &str, public: bool) -> Command {
    let (room, password, guest_limit, lobby, history) = (room(name), None, 0, false, None);
    Command::CreateRoom(NewRoom { room, password, public, guest_limit, lobby, history })
}

#[test]
fn the_rooms_are_listed_with_what_one_wants_to_know() {
    let bench = Bench::new();
    for text in ["demo", "4 people", "2 of 5 people", "active 1 min ago", "Wants a password", "crowded is full"] {
        assert!(bench.sees(text), "{text}");
    }
    assert!(!bench.sees("hidden"));
}

#[test]
fn the_list_is_kept_fresh_and_ages_in_between() {
    let mut bench = Bench::new();
    bench.wait(4_000);
    assert!(bench.sees("active 1 min ago"));
    bench.tell([Event::Rooms(vec![])]);
    assert!(bench.sees("There are no public rooms yet"));
    bench.wait(2_000);
    bench.wait(1);
    assert!(bench.sees("demo"), "asked again after five seconds");
}

#[test]
fn a_room_without_a_password_is_one_click_away() {
    let mut bench = Bench::new();
    bench.click("Join demo");
    assert_eq!(bench.commands(), [join("demo", None)]);
    assert!(bench.sees("Joining demo") && bench.sees("Asking for a seat"));
    bench.wait(500);
    assert!(bench.sees("Connected") && bench.sees("Alice"));
}

#[test]
fn a_wrong_password_is_told_next_to_it_and_the_right_one_opens() {
    let mut bench = Bench::new();
    bench.click("Join vault");
    assert_eq!(bench.commands(), [], "nothing is sent before a password is there");
    bench.type_into("Password of vault", "guess");
    bench.press(egui::Key::Enter);
    assert_eq!(bench.commands(), [join("vault", Some("guess")), Command::Leave]);
    assert!(bench.sees("That is not the password of this room."));
    assert_eq!(bench.window.state().model().lobby.refusal.as_ref().unwrap().error.id, ErrorId::WrongPassword);

    // What was typed is still there to be corrected.
    bench.press(egui::Key::End);
    for _ in 0.."guess".len() {
        bench.press(egui::Key::Backspace);
    }
    bench.type_into("Password of vault", desktop::mock::PASSWORD);
    bench.click("Join");
    assert_eq!(bench.commands(), [join("vault", Some(desktop::mock::PASSWORD))]);
    bench.wait(500);
    assert!(bench.sees("Connected"));
}

#[test]
fn escape_closes_the_door_dialog_and_forgets_why() {
    let mut bench = Bench::new();
    bench.click("Join vault");
    bench.type_into("Password of vault", "guess");
    bench.press(egui::Key::Enter);
    // The first leaves the field, as everywhere; the second leaves the dialog.
    bench.press(egui::Key::Escape);
    bench.press(egui::Key::Escape);
    assert!(!bench.sees("Join vault, ") && !bench.sees("That is not the password"));
    assert!(bench.window.state().model().lobby.refusal.is_none());
}

#[test]
fn an_unknown_room_can_be_created_under_the_same_name() {
    let mut bench = Bench::new();
    bench.type_into("Name or address of the room", "Retro");
    bench.press(egui::Key::Enter);
    assert!(bench.sees("There is no room of this name."));
    bench.click("Create it");
    assert_eq!(bench.text_of("Name"), "Retro");
    bench.commands();
    bench.click("Create and join");
    let wish = create("Retro", true);
    assert_eq!(bench.commands(), [wish]);
    bench.wait(500);
    assert!(bench.sees("You are the only one here"));
}

#[test]
fn a_room_is_made_with_a_lobby_and_a_memory_of_ones_choice() {
    let mut bench = Bench::new();
    bench.type_into("Name", "Retro");
    assert_eq!(bench.text_of("Messages are kept"), "For a day, as usual");
    bench.click("Show in the list of rooms");
    assert_eq!(bench.text_of("Messages are kept"), "Not at all, as usual");
    bench.click("Newcomers wait to be let in");
    bench.click("Messages are kept");
    bench.click("For ever");
    bench.click("Create and join");
    let Command::CreateRoom(plain) = create("Retro", false) else { unreachable!() };
    let wish = NewRoom { lobby: true, history: Some(History::Forever), ..plain };
    assert_eq!(bench.commands(), [Command::CreateRoom(wish)]);
}

#[test]
fn a_full_room_says_so() {
    let mut bench = Bench::new();
    bench.type_into("Name or address of the room", "crowded");
    bench.press(egui::Key::Enter);
    assert!(bench.sees("The room is full."));
}

#[test]
fn a_pasted_address_leads_to_its_server_and_room() {
    let mut bench = Bench::new();
    bench.type_into("Name or address of the room", "https://chat.example/rtc/demo");
    bench.press(egui::Key::Enter);
    let server = Command::SetServer("https://chat.example/".parse().unwrap());
    assert_eq!(bench.commands(), [server, join("demo", None)]);
}

#[test]
fn a_name_that_cannot_be_is_told_before_it_is_sent() {
    let mut bench = Bench::new();
    bench.type_into("Name", "a/b");
    bench.click("Create and join");
    assert!(bench.sees("'/' cannot be part of a name."));
    assert_eq!(bench.commands(), []);
}

#[test]
fn a_taken_name_is_told_at_the_form_and_everything_typed_stays() {
    let mut bench = Bench::new();
    bench.type_into("Name", "demo");
    bench.click("Show in the list of rooms");
    bench.click("Create and join");
    let wish = create("demo", false);
    assert_eq!(bench.commands(), [wish]);
    assert!(bench.sees("A room of this name exists already."));
    assert_eq!(bench.text_of("Name"), "demo");
}

#[test]
fn leaving_asks_nothing_and_is_undone_by_one_click() {
    let mut bench = Bench::in_company(1);
    bench.click("Leave");
    assert!(bench.commands().contains(&Command::Leave));
    assert!(bench.sees("You left demo."));
    bench.click("Join again");
    assert_eq!(bench.commands(), [join("demo", None)]);
    bench.wait(500);
    assert!(bench.sees("Connected"));
}

#[test]
fn one_goes_back_with_the_password_one_came_with() {
    let mut bench = Bench::new();
    bench.click("Join vault");
    bench.type_into("Password of vault", desktop::mock::PASSWORD);
    bench.click("Join");
    bench.wait(500);
    bench.click("Leave");
    bench.commands();
    bench.click("Join again");
    assert_eq!(bench.commands(), [join("vault", Some(desktop::mock::PASSWORD))]);
}

#[test]
fn waiting_at_the_door_can_be_given_up() {
    let mut bench = Bench::new();
    bench.click("Join demo");
    bench.click("Cancel");
    assert!(bench.commands().contains(&Command::Leave));
    assert!(!bench.sees("Joining demo") && !bench.sees("You left demo"));
}

#[test]
fn a_server_that_is_not_there_is_told_and_asked_again_on_request() {
    let mut bench = Bench::new();
    bench.click("Settings");
    bench.type_into("Server", "");
    bench.press(egui::Key::End);
    for _ in 0..40 {
        bench.press(egui::Key::Backspace);
    }
    bench.type_into("Server", "http://nowhere.invalid");
    bench.click("Save");
    assert_eq!(bench.commands(), [Command::SetServer("http://nowhere.invalid".parse().unwrap())]);
    assert!(bench.sees("The rooms cannot be listed") && bench.sees("Connection refused."));
    bench.click("Try again");
    assert!(bench.sees("The rooms cannot be listed"));
}

#[test]
fn what_is_done_to_the_microphones_sound_is_chosen_and_shown_again() {
    let mut bench = Bench::new();
    bench.click("Settings");
    let names = ["Take out the echo of the loudspeaker", "Turn steady noise down", "Turn a quiet voice up"];
    assert!(names.iter().all(|name| bench.is_on(name)));
    bench.click(names[1]);
    bench.click("Save");
    let quieter = media::Processing { noise: false, ..media::Processing::ALL };
    assert_eq!(bench.commands(), [Command::SetProcessing(quieter)]);
    bench.click("Settings");
    assert!(bench.is_on(names[0]) && !bench.is_on(names[1]) && bench.is_on(names[2]));
    bench.click("Save");
    assert_eq!(bench.commands(), [], "nothing changed");
}

#[test]
fn a_new_name_is_checked_and_told_to_the_backend() {
    let mut bench = Bench::new();
    bench.click("Settings");
    bench.press(egui::Key::End);
    for _ in 0.."Major Tom".len() {
        bench.press(egui::Key::Backspace);
    }
    bench.click("Save");
    assert!(bench.sees("A name is missing."));
    bench.type_into("Your name", "Ziggy");
    bench.press(egui::Key::Enter);
    assert_eq!(bench.commands(), [Command::SetUsername("Ziggy".parse().unwrap())]);
    assert!(bench.sees("Ziggy"));
}

#[test]
fn being_thrown_out_is_a_toast_that_goes_away() {
    let mut bench = Bench::in_company(1);
    let refused = session::Status::Refused(ErrorNotice::new(ErrorId::UnknownRoom, "gone"));
    bench.tell([Event::Session(session::Event::Status(refused))]);
    assert!(bench.sees("There is no room of this name.") && bench.sees("The room demo was closed."));
    bench.wait(10_000);
    assert!(!bench.sees("There is no room of this name."));
}
