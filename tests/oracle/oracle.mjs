// Says what the official client holds after each frame.
//
// Reads JSON lines: {id, input, frames: [text of each event's data]} or
// {id, input, bodyB64 or bodyHex, ends: [offset at which each frame ends]}; optional
// contentType, status, maxProtocolVersion.
// Prints for each: {id, steps: [{seq, messages, state, interrupts}], end,
// stop: null | {seq, message}, warnings}. Step 0 is the request; null in a
// step means "as before" unless `hasmessages`, `hasstate` stands beside it.

import { createInterface } from "node:readline";
import { drive } from "./client.mjs";

const coded = new TextEncoder();

function piecesOf({ frames, bodyB64, bodyHex, ends }) {
  if (frames !== undefined) return frames.map((text) => coded.encode(`data: ${text}\n\n`));
  const body = bodyHex === undefined ? Buffer.from(bodyB64, "base64") : Buffer.from(bodyHex, "hex");
  const cuts = ends ?? cutsOf(body);
  return cuts.map((end, place) => new Uint8Array(body.subarray(cuts[place - 1] ?? 0, end)));
}

/** Behind every LF LF, and at the end. */
function cutsOf(body) {
  const cuts = [];
  for (let from = 0; from < body.length; ) {
    const at = body.indexOf("\n\n", from);
    from = at < 0 ? body.length : at + 2;
    cuts.push(from);
  }
  return cuts;
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === "") continue;
  const asked = JSON.parse(line);
  const told = await drive({ ...asked, input: asked.input ?? {}, pieces: piecesOf(asked) });
  process.stdout.write(`${JSON.stringify({ id: asked.id, ...told })}\n`);
}
