//! Several who send one file after the other, of any kind and in any way, until they are told to end.

use crate::dice::Dice;
use crate::sample::Sample;
use crate::sender::{Sent, Way};
use crate::stage::Play;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// What became of each file.
type Outcomes = Vec<(Sent, Arc<Sample>)>;

/// Those who send.
pub struct Troupe {
    over: Arc<AtomicBool>,
    sending: JoinSet<(Outcomes, Tally)>,
}

/// What they did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub done: u64,
    pub broken: u64,
    pub resumed: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, broken, resumed } = self;
        write!(f, "{done} uploads, {broken} requests broken, {resumed} resumptions")
    }
}

/// Rows of a file, at most.
const ROWS_MAX: u64 = 8_000;

impl Troupe {
    pub fn new(play: &Play, senders: u64, patience: Duration, dice: &mut Dice) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut sending = JoinSet::new();
        for _ in 0..senders {
            let mut sender = play.sender(patience, dice.fork());
            let (over, mut dice) = (Arc::clone(&over), dice.fork());
            sending.spawn(async move {
                let mut outcomes = Outcomes::new();
                while !over.load(Ordering::Relaxed) {
                    let rows = dice.within(1..=ROWS_MAX);
                    let sample = Sample::some(&mut dice, rows);
                    let sent = sender.send(&sample, dice.pick(&Way::ALL)).await;
                    outcomes.push((sent, sample));
                }
                (outcomes, Tally { broken: sender.broken, resumed: sender.resumed, ..Tally::default() })
            });
        }
        Self { over, sending }
    }

    /// Lets everybody bring what they have begun to its end.
    pub async fn end(&mut self, play: &mut Play) -> Tally {
        self.over.store(true, Ordering::Relaxed);
        let mut tally = Tally::default();
        while let Some(sent) = self.sending.join_next().await {
            let (outcomes, part) = sent.expect("a sender brings its files to their end");
            tally.broken += part.broken;
            tally.resumed += part.resumed;
            for (sent, sample) in outcomes {
                match sent {
                    Sent::Done(id) => {
                        tally.done += 1;
                        play.done.insert(id, sample);
                    }
                    Sent::Refused(answer) => panic!("refused: {answer:?}"),
                }
            }
        }
        tally
    }
}
