//! What must be true of a room when it is quiet.

use std::collections::BTreeSet;

use protocol::ClientId;
use session::{PeerState, Status};

use super::person::Body;
use super::{Person, Plan, World};

impl World {
    /// Everyone with a session sees everyone who is here, once, and has one working connection to each.
    /// Two pages of earlier versions are left to themselves.
    pub fn check(&self) -> Result<(), String> {
        for (number, person) in self.people.iter().enumerate().filter(|(_, person)| person.is_here()) {
            self.check_person(number, person).map_err(|broken| format!("{}: {broken}", person.name))?;
        }
        Ok(())
    }

    fn check_person(&self, number: usize, person: &Person) -> Result<(), String> {
        let expected: Vec<usize> = self.others(number).collect();
        let mut working = self.network.working(number);
        working.retain(|other| expected.contains(other));
        working.sort_unstable();
        law(working == expected, || format!("works with {working:?}, not with {expected:?}"))?;
        let Body::Session(shell) = &person.body else { return Ok(()) };
        let n_open = self.network.n_open(number);
        law(n_open == expected.len(), || format!("holds {n_open} connections to {} people", expected.len()))?;
        let joined = Some(Status::Joined { me: person.client.clone() });
        law(shell.seen.status == joined, || format!("is {:?}", shell.seen.status))?;
        self.check_roster(number, person)?;
        for other in expected {
            let state = shell.seen.peers.get(&self.people[other].client);
            law(state == Some(&PeerState::Connected), || format!("sees the connection to P{other} as {state:?}"))?;
        }
        Ok(())
    }

    fn check_roster(&self, number: usize, person: &Person) -> Result<(), String> {
        let Body::Session(shell) = &person.body else { return Ok(()) };
        let roster = &shell.seen.roster;
        let ids: Vec<&ClientId> = roster.iter().map(|participant| &participant.id).collect();
        let here: BTreeSet<&ClientId> = self.people.iter().filter(|it| it.is_here()).map(|it| &it.client).collect();
        law(ids.len() == here.len() && ids.iter().all(|id| here.contains(id)), || {
            format!("sees {ids:?}, not {here:?}")
        })?;
        for participant in roster {
            let other = self.people.iter().position(|it| it.client == participant.id).unwrap_or(number);
            let it = &self.people[other];
            let (id, is_me) = (&participant.id, other == number);
            law(participant.me == is_me, || format!("takes {id} for itself, or itself for another"))?;
            law(!participant.unstable, || format!("sees {id} unstable"))?;
            if self.is_page(other) {
                continue;
            }
            law(participant.username == it.name, || format!("calls {} {:?}", it.name, participant.username))?;
            if self.plan != Plan::Classic {
                law(participant.ours, || format!("takes {id} for a page of an earlier version"))?;
                law(participant.media == Some(it.media), || format!("thinks {id} sends {:?}", participant.media))?;
            }
        }
        Ok(())
    }

    /// Those with whom this person must have a connection.
    fn others(&self, number: usize) -> impl Iterator<Item = usize> {
        let here = (0..self.people.len()).filter(|other| self.people[*other].is_here());
        here.filter(move |other| *other != number && !(self.is_page(*other) && self.is_page(number)))
    }

    /// No line is shown twice; each of `lines` is shown to everyone with a session, as the sender's own to the sender.
    pub fn check_chat(&self, lines: &[(usize, String)]) -> Result<(), String> {
        for (number, person) in self.people.iter().enumerate().filter(|(_, person)| person.is_here()) {
            let Body::Session(shell) = &person.body else { continue };
            let mut shown = BTreeSet::new();
            for line in &shell.seen.chat {
                law(shown.insert(&line.text), || format!("{} reads {:?} twice", person.name, line.text))?;
            }
            for (sender, text) in lines {
                let from = &self.people[*sender];
                let line = shell.seen.chat.iter().find(|line| line.text == *text);
                let right = line.is_some_and(|line| {
                    line.from == from.client && line.name == from.name && line.mine == (*sender == number)
                });
                law(right, || format!("{} reads {text:?} of {} as {line:?}", person.name, from.name))?;
            }
        }
        Ok(())
    }

    /// Whoever is still here reads every line of its own, though links and the server were lost meanwhile.
    pub fn check_own_lines(&self) -> Result<(), String> {
        for person in self.people.iter().filter(|person| person.is_here()) {
            let Body::Session(shell) = &person.body else { continue };
            for said in &person.said {
                let n_shown = shell.seen.chat.iter().filter(|line| line.text == *said && line.mine).count();
                law(n_shown == 1, || format!("{} reads its own {said:?} {n_shown} times", person.name))?;
            }
        }
        Ok(())
    }

    /// Where no link was lost no candidate was: of every pair of sessions both know where to reach the other.
    pub fn check_candidates(&self) -> Result<(), String> {
        for (number, person) in self.people.iter().enumerate().filter(|(_, person)| person.is_here()) {
            for other in self.others(number).filter(|other| !self.is_page(*other) && !self.is_page(number)) {
                let well_known = self.network.is_well_known(number, other);
                law(well_known, || format!("{} has missed candidates of P{other}, or P{other} its", person.name))?;
            }
        }
        Ok(())
    }

    /// Nobody was told by the server that it does something wrong.
    pub fn check_manners(&self) -> Result<(), String> {
        for person in &self.people {
            let Body::Session(shell) = &person.body else { continue };
            let mut notices = shell.seen.notices.iter().filter(|notice| notice.id.as_str() != "offline");
            let first = notices.next();
            law(first.is_none(), || format!("{} was told {first:?}", person.name))?;
        }
        Ok(())
    }
}

fn law(holds: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken()) }
}
