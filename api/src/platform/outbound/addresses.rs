//! Which addresses may be called: what anybody on the internet reaches, and what the operator lists.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4 that are nobody's on the internet (IANA's special-purpose registry), or somebody's
/// whom only the machines beside them should reach.
const CLOSED_V4: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Carriers' NAT; clouds have metadata there too.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Azure's host.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Link-local: most clouds' metadata.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved, broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// What is given out of IPv6 at all.
const GLOBAL_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The networks in there that carry something else, like addresses of IPv4, or nothing.
const CLOSED_V6: [(Ipv6Addr, u8); 4] = [
    // Teredo, ORCHID, benchmarks.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// An IPv4 address behind the translator of a network that has IPv6 alone (RFC 6052).
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// Whether the operator lists it, in whichever way it is written.
pub fn is_listed(address: IpAddr, listed: &[IpNet]) -> bool {
    let plain = embedded(address);
    listed.iter().any(|network| network.contains(&address) || network.contains(&plain))
}

/// Whether it is somebody's on the internet.
pub fn is_public(address: IpAddr) -> bool {
    match embedded(address) {
        IpAddr::V4(v4) => !CLOSED_V4.iter().any(|(network, length)| begins_v4(v4, *network, *length)),
        IpAddr::V6(v6) => {
            let (global, length) = GLOBAL_V6;
            begins_v6(v6, global, length) && !CLOSED_V6.iter().any(|(network, length)| begins_v6(v6, *network, *length))
        }
    }
}

/// The IPv4 address that an IPv6 address leads to, where it is mapped or translated.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, high, low] = v6.segments();
    if [a, b, c, d, e, f] == NAT64 {
        let ([first, second], [third, fourth]) = (high.to_be_bytes(), low.to_be_bytes());
        return Ipv4Addr::new(first, second, third, fourth).into();
    }
    v6.to_ipv4_mapped().map_or(address, IpAddr::V4)
}

fn begins_v4(address: Ipv4Addr, network: Ipv4Addr, length: u8) -> bool {
    let shift = 32 - u32::from(length);
    address.to_bits() >> shift == network.to_bits() >> shift
}

fn begins_v6(address: Ipv6Addr, network: Ipv6Addr, length: u8) -> bool {
    let shift = 128 - u32::from(length);
    address.to_bits() >> shift == network.to_bits() >> shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_somebodys_on_the_internet_is_public() {
        for public in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for public in ["2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        let closed = [
            ["0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1", "168.63.129.16"],
            [
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.192",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.0.1",
            ],
            [
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.1",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
            ],
            ["::", "::1", "::7f00:1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1"],
            [
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::ffff:169.254.169.254",
                "64:ff9b::7f00:1",
                "64:ff9b::a9fe:a9fe",
                "64:ff9b:1::101:101",
                "fec0::1",
            ],
            ["2001::1", "2001:db8::1", "2002:7f00:1::", "2001:10::1", "3fff::1", "100::1", "5f00::1"],
        ];
        for address in closed.concat() {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_the_operator_lists_is_found_however_it_is_written() {
        let listed: Vec<IpNet> = vec!["127.0.0.0/8".parse().unwrap(), "fd00::/64".parse().unwrap()];
        for address in ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::7"] {
            assert!(is_listed(address.parse().unwrap(), &listed), "{address}");
        }
        for address in ["10.0.0.1", "::1", "fd00:0:0:1::7", "1.1.1.1"] {
            assert!(!is_listed(address.parse().unwrap(), &listed), "{address}");
        }
    }
}
