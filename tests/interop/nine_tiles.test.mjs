// A room of nine in one browser: eight publishers of lib/client (eir-bench) and the browser itself, all shown at once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium } from './lib/browsers.mjs';
import { FPS, TURNS, join } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { speechBase64, vp8File } from './lib/media_files.mjs';

const PUBLISHERS = 8;
const CODE = 21;
const SOURCE_FPS = 25;
const WATCH_MS = 6000;
const BENCH = process.env.EIR_BENCH ?? fileURLToPath(new URL('../../build/release/eir-bench', import.meta.url));
const artifacts = process.env.EIR_BROWSER_ARTIFACTS;

describe('nine tiles', () => {
  let bench;
  let browser;
  let eir;
  let folder;
  let page;

  before(async () => {
    folder = mkdtempSync(joinPath(tmpdir(), 'eir-nine-'));
    eir = await startEir();
    browser = await launchChromium();
    const room = await eir.openConsultation('test', ['specialist', { role: 'patient', many: true }]);
    const source = { code: 1, fps: FPS, speech: await speechBase64(folder, 1), ...TURNS };
    page = await join(browser, room.links.specialist, { name: 'specialist', source });
    const token = room.links.patient.split('#')[1];
    const pictures = await vp8File(folder, CODE, { fps: SOURCE_FPS });
    bench = spawn(
      BENCH,
      ['publish', '--api', eir.api, '--token', token, '--publishers', String(PUBLISHERS), '--ivf', pictures, '--seconds', '60'],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    await once(bench, 'spawn');
  });

  after(async () => {
    bench?.kill();
    await browser?.close();
    await eir?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test('eight people and oneself are shown, and all eight move at their full rate', async (t) => {
    await page.waitFor(
      'eight tiles with the code of the file',
      ([code, count]) => Object.values(globalThis.eirProbe.parties()).filter((each) => each === code).length === count,
      [CODE, PUBLISHERS],
      30000,
    );
    // A tile names its person once the CSRC of its packets agrees with what was signalled.
    await page.waitFor('eight named tiles and the own one', (count) => {
      const named = [...document.querySelectorAll('figure:not([hidden]) video')].map((video) => video.dataset.participant);
      return named.length === count && new Set(named.filter(Boolean)).size === count && document.querySelector('#self video')?.videoWidth > 0;
    }, PUBLISHERS);
    assert.equal(await page.evaluate(() => globalThis.eir.session.media.offers), 1, 'nine people fit into the first offer');
    const [first, last] = [
      await page.evaluate(() => globalThis.eirProbe.media()),
      await new Promise((done) => setTimeout(done, WATCH_MS)).then(() => page.evaluate(() => globalThis.eirProbe.media())),
    ];
    const seconds = (last.now - first.now) / 1000;
    const tiles = last.inbound.filter(({ kind, framesDecoded }) => kind === 'video' && framesDecoded > 0);
    const rate = (tile, field) => (tile[field] - (first.inbound.find(({ id }) => id === tile.id)[field] ?? 0)) / seconds;
    const rates = tiles.map((tile) => rate(tile, 'framesDecoded'));
    const received = tiles.map((tile) => rate(tile, 'framesReceived'));
    if (artifacts) await page.screenshot(joinPath(artifacts, 'nine-tiles.png'));
    const text = (values) => values.map((value) => value.toFixed(1)).join(', ');
    t.diagnostic(`measured pictures a second: received ${text(received)}; decoded ${text(rates)}`);
    assert.equal(rates.length, PUBLISHERS);
    for (const each of rates) assert.ok(each >= SOURCE_FPS * 0.95, `${each} of ${SOURCE_FPS} pictures a second`);
  });
});
