//! Which of our own programs listens on a port.
//!
//! The system names the socket that listens, the process that holds it, and the
//! program that runs in it. For other users' processes, and on other systems
//! than Linux, the holder is unknown.

use std::{fmt, net::SocketAddr};

/// One of our own processes that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its program and command, such as `scrubjay replay`.
    pub command: String,
    /// Its process id.
    pub process: u32,
}

impl Holder {
    /// The process that keeps an address from being listened on, if it is one of ours.
    pub fn of(address: SocketAddr) -> Option<Self> {
        #[cfg(target_os = "linux")]
        return linux::holder_of(address);
        #[cfg(not(target_os = "linux"))]
        {
            let _ = address;
            None
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.process == std::process::id() {
            return f.write_str("this process itself");
        }
        write!(f, "`{}` (process {})", self.command, self.process)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs,
        net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
        path::Path,
    };

    use super::Holder;

    /// The state of a socket that listens, in `/proc/net/tcp`.
    const LISTENS: &str = "0A";
    /// Commands that listen.
    const COMMANDS: [&str; 3] = ["record", "serve", "replay"];

    pub(super) fn holder_of(address: SocketAddr) -> Option<Holder> {
        let mut sockets: Vec<(SocketAddr, u64)> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|path| fs::read_to_string(path).ok())
            .flat_map(|table| listening(&table, address))
            .collect();
        if sockets.iter().any(|(held, _)| *held == address) {
            sockets.retain(|(held, _)| *held == address);
        }
        if sockets.is_empty() {
            return None;
        }
        let sockets: Vec<String> = sockets.iter().map(|(_, inode)| format!("socket:[{inode}]")).collect();
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let ours = processes.filter_map(|entry| {
            let process = entry.file_name().to_str()?.parse().ok()?;
            Some((process, our_command(&entry.path())?, entry.path()))
        });
        ours.into_iter()
            .find(|(_, _, path)| holds_one_of(path, &sockets))
            .map(|(process, command, _)| Holder { command, process })
    }

    /// Sockets that listen where this address would, with their inodes.
    fn listening(table: &str, address: SocketAddr) -> Vec<(SocketAddr, u64)> {
        let of_line = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
            let held = socket_address(local)?;
            let keeps = *state == LISTENS && held.port() == address.port() && clash(held.ip(), address.ip());
            keeps.then(|| Some((held, inode.parse().ok()?)))?
        };
        table.lines().skip(1).filter_map(of_line).collect()
    }

    /// Whether only one of them can be listened on. Every address of IPv6 takes those of IPv4 along.
    fn clash(one: IpAddr, other: IpAddr) -> bool {
        let takes = |all: IpAddr, ip: IpAddr| all.is_unspecified() && (all.is_ipv6() || ip.is_ipv4());
        one == other || takes(one, other) || takes(other, one)
    }

    /// `0100007F:14AB`: words of the address in the order of this machine, the port as a number.
    fn socket_address(text: &str) -> Option<SocketAddr> {
        let (ip, port) = text.split_once(':')?;
        let word = |at: usize| u32::from_str_radix(ip.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
        let ip = match ip.len() {
            8 => IpAddr::from(Ipv4Addr::from(word(0)?)),
            32 => {
                let words = [word(0)?, word(8)?, word(16)?, word(24)?];
                let bytes: [u8; 16] = words.concat().try_into().ok()?;
                IpAddr::from(Ipv6Addr::from(bytes)).to_canonical()
            }
            _ => return None,
        };
        Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
    }

    /// What a process runs, if that is ours.
    fn our_command(process: &Path) -> Option<String> {
        let program = fs::read_link(process.join("exe")).ok()?;
        let name = program.file_name()?.to_str()?;
        // A program that was built anew since is still the one that runs.
        let name = name.strip_suffix(" (deleted)").unwrap_or(name);
        match name {
            "scrubjay-desktop" => Some("scrubjay-desktop".to_owned()),
            "scrubjay" => {
                let line = fs::read(process.join("cmdline")).ok()?;
                let mut words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
                let command = words.find(|word| COMMANDS.contains(&word.as_ref()))?;
                Some(format!("scrubjay {command}"))
            }
            _ => None,
        }
    }

    fn holds_one_of(process: &Path, sockets: &[String]) -> bool {
        let Ok(files) = fs::read_dir(process.join("fd")) else {
            return false;
        };
        files
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
    }

    #[cfg(test)]
    mod tests {
        use std::{net::TcpListener, os::fd::AsRawFd as _};

        use super::*;

        #[test]
        fn a_socket_that_listens_is_found_among_all() {
            for (ip, all) in [
                ("127.0.0.1", "0.0.0.0"),
                ("0.0.0.0", "0.0.0.0"),
                ("127.0.0.1", "::"),
                ("::1", "::"),
            ] {
                let (ip, all): (IpAddr, IpAddr) = (ip.parse().unwrap(), all.parse().unwrap());
                // A machine without IPv6 has nothing to look for.
                let Ok(socket) = TcpListener::bind(SocketAddr::new(ip, 0)) else {
                    continue;
                };
                let address = socket.local_addr().unwrap();
                let name = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
                let is_found = |at: SocketAddr| {
                    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
                    let mut tables = tables.iter().filter_map(|path| fs::read_to_string(path).ok());
                    tables.any(|table| {
                        let found = listening(&table, at);
                        found
                            .iter()
                            .any(|(_, inode)| name.as_os_str() == format!("socket:[{inode}]").as_str())
                    })
                };
                assert!(is_found(address), "{address}");
                assert!(is_found(SocketAddr::new(all, address.port())), "{address}");
                let other: IpAddr = "127.0.0.9".parse().unwrap();
                assert_eq!(
                    is_found(SocketAddr::new(other, address.port())),
                    ip.is_unspecified(),
                    "{address}"
                );
                drop(socket);
                assert!(!is_found(address), "{address}");
            }
        }

        #[test]
        fn another_program_is_not_one_of_ours() {
            let socket = TcpListener::bind("127.0.0.1:0").unwrap();
            assert_eq!(holder_of(socket.local_addr().unwrap()), None);
            assert_eq!(our_command(Path::new("/proc/self")), None);
        }
    }
}
