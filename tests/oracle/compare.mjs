// Compares what `scrubjay state --all` says with the official client.
//
// node compare.mjs CASES: a JSON line a case, {name, folder, status,
// contentType, breaksOff}; the folder holds `request`, `body`, `events.jsonl` and
// `state.jsonl` (what the CLI printed). Prints a line a difference and exits
// 1 if there is one. Not compared: answers that are no event stream.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { drive, inputOf } from "./client.mjs";
import { isRule } from "./rules.mjs";

const STREAMS = /^text\/event-stream|^application\/vnd\.ag-ui\.event\+proto$/;
const RANDOM = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function lines(path) {
  return readFileSync(path, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** The value with ids that the client made at random numbered as they appear. */
function without(value, isMade) {
  const names = new Map();
  return JSON.parse(JSON.stringify(value ?? null), (key, member) => {
    if (typeof member !== "string" || !/^(id|messageId)$/.test(key) || !isMade(member)) return member;
    if (!names.has(member)) names.set(member, `made ${names.size}`);
    return names.get(member);
  });
}

function same(theirs, ours, known) {
  if (isDeepStrictEqual(theirs, ours)) return true;
  const made = without(theirs, (id) => RANDOM.test(id) && !known.includes(id));
  return isDeepStrictEqual(made, without(ours, (id) => /:\d+$/.test(id) && !known.includes(id)));
}

function excerpt(theirs, ours) {
  const [one, two] = [JSON.stringify(theirs) ?? "", JSON.stringify(ours) ?? ""];
  let at = 0;
  while (at < one.length && one[at] === two[at]) at += 1;
  const from = Math.max(0, at - 40);
  return `the client holds …${one.slice(from, at + 80)}, we …${two.slice(from, at + 80)}`;
}

async function compare({ name, folder, status, contentType, breaksOff }) {
  const isStream = STREAMS.test(contentType ?? "") && (status ?? 200) === 200;
  if (!isStream) return [];
  const body = readFileSync(`${folder}/body`);
  const request = readFileSync(`${folder}/request`, "utf8");
  const frames = lines(`${folder}/events.jsonl`);
  const held = new Map(lines(`${folder}/state.jsonl`).map((line) => [line.seq, line]));
  let input = {};
  try {
    input = inputOf(JSON.parse(request));
  } catch {
    // A request without JSON starts from nothing.
  }
  const pieces = frames.map(({ offset, len }) => new Uint8Array(body.subarray(offset, offset + len)));
  const told = await drive({ input, pieces, contentType, status, breaksOff });
  // A connection that breaks off is an ending, and no stop.
  if (breaksOff && told.stop?.message === "terminated") told.stop = null;
  const known = body.toString("utf8") + request;
  const differences = [];
  const differ = (seq, what) => differences.push(`${name} frame ${seq}: ${what}`);
  const now = {};
  for (const step of told.steps) {
    const last = step.seq === frames.length ? told.end : null;
    const ours = held.get(step.seq);
    const unlike = { messages: [], state: [] };
    for (const member of ["messages", "state"]) {
      for (const source of [step, last]) {
        if (source === null) continue;
        if (source[`has${member}`]) now[member] = source[member];
        // The end of the body may or may not belong to its last frame.
        if (ours !== undefined && !same(now[member], ours[member], known)) unlike[member].push(excerpt(now[member], ours[member]));
      }
      const sources = last === null ? 1 : 2;
      if (unlike[member].length === sources) differ(step.seq, `${member}: ${unlike[member][0]}`);
    }
    if (differences.length > 4) break;
  }
  const ours = [...held.values()].map((line) => line.stopped).find((stopped) => stopped !== null && stopped !== undefined);
  if (told.stop === null && ours !== undefined) differ(ours.seq, `we stop by ${ours.rule}, the client goes on`);
  if (told.stop !== null && ours === undefined) differ(told.stop.seq, `the client stops (${told.stop.message}), we go on`);
  if (told.stop !== null && ours !== undefined && (told.stop.seq !== ours.seq || !isRule(told.stop.message, ours.rule))) {
    differ(told.stop.seq, `the client stops (${told.stop.message}), we stop at ${ours.seq} by ${ours.rule}`);
  }
  for (const seq of told.steps.map((step) => step.seq)) {
    if (seq > 0 && !held.has(seq)) differ(seq, "there is no line of state for it");
  }
  return differences;
}

let count = 0;
for (const one of lines(process.argv[2])) {
  for (const difference of await compare(one)) {
    count += 1;
    console.log(difference);
  }
}
process.exitCode = count > 0 ? 1 : 0;
