// Compares what `scrubjay state --all` says with what the official client holds.
//
// Takes a file of JSON lines {name, folder, status, contentType}. A folder has
// `request`, `body`, `events.jsonl` and `state.jsonl`. Prints a line for each
// exchange that differs, and exits with 1 if there is one.
//
// Judged is what a client reads as a stream of events: a 2xx answer, not in
// protobuf. Ids that the client mints at random are renamed on both sides in
// the order of their appearance; they are those that stand neither in the
// request nor in the body.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { drive, inputOf } from "./client.mjs";

const lines = (path) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/** Renames ids that occur in neither of the texts. */
function renamer(...texts) {
  const names = new Map();
  const isKnown = (id) => texts.some((text) => text.includes(id) || text.includes(JSON.stringify(id).slice(1, -1)));
  const rename = (value, key) => {
    if (Array.isArray(value)) return value.map((element) => rename(element));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rename(inner, name)]));
    }
    if (key !== "id" || typeof value !== "string" || isKnown(value)) return value;
    if (!names.has(value)) names.set(value, `minted ${names.size + 1}`);
    return names.get(value);
  };
  return (value) => rename(value);
}

function inputIn(text) {
  try {
    return inputOf(JSON.parse(text));
  } catch {
    return {};
  }
}

async function differenceOf({ folder, status, contentType }) {
  const body = readFileSync(`${folder}/body`);
  const request = readFileSync(`${folder}/request`, "utf8");
  const ours = lines(`${folder}/state.jsonl`);
  const events = lines(`${folder}/events.jsonl`);
  const ends = events.map(({ offset, len }) => offset + len);
  if ((ends.at(-1) ?? 0) < body.length) ends.push(body.length);
  const pieces = ends.map((end, place) => new Uint8Array(body.subarray(ends[place - 1] ?? 0, end)));
  const theirs = await drive({ input: inputIn(request), pieces, contentType, status });

  const texts = [request, body.toString("utf8")];
  const [ourNames, theirNames] = [renamer(...texts), renamer(...texts)];
  let messages, state;
  for (const [place, step] of theirs.steps.entries()) {
    messages = step.messages ?? messages;
    if (step.hasstate) state = step.state;
    // What follows the last frame is no frame of ours.
    if (place > events.length) break;
    const line = ours.find(({ seq }) => seq === place);
    if (line === undefined) {
      if (place === 0) continue;
      return `#${place} is missing`;
    }
    for (const [what, wanted, given] of [
      ["messages", theirNames(messages), ourNames(line.messages)],
      ["state", state ?? {}, line.state],
    ]) {
      if (!isDeepStrictEqual(given, wanted)) return `#${place} ${what}: ${brief(given)} for ${brief(wanted)}`;
    }
  }
  return stopDifference(ours.at(-1)?.stopped ?? null, theirs.stop);
}

function stopDifference(ours, theirs) {
  if (ours === null && theirs === null) return null;
  if (ours === null) return `the client stops at #${theirs.seq}: ${theirs.message}`;
  if (theirs === null) return `stops at #${ours.seq} by ${ours.rule}; the client does not`;
  if (ours.seq !== theirs.seq) return `stops at #${ours.seq} by ${ours.rule}; the client at #${theirs.seq}: ${theirs.message}`;
  return null;
}

function brief(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

const isJudged = ({ status, contentType }) =>
  status >= 200 && status < 300 && (contentType ?? "").startsWith("text/event-stream");

let judged = 0;
let differing = 0;
for (const asked of lines(process.argv[2])) {
  if (!isJudged(asked)) continue;
  judged += 1;
  const difference = await differenceOf(asked);
  if (difference === null) continue;
  differing += 1;
  console.log(`${asked.name}: ${difference}`);
}
console.error(`oracle: ${judged} exchanges judged event by event, ${differing} differ`);
process.exit(differing === 0 ? 0 : 1);
