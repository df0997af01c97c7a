//! Where probes may go: names of hosts, URLs, and addresses that a checker must not be led to.
//!
//! A name is no protection, because whoever owns it says where it leads, and may say something else the next time. So
//! [`Guard::admit`] is asked for each address that a name has given, and only an address that it admitted is connected
//! to.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name of a host (RFC 1035).
const MAX_HOST: usize = 253;
const MAX_URL: usize = 2_000;

/// Addresses outside the reserved ranges at which clouds serve metadata and credentials of the machine that asks.
const METADATA_V4: [Ipv4Addr; 3] = [
    // Oracle's classic platform, Alibaba, Azure.
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
];
/// `fd00:c1::a9fe:a9fe` of OCI.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe);

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// This machine.
    Loopback,
    /// The link, where clouds serve metadata.
    LinkLocal,
    /// A cloud's metadata service at another address.
    Metadata,
    /// No address of one machine.
    NoHost,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "a loopback address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "the address of a metadata service",
            Self::NoHost => "not the address of one machine",
        })
    }
}

/// Hosts that may be anywhere; all others may not be on this machine, on the link, or a metadata service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    allowed: BTreeSet<String>,
}

impl Guard {
    /// With these names allowed.
    #[must_use]
    pub fn new(allowed: &[String]) -> Self {
        Self { allowed: allowed.iter().map(|host| plain(host)).collect() }
    }

    /// Whether the host is one of those that may be anywhere.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        self.allowed.contains(&plain(host))
    }

    /// Whether `host` may be connected to at `address`.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        match refusal(address) {
            Some(refusal) if !self.allows(host) => Err(refusal),
            _ => Ok(()),
        }
    }
}

/// Names are the same in any case and with a dot at the end.
fn plain(host: &str) -> String {
    host.trim_end_matches('.').trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

fn refusal(address: IpAddr) -> Option<Refusal> {
    match address {
        IpAddr::V4(address) => refusal_v4(address),
        IpAddr::V6(address) => match inside(address) {
            Some(inner) => refusal_of_shorter(address).or_else(|| refusal_v4(inner)),
            None => refusal_v6(address),
        },
    }
}

/// The local prefix of NAT64 (RFC 8215) may be used with a shorter one, where the address lies elsewhere (RFC 6052). Which
/// one a network has nobody tells, so an address that leads home by any of them is refused.
fn refusal_of_shorter(address: Ipv6Addr) -> Option<Refusal> {
    let bytes = address.octets();
    if bytes[..6] != [0, 0x64, 0xff, 0x9b, 0, 1] {
        return None;
    }
    let inner =
        [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]].map(|at| Ipv4Addr::from(at.map(|index: usize| bytes[index])));
    inner.into_iter().filter_map(refusal_v4).find(|refusal| *refusal != Refusal::NoHost)
}

fn refusal_v4(address: Ipv4Addr) -> Option<Refusal> {
    let is_nowhere = address.octets()[0] == 0 || address.is_multicast() || address.octets()[0] >= 240;
    match address {
        _ if METADATA_V4.contains(&address) => Some(Refusal::Metadata),
        _ if address.is_loopback() => Some(Refusal::Loopback),
        _ if address.is_link_local() => Some(Refusal::LinkLocal),
        _ if is_nowhere => Some(Refusal::NoHost),
        _ => None,
    }
}

fn refusal_v6(address: Ipv6Addr) -> Option<Refusal> {
    match address {
        _ if address == METADATA_V6 => Some(Refusal::Metadata),
        // AWS: metadata, time, names, and credentials of pods.
        _ if address.segments()[..2] == [0xfd00, 0xec2] => Some(Refusal::Metadata),
        // Google.
        _ if address.segments()[..4] == [0xfd20, 0xce, 0, 0] => Some(Refusal::Metadata),
        _ if address.is_loopback() => Some(Refusal::Loopback),
        _ if address.is_unicast_link_local() => Some(Refusal::LinkLocal),
        _ if address.is_unspecified() || address.is_multicast() => Some(Refusal::NoHost),
        _ => None,
    }
}

/// The address of version 4 that packets to this one end at: mapped, compatible, translated (RFC 2765), NAT64 (RFC 6052
/// and 8215), 6to4 (RFC 3056), Teredo (RFC 4380).
fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match parts {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => Some(join(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 1, _, _, _, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        [0x2001, 0, _, _, _, _, high, low] => Some(join(!high, !low)),
        _ => None,
    }
}

/// Whether it is the name of a host or an address.
#[must_use]
pub fn is_host(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let is_label = |label: &str| {
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (1..=63).contains(&label.len()) && is_plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    // A last label of digits makes some resolvers read the whole as an address in a form of their own.
    let is_number = |label: &str| label.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    name.len() <= MAX_HOST && name.split('.').all(is_label) && !name.rsplit('.').next().is_some_and(is_number)
}

/// An `http` or `https` URL whose host is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    /// Where the path begins in the text.
    rest: usize,
    is_https: bool,
    host: String,
    port: u16,
}

impl Url {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        // What libraries repair in different ways is refused: two readers must not see two hosts.
        if text.len() > MAX_URL || text.bytes().any(|byte| !(0x21..=0x7e).contains(&byte) || byte == b'\\') {
            return Err(format!("must be up to {MAX_URL} printable characters of ASCII without spaces and '\\'"));
        }
        let (is_https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("must begin with http:// or https://".to_owned()),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = &rest[..end];
        if authority.contains('@') {
            return Err("must have no user and no password".to_owned());
        }
        let (host, port) = split(authority).ok_or("has a port that is none")?;
        if !is_host(&host) {
            return Err("has no name or address of a host".to_owned());
        }
        let port = port.unwrap_or(if is_https { 443 } else { 80 });
        Ok(Self { text: text.to_owned(), rest: text.len() - rest.len() + end, is_https, host, port })
    }

    /// Scheme, host and port, as they were written.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.text[..self.rest]
    }

    /// Host and port, as they were written.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.origin().split_once("://").map_or("", |(_, authority)| authority)
    }

    /// What is asked for: path and query.
    #[must_use]
    pub fn path(&self) -> String {
        let rest = self.text[self.rest..].split('#').next().unwrap_or_default();
        if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
    }

    /// Whether it is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Name or address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where it is not written.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Host and port; `None` for a port that is none.
fn split(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':')?)),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn addresses_that_a_checker_must_not_be_led_to() {
        let guard = Guard::new(&[]);
        let check = |address: &str, expected: Option<Refusal>| {
            assert_eq!(guard.admit("shop.example.com", address.parse().unwrap()).err(), expected, "{address}");
        };
        for fine in [
            "192.0.2.7",
            "10.0.0.4",
            "172.16.1.1",
            "192.168.1.1",
            "8.8.8.8",
            "2001:db8::7",
            "fd12::1",
            "64:ff9b:1::c000:207",
        ] {
            check(fine, None);
        }
        for own in [
            "127.0.0.1",
            "127.8.9.10",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "64:ff9b:1:2:3:4:7f00:1",
            "::ffff:0:7f00:1",
            "2001:0:4136:e378:8000:63bf:80ff:fffe",
        ] {
            check(own, Some(Refusal::Loopback));
        }
        for link in [
            "169.254.169.254",
            "169.254.0.1",
            "fe80::1",
            "::ffff:a9fe:a9fe",
            "::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:a9fe:a9:fe00::",
            "64:ff9b:1:a9:fe:a9fe::",
            "64:ff9b:1:0:a9:fea9:fe00:0",
        ] {
            check(link, Some(Refusal::LinkLocal));
        }
        for metadata in [
            "192.0.0.192",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:c1::a9fe:a9fe",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
        ] {
            check(metadata, Some(Refusal::Metadata));
        }
        for nowhere in ["0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:0.0.0.0"] {
            check(nowhere, Some(Refusal::NoHost));
        }
    }

    #[test]
    fn a_name_is_allowed_and_not_what_resembles_it() {
        let guard = Guard::new(&["Localhost".to_owned(), "::1".to_owned()]);
        let check = |host: &str, address: &str, expected: bool| {
            assert_eq!(guard.admit(host, address.parse().unwrap()).is_ok(), expected, "{host} at {address}");
        };
        check("localhost", "127.0.0.1", true);
        check("LOCALHOST.", "::1", true);
        check("[::1]", "::1", true);
        check("localhost.example.com", "127.0.0.1", false);
        check("127.0.0.1", "127.0.0.1", false);
    }

    #[test]
    fn urls_have_one_host_for_everybody() {
        let check = |text: &str, expected: Option<(bool, &str, u16)>| {
            let found = Url::parse(text).ok();
            let found = found.as_ref().map(|url| (url.is_https(), url.host(), url.port()));
            assert_eq!(found, expected, "{text}");
        };
        check("https://shop.example.com/health?a=b#c", Some((true, "shop.example.com", 443)));
        check("http://10.0.0.4:8080", Some((false, "10.0.0.4", 8080)));
        check("http://[2001:db8::1]:81/x", Some((false, "2001:db8::1", 81)));
        check("https://h?x", Some((true, "h", 443)));
        let url = Url::parse("http://[2001:db8::1]:81?a=b#c").unwrap();
        assert_eq!((url.origin(), url.authority()), ("http://[2001:db8::1]:81", "[2001:db8::1]:81"));
        assert_eq!((url.path().as_str(), Url::parse("http://h/a#/b").unwrap().path().as_str()), ("/?a=b", "/a"));
        for wrong in [
            "ftp://h/",
            "HTTPS://h/",
            "https://",
            "https://user@h/",
            "https://a@b@c/",
            "https://h:0/",
            "https://h:99999/",
            "https://h:x/",
            "https://h\\@evil/",
            "https://h /",
            "https://ho\u{df}t/",
            "https://[::1/",
            "https://[::1]x/",
            // Decimal, octal and short forms of 127.0.0.1.
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://-h/",
            "https://a..b/",
        ] {
            check(wrong, None);
        }
    }
}
