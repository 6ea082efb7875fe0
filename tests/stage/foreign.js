// What a page tries against an address of another origin. Gives for each attempt
// what the page could read of it: `{what, read}`.
const [targets, done] = arguments;

// Browsers say nothing of some failures; then nothing was read.
const PATIENCE_MS = 8000;
const settled = (attempt) =>
  Promise.race([
    attempt().catch((error) => `error ${error.name}`),
    new Promise((silent) => setTimeout(() => silent('silence'), PATIENCE_MS)),
  ]);

const fetched = async (url, options) => {
  const response = await fetch(url, options);
  return `${response.type} ${response.status} ${[...response.headers].join(' ')} ${await response.text()}`;
};

const asked = (url, method, body, withFields) =>
  new Promise((tell) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.withCredentials = true;
    if (withFields) request.setRequestHeader('x-scrubjay-token', '0'.repeat(64));
    request.onloadend = () => tell(`${request.status} ${request.getAllResponseHeaders()} ${request.responseText}`);
    request.send(body);
  });

const element = (name, address, url) =>
  new Promise((tell) => {
    const made = document.createElement(name);
    made[address] = url;
    made.onerror = () => tell('error');
    made.onload = () => {
      let inside = '';
      try {
        const found = made.contentDocument ?? made.contentWindow?.document;
        inside = found ? found.documentElement.innerText : 'no document';
      } catch (error) {
        inside = error.name;
      }
      tell(`loaded ${made.naturalWidth ?? ''} ${inside}`);
    };
    document.body.append(made);
  });

const streamed = (url) =>
  new Promise((tell) => {
    const stream = new EventSource(url, { withCredentials: true });
    const end = (text) => (stream.close(), tell(text));
    stream.onmessage = (event) => end(`message ${event.data}`);
    stream.onopen = () => end('opened');
    stream.onerror = () => end('error');
  });

const socket = (url) =>
  new Promise((tell) => {
    const made = new WebSocket(url.replace('http', 'ws'));
    made.onopen = () => (made.close(), tell('opened'));
    made.onerror = () => tell('error');
  });

let forms = 0;
const posted = (url, body) =>
  new Promise((tell) => {
    const frame = document.createElement('iframe');
    frame.name = `form-${(forms += 1)}`;
    const form = document.createElement('form');
    Object.assign(form, { action: url, method: 'POST', enctype: 'text/plain', target: frame.name });
    const field = document.createElement('input');
    // `name=value` is sent, so the JSON ends in a member that takes the rest.
    Object.assign(field, { name: body.replace(/}$/, ',"rest":"'), value: '"}' });
    form.append(field);
    document.body.append(frame, form);
    frame.onload = () => {
      try {
        tell(`loaded ${frame.contentDocument.documentElement.innerText}`);
      } catch (error) {
        tell(error.name);
      }
    };
    form.submit();
  });

const text = { 'content-type': 'text/plain' };
const json = { 'content-type': 'application/json', 'x-scrubjay-token': '0'.repeat(64) };
const attempts = [];
const attempt = (what, how) => attempts.push(settled(how).then((read) => ({ what, read })));
for (const { method, url, body } of targets) {
  const what = `${method} ${url}`;
  if (method === 'GET') {
    attempt(`fetch ${what}`, () => fetched(url, { credentials: 'include' }));
    attempt(`fetch without credentials ${what}`, () => fetched(url, { credentials: 'omit' }));
    attempt(`fetch with fields ${what}`, () => fetched(url, { headers: json }));
    attempt(`opaque fetch ${what}`, () => fetched(url, { mode: 'no-cors', credentials: 'include' }));
    attempt(`request ${what}`, () => asked(url, 'GET', null, false));
    attempt(`event source ${what}`, () => streamed(url));
    attempt(`socket ${what}`, () => socket(url));
    attempt(`image ${what}`, () => element('img', 'src', url));
    attempt(`script ${what}`, () => element('script', 'src', url));
    attempt(`frame ${what}`, () => element('iframe', 'src', url));
    attempt(`object ${what}`, () => element('object', 'data', url));
  } else {
    attempt(`fetch ${what}`, () => fetched(url, { method, body, headers: text, credentials: 'include' }));
    attempt(`fetch with fields ${what}`, () => fetched(url, { method, body, headers: json }));
    attempt(`opaque fetch ${what}`, () =>
      fetched(url, { method, body, headers: text, mode: 'no-cors', credentials: 'include' }));
    attempt(`request ${what}`, () => asked(url, method, body, false));
    attempt(`request with fields ${what}`, () => asked(url, method, body, true));
    attempt(`beacon ${what}`, async () => String(navigator.sendBeacon(url, body)));
    attempt(`form ${what}`, () => posted(url, body));
  }
}
Promise.all(attempts).then(done);
