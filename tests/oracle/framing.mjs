// Says what the official HttpAgent makes of a body, and after which bytes.
//
// Reads JSON lines {id, body}; prints for each {id, events, steps, stop, lost}:
//   events  types of what the client took, in order
//   steps   [at, messages, state]: what it holds once so many bytes came (0: the request; null: the body has ended);
//           a member that is as before is null, and state is an array of one
//   stop    null, or {at, rule, message}
//   lost    an SSE reader by the standard finds an event that the client's transport does not give
// A body is read in several chunkings; where they differ the program fails. After an error only its message is
// compared: the client drops what it read in the same turn and has not applied yet.

import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { require } from "./client.mjs";
import { ruleOf } from "./rules.mjs";

const { HttpAgent, transformHttpEventStream, runHttpRequest } = require("@ag-ui/client");

const INPUT = { threadId: "t", runId: "r", messages: [], tools: [], state: { n: 1 }, context: [], forwardedProps: {} };

async function rest() {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}

function cutAfter(bytes, ends) {
  return ends.map((end, place) => new Uint8Array(bytes.subarray(ends[place - 1] ?? 0, end)));
}

/** The ends of pieces: after every LF, one by one, all at once, and inside each CRLF and LF LF. */
function chunkings(bytes) {
  const all = [...bytes.keys()].map((place) => place + 1);
  const last = bytes.length;
  const unless = (ends) => (ends.at(-1) === last ? ends : [...ends, last]);
  return {
    lines: unless(all.filter((end) => bytes[end - 1] === 10)),
    bytes: all,
    whole: unless([]),
    inside: unless(all.filter((end) => bytes[end] === 10)),
    fives: unless(all.filter((end) => end % 5 === 0)),
  };
}

function answer(pieces) {
  let controller;
  const stream = new ReadableStream({ start: (given) => (controller = given), cancel: () => {} });
  const response = new Response(stream, { status: 200, headers: { "content-type": "text/event-stream" } });
  return { response, controller, pieces };
}

/** Runs the agent; `look` is called when it has come to rest after each piece. */
async function run(pieces, isSlow, look) {
  const { response, controller } = answer();
  const told = { events: [], stop: null, at: 0 };
  const agent = new HttpAgent({ url: "http://agent.test/", threadId: "t", initialMessages: [], initialState: { n: 1 }, fetch: async () => response });
  const onEvent = ({ event }) => void told.events.push(event.type);
  agent.runAgent({ runId: "r", tools: [], context: [] }, { onEvent }).catch((error) => {
    told.stop ??= { at: told.at, message: error?.message ?? String(error) };
  });
  await rest();
  look?.(0, agent);
  for (const piece of pieces) {
    if (told.stop !== null) break;
    told.at += piece.length;
    try {
      controller.enqueue(piece);
    } catch {
      // The client has cancelled the stream.
    }
    if (isSlow) await rest();
    if (isSlow) look?.(told.at, agent);
  }
  if (told.stop === null) {
    if (isSlow) told.at = null;
    try {
      controller.close();
    } catch {
      // As above.
    }
    for (let turn = 0; turn < 4; turn += 1) await rest();
    look?.(null, agent);
  }
  return { events: told.events, stop: told.stop, messages: agent.messages, state: agent.state };
}

/** What the client's transport gives, before anything judges it. */
async function transported(bytes) {
  const { response, controller } = answer();
  const events = [];
  transformHttpEventStream(runHttpRequest(async () => response)).subscribe({ next: (event) => events.push(event), error: () => {} });
  controller.enqueue(new Uint8Array(bytes));
  controller.close();
  await rest();
  await rest();
  return events;
}

/** Events by the standard: lines end in LF, CRLF or CR, a blank line ends an event; the end of the body does, too. */
function standard(text) {
  const events = [];
  let data = [];
  for (const line of [...text.replace(/^\u{feff}/u, "").split(/\r\n|\n|\r/), ""]) {
    if (line === "") {
      try {
        const event = JSON.parse(data.join("\n"));
        if (typeof event?.type === "string") events.push(event);
      } catch {
        // No event.
      }
      data = [];
    } else if (line === "data" || line.startsWith("data:")) {
      data.push(line.slice(5).replace(/^ /, ""));
    }
  }
  return events;
}

async function judge({ id, body }) {
  const bytes = Buffer.from(body, "utf8");
  const ways = chunkings(bytes);
  const steps = [];
  let held = {};
  const look = (at, agent) => {
    const now = { messages: JSON.stringify(agent.messages), state: JSON.stringify(agent.state) };
    const differs = (name) => held[name] !== now[name];
    if (!differs("messages") && !differs("state")) return;
    steps.push([at, differs("messages") ? structuredClone(agent.messages) : null, differs("state") ? [structuredClone(agent.state)] : null]);
    held = now;
  };
  const slow = await run(cutAfter(bytes, ways.lines), true, look);
  for (const name of ["bytes", "whole", "inside", "fives"]) {
    const again = await run(cutAfter(bytes, ways[name]), false);
    const same = slow.stop === null ? isDeepStrictEqual(again, slow) : again.stop?.message === slow.stop.message;
    if (!same) throw new Error(`${id}: chunking '${name}' gives ${JSON.stringify(again)}, lines give ${JSON.stringify(slow)}`);
  }
  const given = await transported(bytes);
  const lost = standard(body).some((event) => !given.some((one) => isDeepStrictEqual(one, event)));
  const stop = slow.stop === null ? null : { at: slow.stop.at, rule: ruleOf(slow.stop.message), message: slow.stop.message };
  return { id, events: slow.events, steps, stop, lost };
}

console.warn = () => {};
console.error = () => {};
process.on("uncaughtException", (error) => {
  if (/^\S+\/\d+: chunking/.test(error?.message)) throw error;
});
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() !== "") process.stdout.write(`${JSON.stringify(await judge(JSON.parse(line)))}\n`);
}
