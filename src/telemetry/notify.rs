//! What the service manager is told: ready, what is going on, still alive, stopping.
//!
//! The protocol is a datagram of `NAME=value` lines to the socket that `NOTIFY_SOCKET` names. Where no manager
//! asked for it, every call does nothing. A failed call is logged once and never stops the work.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Longest status text, in bytes: it is one line of `systemctl status`.
const STATUS_BYTES_MAX: usize = 512;
/// How long a datagram may wait for a busy manager; the daemon's only thread waits with it.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);
/// Pings within the time that the manager allows: one that comes late, or is lost, is made up for.
const PINGS_PER_TIMEOUT: u32 = 3;

/// The way to the service manager, where there is one.
#[derive(Debug, Default)]
pub struct Notifier {
    manager: Option<Manager>,
    watchdog: Option<Duration>,
}

#[derive(Debug)]
struct Manager {
    socket: UnixDatagram,
    address: SocketAddr,
    failed: AtomicBool,
}

impl Notifier {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`. An address of a kind that is not known
    /// is logged, and then counts as none.
    ///
    /// The variables stay in the environment: whoever starts a hook takes them out of the hook's.
    pub fn from_env() -> Self {
        Self::of(|name| std::env::var_os(name), std::process::id())
    }

    /// The work has begun, or goes on after [`Notifier::reloading`].
    pub fn ready(&self) {
        self.send("READY=1");
    }

    /// One line for `systemctl status`; control characters become spaces, since a line break would begin
    /// another message to the manager.
    pub fn status(&self, text: &str) {
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let cut =
            (0..=STATUS_BYTES_MAX.min(line.len())).rev().find(|&at| line.is_char_boundary(at));
        self.send(&format!("STATUS={}", &line[..cut.unwrap_or(0)]));
    }

    /// The configuration is read again; [`Notifier::ready`] must follow, whether it was taken or not.
    ///
    /// This is for `Type=notify` with an `ExecReload=` of its own. `Type=notify-reload` would also want a
    /// reading of the monotonic clock, which the standard library does not give.
    pub fn reloading(&self) {
        self.send("RELOADING=1");
    }

    /// The end has begun; the manager waits for it.
    pub fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// Still alive: to be called every [`Notifier::watchdog_interval`] by the loop that would hang, not by a
    /// thread of its own, which would go on after the loop has died.
    pub fn watchdog(&self) {
        self.send("WATCHDOG=1");
    }

    /// How often to call [`Notifier::watchdog`]: a part of what the manager allows, so that a late ping does
    /// no harm. None where no watchdog watches this process.
    pub fn watchdog_interval(&self) -> Option<Duration> {
        self.watchdog
    }

    /// As [`Notifier::from_env`], with the variables and the process given.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<OsString>, pid: u32) -> Self {
        let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
        let for_us =
            variable("WATCHDOG_PID").is_none() || number("WATCHDOG_PID") == Some(pid.into());
        let allowed = number("WATCHDOG_USEC").filter(|usec| *usec > 0 && for_us);
        let socket = variable("NOTIFY_SOCKET").filter(|socket| !socket.is_empty());
        let manager = socket.and_then(|name| {
            let opened = Manager::open(&name);
            opened.inspect_err(complain).ok()
        });
        let watchdog = allowed.map(|usec| Duration::from_micros(usec) / PINGS_PER_TIMEOUT);
        Self { watchdog: watchdog.filter(|_| manager.is_some()), manager }
    }

    fn send(&self, message: &str) {
        let Some(manager) = &self.manager else { return };
        match manager.socket.send_to_addr(message.as_bytes(), &manager.address) {
            Ok(_) => manager.failed.store(false, Ordering::Relaxed),
            Err(error) if !manager.failed.swap(true, Ordering::Relaxed) => complain(&error),
            Err(_) => {}
        }
    }
}

impl Manager {
    fn open(name: &OsStr) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(SEND_TIMEOUT))?;
        Ok(Self { socket, address: address(name)?, failed: AtomicBool::new(false) })
    }
}

/// A path, or after `@` a name without a file. Other kinds (a virtual machine's socket) are refused.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest),
        [b'/', ..] => SocketAddr::from_pathname(name),
        _ => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "NOTIFY_SOCKET is neither an absolute path nor an abstract name",
        )),
    }
}

fn complain(error: &io::Error) {
    tracing::warn!(
        event = "notify.failed",
        error = %error,
        "cannot reach the service manager, which may take this process for dead"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    const PID: u32 = 4711;

    fn with(variables: &[(&str, &OsStr)]) -> Notifier {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_os_string())
        };
        Notifier::of(find, PID)
    }

    fn heard(manager: &UnixDatagram) -> String {
        manager.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut buffer = [0; 2048];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn a_manager_at_a_path_hears_every_word() {
        let scratch = Scratch::new();
        let path = scratch.join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = with(&[("NOTIFY_SOCKET", path.as_os_str())]);
        notifier.ready();
        assert_eq!(heard(&manager), "READY=1");
        notifier.reloading();
        assert_eq!(heard(&manager), "RELOADING=1");
        notifier.watchdog();
        assert_eq!(heard(&manager), "WATCHDOG=1");
        notifier.stopping();
        assert_eq!(heard(&manager), "STOPPING=1");
    }

    #[test]
    fn a_status_is_one_bounded_line() {
        let name = format!("certrotd-notify-status-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        let notifier = with(&[("NOTIFY_SOCKET", OsStr::new(&format!("@{name}")))]);
        notifier.status("3 certificates served\nWATCHDOG=trigger");
        assert_eq!(heard(&manager), "STATUS=3 certificates served WATCHDOG=trigger");
        notifier.status(&"é".repeat(1000));
        assert_eq!(heard(&manager), format!("STATUS={}", "é".repeat(STATUS_BYTES_MAX / 2)));
    }

    #[test]
    fn without_a_manager_nothing_happens() {
        for socket in ["", "relative", "vsock:2:1234", "/nowhere/certrotd-notify"] {
            with(&[("NOTIFY_SOCKET", OsStr::new(socket))]).ready();
        }
        Notifier::default().status("nobody listens");
    }

    #[test]
    fn the_watchdog_is_for_the_process_that_it_names() {
        let socket = ("NOTIFY_SOCKET", OsStr::new("@certrotd-nobody"));
        let interval = |usec: &str, pid: &str| {
            let watchdog = ("WATCHDOG_USEC", OsStr::new(usec));
            with(&[socket, watchdog, ("WATCHDOG_PID", OsStr::new(pid))]).watchdog_interval()
        };
        assert_eq!(interval("60000000", "4711"), Some(Duration::from_secs(20)));
        assert_eq!(interval("60000000", "1"), None);
        assert_eq!(interval("60000000", "x"), None);
        assert_eq!(interval("0", "4711"), None);
        let usec = ("WATCHDOG_USEC", OsStr::new("3000000"));
        assert_eq!(with(&[socket, usec]).watchdog_interval(), Some(Duration::from_secs(1)));
        assert_eq!(with(&[usec]).watchdog_interval(), None, "nobody to ping");
    }
}
