// Which of our rules an error of the official client is.

const RULES = [
  [/^Failed to decode protocol buffer message/, "framing.record"],
  [/^The binary stream ended mid-frame/, "framing.cut"],
  [/^Protobuf message size exceeded/, "framing.over_10_mib"],
  [/already errored with 'RUN_ERROR'/, "V01"],
  [/already finished with 'RUN_FINISHED'/, "V02"],
  [/First event must be/, "V03"],
  [/while a run is still active/, "V04"],
  [/text message with ID .* already in progress/s, "V07"],
  [/No active text message/, "V08"],
  [/tool call with ID .* already in progress/s, "V09"],
  [/No active tool call/, "V10"],
  [/is already active for 'STEP_STARTED'/, "V11"],
  [/Cannot send 'STEP_FINISHED' for step/, "V12"],
  [/reasoning (message|span) with ID .* already in progress/s, "V13"],
  [/No active reasoning/, "V14"],
  [/A tool call belongs to the message that carries it/, "V18"],
  [/does not match the .* opener's subagent/s, "V17"],
  [/Cannot send 'SUBAGENT_STARTED'/, "V15"],
  [/no active subagent found/, "V16"],
  [/Cannot send 'RUN_FINISHED' while/, "V19"],
  [/First TOOL_CALL_CHUNK must have a toolCallName/, "chunk.no_name"],
  [/First \w+_CHUNK must have a/, "chunk.no_id"],
  [/chunk subagentRunId .* does not match the open stream/s, "chunk.owner"],
  [/chunk \w+ .* does not match the open stream/s, "chunk.conflict"],
  [/^Ambiguous /, "chunk.ambiguous"],
  [/SSE buffer size exceeded/, "framing.over_10_mib"],
  [/the frame is not a JSON object/, "framing.not_an_object"],
  [/the frame carries no event type/, "framing.no_type"],
  [/could not be cloned/, "apply.function"],
  [/^\s*\[\s*\{/, "schema.invalid"],
];

const JSON_FAILURE = / in JSON|JSON input|after JSON|not valid JSON/;

/** Failures of JSON.parse, which have one message and several causes. */
const BROKEN_JSON = ["json", "twice", "done", "empty_data", "two_events", "cut", "crlf"].map((name) => `framing.${name}`);

/** Our rule for an error of the client; broken JSON has several causes and is one rule here. */
export function ruleOf(message) {
  const known = RULES.find(([pattern]) => pattern.test(message));
  if (known !== undefined) return known[1];
  return JSON_FAILURE.test(message) ? "framing.json" : "schema.invalid";
}

export function isRule(message, rule) {
  const known = RULES.find(([pattern]) => pattern.test(message));
  // A frame that was encoded as JSON is JSON and no object.
  if (known?.[1] === "framing.not_an_object" && rule === "framing.twice") return true;
  if (known !== undefined) return known[1] === rule;
  return JSON_FAILURE.test(message) ? BROKEN_JSON.includes(rule) : rule === "schema.invalid";
}
