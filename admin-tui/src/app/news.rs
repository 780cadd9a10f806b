//! What comes from the service: answers, changes, and the time that goes on without either.

use super::{App, Effect};
use crate::{
    asks::{Answer, Ask, Deed, Outcome},
    live::Heard,
    panel::Failure,
    popups::Popup,
    screens::{self, Wish},
    text::counted,
    theme::Tone,
};
use chrono::{DateTime, TimeDelta, Utc};
use countinghouse_contract::admin::live::OperatorEvent;

/// How often what is shown is asked for while no changes are told.
const UNTOLD: TimeDelta = TimeDelta::seconds(5);

impl App {
    /// Time goes on: what is shown is asked for again after a while.
    pub fn tick(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        self.now = now;
        self.due()
    }

    /// What the screen needs by now.
    pub(super) fn due(&mut self) -> Vec<Effect> {
        let (now, at_most) = (self.now, self.live.is_err().then_some(UNTOLD));
        let wishes = self.screen().due(now, at_most);
        self.grant(wishes)
    }

    pub fn heard(&mut self, heard: &Heard, now: DateTime<Utc>) {
        self.now = now;
        match heard {
            Heard::Up => {
                if self.live.is_err() {
                    self.live = Ok(now);
                    self.screen().doubts();
                }
            }
            Heard::Down => self.live = Err(self.live.err().unwrap_or(now)),
            Heard::Missed => self.screens.iter_mut().for_each(|screen| screen.doubts()),
            Heard::Event(event) => self.screens.iter_mut().for_each(|screen| screen.told(event)),
        }
    }

    /// What is open is looked at again when something has become of it.
    pub fn look_again(&mut self, event: &OperatorEvent) -> Vec<Effect> {
        let is_step = event.kind.ends_with("_send");
        match self.popup.as_deref() {
            Some(Popup::Details(details)) if !is_step && details.key_of_record() == Some(&event.resource_id) => {
                details.look().map(|look| Effect::Ask(Ask::Look(look.clone()))).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    pub fn answered(&mut self, answer: &Answer, now: DateTime<Utc>) -> Vec<Effect> {
        self.now = now;
        match answer {
            Answer::Done(done) => self.done(done),
            Answer::Look { look, outcome } => {
                for popup in self.popup.as_deref_mut().into_iter().chain(&mut self.beneath) {
                    if let Popup::Details(details) = popup
                        && details.look() == Some(look)
                    {
                        details.fill(outcome.clone().map(|looked| screens::shown(&looked, now)));
                    }
                }
            }
            Answer::Counted { which, outcome: Ok(found) } => match screens::retrying_all(which, *found) {
                Some(form) if self.popup.is_none() && self.typing.is_none() => {
                    return self.grant(vec![Wish::Open(Box::new(Popup::Form(form)))]);
                }
                Some(_) => {}
                None => self.say(Tone::Warning, "Nothing has failed that could be sent again."),
            },
            Answer::Counted { outcome: Err(failure), .. } => self.say(Tone::Bad, why(failure)),
            Answer::Page { .. } => {}
        }
        let wishes: Vec<Wish> = self.screens.iter_mut().flat_map(|screen| screen.answered(answer, now)).collect();
        self.grant(wishes)
    }

    fn done(&mut self, done: &[(Deed, Result<Outcome, Failure>)]) {
        let (tone, said) = told(done);
        if let Some(Popup::Form(form)) = self.popup.as_deref_mut().filter(|_| !done.is_empty())
            && form.is_asked()
        {
            match done {
                // It can be put right where it was typed.
                [(_, Err(failure))] => return form.refuse(why(failure)),
                _ => self.popup = None,
            }
        }
        self.say(tone, said);
    }
}

fn told(done: &[(Deed, Result<Outcome, Failure>)]) -> (Tone, String) {
    if let [(deed, outcome)] = done {
        let (what, is) = deed.said();
        return match outcome {
            Ok(Outcome::Begun(begun)) => {
                let (syncs, clients) = (counted(begun.syncs, "sync"), counted(begun.tenants, "client"));
                (Tone::Good, format!("{syncs} of {clients} sent again."))
            }
            Ok(_) => (Tone::Good, format!("{what} {is}.")),
            Err(failure) => (Tone::Bad, format!("Not so: {what} {is}. {}", why(failure))),
        };
    }
    let refused: Vec<&Failure> = done.iter().filter_map(|(_, outcome)| outcome.as_ref().err()).collect();
    let went_well = done.len() - refused.len();
    match refused.first() {
        None => (Tone::Good, format!("{went_well} done.")),
        Some(first) => (Tone::Bad, format!("{went_well} done, {} refused: {}", refused.len(), why(first))),
    }
}

fn why(failure: &Failure) -> String {
    match failure {
        Failure::Away(why) | Failure::Refused(why) => why.clone(),
        Failure::Denied => "You may not.".to_owned(),
        Failure::LoggedOut => "The session is over.".to_owned(),
    }
}
