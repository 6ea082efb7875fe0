// Looks for secrets in a recording file. It knows the file format and the
// encodings, and nothing of the program that wrote the file.
//
// node planted.mjs FILE SECRETS, where SECRETS is a JSON list of
// {"value", "place"}. Prints a line for each that it finds.

import { readFileSync } from "node:fs";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

const [file, secretsFile] = process.argv.slice(2);
const secrets = JSON.parse(readFileSync(secretsFile, "utf8"));
let bytes = readFileSync(file);
if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);

/** Texts to search, each with where it comes from. */
const texts = [];
const seen = new Set();

function add(text, from, depth = 0) {
  if (typeof text !== "string" || text.length < 4 || depth > 6 || seen.has(text)) return;
  seen.add(text);
  texts.push([text, from]);
  const trimmed = text.trim();
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) {
    try {
      walk(JSON.parse(trimmed), from, depth + 1);
    } catch {
      // It is no JSON, and was added as a text.
    }
  }
  if (/%[0-9a-f]{2}/i.test(text)) {
    try {
      add(decodeURIComponent(text), from, depth + 1);
    } catch {
      // It is not encoded.
    }
  }
  for (const run of text.match(/[A-Za-z0-9+/_-]{16,}={0,2}/g) ?? []) {
    const inner = Buffer.from(run.replaceAll("-", "+").replaceAll("_", "/"), "base64");
    add(inner.toString("utf8"), from, depth + 1);
  }
}

/** Names and strings of a value, and its strings with the same way to them joined. */
function walk(value, from, depth = 0) {
  if (typeof value === "string") return add(value, from, depth);
  if (typeof value === "number") return add(String(value), from, depth);
  if (value === null || typeof value !== "object") return;
  for (const [name, member] of Object.entries(value)) {
    add(name, from, depth);
    walk(member, `${from}/${Array.isArray(value) ? "*" : name}`, depth);
  }
}

const joined = new Map();

/** Puts together what comes in pieces: strings of the same events at the same place. */
function join(event, way, key) {
  if (typeof event === "string") {
    joined.set(key + way, (joined.get(key + way) ?? "") + event);
  } else if (event !== null && typeof event === "object") {
    for (const [name, member] of Object.entries(event)) join(member, `${way}/${name}`, key);
  }
}

function decoded(body, headers) {
  const coding = headers.filter(([name]) => name.toLowerCase() === "content-encoding").map(([, value]) => value)[0];
  switch (coding) {
    case "gzip": return gunzipSync(body);
    case "deflate": return inflateSync(body);
    case "br": return brotliDecompressSync(body);
    default: return body;
  }
}

/** A body of event streams, of JSON or of records. */
function body(bytes, from) {
  const text = bytes.toString("utf8");
  add(text, from);
  add(bytes.toString("latin1"), from);
  for (const frame of text.split(/\r?\n\r?\n/)) {
    const data = frame.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
    if (data.length > 0) event(data.join("\n"), from);
  }
  // Records: each text of a message is in it as it is, after its length.
  for (let at = 0; at + 4 <= bytes.length; ) {
    const len = bytes.readUInt32BE(at);
    if (len > bytes.length - at - 4) break;
    fields(bytes.subarray(at + 4, at + 4 + len), from, "record");
    at += 4 + len;
  }
}

function varint(bytes, at) {
  let value = 0;
  for (let shift = 1; at < bytes.length; shift *= 128) {
    value += (bytes[at] & 127) * shift;
    if (bytes[at++] < 128) return [value, at];
  }
  return [0, bytes.length + 1];
}

/** Every field of a message that may be a text or a message. */
function fields(bytes, from, way) {
  for (let at = 0; at < bytes.length; ) {
    let tag, value;
    [tag, at] = varint(bytes, at);
    if ((tag & 7) === 0) [value, at] = varint(bytes, at);
    else if ((tag & 7) === 1) at += 8;
    else if ((tag & 7) === 5) at += 4;
    else if ((tag & 7) === 2) {
      [value, at] = varint(bytes, at);
      if (at + value > bytes.length) return;
      const inner = bytes.subarray(at, at + value);
      const place = `${way}.${tag >> 3}`;
      add(inner.toString("utf8"), from);
      joined.set(from + place, (joined.get(from + place) ?? "") + inner.toString("utf8"));
      fields(inner, from, place);
      at += value;
    } else return;
  }
}

function event(text, from) {
  try {
    const value = JSON.parse(text);
    walk(value, `${from} ${value?.type}`);
    const id = value?.messageId ?? value?.toolCallId ?? "";
    join(value, "", `${from} ${String(value?.type).replace("_CHUNK", "_CONTENT")} ${id}`);
  } catch {
    // A frame that is no JSON was added with the body.
  }
}

add(bytes.toString("utf8"), "the file");
for (const line of bytes.toString("utf8").split("\n").filter(Boolean)) {
  const value = JSON.parse(line);
  const ours = value.scrubjay ?? {};
  walk(value, value.kind);
  if (value.event) event(JSON.stringify(value.event), `${value.connId} event`);
  for (const member of [ours, ours.request ?? {}]) {
    for (const name of ["bodyB64", "rawB64", "tailB64"].filter((name) => member[name])) {
      const raw = Buffer.from(member[name], "base64");
      const headers = member === ours ? ours.response?.headers ?? [] : ours.request.headers;
      body(decoded(raw, headers), `${value.connId} ${name}`);
    }
  }
  for (const name of ["raw", "tail"].filter((name) => ours[name])) body(Buffer.from(ours[name]), `${value.connId} ${name}`);
}
for (const [way, text] of joined) add(text, way);

let found = 0;
for (const { value, place } of secrets) {
  // Half of a key is most of it.
  const half = Math.ceil(value.length * 0.6);
  const parts = half >= 12 ? [value, value.slice(0, half), value.slice(-half)] : [value];
  const hit = texts.find(([text]) => parts.some((part) => text.includes(part)));
  if (hit) {
    found += 1;
    console.log(`${place}: ${value} in ${hit[1]}: ${hit[0].slice(0, 200)}`);
  }
}
console.log(`${secrets.length} secrets, ${texts.length} texts, ${found} found`);
process.exitCode = found === 0 ? 0 : 1;
