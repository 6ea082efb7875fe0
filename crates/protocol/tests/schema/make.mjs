// Asks the official client what it makes of events, one by one.
//
//   npm install @ag-ui/client@1.0.0 @ag-ui/core@1.0.0 zod@3.25.76 esbuild     (in any FOLDER)
//   node make.mjs FOLDER > cases.jsonl
//
// Two stages of the client are run: the compatibility boundary and the
// enforcement. The package does not export them, but its source maps carry
// their sources, so these are written out, bundled and called. Random ids are
// replaced by minted-1, minted-2, …
//
// A line is one event: `case` groups lines that pass one boundary in order,
// `event` is what is sent, and then one of
//   `accept` (absent when it equals the event), `dropped`, `fatal` (pointer and
//   message of each issue; no pointer where the client threw something else),
// with `removed` (paths) and `converted` (what, to what) as warned.

import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2] ?? ".");
const require = createRequire(join(folder, "package.json"));
const { build } = require("esbuild");

const sources = join(folder, "client-sources");
const map = JSON.parse(readFileSync(join(folder, "node_modules/@ag-ui/client/dist/index.mjs.map"), "utf8"));
map.sources.forEach((name, place) => {
  if (!map.sourcesContent?.[place]) return;
  const path = join(sources, name.replace("../", ""));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, map.sourcesContent[place]);
});
const stubs = {
  "./middleware": "export class Middleware {}",
  "@/agent": "export class AbstractAgent {}",
  "@/utils": "export const randomUUID = () => globalThis.mint();",
  "@/debug-logger": "export const resolveDebugLogger = () => undefined;",
};
const entry = `
  export { enforceEvents } from "./src/enforce/enforce";
  export { compatibilityBoundaryOperator } from "./src/middleware/compatibility-boundary";
  export { Subject } from "rxjs";
  export { EventSchema } from "@ag-ui/core/schemas";
`;
await build({
  stdin: { contents: entry, resolveDir: sources, loader: "ts" },
  bundle: true, platform: "node", format: "esm", outfile: join(folder, "stages.mjs"), logLevel: "error",
  plugins: [{
    name: "stubs",
    setup(build) {
      build.onResolve({ filter: /^(\.\/middleware|@\/.*)$/ }, ({ path }) => stubs[path] ? { path, namespace: "stub" } : undefined);
      build.onLoad({ filter: /.*/, namespace: "stub" }, ({ path }) => ({ contents: stubs[path] }));
    },
  }],
});
const { enforceEvents, compatibilityBoundaryOperator, Subject, EventSchema } = await import(pathToFileURL(join(folder, "stages.mjs")));

const pointer = (path) => path.map((token) => "/" + String(token).replaceAll("~", "~0").replaceAll("/", "~1")).join("");
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function send(event, push, outcome, warnings) {
  const answer = {};
  outcome.current = answer;
  warnings.length = 0;
  push(JSON.parse(JSON.stringify(event)));
  if (!("accept" in answer) && !answer.fatal) answer.dropped = true;
  if ("accept" in answer && same(answer.accept, event)) delete answer.accept;
  const removed = warnings.map((text) => /Removed unrecognised material at '(.*)' on /.exec(text)?.[1]).filter((path) => path !== undefined);
  const converted = warnings.map((text) => /Converting deprecated (.*) to (.*)\. The old shape/.exec(text)?.slice(1)).filter((pair) => pair);
  if (removed.length) answer.removed = removed;
  if (converted.length) answer.converted = converted;
  return answer;
}

let number = 0;
function run(events) {
  number += 1;
  let minted = 0;
  globalThis.mint = () => `minted-${(minted += 1)}`;
  const warnings = [];
  console.warn = (text) => warnings.push(text);
  const outcome = {};
  const open = () => {
    const subject = new Subject();
    subject.pipe(boundary, enforceEvents()).subscribe({
      next: (value) => { outcome.current.accept = value; },
      error: (error) => {
        outcome.current.fatal = error.issues ? error.issues.map((issue) => [pointer(issue.path), issue.message]) : [[null, error.message]];
      },
    });
    return subject;
  };
  const boundary = compatibilityBoundaryOperator();
  let subject = open();
  for (const event of events) {
    const answer = send(event, (value) => subject.next(value), outcome, warnings);
    process.stdout.write(JSON.stringify({ case: number, event, ...answer }) + "\n");
  }
}

const patch = [{ op: "add", path: "/a", value: 1 }];
const text = { type: "text", text: "t" };
const image = { type: "image", source: { type: "url", value: "u" } };
const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
const messages = {
  developer: { id: "m", role: "developer", content: "x" },
  system: { id: "m", role: "system", content: "x" },
  user: { id: "m", role: "user", content: "x" },
  assistant: { id: "m", role: "assistant", content: "x", toolCalls: [call] },
  tool: { id: "m", role: "tool", toolCallId: "c", content: "x" },
  activity: { id: "m", role: "activity", activityType: "a", content: {} },
  reasoning: { id: "m", role: "reasoning", content: "x" },
};
const interrupt = { id: "i", reason: "r" };
const input = { threadId: "t", runId: "r", state: {}, messages: [messages.user], tools: [], context: [], forwardedProps: {} };
const whole = [
  { type: "RUN_STARTED", threadId: "t", runId: "r", protocolVersion: "1.0", parentRunId: "p", input },
  { type: "RUN_FINISHED", threadId: "t", runId: "r", result: 1, outcome: { type: "success" }, usage: [{ provider: "p", inputTokens: 1 }] },
  { type: "RUN_ERROR", message: "m", code: "c", usage: [] },
  { type: "STEP_STARTED", stepName: "s" },
  { type: "STEP_FINISHED", stepName: "s" },
  { type: "TEXT_MESSAGE_START", messageId: "m", role: "user", name: "n" },
  { type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta: "d" },
  { type: "TEXT_MESSAGE_END", messageId: "m" },
  { type: "TEXT_MESSAGE_CHUNK", messageId: "m", role: "system", delta: "d", name: "n" },
  { type: "TOOL_CALL_START", toolCallId: "c", toolCallName: "f", parentMessageId: "m" },
  { type: "TOOL_CALL_ARGS", toolCallId: "c", delta: "d" },
  { type: "TOOL_CALL_END", toolCallId: "c" },
  { type: "TOOL_CALL_CHUNK", toolCallId: "c", toolCallName: "f", parentMessageId: "m", delta: "d" },
  { type: "TOOL_CALL_RESULT", messageId: "m", toolCallId: "c", content: "x", role: "tool" },
  { type: "STATE_SNAPSHOT", snapshot: { a: [1, null] } },
  { type: "STATE_DELTA", delta: patch },
  { type: "MESSAGES_SNAPSHOT", messages: Object.values(messages) },
  { type: "ACTIVITY_SNAPSHOT", messageId: "m", activityType: "a", content: {}, replace: false },
  { type: "ACTIVITY_DELTA", messageId: "m", activityType: "a", patch },
  { type: "RAW", event: null, source: "s" },
  { type: "CUSTOM", name: "n", value: null },
  { type: "REASONING_START", messageId: "m" },
  { type: "REASONING_END", messageId: "m" },
  { type: "REASONING_MESSAGE_START", messageId: "m", role: "reasoning" },
  { type: "REASONING_MESSAGE_CONTENT", messageId: "m", delta: "d" },
  { type: "REASONING_MESSAGE_END", messageId: "m" },
  { type: "REASONING_MESSAGE_CHUNK", messageId: "m", delta: "d" },
  { type: "REASONING_ENCRYPTED_VALUE", subtype: "message", entityId: "m", encryptedValue: "e" },
  { type: "SUBAGENT_STARTED", subagentRunId: "s", name: "n", description: "d", parentSubagentRunId: "p", parentToolCallId: "c", parentMessageId: "m" },
  { type: "SUBAGENT_FINISHED", subagentRunId: "s", result: 1, outcome: { type: "suspended", interruptIds: ["i"] } },
  { type: "SUBAGENT_ERROR", subagentRunId: "s", message: "m", code: "c" },
];
const values = [null, "", 7, 1.5, true, {}, []];
const base = { timestamp: 1, rawEvent: { a: null }, metadata: { k: null }, subagentRunId: "s" };
const without = (value, key) => Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
const shapes = new Map(EventSchema.options.map((option) => [option.shape.type.def.values[0], Object.keys(option.shape)]));

// Every event as it should be, with everything, with something unknown, and
// with each of its own members missing, or of each sort of JSON.
for (const event of whole) {
  run([event]);
  run([{ ...event, ...base, unknown: 1, toString: 2 }]);
  for (const key of shapes.get(event.type).filter((key) => key !== "type")) {
    const own = key in event;
    if (own) run([without(event, key)]);
    const tried = own || event.type === "TEXT_MESSAGE_END" ? values : [null];
    for (const value of tried) run([{ ...event, [key]: value }]);
  }
}

// Numbers.
for (const timestamp of [-1, 9007199254740991, 9007199254740992, -9007199254740991, -9007199254740992, 1e300]) run([{ ...whole[3], timestamp }]);
for (const inputTokens of [0, -1, 0.5, 9007199254740992, null, "1"]) run([{ ...whole[1], usage: [{ inputTokens }, { unknown: 1 }] }]);

// Messages by role.
for (const message of Object.values(messages)) {
  const snapshot = (changed) => run([{ type: "MESSAGES_SNAPSHOT", messages: [changed] }]);
  snapshot({ ...message, unknown: 1, subagentRunId: "s", metadata: {}, encryptedValue: "e", name: "n" });
  for (const key of ["id", "role", "content", "name", "encryptedValue", "metadata", "subagentRunId", "toolCalls", "toolCallId", "error", "activityType"]) {
    if (key in message) snapshot(without(message, key));
    for (const value of [null, 7, {}, []]) snapshot({ ...message, [key]: value });
  }
}
for (const one of [null, 7, "x", [], {}, { role: "other" }]) run([{ type: "MESSAGES_SNAPSHOT", messages: [messages.user, one] }]);
run([{ type: "MESSAGES_SNAPSHOT", messages: [{ role: "future", id: "f" }, messages.user, { role: "future" }] }]);

// Tool calls.
for (const changed of [
  { id: null }, { id: 7 }, { type: "other" }, { type: null }, { unknown: 1 }, { function: null }, { function: [] }, { function: {} },
  { function: { name: "f", arguments: {} } }, { function: { name: "f", arguments: "", unknown: 1 } }, { encryptedValue: null }, { metadata: null },
  { metadata: [] }, { metadata: { a: null } }, { subagentRunId: "s" },
]) run([{ type: "MESSAGES_SNAPSHOT", messages: [{ ...messages.assistant, toolCalls: [call, { ...call, ...changed }] }] }]);
for (const toolCalls of [[null], [[]], [7], {}]) run([{ type: "MESSAGES_SNAPSHOT", messages: [{ ...messages.assistant, toolCalls }] }]);

// Content parts and their sources, where they stand in a tool result and in a message.
const source = (type, more) => ({ type, value: "v", ...more });
const parts = [
  text, { ...text, id: "p", metadata: { a: 1 } }, { ...text, id: 7 }, { ...text, text: null }, { type: "text" }, { ...text, unknown: 1 }, { ...text, metadata: null }, { ...text, metadata: 0 },
  image, { ...image, id: null }, { ...image, metadata: null }, { ...image, metadata: "x" }, { type: "image" }, { ...image, source: null }, { ...image, source: [] }, { ...image, source: "x" },
  { ...image, source: source("data") }, { ...image, source: source("data", { mimeType: "m" }) }, { ...image, source: source("data", { mimeType: 7 }) },
  { ...image, source: source("url", { mimeType: null }) }, { ...image, source: source("url", { unknown: 1 }) }, { ...image, source: source("file", { provider: "p", mimeType: "m" }) },
  { ...image, source: source("file", { provider: null }) }, { ...image, source: source("future", { unknown: 1 }) }, { ...image, source: {} }, { ...image, unknown: 1, source: source("future") },
  { ...image, type: "audio" }, { ...image, type: "video" }, { ...image, type: "document" }, { ...image, type: "future" }, {}, null, [], 7, "x",
  { type: "binary", mimeType: "image/png", data: "d" }, { type: "binary", mimeType: "audio/x", url: "u", filename: "f" }, { type: "binary", mimeType: "video/x", data: "d", url: "u" },
  { type: "binary", mimeType: "a/b", data: "d", unknown: 1 }, { type: "binary", mimeType: "a/b", id: "i" }, { type: "binary", data: "d" }, { type: "binary", mimeType: "a/b", data: "" },
  { type: "binary", mimeType: "a/b", data: 7 }, { type: "binary", mimeType: "a/b", data: 0, url: "u", filename: 7 }, { type: "binary", mimeType: null, data: "d" },
];
for (const part of parts) {
  run([{ type: "TOOL_CALL_RESULT", messageId: "m", toolCallId: "c", content: [text, part] }]);
  run([{ type: "MESSAGES_SNAPSHOT", messages: [{ ...messages.user, content: [part, text] }] }]);
  run([{ type: "RUN_STARTED", threadId: "t", runId: "r", input: { ...input, messages: [{ ...messages.tool, content: [part] }] } }]);
}
const legacy = { type: "binary", mimeType: "image/png", data: "d", filename: "f" };
const modern = { type: "image", source: { type: "data", value: "d", mimeType: "image/png" } };
for (const content of [
  [legacy, modern], [modern, legacy], [legacy, { ...modern, metadata: { filename: "f" } }], [without(legacy, "filename"), modern], [legacy, legacy],
  [without(legacy, "filename"), { ...modern, source: { ...modern.source, mimeType: "image/gif" } }], [legacy, { ...modern, metadata: { filename: "g" } }], [legacy, [], null],
]) run([{ type: "MESSAGES_SNAPSHOT", messages: [{ ...messages.user, content }] }]);
run([{ type: "MESSAGES_SNAPSHOT", messages: [{ ...messages.developer, content: [legacy] }] }]);

// JSON Patch operations.
for (const operation of [
  null, 7, [], {}, { op: "add" }, { op: "add", path: "/a" }, { op: "add", path: "/a", value: null }, { op: "add", path: "a", value: 1 }, { op: "add", path: "", value: 1 },
  { op: "add", path: "/~", value: 1 }, { op: "add", path: "/~0~1/", value: 1 }, { op: "add", path: null, value: 1 }, { op: "add", path: "/a", value: 1, more: { x: 1 } },
  { op: "remove", path: "/a", value: 1 }, { op: "remove" }, { op: "replace", path: "/a" }, { op: "test", path: "/a" }, { op: "move", path: "/a" }, { op: "move", path: "/a", from: "b" },
  { op: "copy", path: "/a", from: "/b" }, { op: "copy", path: 7, from: 7 }, { op: "merge", path: "/a" }, { op: null, path: "/a" }, { op: "ADD", path: "/a", value: 1 },
  { op: "add", path: "/a\nb", value: 1 }, { op: "add", path: "/a\n", value: 1 }, { op: "add", path: "\n", value: 1 },
]) {
  run([{ type: "STATE_DELTA", delta: [patch[0], operation] }]);
  run([{ type: "ACTIVITY_DELTA", messageId: "m", activityType: "a", patch: [operation] }]);
}

// Outcomes.
for (const outcome of [
  { type: "success", pendingToolCallIds: ["c"] }, { type: "success", pendingToolCallIds: null }, { type: "success", pendingToolCallIds: [7, "c", null] }, { type: "success", unknown: 1 },
  { type: "interrupt" }, { type: "interrupt", interrupts: [] }, { type: "interrupt", interrupts: null }, { type: "interrupt", interrupts: [interrupt] }, { type: "interrupt", interrupts: [null, {}, []] },
  { type: "interrupt", interrupts: [{ ...interrupt, message: "m", toolCallId: "c", responseSchema: {}, expiresAt: "e", metadata: {}, subagentRunId: "s", unknown: 1 }] },
  { type: "interrupt", interrupts: [{ ...interrupt, message: null, toolCallId: null, responseSchema: null, expiresAt: 7, metadata: null, subagentRunId: null }] },
  { type: "interrupt", interrupts: [{ ...interrupt, responseSchema: [] }] }, { type: "cancelled" }, { type: "cancelled", reason: "r" }, { type: "future", interrupts: [] }, {}, null, [], 7, "success",
  { type: "suspended" }, { type: "suspended", interruptIds: null }, { type: "suspended", interruptIds: [7] }, { type: "suspended", interruptIds: [], unknown: 1 },
]) {
  run([{ type: "RUN_FINISHED", threadId: "t", runId: "r", outcome }]);
  run([{ type: "SUBAGENT_FINISHED", subagentRunId: "s", outcome }]);
}
run([{ type: "RUN_FINISHED", threadId: "t", runId: "r", rawEvent: null, result: null, outcome: null }]);
for (const usage of [null, {}, [null], [[]], [[1]], [7], [{ provider: null }], [{ model: 7 }], [{}]]) run([{ type: "RUN_ERROR", message: "m", usage }]);

// The echoed input.
for (const changed of [
  { threadId: null }, { runId: 7 }, { protocolVersion: null }, { parentRunId: null }, { state: null }, { state: 7 }, { messages: null }, { messages: {} }, { messages: [null] }, { messages: "x" },
  { tools: null }, { tools: [null] }, { tools: [{}] }, { tools: [{ name: "f", description: "d", parameters: null, metadata: {}, unknown: 1 }] }, { tools: [{ name: "f", description: "d", metadata: null }] },
  { tools: [{ name: "f", description: "d", parameters: 7 }] }, { tools: {} }, { context: null }, { context: [{ description: "d", value: 7 }] }, { context: [{ description: "d", value: "v", unknown: 1 }] },
  { forwardedProps: null }, { forwardedProps: 7 }, { resume: null }, { resume: [] }, { resume: [{ interruptId: "i", status: "resolved", payload: null }] },
  { resume: [{ interruptId: "i", status: "cancelled", payload: 0, metadata: {} }] }, { resume: [{ interruptId: "i", status: "other" }] }, { resume: [{ interruptId: 7, metadata: null, unknown: 1 }] }, { unknown: 1 },
]) run([{ type: "RUN_STARTED", threadId: "t", runId: "r", input: { ...input, ...changed } }]);
run([{ type: "RUN_STARTED", threadId: "t", runId: "r", input: { threadId: "t", runId: "r", messages: [] } }]);
for (const one of [null, [], "x", 7, {}]) run([{ type: "RUN_STARTED", threadId: "t", runId: "r", input: one }]);

// Retired and unknown types.
run([
  { type: "THINKING_START", title: "t" }, { type: "THINKING_TEXT_MESSAGE_START" }, { type: "THINKING_TEXT_MESSAGE_CONTENT", delta: "d" },
  { type: "THINKING_TEXT_MESSAGE_END" }, { type: "THINKING_TEXT_MESSAGE_START", messageId: "kept?", role: "assistant" },
  { type: "THINKING_TEXT_MESSAGE_CONTENT", delta: "d", timestamp: 1, unknown: 1 }, { type: "THINKING_END" }, { type: "THINKING_START", title: null },
]);
for (const type of ["THINKING_TEXT_MESSAGE_CONTENT", "THINKING_TEXT_MESSAGE_END", "THINKING_END"]) run([{ type, delta: "d" }, { type }]);
run([{ type: "THINKING_TEXT_MESSAGE_CONTENT", delta: 7 }]);
run([{ type: "THINKING_START", rawEvent: null }]);
for (const type of ["META", "RunStarted", "run_started", "THINKING_CONTENT", "toString", "__proto__"]) run([{ type, threadId: 7 }]);
