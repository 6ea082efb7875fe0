// The app is run as a copy in target/next, beside the node_modules that the set-up installed there.
export default {
  turbopack: { root: new URL("..", import.meta.url).pathname },
  // The copy lives as long as one test: nothing reads its cache again.
  experimental: { turbopackFileSystemCacheForDev: false },
};
