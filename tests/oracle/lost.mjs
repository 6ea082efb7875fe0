// Patches of an agent some of which the client drops, for a seed, and where the
// client's state differs from the agent's after each, a line a run:
// `{ state, deltas, differs }`, `differs` a list of pointers for each delta.
//
// The agent's state takes every operation that applies to it by itself; the
// client's takes a patch whole or not at all. A patch whose `test` fails is not
// meant to apply, so the agent's state goes without it too.
//
// node tests/oracle/lost.mjs 7 60 > crates/session/tests/fold/lost.client.jsonl

import { require } from "./client.mjs";

const { applyOperation, applyPatch, compare } = require("fast-json-patch");

let state = Number(process.argv[2] ?? 1);
const count = Number(process.argv[3] ?? 10);

/** A whole number below `below`; the same for the same seed. */
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

const pick = (items) => items[random(items.length)];
const copy = (value) => structuredClone(value);

function value(depth) {
  switch (depth > 0 ? random(4) : 3) {
    case 0:
      return { a: value(depth - 1), b: value(depth - 1) };
    case 1:
      return [value(depth - 1), value(depth - 1), value(0)];
    default:
      return random(1000);
  }
}

/** Pointers of all values below the root. */
function pointers(value, at = "") {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => [`${at}/${name}`, ...pointers(child, `${at}/${name}`)]);
}

function held(document, pointer) {
  return pointer.split("/").slice(1).reduce((value, token) => value?.[token], document);
}

/** An operation that applies to the document. */
function operation(document, theirs, isFirst) {
  const path = pick(pointers(document));
  const parent = path.slice(0, path.lastIndexOf("/"));
  const isItem = Array.isArray(held(document, parent));
  switch (random(8)) {
    case 0:
      return isItem ? { op: "add", path, value: value(1) } : { op: "add", path: `${parent}/${pick(["a", "b", "c", "d"])}`, value: value(2) };
    case 1:
      return isItem ? { op: "add", path: `${parent}/-`, value: value(0) } : { op: "replace", path, value: value(2) };
    case 2:
      return parent !== "" ? { op: "remove", path } : { op: "replace", path, value: value(2) };
    case 3:
      // Of a test of a branch in which something is lost it cannot be said why it fails.
      if (!isFirst || typeof held(document, path) === "object") return { op: "replace", path, value: value(0) };
      return { op: "test", path, value: copy(held(document, path)) };
    case 4:
      // Of what is copied out of a lost branch it cannot be said what was meant.
      if (JSON.stringify(held(theirs, path)) !== JSON.stringify(held(document, path))) return { op: "replace", path, value: value(0) };
      return isItem ? { op: "replace", path, value: value(0) } : parent === "" ? { op: "copy", from: path, path: `/${pick(["m", "n"])}` } : { op: "move", from: path, path: `/${pick(["m", "n"])}` };
    default:
      return { op: "replace", path, value: value(1) };
  }
}

function applied(document, operation) {
  return applyOperation(document, operation, true, false).newDocument;
}

/** The agent's state after a patch, or before it when a `test` fails. */
function meant(document, patch) {
  let next = document;
  for (const operation of patch) {
    try {
      next = applied(next, operation);
    } catch {
      if (operation.op === "test") return document;
    }
  }
  return next;
}

function client(document, patch) {
  try {
    return applyPatch(document, patch, true, false).newDocument;
  } catch {
    return document;
  }
}

/** A patch that the agent makes; now and then one operation of it is wrong. */
function patch(document, theirs) {
  const operations = [];
  for (let left = 1 + random(3); left > 0; left -= 1) {
    const next = operation(document, theirs, operations.length === 0);
    operations.push(next);
    document = applied(document, next);
  }
  if (random(3) === 0) {
    const wrong = random(8) === 0 ? { op: "test", path: "", value: 0 } : { op: "replace", path: "/no/such/place", value: 1 };
    operations.splice(random(operations.length + 1), 0, wrong);
  }
  return operations;
}

for (let run = 0; run < count; run += 1) {
  const start = { a: value(2), b: value(2), l: [1, { a: 1, b: 2 }, 3] };
  let [theirs, ours] = [copy(start), copy(start)];
  const [deltas, differs] = [[], []];
  for (let step = 0; step < 14; step += 1) {
    const delta = patch(ours, theirs);
    // A state is set as a whole by a write of the root.
    if (random(20) === 0) delta.push({ op: "replace", path: "", value: { a: value(2), b: value(2) } });
    deltas.push(copy(delta));
    theirs = client(copy(theirs), copy(delta));
    ours = meant(copy(ours), copy(delta));
    differs.push(compare(theirs, ours).map((difference) => difference.path));
  }
  console.log(JSON.stringify({ state: start, deltas, differs }));
}
