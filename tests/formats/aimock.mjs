// Serves a configuration with aimock, asks it each of the requests on standard
// input (a JSON array of bodies), and prints the bodies of the answers as one.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const installed = createRequire(new URL("../../target/formats/package.json", import.meta.url));
const { loadConfig, startFromConfig } = await import(pathToFileURL(installed.resolve("@copilotkit/aimock")));

let text = "";
for await (const piece of process.stdin) text += piece;
const { llmock, url } = await startFromConfig(loadConfig(process.argv[2]), { port: 0 });
const answers = [];
for (const body of JSON.parse(text)) {
  const answer = await fetch(`${url}/agui`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  answers.push(await answer.text());
}
console.log(JSON.stringify(answers));
await llmock.stop();
