//! Tokens, and tickets for downloads.
//!
//! Nothing here is sent by a browser by itself. A cookie of `127.0.0.1` goes to
//! every port of the machine, and a proxy passes it on to its upstream, so
//! there is none: each request carries its token in the field [`TOKEN_HEADER`],
//! which only the page (or a program) that holds the token can set.
//!
//! - The **entry token** stands in the printed address and works once: it is
//!   posted to `/api/enter`, which gives a session's token. A new entry token is
//!   handed to the listener then, so that a second browser can be let in on purpose.
//! - A **session token** works until the door closes.
//! - A **ticket** opens one download once and for a short time: a browser saves a
//!   large file only from an address, and an address cannot carry a field.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;

use crate::guard::{Refusal, one};

/// The field that carries a token.
pub(crate) const TOKEN_HEADER: &str = "x-scrubjay-token";
/// How long a ticket may wait to be used: a browser follows it at once.
const TICKET_LIFE: Duration = Duration::from_secs(30);
/// Tickets that may wait; beyond these the oldest go.
const TICKETS: usize = 32;
/// What stands before a ticket in the address of its download.
const TICKET_PARAMETER: &str = "&ticket=";

/// Called with each new entry token after the one before was used.
pub(crate) type OnNewToken = Box<dyn Fn(&str) + Send + Sync>;

/// All tokens and tickets that work now.
pub(crate) struct Keys {
    entry: Mutex<String>,
    sessions: Mutex<Vec<String>>,
    tickets: Mutex<VecDeque<Ticket>>,
    on_new_token: Option<OnNewToken>,
}

struct Ticket {
    secret: String,
    /// Path and query of the one download that it opens.
    download: String,
    made: Instant,
}

impl Keys {
    pub(crate) fn new(on_new_token: Option<OnNewToken>) -> Self {
        Self {
            entry: Mutex::new(secret()),
            sessions: Mutex::default(),
            tickets: Mutex::default(),
            on_new_token,
        }
    }

    /// The entry token that works now.
    pub(crate) fn entry_token(&self) -> String {
        locked(&self.entry).clone()
    }

    /// Gives a session's token for the entry token, which is used with that.
    /// A session's token gives itself, so that a page that was loaded again
    /// learns whether it is still let in.
    pub(crate) fn enter(&self, headers: &HeaderMap) -> Result<String, Refusal> {
        let offered = offered(headers)?;
        if self.is_session(offered) {
            return Ok(offered.to_owned());
        }
        let next = {
            let mut entry = locked(&self.entry);
            if !same(&entry, offered) {
                return Err(Refusal::BadToken);
            }
            *entry = secret();
            entry.clone()
        };
        if let Some(on_new_token) = &self.on_new_token {
            on_new_token(&next);
        }
        let session = secret();
        locked(&self.sessions).push(session.clone());
        Ok(session)
    }

    /// Checks the token of a request.
    pub(crate) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if self.is_session(offered(headers)?) {
            Ok(())
        } else {
            Err(Refusal::BadToken)
        }
    }

    /// The address that opens a download once.
    pub(crate) fn ticket(&self, download: &str) -> String {
        let secret = secret();
        let address = format!("{download}{TICKET_PARAMETER}{secret}");
        let mut tickets = locked(&self.tickets);
        if tickets.len() == TICKETS {
            tickets.pop_front();
        }
        tickets.push_back(Ticket {
            secret,
            download: download.to_owned(),
            made: Instant::now(),
        });
        address
    }

    /// Uses the ticket of an address up. Nothing when the address has none.
    pub(crate) fn use_ticket(&self, address: &str) -> Option<Result<(), Refusal>> {
        let (download, offered) = address.rsplit_once(TICKET_PARAMETER)?;
        let mut tickets = locked(&self.tickets);
        tickets.retain(|ticket| ticket.made.elapsed() < TICKET_LIFE);
        let fits = |ticket: &Ticket| same(&ticket.secret, offered) && ticket.download == download;
        let Some(place) = tickets.iter().position(fits) else {
            return Some(Err(Refusal::BadTicket));
        };
        tickets.remove(place);
        Some(Ok(()))
    }

    fn is_session(&self, offered: &str) -> bool {
        locked(&self.sessions).iter().any(|known| same(known, offered))
    }
}

/// A panic elsewhere must not refuse every request.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn offered(headers: &HeaderMap) -> Result<&str, Refusal> {
    one(headers, TOKEN_HEADER).ok_or(Refusal::NoToken)
}

/// 32 random bytes in hexadecimal.
fn secret() -> String {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).expect("the system has a source of randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares in a time that does not depend on where they differ.
fn same(known: &str, offered: &str) -> bool {
    known.len() == offered.len()
        && known
            .bytes()
            .zip(offered.bytes())
            .fold(0, |differing, (a, b)| differing | (a ^ b))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carrying(token: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TOKEN_HEADER, token.parse().unwrap());
        headers
    }

    #[test]
    fn an_entry_token_works_once_and_a_session_token_stays() {
        let keys = Keys::new(None);
        let entry = keys.entry_token();
        assert_eq!(keys.enter(&HeaderMap::new()), Err(Refusal::NoToken));
        assert_eq!(keys.enter(&carrying("0000")), Err(Refusal::BadToken));
        assert_eq!(keys.check_token(&carrying(&entry)), Err(Refusal::BadToken));
        let session = keys.enter(&carrying(&entry)).unwrap();
        assert_eq!(keys.enter(&carrying(&entry)), Err(Refusal::BadToken));
        assert_ne!(keys.entry_token(), entry);
        assert_eq!(keys.check_token(&carrying(&session)), Ok(()));
        assert_eq!(keys.enter(&carrying(&session)), Ok(session.clone()));
        let mut twice = carrying(&session);
        twice.append(TOKEN_HEADER, session.parse().unwrap());
        assert_eq!(keys.check_token(&twice), Err(Refusal::BadToken));
    }

    #[test]
    fn a_ticket_opens_one_download_once() {
        let keys = Keys::new(None);
        let address = keys.ticket("/api/export?exchange=1");
        assert_eq!(keys.use_ticket("/api/export?exchange=1"), None);
        let other = address.replace("exchange=1", "exchange=2");
        assert_eq!(keys.use_ticket(&other), Some(Err(Refusal::BadTicket)));
        assert_eq!(keys.use_ticket(&address), Some(Ok(())));
        assert_eq!(keys.use_ticket(&address), Some(Err(Refusal::BadTicket)));
    }

    #[test]
    fn of_many_tickets_the_oldest_go() {
        let keys = Keys::new(None);
        let first = keys.ticket("/api/export?exchange=1");
        let later: Vec<_> = (0..TICKETS).map(|_| keys.ticket("/api/export?exchange=1")).collect();
        assert_eq!(keys.use_ticket(&first), Some(Err(Refusal::BadTicket)));
        assert!(later.iter().all(|address| keys.use_ticket(address) == Some(Ok(()))));
    }
}
