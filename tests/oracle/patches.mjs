// What the client's JSON Patch makes of cases, a line each:
// `document | operations`. Prints the line with ` | ` and the outcome:
// JSON, `undefined`, or `fails`.
//
// node tests/oracle/patches.mjs < cases > crates/session/src/fold/patch/client.txt

import { createInterface } from "node:readline";
import { require } from "./client.mjs";

const { applyPatch } = require("fast-json-patch");

for await (const line of createInterface({ input: process.stdin })) {
  const [document, operations] = line.split(" | ");
  let outcome;
  try {
    const patched = applyPatch(JSON.parse(document), JSON.parse(operations), true, false).newDocument;
    outcome = JSON.stringify(structuredClone(patched)) ?? "undefined";
  } catch {
    outcome = "fails";
  }
  console.log([document, operations, outcome].join(" | "));
}
