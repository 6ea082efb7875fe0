// Begins a report: a page with its recordings inside. It stands behind ui.js in one module, because a page that
// is opened from disk loads nothing.
const unpack = async (element) => {
  const text = atob(element.textContent);
  element.remove();
  const packed = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) packed[place] = text.charCodeAt(place);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

const begin = async () => {
  const wasm = unpack(document.getElementById('page'));
  const held = [...document.querySelectorAll('script[data-recording]')];
  const recordings = held.map(async (element) => {
    return { name: element.dataset.recording, bytes: await unpack(element) };
  });
  const beginning = document.documentElement.dataset.beginning;
  window.scrubjayReport = { recordings: await Promise.all(recordings), beginning };
  await __wbg_init({ module_or_path: await wasm });
  // The page mounts in a task of its own.
  await new Promise((done) => setTimeout(done));
  if (!document.querySelector('.app')) throw new Error('The page did not begin.');
  document.getElementById('story').remove();
};

// Without the page its story is left, which needs no script.
begin().catch((error) => {
  console.error(error);
  document.documentElement.classList.remove('scripted');
});
