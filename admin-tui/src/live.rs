//! What changes at the service, as it happens: follows its stream of events, and goes on where it broke off.

use crate::{panel::Failure, remote::Remote};
use countinghouse_client::News;
use countinghouse_contract::admin::live::OperatorEvent;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// Between two tries to reach the service: at first, and at most.
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// What the app is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// From here on everything is told.
    Up,
    /// Something was missed: what is shown may be wrong.
    Missed,
    Event(Box<OperatorEvent>),
    /// Nothing is told until it is up again.
    Down,
}

/// Never ends, unless nobody listens any more.
pub async fn follow(remote: Remote, tell: UnboundedSender<Heard>) {
    let (mut after, mut wait) = (None, WAITS.0);
    while !tell.is_closed() {
        match remote.with(async |session| session.events(after).await).await {
            Ok(mut stream) => {
                while let Ok(Some(news)) = stream.next().await {
                    wait = WAITS.0;
                    let is_first = after.replace(news.sequence()).is_none();
                    let heard = match news {
                        // What changed between the first look and the stream was told to nobody.
                        News::Ready(_) if is_first => vec![Heard::Up, Heard::Missed],
                        News::Ready(_) => vec![Heard::Up],
                        News::Reset(_) => vec![Heard::Up, Heard::Missed],
                        News::Event(event) => vec![Heard::Event(Box::new(event))],
                    };
                    if heard.into_iter().any(|heard| tell.send(heard).is_err()) {
                        return;
                    }
                }
            }
            // Whoever may not see it goes on asking from time to time, as the lists do.
            Err(Failure::Denied | Failure::LoggedOut) => wait = WAITS.1,
            Err(_) => {}
        }
        if tell.send(Heard::Down).is_err() {
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAITS.1);
    }
}
