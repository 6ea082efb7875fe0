//! One request, from its head to the head of its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use scrubjay_protocol::media::Media;
use scrubjay_proxy::{
    Connection,
    clock::wall_us,
    fields,
    http_server::{Hangup, Rejection},
    target, upgrade_protocol,
};
use scrubjay_session::exchange::{Headers, field};
use tokio::time::{Instant, sleep_until};

use super::{
    MARK, cors,
    fields::{left_out_note, sendable},
    log::Answered,
    misses::{Missed, Near, OnMiss},
    origins::Sender,
    player::Player,
    refusal::{self, MockBody, Refusal},
    state::ReplayState,
};
use crate::{
    matching::{Answer, Hit, IncomingRequest, Miss, SESSION_HEADER},
    schedule::{EndKind, Head, Schedule, Step},
};

/// The field that marks the capture path's own answers.
const OWN_ANSWER: &str = "x-scrubjay-answer";

/// A request is compared with the recorded ones as a whole, so it is held in memory.
const ASKED_BYTES: usize = 64 << 20;

/// Answers a request with what was recorded, or with why it does not.
pub(crate) async fn answer(
    state: Arc<ReplayState>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<MockBody>, Hangup> {
    let came = Instant::now();
    let (parts, body) = request.into_parts();
    if let Sender::Foreign(page) = state.origins.sender(&parts.headers) {
        // No CORS fields either: a page that may not ask may not read why.
        let active = ActiveRequest {
            origin: None,
            ..ActiveRequest::new(&state, connection, &parts, came)
        };
        return Ok(active.refuse(Refusal::foreign(&page)));
    }
    if let Some(response) = cors::preflight(&parts) {
        return Ok(response);
    }
    let mut active = ActiveRequest::new(&state, connection, &parts, came);
    match refusal(&parts) {
        Some(refusal) if refusal.is_upgrade() && state.fallback.is_some() => {
            return Ok(active.fall_back(other_protocol(), parts, Bytes::new()).await);
        }
        Some(refusal) => return Ok(active.refuse(refusal)),
        None => {}
    }
    let body = match Limited::new(body, ASKED_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(active.refuse(Refusal::too_large(ASKED_BYTES))),
        // A client that breaks its own request off waits for no answer.
        Err(_broken) => return Err(Hangup),
    };
    active.answered.endpoint_method = scrubjay_session::recognise::endpoint_method(&body);
    active.match_recorded(parts, body).await
}

/// The miss of a request that changes the protocol of its connection.
fn other_protocol() -> Miss {
    Miss {
        reason: "nothing of another protocol is recorded".to_owned(),
        asks: "another protocol".to_owned(),
        is_of_another_thread: false,
        nearest: Vec::new(),
    }
}

/// Says why a request is not answered. No page on another origin reads it.
pub(crate) fn reject(state: &ReplayState, parts: &Parts, why: &Rejection) -> Response<MockBody> {
    let refusal = Refusal::rejected(why);
    let request = state.count_request();
    state.note(Answered {
        request,
        at_us: wall_us(),
        method: parts.method.to_string(),
        target: target(&parts.uri).to_owned(),
        why: refusal.error().trim_end_matches('.').to_owned(),
        status: refusal.status(),
        ..Answered::default()
    });
    refusal.response(request)
}

fn refusal(parts: &Parts) -> Option<Refusal> {
    if parts.method == Method::CONNECT {
        return Some(Refusal::tunnel());
    }
    upgrade_protocol(&parts.headers).map(|_protocol| Refusal::upgrade())
}

fn asked(parts: &Parts, body: &Bytes) -> IncomingRequest {
    let isolation = parts.headers.get(SESSION_HEADER);
    IncomingRequest {
        method: parts.method.to_string(),
        target: target(&parts.uri).to_owned(),
        headers: fields(&parts.headers),
        body: body.to_vec(),
        isolation: isolation.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
    }
}

fn path_of(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}

/// A request that is being answered.
struct ActiveRequest {
    state: Arc<ReplayState>,
    connection: Arc<Connection>,
    came: Instant,
    /// As far as it is known.
    answered: Answered,
    /// Of the page that asks and may.
    origin: Option<HeaderValue>,
    user_agent: String,
    is_http2: bool,
    /// A client of HTTP/1.0 knows a body's end only by the connection's.
    is_http1_0: bool,
}

impl ActiveRequest {
    fn new(state: &Arc<ReplayState>, connection: Arc<Connection>, parts: &Parts, came: Instant) -> Self {
        let user_agent = parts.headers.get(header::USER_AGENT);
        Self {
            state: Arc::clone(state),
            connection,
            came,
            answered: Answered {
                request: state.count_request(),
                at_us: wall_us(),
                method: parts.method.to_string(),
                target: target(&parts.uri).to_owned(),
                ..Answered::default()
            },
            origin: parts.headers.get(header::ORIGIN).cloned(),
            user_agent: user_agent.map_or_else(String::new, |value| {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            }),
            is_http2: parts.version == Version::HTTP_2,
            is_http1_0: parts.version < Version::HTTP_11,
        }
    }

    /// Answers with what was recorded for it, or as a miss.
    async fn match_recorded(self, parts: Parts, body: Bytes) -> Result<Response<MockBody>, Hangup> {
        let asked = asked(&parts, &body);
        match self.state.matcher.ask(&asked) {
            Answer::Hit(hit) => self.replay(hit).await,
            // What the agent answers comes before an empty history.
            Answer::NoHistory(miss) if self.state.fallback.is_none() => Ok(self.no_history(&miss)),
            Answer::NoHistory(miss) | Answer::Miss(miss) if self.state.fallback.is_some() => {
                Ok(self.fall_back(miss, parts, body).await)
            }
            Answer::NoHistory(miss) | Answer::Miss(miss) => self.miss(miss, asked).await,
        }
    }

    /// Answers in our own words.
    fn refuse(mut self, refusal: Refusal) -> Response<MockBody> {
        refusal.error().trim_end_matches('.').clone_into(&mut self.answered.why);
        self.answered.status = refusal.status();
        let mut response = refusal.response(self.answered.request);
        cors::dress(response.headers_mut(), self.origin.as_ref());
        self.state.note(self.answered);
        response
    }

    /// Answers a connect of a thread that the recording does not know.
    fn no_history(mut self, miss: &Miss) -> Response<MockBody> {
        let mut response = refusal::no_history(self.answered.request);
        self.answered.status = response.status().as_u16();
        self.answered.why = format!("{}; an empty history is given", miss.reason);
        cors::dress(response.headers_mut(), self.origin.as_ref());
        self.state.note(self.answered);
        response
    }

    /// Answers with nothing recorded, once the user chose nothing either.
    async fn miss(mut self, miss: Miss, asked: IncomingRequest) -> Result<Response<MockBody>, Hangup> {
        let missed = Missed {
            request: self.answered.request,
            at_us: self.answered.at_us,
            asked: asked.clone(),
            asks: miss.asks.clone(),
            reason: miss.reason.clone(),
            nearest: self.near(&miss),
            waits: false,
            chosen: None,
        };
        let (state, on_miss) = (Arc::clone(&self.state), self.state.options().on_miss);
        if on_miss == OnMiss::Wait {
            let waiting = state.misses.wait(missed);
            state.changed();
            waiting.decided().await;
            if let Answer::Hit(hit) = state.matcher.ask(&asked) {
                return self.replay(hit).await;
            }
        } else {
            state.misses.note(missed);
        }
        self.answered.is_miss = true;
        self.answered.nearest = self.near(&miss).iter().map(|near| near.exchange).collect();
        let nearest = miss.nearest.first();
        self.answered.differences = nearest.map_or_else(Vec::new, |near| near.differences.clone());
        let refusal = Refusal::miss(&miss, &self.state.matcher);
        let accept = field(&asked.headers, "accept");
        if on_miss == OnMiss::RunError
            && let Some(mut response) = refusal.as_run_error(self.answered.request, &accept)
        {
            self.answered.why = format!("{}; a RUN_ERROR says so", miss.reason);
            self.answered.status = response.status().as_u16();
            cors::dress(response.headers_mut(), self.origin.as_ref());
            self.state.note(self.answered);
            return Ok(response);
        }
        Ok(self.refuse(refusal))
    }

    fn near(&self, miss: &Miss) -> Vec<Near> {
        let near = miss.nearest.iter().filter_map(|near| {
            let recorded = self.state.matcher.recorded(near.recorded)?;
            Some(Near {
                exchange: recorded.exchange.index,
                note: near.note.clone(),
                differences: near.differences.clone(),
            })
        });
        near.collect()
    }

    /// Answers as the agent does that is asked where nothing is recorded.
    async fn fall_back(mut self, miss: Miss, parts: Parts, body: Bytes) -> Response<MockBody> {
        let state = Arc::clone(&self.state);
        let Some(fallback) = &state.fallback else {
            return self.refuse(Refusal::miss(&miss, &state.matcher));
        };
        let request = Request::from_parts(parts, body);
        let mut response = fallback.answer(Arc::clone(&self.connection), request).await;
        self.answered.status = response.status().as_u16();
        let came_of_it = if response.headers().contains_key(OWN_ANSWER) {
            "did not answer"
        } else {
            "was asked, and its answer is recorded"
        };
        self.answered.why = format!("{}; the fallback {came_of_it}", miss.reason);
        let mark = format!("fallback; request={}", self.answered.request);
        let headers = response.headers_mut();
        headers.insert(MARK, HeaderValue::from_str(&mark).expect("the mark is plain text"));
        cors::dress(headers, self.origin.as_ref());
        self.state.note(self.answered);
        response
    }

    /// Answers with a recorded exchange.
    async fn replay(mut self, hit: Hit) -> Result<Response<MockBody>, Hangup> {
        let Some(recorded) = self.state.matcher.recorded(hit.recorded).cloned() else {
            return Err(Hangup);
        };
        let (options, request) = (self.state.options(), self.answered.request);
        let index = recorded.exchange.index;
        self.answered.exchange = Some(index);
        let meant = Arc::new(options.faults.meant_at(path_of(&self.answered.target), hit.is_run));
        if let Some(refusal) = meant.refusal(index, hit.refused, request) {
            self.state.matcher.refuse(&hit);
            return Ok(self.fault(&refusal));
        }
        let schedule_options = options.schedule_options(&hit, &recorded.exchange, &meant, request, wall_us());
        let faults = meant.meant_for(index, request).join(",");
        self.answered.why = hit.why;
        if !faults.is_empty() {
            self.answered.why.push_str(&format!("; with faults: {faults}"));
        }
        self.answered.differences = hit.differences;
        let schedule = Schedule::new(&recorded, schedule_options);
        let Some(head) = schedule.head().cloned() else {
            return Err(self.break_off(schedule).await);
        };
        sleep_until(self.came + options.pace.head_due(head.at_us) + std::time::Duration::from_micros(head.held_us))
            .await;
        self.answered.status = head.status;
        self.answered.omitted.clone_from(&head.omitted);
        let mut response = Response::new(());
        // A status that HTTP cannot say was none that was recorded.
        *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or(StatusCode::OK);
        *response.headers_mut() = self.headers(&head, index, options.exact, &faults);
        self.announce(&recorded.exchange.trailers, response.headers_mut());
        let is_stream = matches!(recorded.media(), Ok(Some(Media::Sse | Media::Records)));
        let player = Player::new(&self.state, &self.connection, schedule, self.came)
            .on_http2(self.is_http2)
            .with_bulk(&recorded)
            .with_length(response.headers())
            .until_closed(self.is_http1_0)
            .watched_as(is_stream.then(|| self.state.clients.add(request, &self.user_agent, index)));
        self.state.note(self.answered);
        Ok(response.map(|()| player.into_body()))
    }

    fn fault(self, refusal: &crate::fault::Refusal) -> Response<MockBody> {
        let retry_after = refusal.retry_after;
        let mut response = self.refuse(Refusal::fault(refusal));
        if let Some(after) = retry_after {
            let secs = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }

    /// The connection broke off before a head came, and does so again.
    async fn break_off(self, mut schedule: Schedule) -> Hangup {
        if let Some(Ok(Step::End(end))) = schedule.next() {
            sleep_until(self.came + std::time::Duration::from_micros(end.held_us)).await;
            match end.how {
                EndKind::Reset => self.connection.close_abruptly(),
                EndKind::Never => std::future::pending().await,
                EndKind::Complete(_) | EndKind::Unterminated => {}
            }
        }
        self.state.note(self.answered);
        Hangup
    }

    fn headers(&mut self, head: &Head, index: i64, is_exact: bool, faults: &str) -> HeaderMap {
        let (mut headers, missing) = sendable(&head.headers);
        self.answered.why.push_str(&left_out_note(missing, "field"));
        let mode = if is_exact { "exact" } else { "adapted" };
        let mut mark = format!("exchange={index}; request={}; mode={mode}", self.answered.request);
        if !head.omitted.is_empty() {
            mark.push_str("; omitted=");
            mark.push_str(&head.omitted.join(","));
        }
        if !faults.is_empty() {
            mark.push_str("; faults=");
            mark.push_str(faults);
        }
        if let Ok(mark) = HeaderValue::from_str(&mark) {
            headers.insert(MARK, mark);
        }
        cors::dress(&mut headers, self.origin.as_ref());
        headers
    }

    /// HTTP/1 sends only trailers that its `Trailer` field names.
    fn announce(&mut self, recorded: &Headers, headers: &mut HeaderMap) {
        let (trailers, missing) = sendable(recorded);
        self.answered.why.push_str(&left_out_note(missing, "trailer"));
        let names: Vec<&str> = trailers.keys().map(http::HeaderName::as_str).collect();
        if let (false, Ok(names)) = (names.is_empty(), HeaderValue::from_str(&names.join(", "))) {
            headers.insert(header::TRAILER, names);
        }
    }
}
