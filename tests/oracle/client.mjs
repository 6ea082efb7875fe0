// The official client, driven frame by frame.
//
// The pipeline is the client's own, from the decoding of the response body
// to the application of events. Two things are replaced: the request, which
// is not sent (a recorded request may be one that the client would refuse to
// send), and the pace: each frame is delivered alone, and the next follows
// when the client has come to rest, so "after frame n" has one meaning.

import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const homes = [process.env.SCRUBJAY_ORACLE, `${root}target/oracle`, here].filter(Boolean);
const home = homes.find((folder) => existsSync(`${folder}/node_modules/@ag-ui/client`));
if (home === undefined) {
  console.error("The official client is not installed: npm install --prefix target/oracle (package.json is in tests/oracle).");
  process.exit(2);
}
export const require = createRequire(`${home}/package.json`);
const { AbstractAgent, runHttpRequest, transformHttpEventStream } = require("@ag-ui/client");

/** Two turns of the event loop: promises and stream reads have run dry. */
async function rest() {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}

class RecordedAgent extends AbstractAgent {
  constructor(input, response, ceiling) {
    // The ceiling is asked for while the base class is being built.
    RecordedAgent.ceiling = ceiling;
    super({
      threadId: typeof input.threadId === "string" ? input.threadId : undefined,
      initialMessages: Array.isArray(input.messages) ? input.messages : [],
      initialState: input.state,
    });
    // The constructor takes null for "none"; a client can hold null all the same.
    this.state = input.state === undefined ? {} : structuredClone(input.state);
    this.response = response;
  }

  get maxProtocolVersion() {
    return RecordedAgent.ceiling ?? super.maxProtocolVersion;
  }

  run() {
    return transformHttpEventStream(runHttpRequest(async () => this.response));
  }
}

/** The RunAgentInput of a request body; single-endpoint envelopes carry it as `body`. */
export function inputOf(body) {
  if (body === null || typeof body !== "object" || Array.isArray(body)) return {};
  const inner = body.body;
  const wrapped = !("messages" in body) && inner !== null && typeof inner === "object" && !Array.isArray(inner);
  return wrapped ? inner : body;
}

/**
 * Feeds `pieces` (bytes, one for each frame, and what follows the last) to a
 * client that starts from `input`. The body ends as it should, or breaks off.
 *
 * Gives what it holds after each piece. `messages` and `state` of a step are
 * null when they are what they were. `end` is the step taken by the end of
 * the body, if anything came of it.
 */
export async function drive({ input, pieces, contentType, status, maxProtocolVersion, breaksOff }) {
  const warnings = [];
  const quiet = { warn: console.warn, error: console.error };
  let seq = 0;
  // When a body breaks off, the client leaves a second rejection that nothing catches.
  const ignore = () => {};
  if (breaksOff) process.on("uncaughtException", ignore);
  console.warn = (...words) => warnings.push({ seq, text: words.map(String).join(" ") });
  console.error = () => {};
  try {
    let controller;
    const stream = new ReadableStream({ start: (given) => (controller = given), cancel: () => {} });
    const headers = { "content-type": contentType ?? "text/event-stream" };
    const response = new Response(stream, { status: status ?? 200, headers });
    const agent = new RecordedAgent(input, response, maxProtocolVersion);
    let stop = null;
    const { runId, tools, context, forwardedProps } = input;
    agent
      .runAgent({ runId: typeof runId === "string" ? runId : undefined, tools, context, forwardedProps, resume: input.resume })
      .catch((error) => {
        stop ??= { seq, message: error?.message ?? String(error) };
      });
    await rest();
    let held = {};
    const look = () => {
      const step = { seq, messages: null, state: null, interrupts: null };
      let changed = false;
      for (const [name, value] of [["messages", agent.messages], ["state", agent.state], ["interrupts", agent.pendingInterrupts]]) {
        if (held[name] === value) continue;
        let text;
        try {
          text = JSON.stringify(value) ?? "null";
        } catch {
          // A patch can move the root into itself; nothing can show that.
          continue;
        }
        if (held[`${name}Text`] !== text) {
          step[name] = JSON.parse(text);
          step[`has${name}`] = true;
          changed = true;
        }
        held[name] = value;
        held[`${name}Text`] = text;
      }
      return { step, changed };
    };
    const steps = [look().step];
    for (const piece of pieces) {
      seq += 1;
      if (stop === null && piece.length > 0) {
        try {
          controller.enqueue(piece);
        } catch {
          // The client has cancelled the stream; what it holds stays.
        }
        await rest();
      }
      steps.push(look().step);
    }
    if (stop === null) {
      try {
        if (breaksOff) controller.error(new TypeError("terminated"));
        else controller.close();
      } catch {
        // As above.
      }
      await rest();
      await rest();
    }
    const last = look();
    return { steps, end: last.changed ? last.step : null, stop, warnings };
  } finally {
    Object.assign(console, quiet);
    process.off("uncaughtException", ignore);
  }
}
