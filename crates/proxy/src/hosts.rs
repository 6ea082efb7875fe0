//! Which names a listener answers to.
//!
//! Any site can let its name resolve to loopback (DNS rebinding). A browser
//! then takes what listens there for that site, and lets the site's page read
//! all of it. The name stands in `Host`, which a page cannot choose freely, so
//! a listener that only this machine can reach answers to names that only mean
//! this machine, and to those that were allowed.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::uri::Authority;

/// Names under which containers reach the machine that they run on. They are
/// below `.internal`, which cannot be registered.
const OF_CONTAINERS: [&str; 3] = [
    "host.docker.internal",
    "gateway.docker.internal",
    "host.containers.internal",
];

/// Names that are answered to beside those that mean this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Lower case, without a dot at the end.
    allowed: Vec<String>,
}

/// A text is no host name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no host name")]
pub struct BadHost {
    text: String,
}

impl BadHost {
    pub fn hint(&self) -> &'static str {
        "give each name alone, without scheme, port, path or *, such as host.docker.internal"
    }
}

impl Hosts {
    /// These names, too.
    ///
    /// # Errors
    /// When one of them is no host name or address.
    pub fn allowing<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self, BadHost> {
        let allowed = names.into_iter().map(|name| {
            let name = name.as_ref().trim();
            let bad = || BadHost {
                text: name.chars().take(80).collect(),
            };
            let bracketed = if name.parse::<Ipv6Addr>().is_ok() {
                format!("[{name}]")
            } else {
                name.to_owned()
            };
            let named = HostPort::parse(&bracketed).filter(|named| named.port.is_none() && named.is_whole);
            let is_name = |named: &HostPort| !named.host.contains('*');
            named.filter(is_name).map(|named| named.host).ok_or_else(bad)
        });
        Ok(Self {
            allowed: allowed.collect::<Result<_, _>>()?,
        })
    }

    /// The names under which containers know this machine, for listeners that were given no list.
    pub fn of_containers() -> Self {
        Self {
            allowed: OF_CONTAINERS.map(str::to_owned).to_vec(),
        }
    }

    /// Whether a listener bound there answers to a host. One that other machines
    /// can reach may be called by many names that are not known here, so it
    /// answers to all of them, unless some were allowed.
    pub(crate) fn admit(&self, named: &HostPort, bound: IpAddr) -> bool {
        let is_reachable_from_elsewhere = !bound.is_loopback();
        if named.means_this_machine() || self.allowed.contains(&named.host) {
            return true;
        }
        match named.ip() {
            // A name can be made to point anywhere, an address cannot.
            Some(ip) => is_reachable_from_elsewhere || ip == bound,
            None => is_reachable_from_elsewhere && self.allowed.is_empty(),
        }
    }
}

/// A host, and the port if one is named, as they stand in `Host`, in a request
/// line and in an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// Lower case, without the brackets of IPv6 and without a dot at the end.
    pub host: String,
    pub port: Option<u16>,
    /// A colon stands before the port only.
    is_whole: bool,
}

impl HostPort {
    /// As [`HostPort::parse`], of an authority as an address that we printed has it: no dot at the end of the host.
    pub fn parse_as_printed(text: &str) -> Option<Self> {
        let authority: Authority = text.parse().ok()?;
        Self::parse(text).filter(|_| !authority.host().ends_with('.'))
    }

    /// Reads an authority; none if it is none, or holds a user.
    pub fn parse(text: &str) -> Option<Self> {
        let authority: Authority = text.parse().ok()?;
        let host = authority.host();
        let rest = authority.as_str().strip_prefix(host)?;
        let port = match rest.strip_prefix(':') {
            None if !rest.is_empty() => return None,
            None | Some("") => None,
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(port.parse().ok()?),
            Some(_) => return None,
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.is_some_and(|bare| bare.parse::<Ipv6Addr>().is_err()) {
            return None;
        }
        let host = bare.unwrap_or(host).to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host).to_owned();
        (!host.is_empty()).then_some(Self {
            host,
            port,
            is_whole: rest != ":",
        })
    }

    /// The address, if the host is one. An IPv4 address inside IPv6 is given as IPv4.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip_as_written().map(|ip| ip.to_canonical())
    }

    /// The address, if the host is one. An IPv4 address inside IPv6 stays one of IPv6.
    pub fn ip_as_written(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether it is `localhost` or a name below it, which resolve to loopback only.
    pub fn is_localhost(&self) -> bool {
        self.host == "localhost" || self.host.ends_with(".localhost")
    }

    /// Whether it names that listener: its port, and an address or a name of this machine.
    pub(crate) fn is_at(&self, bound: SocketAddr, usual_port: u16) -> bool {
        let is_host = self.means_this_machine() && is_local(bound.ip()) || self.ip() == Some(bound.ip());
        is_host && self.port.unwrap_or(usual_port) == bound.port()
    }

    fn means_this_machine(&self) -> bool {
        self.is_localhost() || self.ip().is_some_and(is_local)
    }
}

/// An address that leads to this machine from everywhere.
fn is_local(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || ip.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_answers_to_this_machine_and_to_what_was_allowed() {
        let hosts = Hosts::allowing(["Agent.Local", "192.168.0.9", "fd00::1"]).unwrap();
        let check = |host: &str, bound: &str, expected: bool| {
            let admitted = HostPort::parse(host).is_some_and(|named| hosts.admit(&named, bound.parse().unwrap()));
            assert_eq!(admitted, expected, "{host} at {bound}");
        };
        for host in [
            "localhost",
            "LOCALHOST:5290",
            "localhost.",
            "app.localhost:1",
            "127.0.0.1:5290",
            "127.8.9.10",
            "[::1]:5290",
            "[::ffff:127.0.0.1]",
            "0.0.0.0:5290",
            "localhost:",
            "agent.local:5290",
            "AGENT.local.",
            "192.168.0.9:5290",
            "[fd00::1]",
        ] {
            check(host, "127.0.0.1", true);
            check(host, "::1", true);
            check(host, "0.0.0.0", true);
        }
        for host in [
            "evil.example",
            "evil.example:5290",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "evil.example@127.0.0.1",
            "2130706433",
            "0x7f.1",
            "localhost:99999",
            "localhost:x",
            "localhost:+5290",
            "[127.0.0.1]:5290",
            "[localhost]",
            "[::1",
            "",
            ".",
            ":5290",
        ] {
            check(host, "127.0.0.1", false);
        }
        check("192.168.0.7:5290", "127.0.0.1", false);
        // Where some names were allowed, the others are refused from elsewhere, too.
        check("192.168.0.7:5290", "0.0.0.0", true);
        check("evil.example", "0.0.0.0", false);
    }

    #[test]
    fn an_address_that_others_can_reach_answers_to_every_name() {
        let named = HostPort::parse("box.lan:5290").unwrap();
        assert!(Hosts::default().admit(&named, "0.0.0.0".parse().unwrap()));
        assert!(!Hosts::default().admit(&named, "127.0.0.1".parse().unwrap()));
        let docker = HostPort::parse("host.docker.internal:5290").unwrap();
        assert!(Hosts::of_containers().admit(&docker, "127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_allowed_is_a_name() {
        for text in [
            "",
            "http://agent",
            "agent:80",
            "agent:",
            "a/b",
            "a b",
            "*",
            "user@agent",
        ] {
            let bad = Hosts::allowing([text]);
            assert!(bad.is_err(), "{text:?} gave {bad:?}");
        }
    }

    #[test]
    fn a_target_is_the_listeners_own_with_its_port() {
        let check = |text: &str, bound: &str, expected: bool| {
            let named = HostPort::parse(text).unwrap();
            assert_eq!(named.is_at(bound.parse().unwrap(), 80), expected, "{text} at {bound}");
        };
        check("127.0.0.1:5290", "127.0.0.1:5290", true);
        check("localhost:5290", "0.0.0.0:5290", true);
        check("[::1]:5290", "[::1]:5290", true);
        check("localhost", "127.0.0.1:80", true);
        check("127.0.0.1:1", "127.0.0.1:5290", false);
        check("192.168.0.7:5290", "192.168.0.7:5290", true);
        check("localhost:5290", "192.168.0.7:5290", false);
        check("evil.example:5290", "127.0.0.1:5290", false);
    }
}
