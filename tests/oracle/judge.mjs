// Says where the official client gives up, and by which of our rules.
//
// Reads JSON lines {id, input, frames} or {id, input, body}: the text of each
// event's data, or the whole body. Prints for each {id, stop}, the stop being
// null or {seq, rule, message}. `cargo xtask scenarios` calls it.

import { createInterface } from "node:readline";
import { drive } from "./client.mjs";
import { ruleOf } from "./rules.mjs";

const coded = new TextEncoder();

function piecesOf({ frames, body }) {
  if (body === undefined) return frames.map((text) => coded.encode(`data: ${text}\n\n`));
  return body.split(/(?<=\n\n)/).map((piece) => coded.encode(piece));
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === "") continue;
  const asked = JSON.parse(line);
  const { stop } = await drive({ input: asked.input, pieces: piecesOf(asked) });
  const told = stop === null ? null : { seq: stop.seq, rule: ruleOf(stop.message), message: stop.message };
  process.stdout.write(`${JSON.stringify({ id: asked.id, stop: told })}\n`);
}
