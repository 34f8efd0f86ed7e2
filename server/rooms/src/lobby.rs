//! Those who stand before the door and wait to be let in.

use std::net::IpAddr;
use std::time::Instant;

use protocol::{ClientId, Username};

use crate::bucket::network;
use crate::{AddressMark, Config, RoomError, SessionId};

/// One who knocked.
#[derive(Debug, Clone)]
pub(crate) struct Knock {
    pub(crate) session: SessionId,
    pub(crate) client: ClientId,
    pub(crate) name: Username,
    pub(crate) from: IpAddr,
    pub(crate) mark: AddressMark,
    pub(crate) answer: Answer,
    /// Then it is forgotten.
    pub(crate) until: Instant,
}

/// What came of a knock so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Awaited,
    Admitted,
    Denied,
}

/// Everyone before the door, the longest first.
#[derive(Debug, Default)]
pub(crate) struct Lobby {
    knocks: Vec<Knock>,
}

impl Lobby {
    pub(crate) fn answer_to(&self, session: &SessionId) -> Option<Answer> {
        self.knocks.iter().find(|knock| &knock.session == session).map(|knock| knock.answer)
    }

    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Knock> {
        self.knocks.iter().filter(|knock| knock.answer == Answer::Awaited)
    }

    /// Knocks, or knocks again. True: the list of those who wait has changed.
    pub(crate) fn knock(&mut self, knock: Knock, config: &Config) -> Result<bool, RoomError> {
        if let Some(known) = self.knocks.iter_mut().find(|known| known.session == knock.session) {
            let is_news = known.name != knock.name;
            (known.name, known.from, known.mark, known.until) = (knock.name, knock.from, knock.mark, knock.until);
            return Ok(is_news && known.answer == Answer::Awaited);
        }
        let (in_all, of_address) = config.knocks;
        let neighbours = self.knocks.iter().filter(|other| network(other.from) == network(knock.from)).count();
        if self.knocks.len() >= in_all || neighbours >= of_address {
            return Err(RoomError::TooManyKnocks);
        }
        self.knocks.push(knock);
        Ok(true)
    }

    /// Lets one in or sends one away who waits. The answer stands until `until`. False: nobody of this name waits.
    pub(crate) fn decide(&mut self, client: &ClientId, answer: Answer, until: Instant) -> bool {
        let waiting = |knock: &&mut Knock| &knock.client == client && knock.answer == Answer::Awaited;
        let Some(knock) = self.knocks.iter_mut().find(waiting) else { return false };
        (knock.answer, knock.until) = (answer, until);
        true
    }

    /// Forgets one who came in, left, or was banned. True: it was waiting.
    pub(crate) fn forget(&mut self, client: &ClientId) -> bool {
        let was_waiting = self.waiting().any(|knock| &knock.client == client);
        self.knocks.retain(|knock| &knock.client != client);
        was_waiting
    }

    pub(crate) fn client_of(&self, session: &SessionId) -> Option<&ClientId> {
        self.knocks.iter().find(|knock| &knock.session == session).map(|knock| &knock.client)
    }

    /// Forgets those who have not knocked again in time. True: the list of those who wait has changed.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        let waited = self.waiting().count();
        self.knocks.retain(|knock| knock.until > now);
        self.waiting().count() < waited
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.knocks.iter().map(|knock| knock.until).min()
    }
}
