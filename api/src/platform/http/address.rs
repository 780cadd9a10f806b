//! Whose address a request comes from, through proxies that the configuration names.

use crate::app::AppState;
use actix_web::{HttpRequest, http::header::HeaderMap, web::Data};
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Where a request came from: the peer, or, when that is a trusted proxy, whom the proxies name.
/// The one place that reads `X-Forwarded-For`.
pub fn client_address(req: &HttpRequest) -> Option<IpAddr> {
    let peer = req.peer_addr()?.ip();
    let proxies = req.app_data::<Data<AppState>>().map(|state| &state.proxies);
    Some(proxies.map_or(peer.to_canonical(), |proxies| proxies.client_behind(peer, req.headers())))
}

/// Proxies whose word is taken.
#[derive(Debug, Clone)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.iter().map(|network| canonical(*network)).collect())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Each proxy appends who called it, so the list is read from its end for as long as trusted
    /// proxies wrote it; whatever stands before that anybody may have made up.
    fn client_behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut known = peer.to_canonical();
        let lines: Vec<_> = headers.get_all("x-forwarded-for").collect();
        let entries = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for entry in entries {
            if !self.trusts(known) {
                break;
            }
            match std::str::from_utf8(entry).ok().and_then(address_in) {
                Some(address) => known = address,
                // Nobody can say who called this proxy.
                None => break,
            }
        }
        known
    }
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address_in(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim().trim_matches('"');
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    entry.parse().ok().or_else(bracketed).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// Addresses are compared as IPv4 where they can be; networks of `::ffff:0:0/96` are so too.
fn canonical(network: IpNet) -> IpNet {
    let mapped = || {
        let bits = network.prefix_len().checked_sub(96)?;
        IpNet::new(network.addr().to_canonical(), bits).ok()
    };
    match network {
        IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some() => mapped().unwrap_or(network),
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(trusted: &[&str], peer: &str, lines: &[&[u8]]) -> String {
        let networks: Vec<IpNet> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = HeaderName::from_static("x-forwarded-for");
            headers.append(name, HeaderValue::from_bytes(line).unwrap());
        }
        Proxies::new(&networks).client_behind(peer.parse().unwrap(), &headers).to_string()
    }

    /// Who is trusted, the peer, the header's lines, and who it is then.
    type Case<'a> = (&'a [&'a str], &'a str, &'a [&'a [u8]], &'a str);

    #[test]
    fn only_trusted_proxies_are_believed() {
        let inside: &[&str] = &["10.0.0.0/8", "2001:db8:ffff::/48"];
        let cases: &[Case<'_>] = &[
            // Nobody is trusted, or not this peer.
            (&[], "192.0.2.1", &[b"198.51.100.7"], "192.0.2.1"),
            (inside, "192.0.2.1", &[b"198.51.100.7"], "192.0.2.1"),
            (inside, "10.0.0.1", &[], "10.0.0.1"),
            // The last entry is what our proxy saw; those before it are the caller's own story.
            (inside, "10.0.0.1", &[b"198.51.100.7"], "198.51.100.7"),
            (inside, "10.0.0.1", &[b"1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            (inside, "10.0.0.1", &[b"10.0.0.9,198.51.100.7"], "198.51.100.7"),
            // Chains of proxies, in one line and in several.
            (inside, "10.0.0.1", &[b"1.1.1.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            (inside, "10.0.0.1", &[b"1.1.1.1", b"198.51.100.7", b"10.0.0.2"], "198.51.100.7"),
            (inside, "10.0.0.1", &[b"10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // IPv6, mapped IPv4, ports.
            (inside, "2001:db8:ffff::1", &[b"2001:db8::7"], "2001:db8::7"),
            (inside, "::ffff:10.0.0.1", &[b"::ffff:198.51.100.7"], "198.51.100.7"),
            (inside, "10.0.0.1", &[b"198.51.100.7:4711"], "198.51.100.7"),
            (inside, "10.0.0.1", &[b"\"[2001:db8::7]:4711\""], "2001:db8::7"),
            (inside, "10.0.0.1", &[b"[2001:db8::7]"], "2001:db8::7"),
            (&["::ffff:10.0.0.0/104"], "10.0.0.1", &[b"198.51.100.7"], "198.51.100.7"),
            // Garbage ends the story there.
            (inside, "10.0.0.1", &[b"198.51.100.7, unknown"], "10.0.0.1"),
            (inside, "10.0.0.1", &[b"198.51.100.7, unknown, 10.0.0.2"], "10.0.0.2"),
            (inside, "10.0.0.1", &[b""], "10.0.0.1"),
            (inside, "10.0.0.1", &[b"198.51.100.7,"], "10.0.0.1"),
            (inside, "10.0.0.1", &[b"\xff\xfe"], "10.0.0.1"),
            (inside, "10.0.0.1", &[b"010.1.1.1"], "10.0.0.1"),
            (inside, "10.0.0.1", &[b"1.1.1.1 2.2.2.2"], "10.0.0.1"),
        ];
        for (trusted, peer, lines, expected) in cases {
            assert_eq!(client(trusted, peer, lines), *expected, "{peer} {lines:?}");
        }
    }
}
