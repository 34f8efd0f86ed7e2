//! Offer and answer on one peer connection: perfect negotiation (W3C WebRTC, section 10.7) with peers of any version.

use std::time::{Duration, Instant};

use protocol::{ClientId, OfferForm};

/// A step of the negotiation that takes longer than this has failed.
pub(crate) const STEP_MAX: Duration = Duration::from_secs(15);

/// Where the exchange of descriptions stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Negotiation {
    /// Our offer is being made; the other side knows nothing of it.
    Making {
        form: OfferForm,
        since: Instant,
    },
    /// Our offer is out. `insists`: it came with a `bye`, which voids whatever the other side had offered before.
    Offering {
        form: OfferForm,
        since: Instant,
        insists: bool,
    },
    /// Its offer is being answered. `yielded`: an offer that we had sent was given up for it.
    Answering {
        form: OfferForm,
        since: Instant,
        yielded: bool,
    },
    Stable {
        since: Instant,
        yielded: bool,
    },
}

/// What to do with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnOffer {
    /// Ours stands; the other side will give way.
    Ignore,
    /// Take it on this connection.
    Answer { rollback: bool },
    /// It comes from another connection than the one that ours is with: take it on a new one.
    Replace,
}

/// What to do with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnAnswer {
    Accept,
    /// It answers nothing that we know of.
    Ignore,
    /// It comes from another connection than the one that ours is with.
    Mismatch,
    /// We gave our offer up and the other side answered it: both gave way, and neither offer stands.
    BothYielded,
}

impl Negotiation {
    /// `fits`: the offer comes from the connection that this one is with, or this one is with none so far.
    pub(crate) fn on_offer(&self, polite: bool, fits: bool) -> OnOffer {
        match self {
            Self::Offering { .. } if !polite => OnOffer::Ignore,
            // Nobody has seen our offer: whoever gives way, nothing is lost.
            Self::Making { .. } | Self::Offering { .. } if fits => OnOffer::Answer { rollback: true },
            Self::Stable { .. } if fits => OnOffer::Answer { rollback: false },
            // In the midst of an answer only a side that has started anew offers again.
            Self::Making { .. } | Self::Offering { .. } | Self::Stable { .. } | Self::Answering { .. } => {
                OnOffer::Replace
            }
        }
    }

    pub(crate) fn on_answer(&self, fits: bool) -> OnAnswer {
        match self {
            Self::Offering { .. } if fits => OnAnswer::Accept,
            Self::Offering { .. } => OnAnswer::Mismatch,
            Self::Answering { yielded: true, .. } | Self::Stable { yielded: true, .. } => OnAnswer::BothYielded,
            Self::Making { .. } | Self::Answering { .. } | Self::Stable { .. } => OnAnswer::Ignore,
        }
    }

    pub(crate) fn is_stable(&self) -> bool {
        matches!(self, Self::Stable { .. })
    }

    /// Our offer is not out yet.
    pub(crate) fn is_making(&self) -> bool {
        matches!(self, Self::Making { .. })
    }

    /// Our offer is on the wire.
    pub(crate) fn is_offering(&self) -> bool {
        matches!(self, Self::Offering { .. })
    }

    pub(crate) fn insists(&self) -> bool {
        matches!(self, Self::Offering { insists: true, .. })
    }

    /// The form of our offer that the other side may have seen.
    fn form_of_ours(&self) -> Option<OfferForm> {
        match self {
            Self::Offering { form, .. } => Some(*form),
            Self::Making { .. } | Self::Answering { .. } | Self::Stable { .. } => None,
        }
    }

    /// Whether we give way to an offer in the form `theirs`.
    ///
    /// In `String` form it may come from a page of the first version, which never gives way: so we do. In `Object` form
    /// the smaller id gives way, except where our offer is a string: a page of the second version cannot read it, and a
    /// client of this version gives way to it. Right after a `bye` only our offer is worth anything.
    pub(crate) fn is_polite(&self, me: &ClientId, them: &ClientId, theirs: OfferForm, known: Manners) -> bool {
        match (theirs, self.form_of_ours()) {
            _ if self.insists() => false,
            (OfferForm::String, _) if !known.yields => true,
            (OfferForm::Object, Some(OfferForm::String)) => !known.is_ours,
            (OfferForm::String | OfferForm::Object, _) => me < them,
        }
    }
}

/// What is known of how the other side deals with glare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Manners {
    /// It is a client of this version.
    pub(crate) is_ours: bool,
    /// It gave way to an offer in `String` form while we gave way to its own.
    pub(crate) yields: bool,
}

#[cfg(test)]
mod tests {
    use OfferForm::{Object, String};

    use super::*;
    use crate::moment;

    fn id(name: &str) -> ClientId {
        ClientId::new(name)
    }

    #[test]
    fn only_a_sent_offer_of_the_impolite_side_stands_against_another() {
        let since = moment();
        let offering = Negotiation::Offering { form: Object, since, insists: false };
        assert_eq!(offering.on_offer(false, true), OnOffer::Ignore);
        assert_eq!(offering.on_offer(false, false), OnOffer::Ignore);
        assert_eq!(offering.on_offer(true, true), OnOffer::Answer { rollback: true });
        let making = Negotiation::Making { form: Object, since };
        assert_eq!(making.on_offer(false, true), OnOffer::Answer { rollback: true });
    }

    #[test]
    fn a_remote_offer_is_never_set_over_a_local_one_without_rollback() {
        let since = moment();
        for form in [String, Object] {
            for pending in [Negotiation::Making { form, since }, Negotiation::Offering { form, since, insists: false }]
            {
                for polite in [false, true] {
                    assert_ne!(pending.on_offer(polite, true), OnOffer::Answer { rollback: false });
                }
            }
        }
    }

    #[test]
    fn an_offer_of_another_connection_gets_a_new_one_of_ours() {
        let since = moment();
        assert_eq!(Negotiation::Stable { since, yielded: false }.on_offer(true, false), OnOffer::Replace);
        assert_eq!(
            Negotiation::Offering { form: Object, since, insists: false }.on_offer(true, false),
            OnOffer::Replace
        );
        let answering = Negotiation::Answering { form: Object, since, yielded: false };
        assert_eq!(answering.on_offer(false, true), OnOffer::Replace);
    }

    #[test]
    fn an_answer_counts_only_while_our_offer_is_out() {
        let since = moment();
        assert_eq!(Negotiation::Offering { form: Object, since, insists: false }.on_answer(true), OnAnswer::Accept);
        assert_eq!(Negotiation::Offering { form: Object, since, insists: false }.on_answer(false), OnAnswer::Mismatch);
        assert_eq!(Negotiation::Making { form: Object, since }.on_answer(true), OnAnswer::Ignore);
        assert_eq!(Negotiation::Stable { since, yielded: false }.on_answer(true), OnAnswer::Ignore);
        assert_eq!(Negotiation::Stable { since, yielded: true }.on_answer(true), OnAnswer::BothYielded);
        let answering = Negotiation::Answering { form: String, since, yielded: true };
        assert_eq!(answering.on_answer(true), OnAnswer::BothYielded);
    }

    #[test]
    fn we_give_way_to_a_string_and_else_the_smaller_id_does() {
        let since = moment();
        let (small, large) = (id("a"), id("b"));
        let unknown = Manners::default();
        let yields = Manners { yields: true, ..unknown };
        let object = Negotiation::Offering { form: Object, since, insists: false };
        let string = Negotiation::Offering { form: String, since, insists: false };
        assert!(string.is_polite(&large, &small, String, unknown), "a page of the first version never gives way");
        assert!(!string.is_polite(&large, &small, String, yields));
        assert!(string.is_polite(&small, &large, String, yields));
        assert!(object.is_polite(&small, &large, Object, unknown));
        assert!(!object.is_polite(&large, &small, Object, unknown));
    }

    #[test]
    fn an_offer_after_a_bye_stands() {
        let since = moment();
        let insisting = Negotiation::Offering { form: String, since, insists: true };
        for theirs in [String, Object] {
            assert!(!insisting.is_polite(&id("a"), &id("b"), theirs, Manners::default()));
        }
    }

    #[test]
    fn of_a_string_and_an_object_exactly_one_stands() {
        let since = moment();
        let (small, large) = (id("a"), id("b"));
        let ours = Manners { is_ours: true, yields: false };
        let object = Negotiation::Offering { form: Object, since, insists: false };
        let string = Negotiation::Offering { form: String, since, insists: false };
        for (me, them) in [(&small, &large), (&large, &small)] {
            assert!(string.is_polite(me, them, Object, Manners::default()), "the second version cannot read a string");
            assert!(!string.is_polite(me, them, Object, ours));
            assert!(object.is_polite(them, me, String, ours));
        }
    }
}
