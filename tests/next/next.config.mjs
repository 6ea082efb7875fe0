// The app is run as a copy in target/next, beside the node_modules that the set-up installed there.
export default { turbopack: { root: new URL("..", import.meta.url).pathname } };
