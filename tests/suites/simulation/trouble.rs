//! What comes between: the service dies, and the clock is set.

use super::Simulation;
use chrono::Duration;

impl Simulation {
    /// All connections of the service end, and so does the service; or only the connections do.
    pub async fn crash(&mut self) {
        self.wire.sever();
        if self.dice.roll(2) == 0 {
            self.world.restart().await;
        }
    }

    /// What the editor's app shows a while later, when its last code has gone.
    pub fn next_code(&self) -> String {
        self.world.clock.advance(Duration::seconds(60));
        self.world.code(&self.secret)
    }

    /// Mostly forward, sometimes back, as a machine's clock is when it is corrected.
    pub fn step_the_clock(&mut self) {
        let seconds = match self.dice.roll(4) {
            0 => -(self.dice.roll(10) as i64),
            1 => 150,
            _ => self.dice.roll(60) as i64,
        };
        self.world.clock.advance(Duration::seconds(seconds));
    }
}
