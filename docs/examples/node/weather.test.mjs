// What a client of the agent makes of a recorded run, and of one that goes wrong.

import { HttpAgent } from "@ag-ui/client";
import { expect, test } from "vitest";
import { startReplay } from "./replay.mjs";

const RECORDING = process.env.RECORDING ?? "../../../recordings/tool-call-parallel.agui.jsonl";

const ask = async (url, subscriber) => {
  const messages = [{ id: "1", role: "user", content: "Compare the weather in Lisbon and Oslo." }];
  const agent = new HttpAgent({ url: `${url}/tools`, threadId: crypto.randomUUID(), initialMessages: messages });
  await agent.runAgent({}, subscriber);
  return agent.messages;
};

test("both tools are called, and the answer compares them", async () => {
  const replay = await startReplay(RECORDING, "--pace", "instant", "--strict");
  const messages = await ask(replay.url);
  const calls = messages.flatMap((message) => message.toolCalls ?? []);
  expect(calls.map((call) => call.function.name)).toHaveLength(2);
  expect(messages.at(-1).content).toContain("Lisbon");
  expect(await replay.stop(), "every recording was asked for").toBe(0);
  expect(replay.answers[0]).toMatchObject({ request: 1, exchange: 0 });
});

test("an agent that fails at the end gives a reason", async () => {
  const replay = await startReplay(RECORDING, "--pace", "instant", "--fault", "error:message=Out of tokens");
  const errors = [];
  await ask(replay.url, { onRunErrorEvent: ({ event }) => void errors.push(event.message) }).catch(() => {});
  expect(errors).toEqual(["Out of tokens"]);
  await replay.stop();
});
