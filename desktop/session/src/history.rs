//! Which of the lines that the room keeps are known, and what is to be asked for.

use protocol::{Chat, GetChat, TextId};

/// Pages that are asked for after a return. Who was away for longer sees a gap.
const CATCH_UP_MAX: u32 = 10;

/// What is known of the lines that the room keeps.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The newest line that was heard or read.
    newest: Option<TextId>,
    /// The newest as this link came up: what came after it was missed.
    known_before: Option<TextId>,
    catching_up: CatchUp,
    /// A question of the person is under way.
    is_asked: bool,
}

/// Reading what was missed, from the newest line backwards.
#[derive(Debug, Default, Clone, Copy)]
enum CatchUp {
    #[default]
    NotYet,
    Asked {
        n_pages: u32,
    },
    Done,
}

impl History {
    /// The link is up: what was missed meanwhile is to be asked for, and questions are forgotten.
    pub(crate) fn begin_link(&mut self) {
        self.known_before = self.newest;
        self.catching_up = CatchUp::NotYet;
        self.is_asked = false;
    }

    /// The server refused something, perhaps a question.
    pub(crate) fn refused(&mut self) {
        self.is_asked = false;
        if let CatchUp::Asked { .. } = self.catching_up {
            self.catching_up = CatchUp::Done;
        }
    }

    /// What was missed is being read.
    pub(crate) fn is_catching_up(&self) -> bool {
        matches!(self.catching_up, CatchUp::Asked { .. })
    }

    /// The line came while we were away.
    pub(crate) fn is_missed(&self, id: TextId) -> bool {
        Some(id) > self.known_before
    }

    /// A line came.
    pub(crate) fn heard(&mut self, id: Option<TextId>) {
        self.newest = self.newest.max(id);
    }

    /// The first question on a link, once.
    pub(crate) fn first_question(&mut self) -> Option<GetChat> {
        let CatchUp::NotYet = self.catching_up else { return None };
        self.catching_up = CatchUp::Asked { n_pages: 1 };
        Some(GetChat::default())
    }

    /// The person asks for more; `None`: the question before is not answered yet.
    pub(crate) fn question(&mut self, before: TextId) -> Option<GetChat> {
        let is_free = !std::mem::replace(&mut self.is_asked, true);
        is_free.then(|| GetChat { before: Some(before), ..GetChat::default() })
    }

    /// An answer came; what is to be asked next to close the gap.
    pub(crate) fn answered(&mut self, chat: &Chat) -> Option<GetChat> {
        self.heard(chat.messages.iter().map(|line| line.id).max());
        let CatchUp::Asked { n_pages } = self.catching_up else {
            self.is_asked = false;
            return None;
        };
        let oldest = chat.messages.iter().map(|line| line.id).min();
        let gap = oldest.zip(self.known_before).filter(|(oldest, known)| oldest > known && chat.more);
        match gap {
            Some((oldest, _)) if n_pages < CATCH_UP_MAX => {
                self.catching_up = CatchUp::Asked { n_pages: n_pages + 1 };
                Some(GetChat { before: Some(oldest), ..GetChat::default() })
            }
            Some(_) | None => {
                self.catching_up = CatchUp::Done;
                None
            }
        }
    }
}
