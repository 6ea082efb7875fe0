// Makes event streams whose line ends are mixed, for a seed.
//
// node bodies.mjs SEED COUNT: a JSON line a body, {id, body}. Each holds one legal run; what varies is the framing:
// LF, CRLF and CR, pings, comments, other fields, a byte order mark, blank lines too many or missing, and the end.

const EVENTS = [
  { type: "RUN_STARTED", threadId: "t", runId: "r" },
  { type: "STATE_SNAPSHOT", snapshot: { n: 2, word: "ü😀" } },
  { type: "TEXT_MESSAGE_START", messageId: "a", role: "assistant" },
  { type: "TEXT_MESSAGE_CONTENT", messageId: "a", delta: "data: é\r\n\r\n" },
  { type: "TEXT_MESSAGE_CONTENT", messageId: "a", delta: "😀 b" },
  { type: "TEXT_MESSAGE_END", messageId: "a" },
  { type: "STATE_DELTA", delta: [{ op: "add", path: "/m", value: "x" }] },
  { type: "RUN_FINISHED", threadId: "t", runId: "r" },
];

/** mulberry32: numbers from 0 to 1 that follow from the seed. */
function random(seed) {
  let now = seed >>> 0;
  return () => {
    now = (now + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(now ^ (now >>> 15), now | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One of [weight, value] pairs. */
function pick(roll, pairs) {
  let left = roll() * pairs.reduce((sum, [weight]) => sum + weight, 0);
  return pairs.find(([weight]) => (left -= weight) < 0)?.[1] ?? pairs[0][1];
}

const PINGS = [[4, ": ping"], [1, ":"], [1, "retry: 3000"], [1, "id: 7"], [1, "event: x"]];

/** How often each line end and each oddity occurs. */
const STYLES = {
  "pings in CRLF": { line: "\n", end: [[1, "\n\n"]], pings: 0.5, ping: [[3, "\r\n\r\n"], [1, "\n\n"]], odd: 0 },
  "comments after CRLF": { line: "\r\n", end: [[1, "\r\n\r\n: \n\n"], [1, "\r\n\r\n:\r\n\n"]], pings: 0.2, ping: [[1, "\r\n\r\n"]], odd: 0 },
  "an LF too many": { line: "\n", end: [[3, "\n\n"], [2, "\r\n\r\n\n"], [1, "\n\n\n"], [1, "\r\n\n"], [1, "\r\n\n\n"]], pings: 0.2, ping: [[1, "\r\n\r\n"], [1, "\r\n\r\n\n"]], odd: 0.03 },
  "CR before data": { line: "\r", end: [[6, "\n\n"], [1, "\r\n\n"]], pings: 0.1, ping: [[1, "\n\n"], [1, "\r\r"]], odd: 0.03 },
  wild: {
    line: null,
    end: [[12, "\n\n"], [2, "\r\n\r\n"], [1, "\r\r"], [1, "\n\r\n"], [2, "\r\n\n"], [1, "\n\r"], [1, "\r\n\r\n\n"], [1, "\n\n\n"], [1, "\r\n\r\n\r\n\n\n"], [1, "\r\r\n\n"], [1, "\n"], [1, "\n\n\r\n"], [1, "\n\n\r"], [1, "\n\r\n\n"]],
    pings: 0.3,
    ping: [[3, "\r\n\r\n"], [2, "\n\n"], [1, "\r\r"], [1, "\r\n\n"], [1, "\n\r\n"], [1, "\n"], [1, "\r\n"], [1, "\r\n\r\n\n"]],
    odd: 0.08,
  },
};

const LINES = [[3, "\n"], [2, "\r\n"], [2, "\r"]];

/** The text of an event, cut between tokens now and then. */
function data(roll, event, style) {
  const text = JSON.stringify(event);
  const name = pick(roll, [[8, "data: "], [1, "data:"], [1, "data:  "]]);
  if (roll() >= style.odd * 2) return name + text;
  const at = text.indexOf(",") + 1;
  const between = pick(roll, [[1, "\r"], [1, "\ndata: "], [1, "\r\ndata: "], [1, "\rdata: "], [1, "\n: c\ndata:"], [1, "\r\r\n"]]);
  return name + text.slice(0, at) + between + text.slice(at);
}

/** Lines before the data. */
function lead(roll, style) {
  if (roll() > (style.line === "\r" ? 0.15 : 0.2)) return "";
  const line = pick(roll, [[2, ": c"], [2, "id: 1"], [2, "event: message"], [1, "retry: 10"], [style.odd * 5, "data"], [style.odd * 5, " "], [style.odd * 5, "}"], [style.odd * 5, "data:"]]);
  return line + (style.line ?? pick(roll, LINES));
}

function body(roll) {
  const style = STYLES[pick(roll, Object.keys(STYLES).map((name) => [name === "wild" ? 3 : 1, name]))];
  let text = roll() < 0.06 ? "\u{feff}" : "";
  text += roll() < style.odd ? pick(roll, [[1, "\n"], [1, "\r\n"], [1, "\r"], [1, "\n\n"]]) : "";
  const ping = () => (roll() < style.pings ? pick(roll, PINGS) + pick(roll, style.ping) : "");
  const few = roll() < 0.3 ? [0, EVENTS.length - 1] : EVENTS.keys();
  for (const place of few) {
    text += ping() + (roll() < style.odd / 4 ? "\u{feff}" : "") + lead(roll, style) + data(roll, EVENTS[place], style) + pick(roll, style.end);
  }
  text += ping();
  return roll() < 0.2 ? text.replace(/[\r\n]+$/, pick(roll, [[2, ""], [1, "\n"], [1, "\r\n"], [1, "\r"], [1, "\r\n\r\n"]])) : text;
}

const [seed, count] = process.argv.slice(2).map(Number);
for (let number = 0; number < count; number += 1) {
  const roll = random(seed * 1_000_003 + number);
  process.stdout.write(`${JSON.stringify({ id: `${seed}/${number}`, body: body(roll) })}\n`);
}
