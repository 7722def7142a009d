// A specialist, a nurse and a patient see and hear each other: Chromium, Firefox, Chromium, through a real eird.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { FPS, TURNS, harm, join, levelsWhile, pairOf, sentRate, waitForParties, watch } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { speechBase64 } from './lib/media_files.mjs';

const WATCH_MS = 30000;
const SETTLE_MS = 5000;
const AFTER_CHANGE_MS = 8000;
// The codes are the turns too: party k speaks in turn k modulo the number of parties.
const PARTIES = [
  { role: 'specialist', code: 3, browser: 'chromium' },
  { role: 'clinician', code: 4, browser: 'firefox' },
  { role: 'patient', code: 5, browser: 'chromium' },
];
const RELATIVE = { role: 'relative', code: 6, browser: 'chromium' };
const artifacts = process.env.EIR_BROWSER_ARTIFACTS;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

describe('three parties', () => {
  const browsers = {};
  const pages = {};
  let folder;
  let eir;

  async function enter({ role, code, browser }, link) {
    const source = { code, fps: FPS, speech: await speechBase64(folder, code), ...TURNS };
    pages[code] = await join(browsers[browser], link, { name: role, source });
    return pages[code];
  }

  const others = (code) => PARTIES.map((party) => party.code).filter((each) => each !== code);

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    folder = mkdtempSync(joinPath(tmpdir(), 'eir-three-'));
    eir = await startEir();
    [browsers.chromium, browsers.firefox] = await Promise.all([launchChromium(), launchFirefox()]);
    for (const party of PARTIES) await enter(party, eir.links[party.role]);
  });

  after(async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    await eir?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test('who waits sees nobody, and after admission all six directions show the right party', async () => {
    assert.deepEqual(await pages[5].evaluate(() => Object.values(globalThis.eirProbe.parties())), []);
    await eir.admitUntil(eir.consultation, PARTIES.length);
    await Promise.all(PARTIES.map(({ code }) => waitForParties(pages[code], others(code))));
  });

  test('for 30 s each tile shows its party at most 500 ms old, at the sender’s rate, and voices stand out by 20 dB', async (t) => {
    await pause(SETTLE_MS);
    const seen = Object.fromEntries(
      await Promise.all(PARTIES.map(async ({ code }) => [code, await watch(pages[code], WATCH_MS)])),
    );
    for (const { code, browser } of PARTIES) {
      if (artifacts) await pages[code].screenshot(joinPath(artifacts, `three-party-${code}-${browser}.png`));
      const rate = sentRate(seen[code]);
      t.diagnostic(`measured party ${code} (${browser}) sends ${rate.toFixed(1)} pictures a second`);
      assert.ok(rate >= 25 && rate <= 31, `party ${code} sends ${rate} pictures a second`);
    }
    for (const { code: receiver } of PARTIES) {
      for (const sender of others(receiver)) {
        const pair = pairOf(seen[receiver], sender);
        const voice = levelsWhile(seen[receiver], sender);
        const name = `${sender}→${receiver}`;
        t.diagnostic(
          `measured ${name}: age ${pair.ageMedian}/${pair.age99} ms, ${pair.decoded.toFixed(1)} decoded a second, ` +
            `voice ${voice.speaker?.toFixed(0)} against ${voice.others?.toFixed(0)} dBFS`,
        );
        assert.ok(pair.looks >= WATCH_MS / 500, `${name}: only ${pair.looks} looks`);
        assert.equal(pair.wrong, 0, `${name}: a wrong party in the tile`);
        assert.ok(pair.right >= pair.looks * 0.95, `${name}: ${pair.right} of ${pair.looks} looks could be read`);
        assert.ok(pair.age99 <= 500, `${name}: ${pair.age99} ms old`);
        assert.ok(pair.decoded >= sentRate(seen[sender]) * 0.95, `${name}: ${pair.decoded} decoded a second`);
        assert.ok(voice.speaker >= -45, `${name}: a voice of ${voice.speaker} dBFS`);
        assert.ok(voice.speaker >= voice.others + 20, `${name}: ${voice.speaker} against ${voice.others} dBFS`);
      }
    }
  });

  test('a relative comes and goes, and the others lose no packet, freeze not and negotiate nothing', async (t) => {
    const media = (page) => page.evaluate(() => globalThis.eirProbe.media());
    // Only the slots that show the three before and after: the relative's own slot begins and ends.
    const slots = {};
    const start = {};
    for (const { code } of PARTIES) {
      slots[code] = await watch(pages[code], 1000).then((seen) => Object.keys(seen.parties).map((stream) => seen.midOfStream[stream]));
      start[code] = await media(pages[code]);
    }
    await enter(RELATIVE, eir.links.relative);
    await eir.admitUntil(eir.consultation, PARTIES.length + 1);
    await Promise.all(PARTIES.map(({ code }) => waitForParties(pages[code], [...others(code), RELATIVE.code])));
    await waitForParties(pages[RELATIVE.code], PARTIES.map(({ code }) => code));
    await pause(AFTER_CHANGE_MS);
    await pages[RELATIVE.code].close();
    await pause(AFTER_CHANGE_MS);
    for (const { code } of PARTIES) {
      const change = harm(start[code], await media(pages[code]), slots[code]);
      t.diagnostic(`measured party ${code}: ${JSON.stringify(change)}`);
      assert.deepEqual(change, { packetsLost: 0, totalFreezesDuration: 0, signalingStateChanges: 0 }, `party ${code}`);
      assert.deepEqual(await pages[code].evaluate(() => globalThis.eirProbe.errors), []);
    }
  });
});
