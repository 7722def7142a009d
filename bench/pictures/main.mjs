#!/usr/bin/env node
// Real browsers behind a thin line, Eir and Janus in turn: who gets more of the picture through, and the sound whole.
//   bench/pictures/main.mjs [--rates 300k,1M,3M] [--repeat 3] [--seconds 30] [--settle 10] [--by-hand] [--only eir] [--json FILE]
// Exit code 1: Eir falls short; 2: something could not be run. bench/README.md says what is measured.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const ISOLATED = fileURLToPath(new URL('../../tests/support/isolated', import.meta.url));
if (!process.env.EIR_TEST_ADDRESS) {
  process.exit(spawnSync(ISOLATED, [process.execPath, ...process.argv.slice(1)], { stdio: 'inherit' }).status ?? 2);
}

const { launchChromium } = await import('../../tests/interop/lib/browsers.mjs');
const { join } = await import('../../tests/interop/lib/consultation.mjs');
const { startEir } = await import('../../tests/interop/lib/eir.mjs');
const { LINE_SCRIPT, startImpair } = await import('../../tests/interop/lib/impair.mjs');
const { microphoneFile } = await import('../../tests/interop/lib/media_files.mjs');
const { JANUS_FIRST_PORT, startJanus } = await import('./janus.mjs');
const { measure, medians, shortcomings } = await import('./measure.mjs');
const { readFile } = await import('node:fs/promises');

const { values: options } = parseArgs({
  options: {
    rates: { type: 'string', default: '300k,1M,3M' },
    repeat: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '30' },
    settle: { type: 'string', default: '10' },
    'by-hand': { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});
const SECONDS = Number(options.seconds);
const SETTLE_S = Number(options.settle);

const ADDRESS = process.env.EIR_TEST_ADDRESS;
// A round trip of 50 ms; the queue drops what would wait longer than 300 ms, which is the line's own default.
const lineOf = (rate) => `rate=${rate},delay=25ms,queue=300ms`;
const CAMERA = { width: 1280, height: 720, fps: 30, seconds: 10 };
const CONSTRAINTS = { audio: true, video: { width: CAMERA.width, height: CAMERA.height, frameRate: CAMERA.fps } };
// As server/web/client/offer.js has them.
const ENCODINGS = [['q', 4], ['h', 2], ['f', 1]].map(([rid, scaleResolutionDownBy]) => ({ rid, scaleResolutionDownBy }));
// So large that the page asks for the whole picture.
const VIEWPORT = { width: 1920, height: 1080 };
// The layer that somebody who knows the line would choose, for --by-hand.
const LAYER_THAT_FITS = { '300k': 0, '1M': 1, '3M': 2 };
// Janus goes to a lower layer when the wished one has not come for so long (its default), and back.
const FALLBACK_US = 250000;
const FLOW_MS = 30000;
const PICTURES_AT_LEAST = { '300k': 1.3, '1M': 1.3 };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Moving shapes and a little of the noise that cameras have. */
async function cameraFile(folder) {
  const path = joinPath(folder, 'camera.mjpeg');
  const source = `testsrc2=size=${CAMERA.width}x${CAMERA.height}:rate=${CAMERA.fps},noise=alls=4:allf=t`;
  const encoder = ['-c:v', 'mjpeg', '-q:v', '4', '-f', 'mjpeg', path];
  await promisify(execFile)('ffmpeg', ['-y', '-loglevel', 'error', '-f', 'lavfi', '-i', source, '-t', String(CAMERA.seconds), ...encoder]);
  return path;
}

/** Both pages of a consultation of Eir; answers with who watches, and what closes them. */
async function throughEir({ eir, browsers }) {
  const { links } = await eir.openConsultation('test', ['specialist', 'clinician']);
  const pageOptions = { simulcast: true, constraints: CONSTRAINTS };
  const sender = await join(browsers.sender, links.specialist, { name: 'sender', pageOptions });
  const watcher = await join(browsers.watcher, links.clinician, {
    name: 'watcher', viewport: VIEWPORT, moreScript: LINE_SCRIPT, watchFrames: true, pageOptions: { constraints: { audio: false, video: false } },
  });
  return { sender, watcher };
}

async function throughJanus({ janus, browsers, room, layers }) {
  const script = await readFile(new URL('janus_page.js', import.meta.url), 'utf8');
  const open = async (browser, more) => {
    const page = await browser.open({ viewport: VIEWPORT, ...more, moreScript: script + (more.moreScript ?? '') });
    await page.goto(janus.page);
    return page;
  };
  const sender = await open(browsers.sender, {});
  const feed = await sender.evaluate((given) => globalThis.janusRoom.publish(given), {
    url: janus.socket, room, encodings: ENCODINGS, constraints: CONSTRAINTS,
  });
  const watcher = await open(browsers.watcher, { moreScript: LINE_SCRIPT, watchFrames: true });
  // A port where nobody is: what Janus sends goes back the way the page's packets came.
  const nowhere = `${ADDRESS} 9`;
  await watcher.evaluate((given) => globalThis.janusRoom.watch(given), { url: janus.socket, room, feed, layers, nowhere });
  return { sender, watcher };
}

const hasSound = async () => {
  const { inbound } = await globalThis.eirProbe.media();
  return inbound.some(({ kind, packetsReceived }) => kind === 'audio' && packetsReceived > 0);
};

/** One receiver behind a line of its own, once. */
async function runOnce(servers, { rate, name, room }) {
  const firstPort = name === 'eir' ? undefined : JANUS_FIRST_PORT;
  const line = await startImpair(ADDRESS, { up: lineOf(rate), down: lineOf(rate), ...(firstPort && { firstPort }) });
  const layers = { substream: name === 'by hand' ? LAYER_THAT_FITS[rate] : 2, temporal: 2, fallback: FALLBACK_US };
  let pages = {};
  try {
    pages = await (name === 'eir' ? throughEir(servers) : throughJanus({ ...servers, room, layers }));
    await pages.watcher.waitFor('sound', hasSound, undefined, FLOW_MS);
    await pause(SETTLE_S * 1000);
    const sent = await pages.sender.evaluate(() => globalThis.eirProbe.media());
    const first = line.reports.length;
    const figures = await measure(pages.watcher, SECONDS);
    const after = await pages.sender.evaluate(() => globalThis.eirProbe.media());
    const reports = line.reports.slice(first);
    return { ...figures, sent: sentOf(sent, after), queueMs: reports.map(({ down }) => down.queue_max_ms) };
  } finally {
    for (const page of Object.values(pages)) await page.close();
    await line.close();
  }
}

/** What the sender gave: a run whose camera gave less proves nothing about the line. */
function sentOf(before, after) {
  const seconds = (after.now - before.now) / 1000;
  return after.outbound.filter(({ kind }) => kind === 'video').map((entry) => {
    const earlier = before.outbound.find(({ id }) => id === entry.id);
    const framesPerSecond = (entry.framesSent - (earlier?.framesSent ?? 0)) / seconds;
    return { rid: entry.rid, height: entry.frameHeight, framesPerSecond, limited: entry.qualityLimitationReason, targetBitrate: entry.targetBitrate };
  });
}

const columns = [
  ['Mpixel/s', ({ megapixelsPerSecond }) => megapixelsPerSecond.toFixed(2)],
  ['pictures/s', ({ framesPerSecond }) => framesPerSecond.toFixed(1)],
  ['freezes', ({ freezes }) => String(freezes)],
  ['frozen s', ({ frozenSeconds }) => frozenSeconds.toFixed(2)],
  ['concealed %', ({ concealedPercent }) => concealedPercent.toFixed(2)],
  ['kbit/s', ({ kilobitsPerSecond }) => kilobitsPerSecond.toFixed(0)],
  ['lost', ({ lostPackets }) => String(lostPackets)],
];
const row = (head, cells) => console.log(head.padEnd(16) + cells.map((cell) => cell.padStart(12)).join(''));

function tell(found) {
  row('', columns.map(([title]) => title));
  for (const { rate, name, figures } of found) row(`${rate} ${name}`, columns.map(([, of]) => of(figures)));
}

/** One line a rate; whether Eir is as good as it has to be at all of them. */
function judge(found) {
  const of = (rate, name) => found.find((each) => each.rate === rate && each.name === name)?.figures;
  const short = options.rates.split(',').map((rate) => {
    const [eir, janus] = [of(rate, 'eir'), of(rate, 'janus')];
    if (!eir || !janus) return [];
    const lacks = shortcomings(eir, janus, PICTURES_AT_LEAST[rate] ?? 1);
    const times = janus.megapixelsPerSecond > 0 ? `${(eir.megapixelsPerSecond / janus.megapixelsPerSecond).toFixed(2)} times Janus' pixels` : 'Janus shows none';
    console.log(`${lacks.length ? 'FAIL' : 'ok  '} ${rate}: ${times}${lacks.map((each) => `; ${each}`).join('')}`);
    return lacks;
  });
  return short.every(({ length }) => length === 0);
}

async function compare(servers) {
  const rates = options.rates.split(',');
  const names = ['eir', 'janus', ...(options['by-hand'] ? ['by hand'] : [])].filter((name) => !options.only || name === options.only);
  const runs = [];
  for (let turn = 0; turn < Number(options.repeat); turn += 1) {
    for (const rate of rates) {
      // Whoever comes second finds a warmer machine: they take turns in that too.
      for (const name of turn % 2 === 0 ? names : [...names].reverse()) {
        const figures = await runOnce(servers, { rate, name, room: 1000 + runs.length });
        runs.push({ rate, name, turn, ...figures });
        row(`${rate} ${name}`, columns.map(([, of]) => of(figures)));
      }
    }
  }
  const found = rates.flatMap((rate) =>
    names.map((name) => ({ rate, name, figures: medians(runs.filter((run) => run.rate === rate && run.name === name)) })));
  return { runs, found };
}

const folder = mkdtempSync(joinPath(tmpdir(), 'eir-pictures-'));
const servers = { browsers: {} };
let status = 2;
try {
  const microphone = await microphoneFile(folder, 1, 1, 8000);
  servers.browsers.sender = await launchChromium({ camera: await cameraFile(folder), microphone });
  servers.browsers.watcher = await launchChromium();
  servers.eir = await startEir();
  servers.janus = await startJanus();
  const { runs, found } = await compare(servers);
  console.log(`\nmedians of ${options.repeat}, ${SECONDS} s each after ${SETTLE_S} s of settling`);
  tell(found);
  status = judge(found) ? 0 : 1;
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ seconds: SECONDS, settle: SETTLE_S, found, runs }, null, 1)}\n`);
} catch (error) {
  console.error(error);
} finally {
  await Promise.all(Object.values(servers.browsers).map((browser) => browser.close()));
  await servers.eir?.stop();
  await servers.janus?.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);
