// Gestures on the page, and a clock beside them. Every part gives a promise of figures.
//
// Events are dispatched in the page, one before each frame, so that the figures are those of the page and not
// of a driver. Frames are counted by requestAnimationFrame, which waits for the frame before to be drawn.

const one = css => document.querySelector(css);
const frame = () => new Promise(requestAnimationFrame);
const sleep = millis => new Promise(done => setTimeout(done, millis));
const afterPainting = () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));

/** Median, 95th of a hundred, and the largest. */
function spread(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const at = part => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
    return {n: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1)};
}

/** What stands in the lanes: how often it was painted, and how it is moved. */
function picture() {
    const canvases = document.querySelectorAll('[data-pane=lanes] .lanes-canvas');
    const canvas = canvases[canvases.length - 1];
    const layer = canvas?.closest('.painted-in') ?? canvas;
    return {painted: Number(canvas?.dataset.painted ?? 0), moved: layer?.style.transform ?? ''};
}

/** Acts before each frame for so long; how many frames came, and in how many the picture moved. */
async function gesture(millis, act) {
    const times = [await frame()];
    const begun = picture().painted;
    let before = picture(), moved = 0, last = 0;
    while (times.at(-1) - times[0] < millis) {
        act(times.length - 1);
        last = performance.now();
        times.push(await frame());
        const now = picture();
        moved += now.painted !== before.painted || now.moved !== before.moved;
        before = now;
    }
    const seconds = (times.at(-1) - times[0]) / 1000;
    const gaps = spread(times.slice(1).map((at, n) => at - times[n]));
    const painted = picture().painted - begun;
    return {frames: (times.length - 1) / seconds, moved: moved / seconds, gap_p95: gaps.p95, gap_max: gaps.max,
        painted: painted / seconds, rest_ms: await settled(last)};
}

/** Milliseconds from the last event to the last painting after it. */
async function settled(last) {
    let known = picture().painted, at = last;
    while (performance.now() - Math.max(at, last) < 700) {
        await frame();
        if (picture().painted !== known) {
            known = picture().painted;
            at = performance.now();
        }
    }
    return at - last;
}

function area() {
    const element = one('.lanes-area'), box = element.getBoundingClientRect();
    const at = (x, y = 120) => ({clientX: box.x + box.width * x, clientY: box.y + y, bubbles: true, cancelable: true});
    return {
        wheel: (x, more) => element.dispatchEvent(new WheelEvent('wheel', {...at(x), ...more})),
        pointer: (name, x, y) => element.dispatchEvent(new PointerEvent(name, {...at(x, y), pointerId: 1, button: 0})),
    };
}

const key = (name, more = {}) => {
    const event = {key: name, code: name, bubbles: true, cancelable: true, ...more};
    (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', event));
};
const showAll = async () => {
    key('F', {code: 'KeyF', shiftKey: true});
    await sleep(900);
};
const asOf = pane => {
    const found = one(`[data-pane=${pane}]`);
    return found?.dataset.state === 'ready' ? found.dataset.asOf : undefined;
};

/** Clicks the first run of the library, and waits until everything of it is on the screen. */
async function open() {
    const began = performance.now(), seen = {};
    const wanted = {
        facts: () => one('[data-pane=inspect][data-state=ready]'),
        rows: () => one('[data-pane=rows][data-state=ready] .row'),
        lanes: () => one('[data-pane=lanes][data-state=ready]') && picture().painted > 0,
        detail: () => asOf('detail') === one('[data-pane=inspect]').dataset.asOf,
        state: () => asOf('state') === one('[data-pane=inspect]').dataset.asOf,
    };
    one('.lib-row[data-exchange] .title').click();
    while (Object.keys(seen).length < Object.keys(wanted).length && performance.now() - began < 30_000) {
        await afterPainting();
        for (const [name, is] of Object.entries(wanted)) {
            if (!(name in seen) && is()) seen[name] = performance.now() - began;
        }
    }
    return {...seen, all: Math.max(...Object.values(seen))};
}

/** From a move to its position, detail and state on the screen. */
async function moved(move) {
    const before = one('[data-pane=inspect]').dataset.asOf, began = performance.now(), seen = {};
    move();
    while (Object.keys(seen).length < 3 && performance.now() - began < 3_000) {
        await afterPainting();
        const now = one('[data-pane=inspect]').dataset.asOf;
        if (now === before) continue;
        const took = performance.now() - began;
        seen.position ??= took;
        if (asOf('detail') === now) seen.detail ??= took;
        if (asOf('state') === now) seen.state ??= took;
    }
    return seen;
}

async function moves(count, move) {
    const all = [];
    for (let n = 0; n < count; n += 1) {
        all.push(await moved(() => move(n)));
        await sleep(120);
    }
    const of = name => spread(all.map(seen => seen[name] ?? 3_000));
    return {position: of('position'), detail: of('detail'), state: of('state')};
}

const keys = () => moves(40, () => key('ArrowLeft', {shiftKey: true}));

/** Clicks on places all over the run. */
async function places() {
    await showAll();
    const lanes = area();
    return moves(25, n => {
        const x = 0.02 + 0.95 * ((n * 0.618) % 1);
        lanes.pointer('pointerdown', x, 8);
        lanes.pointer('pointerup', x, 8);
    });
}

async function scrub() {
    await showAll();
    const lanes = area(), seen = {head: [], detail: [], state: []};
    lanes.pointer('pointerdown', 0.1, 8);
    let before = {};
    const figures = await gesture(5_000, n => {
        lanes.pointer('pointermove', 0.1 + 0.8 * Math.abs(((n / 240) % 2) - 1), 8);
        const now = {head: one('.playhead').style.transform, detail: asOf('detail'), state: asOf('state')};
        for (const name of Object.keys(seen)) {
            if (now[name] !== before[name]) seen[name].push(n);
        }
        before = now;
    });
    lanes.pointer('pointerup', 0.5, 8);
    const rate = list => list.length / 5;
    return {...figures, head: rate(seen.head), detail: rate(seen.detail), state: rate(seen.state)};
}

/** In by a factor of about 1,000 and out again, at the pace of a touchpad. */
async function zoom() {
    await showAll();
    const lanes = area();
    return gesture(5_000, n => lanes.wheel(0.4, {ctrlKey: true, deltaY: Math.floor(n / 60) % 2 ? 30 : -30}));
}

/** To and fro over a window of a fiftieth of the run. */
async function pan() {
    await showAll();
    const lanes = area();
    for (let n = 0; n < 14; n += 1) lanes.wheel(0.4, {ctrlKey: true, deltaY: -70});
    await sleep(1_200);
    const figures = await gesture(5_000, n => lanes.wheel(0.4, {shiftKey: true, deltaX: Math.floor(n / 90) % 2 ? -12 : 12}));
    await showAll();
    return figures;
}

/** Pixels of the list that show neither a row nor the number of one. */
function blank(list) {
    const box = list.getBoundingClientRect();
    const parts = [...list.querySelectorAll('.list-window, .list-skeleton')].map(part => part.getBoundingClientRect());
    const cut = parts.map(part => [Math.max(part.top, box.top), Math.min(part.bottom, box.bottom)]);
    cut.sort((a, b) => a[0] - b[0]);
    let covered = 0, below = box.top;
    for (const [top, bottom] of cut) {
        covered += Math.max(0, bottom - Math.max(top, below));
        below = Math.max(below, bottom);
    }
    return box.height - covered;
}

/** 40 rows a frame through all events; in how many frames something was blank, and for how long after. */
async function fling() {
    key('v');
    await sleep(1_500);
    const list = one('[data-pane=rows] .list'), total = Number(one('[data-pane=rows]').dataset.total);
    const step = 40 * list.scrollHeight / total;
    const row = one('[data-pane=rows] .row').offsetHeight;
    let blanks = 0, drawn = 0, going = true;
    const painted = () => setTimeout(() => {
        if (!going) return;
        drawn += 1;
        blanks += blank(list) > row;
    }, 0);
    const figures = await gesture(4_000, () => {
        list.scrollTop += step;
        painted();
    });
    going = false;
    key('v');
    await sleep(900);
    return {frames: figures.frames, gap_max: figures.gap_max, drawn, blank: blanks};
}

/** Notes for each frame when it was, and which event the playhead stands at. */
function watch() {
    const seen = window.watched = [];
    const note = () => {
        if (window.watched !== seen) return;
        seen.push([Date.now(), Number(one('[data-pane=inspect]').dataset.asOf)]);
        requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
}

const parts = {open, keys, places, scrub, zoom, pan, fling};
const [part, done] = arguments;
if (part === 'watch') {
    watch();
    done(null);
} else if (part === 'watched') {
    const seen = window.watched;
    window.watched = undefined;
    done(seen);
} else {
    parts[part]().then(done, error => done(String(error)));
}
