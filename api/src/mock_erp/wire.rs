//! Connections that are reset: closed without an answer, and with what was not sent thrown away.

use actix_web::{HttpRequest, HttpResponse, dev::Extensions, rt::net::TcpStream, web::Bytes};
use futures_util::stream;
use rustix::net::sockopt::set_socket_linger;
use std::{
    any::Any,
    io,
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

/// The connection that a request came by.
struct Connection(OwnedFd);

/// Called for each connection.
pub fn remember(stream: &dyn Any, data: &mut Extensions) {
    if let Some(Ok(copy)) = stream.downcast_ref::<TcpStream>().map(|stream| stream.as_fd().try_clone_to_owned()) {
        data.insert(Connection(copy));
    }
}

/// An answer of which no byte leaves: its body fails before the head is sent, and the connection lingers for no time.
pub fn reset(req: &HttpRequest) -> HttpResponse {
    if let Some(Connection(socket)) = req.conn_data() {
        // Where that cannot be set it is closed, and not reset: still no answer.
        let _closed = set_socket_linger(socket, Some(Duration::ZERO));
    }
    let broken = stream::iter([Err::<Bytes, _>(io::Error::other("reset, as a fault asks for"))]);
    HttpResponse::Ok().streaming(broken)
}
