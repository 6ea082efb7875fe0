// Says where the official client gives up, and by which of our rules.
//
// Reads JSON lines {id, input, frames}, {id, input, body} or {id, input,
// bodyB64, ends}: the text of each event's data, the whole body, or its bytes
// and where frames end; optional contentType. Prints for each {id, stop}, the
// stop being null or {seq, rule, message}. `cargo xtask scenarios` calls it.

import { createInterface } from "node:readline";
import { drive, inputOf } from "./client.mjs";
import { ruleOf } from "./rules.mjs";

const coded = new TextEncoder();

function piecesOf({ frames, body, bodyB64, ends }) {
  if (bodyB64 !== undefined) {
    const bytes = Buffer.from(bodyB64, "base64");
    return ends.map((end, place) => new Uint8Array(bytes.subarray(ends[place - 1] ?? 0, end)));
  }
  if (body === undefined) return frames.map((text) => coded.encode(`data: ${text}\n\n`));
  return body.split(/(?<=\n\n)/).map((piece) => coded.encode(piece));
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === "") continue;
  const asked = JSON.parse(line);
  const { stop } = await drive({ input: inputOf(asked.input), pieces: piecesOf(asked), contentType: asked.contentType });
  const told = stop === null ? null : { seq: stop.seq, rule: ruleOf(stop.message), message: stop.message };
  process.stdout.write(`${JSON.stringify({ id: asked.id, stop: told })}\n`);
}
