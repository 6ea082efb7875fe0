//! Header fields as they stood on the wire, one row a side.

use rusqlite::{Connection, params};
use scrubjay_session::exchange::{Exchange, Headers};

use crate::schema::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE heads (
            exchange INTEGER NOT NULL,
            part INTEGER NOT NULL,
            fields BLOB NOT NULL,
            PRIMARY KEY (exchange, part)
          ) WITHOUT ROWID, STRICT;",
}];

/// Which fields a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Part {
    Request = 0,
    RequestDelivered = 1,
    Response = 2,
    ResponseDelivered = 3,
    Trailers = 4,
}

const PARTS: [Part; 5] = [
    Part::Request,
    Part::RequestDelivered,
    Part::Response,
    Part::ResponseDelivered,
    Part::Trailers,
];

pub(crate) fn put(conn: &Connection, exchange: i64, part: Part, fields: &Headers) -> rusqlite::Result<()> {
    let bytes = postcard::to_stdvec(fields).expect("texts and bytes always encode");
    conn.prepare_cached("INSERT OR REPLACE INTO heads VALUES (?, ?, ?)")?
        .execute(params![exchange, part as u8, bytes])
        .map(drop)
}

/// Fills in the fields of an exchange. `None` if a row cannot be understood.
pub(crate) fn fill(conn: &Connection, exchange: &mut Exchange) -> rusqlite::Result<Option<()>> {
    let mut statement = conn.prepare_cached("SELECT part, fields FROM heads WHERE exchange = ?")?;
    let mut rows = statement.query([exchange.index])?;
    while let Some(row) = rows.next()? {
        let part: u8 = row.get(0)?;
        let Ok(fields) = postcard::from_bytes::<Headers>(row.get_ref(1)?.as_blob()?) else {
            return Ok(None);
        };
        let Some(part) = PARTS.get(usize::from(part)) else {
            continue;
        };
        place(exchange, *part, fields);
    }
    Ok(Some(()))
}

fn place(exchange: &mut Exchange, part: Part, fields: Headers) {
    match (part, &mut exchange.response) {
        (Part::Request, _) => exchange.request.headers = fields,
        (Part::RequestDelivered, _) => exchange.request.delivered_headers = Some(fields),
        (Part::Response, Some(response)) => response.headers = fields,
        (Part::ResponseDelivered, Some(response)) => response.delivered_headers = Some(fields),
        (Part::Response | Part::ResponseDelivered, None) => {}
        (Part::Trailers, _) => exchange.trailers = fields,
    }
}

pub(crate) fn delete(conn: &Connection, exchange: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM heads WHERE exchange = ?", [exchange])
        .map(drop)
}
