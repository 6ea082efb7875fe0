// At which frame each published client gives up.
//
//   node clients.mjs FAMILY.jsonl...            a line for each sequence, for all clients
//   node clients.mjs --version 0.0.59 FAMILY…   for one of them, as {family, id, stop}
//
// The clients are looked for in `target/clients`; releases before 0.0.34 are
// not asked, because they refuse events that nearly every stream has. Each has
// a process of its own, and its `HttpAgent` is given the answer in the place of
// `fetch`, a frame at a time. The first line lists the versions. `stops` of the
// others has the number of the frame, and the versions that give up there.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);
const home = fileURLToPath(new URL("../../target/clients/package.json", import.meta.url));
const require = createRequire(home);

function sequencesOf(paths) {
  return paths.flatMap((path) => {
    const lines = readFileSync(path, "utf8").split("\n").filter((line) => line.trim() !== "");
    return lines.map((line) => ({ family: basename(path), asked: JSON.parse(line) }));
  });
}

// ---- one client -------------------------------------------------------------

const coded = new TextEncoder();

function piecesOf({ frames, body }) {
  if (body === undefined) return frames.map((text) => coded.encode(`data: ${text}\n\n`));
  return body.split(/(?<=\n\n)/).map((piece) => coded.encode(piece));
}

/** Promises and stream reads have run dry. */
async function rest() {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

async function stopOf(HttpAgent, asked) {
  let [controller, stop, seq] = [null, null, 0];
  const giveUp = () => (stop ??= seq);
  // Some releases let an error escape from their subscriptions.
  process.on("uncaughtException", giveUp);
  process.on("unhandledRejection", giveUp);
  const stream = new ReadableStream({ start: (given) => (controller = given) });
  globalThis.fetch = async () => new Response(stream, { headers: { "content-type": "text/event-stream" } });
  const { threadId, messages, state, runId, tools, context, forwardedProps, resume } = asked.input;
  const agent = new HttpAgent({ url: "http://agent/", threadId, initialMessages: messages ?? [], initialState: state });
  agent.runAgent({ runId, tools, context, forwardedProps, resume }).catch(giveUp);
  await rest();
  for (const piece of piecesOf(asked)) {
    seq += 1;
    if (stop !== null) break;
    try {
      controller.enqueue(piece);
    } catch {
      // The client has cancelled the stream.
    }
    await rest();
  }
  if (stop === null) {
    try {
      controller.close();
    } catch {
      // As above.
    }
    await rest();
    await rest();
  }
  process.off("uncaughtException", giveUp);
  process.off("unhandledRejection", giveUp);
  return stop;
}

async function ask(version, paths) {
  const { HttpAgent } = require(`client-${version}`);
  for (const name of ["log", "warn", "error", "debug", "info"]) console[name] = () => {};
  for (const { family, asked } of sequencesOf(paths)) {
    const stop = await stopOf(HttpAgent, asked);
    process.stdout.write(`${JSON.stringify({ family, id: asked.id, stop })}\n`);
  }
}

// ---- all clients ------------------------------------------------------------

/** `a to c` for neighbours in the list. */
function rangesOf(chosen, versions) {
  const ranges = [];
  let before = -2;
  for (const version of chosen) {
    const place = versions.indexOf(version);
    if (place === before + 1) ranges.at(-1)[1] = version;
    else ranges.push([version, version]);
    before = place;
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first} to ${last}`)).join(", ");
}

function askAll(paths) {
  const { dependencies } = JSON.parse(readFileSync(home, "utf8"));
  const versions = Object.keys(dependencies).map((name) => name.replace("client-", ""));
  const stops = versions.map((version) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [here, "--version", version, ...paths], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`${version}: ${stderr}`);
    return stdout.trim().split("\n").map((line) => JSON.parse(line).stop);
  });
  process.stdout.write(`${JSON.stringify({ versions })}\n`);
  sequencesOf(paths).forEach(({ family, asked }, place) => {
    const byFrame = {};
    versions.forEach((version, of) => {
      const stop = stops[of][place];
      if (stop !== null) (byFrame[stop] ??= []).push(version);
    });
    const ranges = Object.entries(byFrame).map(([frame, chosen]) => [frame, rangesOf(chosen, versions)]);
    process.stdout.write(`${JSON.stringify({ family, id: asked.id, stops: Object.fromEntries(ranges) })}\n`);
  });
}

const paths = process.argv.slice(2);
if (paths[0] === "--version") {
  await ask(paths[1], paths.slice(2));
  process.exit(0);
}
askAll(paths);
