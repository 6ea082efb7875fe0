// Protobuf records, and what the official decoder makes of each.
//
//   node tests/oracle/records.mjs messages [COUNT] > crates/protocol/tests/proto/messages.jsonl
//   node tests/oracle/records.mjs streams > crates/session/tests/records/streams.jsonl
//   node tests/oracle/oracle.mjs < crates/session/tests/records/streams.jsonl > crates/session/tests/records/client.jsonl
//
// Events come from the official encoder, where it can write them, and else
// from its own writer of the wire format. `messages` prints a line a message:
// {name, hex} with one of `event` (the decoded value), `later` (dropped as an
// event of a later protocol) and `broken` (what the decoder says). COUNT more
// messages are those before it, changed at random but always alike. `streams`
// prints whole bodies for oracle.mjs.

import { require } from "./client.mjs";

const { decode, encode, AGUIUnknownEventTypeError } = require("@ag-ui/proto");
const { BinaryWriter } = require("@bufbuild/protobuf/wire");

console.warn = () => {};

// ---- what the encoder writes ---------------------------------------------------

const EMPTY = { threadId: "t", runId: "r" };
const OPEN = {
  nothing: null,
  yes: true,
  no: false,
  zero: 0,
  minusZero: -0,
  third: 1 / 3,
  beyond: 2 ** 53 + 2,
  tiny: 5e-324,
  huge: 1.7976931348623157e308,
  empty: "",
  text: "zażółć 🦜\u0000\n\"\\",
  bom: "\uFEFFx",
  half: "\uD83E",
  list: [],
  object: {},
  nested: [[[{ a: [{ b: { c: [1, [2, [null]]] } }] }]]],
  "": "no name",
  "a/b~c": 1,
};
const PARTS = [
  { type: "text", text: "look" },
  { type: "text", id: "p1", text: "", metadata: OPEN },
  { type: "image", source: { type: "data", value: "AA==", mimeType: "image/png" } },
  { type: "audio", id: "p2", source: { type: "url", value: "https://example.org/a" }, metadata: null },
  { type: "video", source: { type: "url", value: "u", mimeType: "video/mp4" }, metadata: 7 },
  { type: "document", source: { type: "file", value: "f" } },
  { type: "document", source: { type: "file", value: "f", provider: "p", mimeType: "m" }, metadata: [1] },
  { type: "binary", mimeType: "image/png", data: "AA==", filename: "x.png" },
];
const MESSAGES = [
  { id: "1", role: "developer", content: "be brief", name: "d" },
  { id: "2", role: "system", content: "" },
  { id: "3", role: "user", content: "hello" },
  { id: "4", role: "user", content: PARTS },
  { id: "5", role: "user", content: [] },
  { id: "6", role: "assistant" },
  { id: "7", role: "assistant", content: "", toolCalls: [] },
  {
    id: "8",
    role: "assistant",
    toolCalls: [
      { id: "c1", type: "function", function: { name: "f", arguments: "{}" } },
      { id: "c2", type: "function", function: { name: "", arguments: "" }, encryptedValue: "e", metadata: OPEN },
    ],
    metadata: { k: null },
    subagentRunId: "",
  },
  { id: "9", role: "tool", toolCallId: "c1", content: "done", error: "no" },
  { id: "10", role: "tool", toolCallId: "c2", content: PARTS.slice(0, 3), encryptedValue: "e" },
  { id: "11", role: "activity", activityType: "plan", content: OPEN },
  { id: "12", role: "activity", activityType: "", content: {} },
  { id: "13", role: "reasoning", content: "hm", encryptedValue: "" },
  { id: "14", role: "narrator", content: "once" },
];
const PATCH = [
  { op: "add", path: "/a", value: null },
  { op: "remove", path: "/b" },
  { op: "replace", path: "", value: OPEN },
  { op: "move", path: "/c", from: "/d" },
  { op: "copy", path: "/e~1f", from: "" },
  { op: "test", path: "/g", value: [1.5] },
  { op: "add", path: "/h", value: NaN },
  { op: "add", path: "/i", value: [undefined, 1] },
  { op: "remove", path: "/j", value: 1, from: "/k", more: 2 },
];
const USAGE = [{}, { provider: "p", model: "m", inputTokens: 0, outputTokens: 9007199254740991, totalTokens: -1, reasoningTokens: 1, cachedInputTokens: 2, cacheWriteInputTokens: 3 }];
const INTERRUPTS = [
  { id: "i1", reason: "tool_call" },
  { id: "i2", reason: "", message: "?", toolCallId: "c1", responseSchema: { type: "string" }, expiresAt: "2026-01-01", metadata: OPEN, subagentRunId: "s" },
];
const INPUT = {
  ...EMPTY,
  protocolVersion: "1.0",
  parentRunId: "r0",
  state: OPEN,
  messages: MESSAGES,
  tools: [
    { name: "f", description: "" },
    { name: "g", description: "d", parameters: { type: "object" }, metadata: { a: 1 } },
  ],
  context: [{ description: "d", value: "v" }],
  forwardedProps: { x: [1] },
  resume: [
    { interruptId: "i", status: "resolved" },
    { interruptId: "j", status: "cancelled", payload: "p", metadata: {} },
  ],
};

/** Each type as short as it can be, and with all that it can have. */
const EVENTS = {
  RUN_STARTED: [EMPTY, { ...EMPTY, protocolVersion: "1.0", parentRunId: "", input: { ...EMPTY, messages: [] } }, { ...EMPTY, input: INPUT }],
  RUN_FINISHED: [
    EMPTY,
    { ...EMPTY, result: OPEN, usage: USAGE, outcome: { type: "success" } },
    { ...EMPTY, outcome: { type: "success", pendingToolCallIds: ["c1", ""] } },
    { ...EMPTY, outcome: { type: "interrupt", interrupts: INTERRUPTS } },
    { ...EMPTY, outcome: { type: "interrupt", interrupts: [] } },
    { ...EMPTY, outcome: { type: "cancelled" } },
    { ...EMPTY, outcome: { type: "postponed" } },
  ],
  RUN_ERROR: [{ message: "" }, { message: "m", code: "c", usage: USAGE }],
  STEP_STARTED: [{ stepName: "" }, { stepName: "s", subagentRunId: "a" }],
  STEP_FINISHED: [{ stepName: "" }, { stepName: "s", subagentRunId: "a" }],
  TEXT_MESSAGE_START: [{ messageId: "m" }, { messageId: "m", role: "user", name: "n", subagentRunId: "" }],
  TEXT_MESSAGE_CONTENT: [{ messageId: "m", delta: "" }, { messageId: "m", delta: "🦜\uD800", subagentRunId: "a" }],
  TEXT_MESSAGE_END: [{ messageId: "m" }, { messageId: "m", subagentRunId: "a" }],
  TEXT_MESSAGE_CHUNK: [{}, { messageId: "m", role: "assistant", delta: "d", name: "n", subagentRunId: "a" }],
  TOOL_CALL_START: [{ toolCallId: "c", toolCallName: "f" }, { toolCallId: "c", toolCallName: "f", parentMessageId: "m", subagentRunId: "a" }],
  TOOL_CALL_ARGS: [{ toolCallId: "c", delta: "" }, { toolCallId: "c", delta: "{\"a\":1}", subagentRunId: "a" }],
  TOOL_CALL_END: [{ toolCallId: "c" }, { toolCallId: "c", subagentRunId: "a" }],
  TOOL_CALL_CHUNK: [{}, { toolCallId: "c", toolCallName: "f", parentMessageId: "m", delta: "", subagentRunId: "a" }],
  TOOL_CALL_RESULT: [
    { messageId: "m", toolCallId: "c", content: "" },
    { messageId: "m", toolCallId: "c", content: [] },
    { messageId: "m", toolCallId: "c", content: PARTS, role: "tool", subagentRunId: "a" },
  ],
  STATE_SNAPSHOT: [OPEN, null, 0, "", [], [undefined], NaN, Infinity, -Infinity, [NaN], undefined].map((snapshot) => ({ snapshot })),
  STATE_DELTA: [{ delta: [] }, { delta: PATCH, subagentRunId: "a" }],
  MESSAGES_SNAPSHOT: [{ messages: [] }, { messages: MESSAGES }],
  ACTIVITY_SNAPSHOT: [
    { messageId: "m", activityType: "p", content: {} },
    { messageId: "m", activityType: "p", content: OPEN, replace: false, subagentRunId: "a" },
    { messageId: "m", activityType: "p", content: OPEN, replace: true },
  ],
  ACTIVITY_DELTA: [{ messageId: "m", activityType: "p", patch: [] }, { messageId: "m", activityType: "p", patch: PATCH, subagentRunId: "a" }],
  RAW: [{ event: null }, { event: OPEN, source: "s", subagentRunId: "a" }],
  CUSTOM: [{ name: "n", value: null }, { name: "", value: OPEN, subagentRunId: "a" }],
  REASONING_START: [{ messageId: "m" }, { messageId: "m", subagentRunId: "a" }],
  REASONING_MESSAGE_START: [{ messageId: "m", role: "reasoning" }, { messageId: "m", role: "reasoning", subagentRunId: "a" }],
  REASONING_MESSAGE_CONTENT: [{ messageId: "m", delta: "d" }, { messageId: "m", delta: "", subagentRunId: "a" }],
  REASONING_MESSAGE_END: [{ messageId: "m" }, { messageId: "m", subagentRunId: "a" }],
  REASONING_MESSAGE_CHUNK: [{}, { messageId: "m", delta: "d", subagentRunId: "a" }],
  REASONING_END: [{ messageId: "m" }, { messageId: "m", subagentRunId: "a" }],
  REASONING_ENCRYPTED_VALUE: [{ subtype: "message", entityId: "m", encryptedValue: "" }, { subtype: "tool-call", entityId: "c", encryptedValue: "e", subagentRunId: "a" }],
  SUBAGENT_STARTED: [
    { subagentRunId: "a", name: "n" },
    { subagentRunId: "", name: "n", description: "", parentSubagentRunId: "p", parentToolCallId: "c", parentMessageId: "m" },
  ],
  SUBAGENT_FINISHED: [
    { subagentRunId: "a" },
    { subagentRunId: "a", result: OPEN, outcome: { type: "success" } },
    { subagentRunId: "a", outcome: { type: "suspended", interruptIds: ["i1"] } },
    { subagentRunId: "a", outcome: { type: "suspended" } },
  ],
  SUBAGENT_ERROR: [{ subagentRunId: "a", message: "" }, { subagentRunId: "a", message: "m", code: "c" }],
};
const BASES = [{}, { timestamp: 0 }, { timestamp: -1, rawEvent: OPEN, metadata: OPEN }, { timestamp: 9007199254740991, rawEvent: "x", metadata: {} }];

function* encoded() {
  for (const [type, all] of Object.entries(EVENTS)) {
    for (const [place, own] of all.entries()) {
      const base = BASES[place % BASES.length];
      yield { name: `${type} ${place}`, message: encode({ type, ...own, ...base }) };
    }
  }
}

// ---- what it does not ----------------------------------------------------------

/** A field that says its length. */
const sized = (number, ...parts) => new BinaryWriter().uint32(number * 8 + 2).bytes(joined(...parts)).finish();
const varint = (number, value) => new BinaryWriter().uint32(number * 8).uint64(value).finish();
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? new TextEncoder().encode(part) : part)]));
const base = (type) => sized(1, type === 0 ? [] : varint(1, type));
const [TEXT_START, SNAPSHOT, DELTA, MESSAGES_CODE, STARTED, FINISHED, RESULT, CUSTOM_CODE] = [0, 6, 7, 8, 11, 12, 21, 10];
const started = (...more) => sized(12, base(STARTED), sized(2, "t"), sized(3, "r"), ...more);
const snapshot = (...value) => sized(7, base(SNAPSHOT), ...value.map((bytes) => sized(2, bytes)));
const message = (...fields) => sized(9, base(MESSAGES_CODE), sized(2, sized(1, "m"), ...fields));
const number = (value) => new BinaryWriter().uint32(17).double(value).finish();
const entry = (name, ...value) => sized(1, sized(1, name), ...value.map((bytes) => sized(2, bytes)));
const utf8 = [0xff, 0xed, 0xa0, 0x80, 0xe2, 0x82, 0x41];

function* handmade() {
  const cases = {
    "nothing at all": [],
    "a later event": sized(40, varint(1, 1)),
    "a later event that is empty": sized(40),
    "a later event that is no message": sized(40, [0x0a]),
    "two later events": joined(sized(40), sized(41, sized(1, "x"))),
    "a later number that is no event": varint(40, 1),
    "a later group": [0xc3, 0x02, 0xc4, 0x02],
    "a known number as a group": [0x63, 0x64],
    "a known number as a varint": varint(12, 1),
    "a known number as a varint beside a later event": joined(varint(12, 1), sized(40)),
    "a later event with a long length": [0xc2, 0x02, 0x80, 0x80, 0x80, 0x80, 0x00],
    "a later event with a length over 32 bits": [0xc2, 0x02, 0x80, 0x80, 0x80, 0x80, 0x10],
    "two events": joined(started(), snapshot(varint(1, 0))),
    "an event in two parts": joined(sized(12, base(STARTED), sized(2, "t")), sized(12, sized(3, "r"))),
    "an event beside a later one": joined(started(), sized(40)),
    "an event between groups": joined([0xc3, 0x02, 0x08, 0x01, 0xc4, 0x02], started(), [0xc3, 0x02, 0xc4, 0x02]),
    "a group inside an event": started([0xc3, 0x02, 0x08, 0x01, 0xc4, 0x02]),
    "a group that does not end": joined(started(), [0xc3, 0x02]),
    "a group that ends under another number": joined(started(), [0xc3, 0x02, 0xcc, 0x02]),
    "a group that did not begin": joined(started(), [0xc4, 0x02]),
    "no base": sized(12, sized(2, "t"), sized(3, "r")),
    "an empty base": sized(1, sized(1), sized(2, "m")),
    "a base of another type": sized(12, base(FINISHED), sized(2, "t")),
    "a base of no type": sized(12, base(99)),
    "a base in parts": sized(12, base(STARTED), sized(1, varint(2, 5)), sized(2, "t"), sized(3, "r")),
    "a base twice": sized(12, base(FINISHED), base(STARTED), sized(2, "t"), sized(3, "r")),
    "a base type with more than 32 bits": sized(12, sized(1, [0x08, 0x8b, 0x80, 0x80, 0x80, 0x70]), sized(2, "t")),
    "missing strings": sized(12, base(STARTED)),
    "a string twice": started(sized(2, "u")),
    "a string as a number": sized(12, base(STARTED), varint(2, 7), sized(3, "r")),
    "unknown fields": started(sized(90, "x"), varint(91, 1), [0xe5, 0x05, 1, 2, 3, 4], [0xe9, 0x05, 1, 2, 3, 4, 5, 6, 7, 8]),
    "field zero": started([0x02, 0x00]),
    "wire type six": started([0x0e]),
    "wire type seven": started([0x0f]),
    "a cut tag": started([0x80]),
    "a cut string": started([0x12, 0x05, 0x41]),
    "a string longer than anything": started([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    "a number of eleven bytes": started([0xd8, 0x05, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]),
    "a tag of six bytes": started([0x92, 0x80, 0x80, 0x80, 0x80, 0x00, 0x01, 0x41]),
    "a long tag": started([0x92, 0x80, 0x80, 0x00, 0x01, 0x41]),
    "a string that is not UTF-8": started(sized(4, utf8)),
    "a timestamp beyond 2^53": sized(12, sized(1, varint(1, STARTED), varint(2, "9007199254740992"))),
    "a timestamp far below": sized(12, sized(1, varint(1, STARTED), varint(2, "9223372036854775809"))),
    "a value without a kind": snapshot([]),
    "a value of an unknown kind": snapshot(sized(9, "x")),
    "a value twice": snapshot(sized(3, "a"), sized(3, "b")),
    "a value of two kinds": snapshot(joined(sized(3, "a"), number(1))),
    "a value of two kinds and back": snapshot(joined(sized(5, entry("a", number(1))), number(1), sized(5, entry("b", number(2))))),
    "a value in two parts": snapshot(sized(5, entry("a", number(1))), sized(5, entry("b", number(2)))),
    "a list in two parts": snapshot(joined(sized(6, sized(1, number(1))), sized(6, sized(1, number(2))))),
    "a null that is not zero": snapshot(varint(1, 7)),
    "a bool that is not one": snapshot(varint(4, "9223372036854775808")),
    "a number as a varint": snapshot(varint(2, 1)),
    "a number that is cut": snapshot([0x11, 0, 0, 0]),
    "a member twice": snapshot(sized(5, entry("a", number(1)), entry("b", number(2)), entry("a", number(3)))),
    "a member of no value": snapshot(sized(5, entry("a"), entry("b", []))),
    "a member that loses its value": snapshot(sized(5, entry("a", number(1)), entry("a"))),
    "a member without a name": snapshot(sized(5, sized(1, sized(2, number(1))))),
    "a member with two names": snapshot(sized(5, sized(1, sized(1, "a"), sized(1, "b"), sized(2, number(1))))),
    "a member with its value in parts": snapshot(sized(5, entry("a", sized(5, entry("x", number(1))), sized(5, entry("y", number(2)))))),
    "a member that is a prototype": snapshot(sized(5, entry("__proto__", sized(5, entry("x", number(1)))), entry("a", number(1)))),
    "a member that JavaScript objects inherit": snapshot(sized(5, entry("toString", number(1)), entry("constructor", varint(1, 0)))),
    "an object that is no message": snapshot(sized(5, [0x0a])),
    "a list with an item of no value": snapshot(sized(6, sized(1), sized(1, number(1)))),
    "not a number": snapshot(number(NaN)),
    "nested objects": snapshot([...Array(60)].reduce((inner) => sized(5, entry("a", inner)), number(1))),
    "nested lists": snapshot([...Array(60)].reduce((inner) => sized(6, sized(1, inner)), number(1))),
    "an unknown operation": sized(8, base(DELTA), sized(2, varint(1, 9), sized(2, "/a"))),
    "a negative operation": sized(8, base(DELTA), sized(2, varint(1, "18446744073709551615"), sized(2, "/a"))),
    "an operation of nothing": sized(8, base(DELTA), sized(2)),
    "an unknown role": message(sized(2, "narrator"), sized(8, sized(1, sized(1, "x")))),
    "an unknown role with an object": message(sized(2, "narrator"), sized(13, entry("a", number(1)))),
    "an unknown role with two contents": message(sized(2, "narrator"), sized(3, "x"), sized(13)),
    "no role": message(sized(3, "x")),
    "parts for an assistant": message(sized(2, "assistant"), sized(8, sized(1, sized(1, "x")))),
    "text and parts for a user": message(sized(2, "user"), sized(3, "x"), sized(8, sized(1, sized(1, "x")))),
    "an object for a user": message(sized(2, "user"), sized(13)),
    "text for an activity": message(sized(2, "activity"), sized(3, "x")),
    "text and an object for an activity": message(sized(2, "activity"), sized(3, "x"), sized(13)),
    "an activity of nothing": message(sized(2, "activity")),
    "a user without content": message(sized(2, "user")),
    "a part of a later kind": message(sized(2, "user"), sized(8, sized(9, "x")), sized(8, sized(1, sized(1, "x")))),
    "a part of nothing": message(sized(2, "user"), sized(8)),
    "a part of two kinds": message(sized(2, "user"), sized(8, sized(1, sized(1, "x")), sized(2))),
    "a part in two parts": message(sized(2, "user"), sized(8, sized(1, sized(1, "x")), sized(1, sized(2, "i")))),
    "an image without a source": message(sized(2, "user"), sized(8, sized(2))),
    "an image with a source of nothing": message(sized(2, "user"), sized(8, sized(2, sized(1)))),
    "a source of a later kind": message(sized(2, "user"), sized(8, sized(2, sized(1, sized(7, "x"))))),
    "a source of two kinds": message(sized(2, "user"), sized(8, sized(2, sized(1, sized(1), sized(2))))),
    "a source of two kinds in two parts": message(sized(2, "user"), sized(8, sized(2, sized(1, sized(1)), sized(1, sized(2, sized(1, "u")))))),
    "a function in two parts": message(sized(2, "assistant"), sized(5, sized(1, "c"), sized(3, sized(1, "f")), sized(3, sized(2, "{}")))),
    "a call without a function": message(sized(2, "assistant"), sized(5, sized(1, "c"))),
    "a function that is cut": message(sized(2, "assistant"), sized(5, sized(3, [0x0a, 0x09, 0x41]), sized(1, "c"))),
    "a function with an end of a group": message(sized(2, "assistant"), sized(5, sized(3, [0x0c, 0x0a, 0x01, 0x41]), sized(1, "c"))),
    "a function with field zero": message(sized(2, "assistant"), sized(5, sized(3, [0x00, 0x0a, 0x01, 0x41]), sized(1, "c"))),
    "a function with bits of a number": message(sized(2, "assistant"), sized(5, sized(3, [0x0f, 0x01]), sized(1, "c"))),
    "a result with text and parts": sized(22, base(RESULT), sized(5, "x"), sized(7, sized(1, sized(1, "x")))),
    "a result with text and a part of nothing": sized(22, base(RESULT), sized(5, "x"), sized(7)),
    "a result of nothing": sized(22, base(RESULT)),
    "interrupts without an outcome": sized(13, base(FINISHED), sized(6, sized(1, "i")), sized(8, "c")),
    "everything with a success": sized(13, base(FINISHED), sized(5, "success"), sized(6, sized(1, "i")), sized(8, "c")),
    "everything with an interrupt": sized(13, base(FINISHED), sized(5, "interrupt"), sized(6, sized(1, "i")), sized(8, "c")),
    "everything with a cancellation": sized(13, base(FINISHED), sized(5, "cancelled"), sized(6, sized(1, "i")), sized(8, "c")),
    "everything with a later outcome": sized(13, base(FINISHED), sized(5, "later"), sized(6, sized(1, "i")), sized(8, "c")),
    "interrupt ids without an outcome": sized(20, base(17), sized(5, "i")),
    "interrupt ids with a later outcome": sized(20, base(17), sized(4, "later"), sized(5, "i")),
    "a usage beyond 2^53": sized(13, base(FINISHED), sized(7, varint(3, "9007199254740993"))),
    "a usage that runs over its end": sized(13, base(FINISHED), sized(7, [0x0a, 0x09, 0x41]), sized(2, "longer than nine")),
    "a usage that runs over into another event": sized(14, base(13), sized(4, [0x70]), [0x2a, 0x00], sized(7, base(SNAPSHOT), sized(2, number(1)))),
    "an input of nothing": started(sized(5)),
    "an input in two parts": started(sized(5, sized(1, "t")), sized(5, sized(2, "r"), sized(5, sized(2, "user"), sized(3, "x")))),
    "a value that is absent": sized(11, base(CUSTOM_CODE), sized(2, "n")),
    "a start of another order": sized(1, sized(5, "a"), sized(2, "m"), base(TEXT_START)),
  };
  for (const [name, bytes] of Object.entries(cases)) yield { name, message: joined(bytes) };
}

// ---- changed at random ---------------------------------------------------------

let seed = 20260921;
function random(below) {
  seed = (seed + 0x6d2b79f5) | 0;
  let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) % below;
}

/** The fields of a message, or null when it is none. */
function fieldsOf(bytes) {
  const fields = [];
  let at = 0;
  const read = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 28) throw new Error("cut");
      value += (bytes[at] & 0x7f) * 2 ** shift;
      if ((bytes[at++] & 0x80) === 0) return value;
    }
  };
  try {
    while (at < bytes.length) {
      const start = at;
      const tag = read();
      const head = at;
      if ((tag & 7) === 0) read();
      else if ((tag & 7) === 1) at += 8;
      else if ((tag & 7) === 5) at += 4;
      else if ((tag & 7) === 2) {
        const length = read();
        const payload = bytes.subarray(at, at + length);
        at += length;
        fields.push({ number: tag >>> 3, payload, raw: bytes.subarray(start, at) });
      } else return null;
      if (at > bytes.length || tag < 8) return null;
      if ((tag & 7) !== 2) fields.push({ number: tag >>> 3, raw: bytes.subarray(start, at), head: head - start });
    }
  } catch {
    return null;
  }
  return fields;
}

function changed(bytes, others) {
  const fields = fieldsOf(bytes);
  if (fields === null || fields.length === 0 || random(9) === 0) return blunt(bytes);
  const place = random(fields.length);
  const field = fields[place];
  const rest = fields.map((field) => field.raw);
  const into = field.payload !== undefined && field.payload.length > 0 && random(4) > 0;
  if (into) rest[place] = sized(field.number, changed(field.payload, others));
  else {
    const other = fieldsOf(others[random(others.length)].message) ?? [];
    const strange = other.length > 0 ? other[random(other.length)].raw : [0x08, 0x01];
    switch (random(7)) {
      case 0: rest.splice(place, 1); break;
      case 1: rest.splice(random(rest.length + 1), 0, field.raw); break;
      case 2: rest.push(strange); break;
      case 3: rest[place] = sized(1 + random(14), field.payload ?? field.raw); break;
      case 4: rest[place] = varint(field.number, random(40)); break;
      case 5: rest.reverse(); break;
      default: rest.splice(place, 0, [field.number * 8 + 3, field.number * 8 + 4].flatMap((tag) => [...new BinaryWriter().uint32(tag).finish()])); break;
    }
  }
  return joined(...rest);
}

function blunt(bytes) {
  const copy = [...bytes];
  const at = random(copy.length + 1);
  switch (random(4)) {
    case 0: copy.splice(at); break;
    case 1: copy.splice(at, 1, random(256)); break;
    case 2: copy.splice(at, 0, random(256)); break;
    default: copy.splice(at, 1); break;
  }
  return Uint8Array.from(copy);
}

function* altered(count) {
  const sources = [...encoded(), ...handmade()];
  for (let made = 0; made < count; made += 1) {
    const source = sources[random(sources.length)];
    let message = source.message;
    for (let times = 1 + random(3); times > 0; times -= 1) message = changed(message, sources);
    // What grew large says nothing new.
    if (message.length < 400) yield { name: `${source.name}, altered ${made}`, message };
  }
}

// ---- what is printed -------------------------------------------------------------

/** Members named like numbers stand first in JavaScript; ours stand as they came. */
function hasNumbers(value) {
  if (value === null || typeof value !== "object") return false;
  const names = Array.isArray(value) ? [] : Object.keys(value);
  return names.some((name) => /^\d+$/.test(name)) || Object.values(value).some(hasNumbers);
}

function asked({ name, message }) {
  const line = { name, hex: Buffer.from(message).toString("hex") };
  try {
    const event = decode(message);
    return hasNumbers(event) ? null : { ...line, event };
  } catch (error) {
    return error instanceof AGUIUnknownEventTypeError ? { ...line, later: true } : { ...line, broken: String(error.message) };
  }
}

function record(message) {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(message.length);
  return Buffer.concat([prefix, message]);
}

const run = (...events) => [{ type: "RUN_STARTED", ...EMPTY }, ...events, { type: "RUN_FINISHED", ...EMPTY }];
const text = (id, ...deltas) => [
  { type: "TEXT_MESSAGE_START", messageId: id, role: "assistant" },
  ...deltas.map((delta) => ({ type: "TEXT_MESSAGE_CONTENT", messageId: id, delta })),
  { type: "TEXT_MESSAGE_END", messageId: id },
];
const delta = (...operations) => ({ type: "STATE_DELTA", delta: operations });

function* streams() {
  const bodies = {
    "all types": run(
      ...text("m", "a 🦜", "", "b"),
      { type: "TOOL_CALL_START", toolCallId: "c", toolCallName: "f", parentMessageId: "m" },
      { type: "TOOL_CALL_ARGS", toolCallId: "c", delta: "{\"a\":" },
      { type: "TOOL_CALL_ARGS", toolCallId: "c", delta: "1}", metadata: { k: 1 } },
      { type: "TOOL_CALL_END", toolCallId: "c" },
      { type: "TOOL_CALL_RESULT", messageId: "cr", toolCallId: "c", content: PARTS.slice(0, 7), role: "tool" },
      { type: "TEXT_MESSAGE_CHUNK", messageId: "k", delta: "chunk" },
      { type: "TOOL_CALL_CHUNK", toolCallId: "d", toolCallName: "g", delta: "{}" },
      { type: "TOOL_CALL_RESULT", messageId: "dr", toolCallId: "d", content: "" },
      { type: "STATE_SNAPSHOT", snapshot: OPEN },
      delta({ op: "add", path: "/new", value: [1] }, { op: "replace", path: "/zero", value: 1e-7 }),
      { type: "STEP_STARTED", stepName: "s" },
      { type: "STEP_FINISHED", stepName: "s" },
      { type: "REASONING_START", messageId: "rs" },
      { type: "REASONING_MESSAGE_START", messageId: "rm", role: "reasoning" },
      { type: "REASONING_MESSAGE_CONTENT", messageId: "rm", delta: "hm" },
      { type: "REASONING_MESSAGE_END", messageId: "rm" },
      { type: "REASONING_END", messageId: "rs" },
      { type: "REASONING_MESSAGE_CHUNK", messageId: "rk", delta: "so" },
      { type: "REASONING_ENCRYPTED_VALUE", subtype: "message", entityId: "rm", encryptedValue: "e" },
      { type: "ACTIVITY_SNAPSHOT", messageId: "a", activityType: "plan", content: { steps: [] } },
      { type: "ACTIVITY_DELTA", messageId: "a", activityType: "plan", patch: [{ op: "add", path: "/steps/-", value: "x" }] },
      { type: "SUBAGENT_STARTED", subagentRunId: "sub", name: "n" },
      { type: "CUSTOM", name: "n", value: null, subagentRunId: "sub" },
      { type: "SUBAGENT_FINISHED", subagentRunId: "sub", outcome: { type: "success" } },
      { type: "RAW", event: OPEN },
      { type: "MESSAGES_SNAPSHOT", messages: MESSAGES.slice(0, 13) },
    ),
    "an error": [{ type: "RUN_STARTED", ...EMPTY, input: INPUT }, { type: "RUN_ERROR", message: "m", usage: USAGE.slice(0, 1) }],
    "an interrupt": [{ type: "RUN_STARTED", ...EMPTY }, { type: "RUN_FINISHED", ...EMPTY, outcome: { type: "interrupt", interrupts: INTERRUPTS } }],
    "an interrupt without any": [{ type: "RUN_STARTED", ...EMPTY }, { type: "RUN_FINISHED", ...EMPTY, outcome: { type: "interrupt", interrupts: [] } }],
    "a sub-agent that fails": run({ type: "SUBAGENT_STARTED", subagentRunId: "s", name: "n" }, { type: "SUBAGENT_ERROR", subagentRunId: "s", message: "m" }),
    "numbers that JSON does not have": run(
      { type: "STATE_SNAPSHOT", snapshot: { nan: NaN, inf: Infinity, minus: -0 } },
      delta({ op: "test", path: "/nan", value: NaN }, { op: "add", path: "/ok", value: 1 }),
      delta({ op: "test", path: "/inf", value: Infinity }, { op: "add", path: "/ok", value: 2 }),
      delta({ op: "test", path: "/minus", value: 0 }, { op: "add", path: "/ok", value: 3 }),
      delta({ op: "copy", from: "/nan", path: "/again" }),
      delta({ op: "test", path: "/inf", value: null }, { op: "add", path: "/ok", value: 4 }),
      delta({ op: "add", path: "/made", value: [-Infinity] }, { op: "add", path: "/made/0/x", value: 1 }),
    ),
    "a patch of a state with an item that is nothing": run(
      { type: "STATE_SNAPSHOT", snapshot: { list: [undefined, 1] } },
      delta({ op: "test", path: "/list/0", value: null }, { op: "add", path: "/c", value: 1 }),
    ),
    "an operation without a value": run({ type: "STATE_SNAPSHOT", snapshot: {} }, delta({ op: "add", path: "/a" })),
    "text that was not opened": run({ type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta: "x" }, ...text("n", "y")),
    "a snapshot without a value": run({ type: "STATE_SNAPSHOT" }, ...text("n", "y")),
    "a message of a later role": run({ type: "MESSAGES_SNAPSHOT", messages: [MESSAGES[13], MESSAGES[2]] }, ...text("n", "y")),
    "no run": text("m", "x"),
  };
  const input = { ...EMPTY, messages: [{ id: "u", role: "user", content: "go" }], state: { n: 1 }, tools: [], context: [], forwardedProps: {} };
  const body = (name, records) => {
    let end = 0;
    const ends = records.map((bytes) => (end += bytes.length));
    return { id: name, contentType: "application/vnd.ag-ui.event+proto", input, bodyHex: Buffer.concat(records).toString("hex"), ends };
  };
  for (const [name, events] of Object.entries(bodies)) yield body(name, events.map((event) => record(encode(event))));
  const [first, ...rest] = run(...text("m", "x")).map((event) => record(encode(event)));
  const between = { ...Object.fromEntries([...handmade()].map(({ name, message }) => [name, record(message)])) };
  // In the place of the run's start when it is one, else behind it.
  for (const [name, bytes] of Object.entries(between)) {
    const isStart = bytes[4] === 0x62;
    yield body(`${name}, in a run`, isStart ? [bytes, ...rest] : [first, bytes, ...rest]);
  }
  yield body("cut in a prefix", [first, first.subarray(0, 3)]);
  yield body("cut behind a prefix", [first, first.subarray(0, 4)]);
  yield body("cut in a message", [first, first.subarray(0, 9)]);
  yield body("a record over 10 MiB", [first, Buffer.from([0x00, 0xa0, 0x00, 0x00, 0x12])]);
  yield body("a record of 10 MiB that is cut", [first, Buffer.from([0x00, 0x9f, 0xff, 0xfc, 0x12])]);
}

if (process.argv[2] === "messages") {
  for (const one of [...encoded(), ...handmade(), ...altered(Number(process.argv[3] ?? 400))]) {
    const line = asked(one);
    if (line !== null) console.log(JSON.stringify(line));
  }
} else if (process.argv[2] === "streams") {
  for (const line of streams()) console.log(JSON.stringify(line));
} else {
  console.error("Say what to print: messages [COUNT], or streams.");
  process.exitCode = 2;
}
