//! The way to a service, which can be cut and mended: for programs that have to bear it.

use std::net::SocketAddr;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Carries every connection while it is whole; ends all of them, and those that come, while it is not.
pub struct Cable {
    address: SocketAddr,
    whole: watch::Sender<bool>,
}

impl Cable {
    /// To the service at this address.
    pub async fn to(base_url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let service = base_url.strip_prefix("http://").expect("an address").to_owned();
        let (whole, is_whole) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                tokio::spawn(carry(from, service.clone(), is_whole.clone()));
            }
        });
        Self { address, whole }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn carry(mut from: TcpStream, service: String, mut is_whole: watch::Receiver<bool>) {
    if !*is_whole.borrow_and_update() {
        return;
    }
    let Ok(mut to) = TcpStream::connect(service).await else { return };
    // However it ends: the one side hears of it as the other does.
    tokio::select! {
        _ = copy_bidirectional(&mut from, &mut to) => {}
        _ = is_whole.changed() => {}
    }
}
