// Bundles the page: node build.mjs FOLDER puts index.html, app.js and app.css there.
// Packages come from target/frontend, where `cargo xtask setup` installs them.

import { createRequire } from "node:module";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const home = process.env.SCRUBJAY_FRONTEND ?? fileURLToPath(new URL("../../target/frontend", import.meta.url));
if (!existsSync(`${home}/node_modules`)) {
  console.error("CopilotKit's frontend is not installed: cargo xtask setup installs it.");
  process.exit(2);
}
const { build } = createRequire(`${home}/package.json`)("esbuild");
const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [`${here}app.jsx`],
  outfile: `${folder}/app.js`,
  bundle: true,
  format: "esm",
  jsx: "automatic",
  // The page lies beside no node_modules of its own.
  nodePaths: [`${home}/node_modules`],
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".woff": "dataurl", ".woff2": "dataurl", ".ttf": "dataurl", ".svg": "dataurl" },
  logLevel: "error",
});
writeFileSync(
  `${folder}/index.html`,
  `<!doctype html><meta charset="utf-8"><title>Chat</title><body><div id="root"></div><script type="module" src="app.js"></script></body>\n`,
);
