// A specialist, a nurse and a patient see and hear each other: Chromium, Firefox, Chromium, through a real eird.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { FIGURES_COUNT, FPS, TURNS, assertForwarded, harm, join, levelsWhile, pairOf, sentRate, serverPart, waitForParties, watch, wireText } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { speechBase64 } from './lib/media_files.mjs';
import { forwarding, recordWire } from './lib/wire.mjs';

const WATCH_MS = 30000;
const SETTLE_MS = 5000;
const AFTER_CHANGE_MS = 8000;
// The codes are the turns too: party k speaks in turn k modulo the number of parties.
const PARTIES = [
  { role: 'specialist', code: 3, browser: 'chromium', shownAs: 'spesialist' },
  { role: 'clinician', code: 4, browser: 'firefox', shownAs: 'helsepersonell' },
  { role: 'patient', code: 5, browser: 'chromium', shownAs: 'pasient' },
];
// A process of its own, started beforehand: what it costs this machine to start a browser is not what the others see of
// somebody who comes from elsewhere.
const RELATIVE = { role: 'relative', code: 6 };
// Four browsers draw on this machine's processors alone: a large picture would take from them what decoding needs.
const VIEWPORT = { width: 640, height: 400 };
const artifacts = process.env.EIR_BROWSER_ARTIFACTS;
/** Runs in the page: [party code in the picture, caption under it] of each tile. */
const captions = () =>
  Object.values(globalThis.eirProbe.remoteVideos())
    .filter((video) => !video.closest('figure').hidden)
    .map((video) => [globalThis.eirProbe.readTile(video).code, video.nextElementSibling.textContent]);
// Seven processes draw, encode and decode on this machine's few processors. What the machine takes from one attempt by itself
// (a picture late, a freeze) it does not take from all; a fault of ours shows in each. On a machine that is not quiet even
// three may not be enough: there the figures are printed, and EIR_FIGURES=1 makes them part of the verdict. What is no matter of
// time (faces, names, voices, losses, negotiations) always is.
const ATTEMPTS = 3;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

describe('three parties', () => {
  const browsers = {};
  const pages = {};
  let folder;
  let eir;

  const sourceOf = async (code) => ({ code, fps: FPS, speech: await speechBase64(folder, code), ...TURNS });

  async function enter({ role, code, browser }, link) {
    pages[code] = await join(browsers[browser], link, { name: role, source: await sourceOf(code), viewport: VIEWPORT });
  }

  const others = (code) => PARTIES.map((party) => party.code).filter((each) => each !== code);

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    folder = mkdtempSync(joinPath(tmpdir(), 'eir-three-'));
    eir = await startEir();
    [browsers.chromium, browsers.firefox, browsers.elsewhere] = await Promise.all([launchChromium(), launchFirefox(), launchChromium()]);
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

  async function look(t) {
    const seen = Object.fromEntries(
      await Promise.all(PARTIES.map(async ({ code }) => [code, await watch(pages[code], WATCH_MS)])),
    );
    const pairs = PARTIES.flatMap(({ code: receiver }) => others(receiver).map((sender) => ({ receiver, sender, name: `${sender}→${receiver}` })));
    for (const each of pairs) {
      each.rate = sentRate(seen[each.sender]);
      each.pair = pairOf(seen[each.receiver], each.sender);
      each.voice = levelsWhile(seen[each.receiver], each.sender);
      t.diagnostic(
        `measured ${each.name}: age ${each.pair.ageMedian}/${each.pair.age99} ms, ${each.pair.decoded.toFixed(1)} of ${each.rate.toFixed(1)} decoded a second, ` +
          `voice ${each.voice.speaker?.toFixed(0)} against ${each.voice.others?.toFixed(0)} dBFS`,
      );
    }
    return pairs;
  }

  function assertNoneMistaken(pairs) {
    for (const { name, pair, voice } of pairs) {
      assert.ok(pair.looks >= WATCH_MS / 500, `${name}: only ${pair.looks} looks`);
      assert.equal(pair.wrong, 0, `${name}: a wrong party in the tile`);
      assert.ok(voice.speaker >= -45, `${name}: a voice of ${voice.speaker} dBFS`);
      assert.ok(voice.speaker >= voice.others + 20, `${name}: ${voice.speaker} against ${voice.others} dBFS`);
    }
  }

  /** What each pair falls short of, in words. */
  const shortcomings = (pairs) =>
    pairs.flatMap(({ name, pair, rate }) => [
      ...(rate >= 25 && rate <= 31 ? [] : [`${name}: ${rate} pictures a second sent`]),
      ...(pair.right >= pair.looks * 0.95 ? [] : [`${name}: ${pair.right} of ${pair.looks} looks could be read`]),
      ...(pair.age99 <= 500 ? [] : [`${name}: ${pair.age99} ms old`]),
      ...(pair.decoded >= rate * 0.95 ? [] : [`${name}: ${pair.decoded} of ${rate} decoded a second`]),
    ]);

  test('for 30 s each tile shows its party at most 500 ms old, at the sender’s rate, and voices stand out by 20 dB', async (t) => {
    await pause(SETTLE_MS);
    let short;
    for (let attempt = 1; attempt <= ATTEMPTS && short?.length !== 0; attempt += 1) {
      const pairs = await look(t);
      assertNoneMistaken(pairs);
      short = shortcomings(pairs);
      t.diagnostic(`measured attempt ${attempt}: ${short.length ? short.join('; ') : 'all reached'}`);
    }
    if (FIGURES_COUNT) assert.deepEqual(short, []);
    for (const { code, browser } of PARTIES) {
      const expected = PARTIES.filter((party) => party.code !== code).map((party) => [party.code, party.shownAs]);
      const shown = await pages[code].evaluate(captions);
      assert.deepEqual(shown.sort(), expected, `names under the faces that party ${code} sees`);
      if (artifacts) await pages[code].screenshot(joinPath(artifacts, `three-party-${code}-${browser}.png`));
    }
  });

  /** The relative joins, is seen by all and leaves: what that did to the slots in which the three see each other. */
  async function comeAndGo(t) {
    const media = (page) => page.evaluate(() => globalThis.eirProbe.media());
    const opened = await browsers.elsewhere.open({ source: await sourceOf(RELATIVE.code), viewport: VIEWPORT });
    // Only the slots that show the three before and after: the relative's own slot begins and ends.
    const slots = {};
    const start = {};
    for (const { code } of PARTIES) {
      slots[code] = await watch(pages[code], 1000).then((seen) => Object.keys(seen.parties).map((stream) => seen.midOfStream[stream]));
      start[code] = await media(pages[code]);
    }
    const wire = await recordWire();
    const relative = await join({ open: () => opened }, await eir.addSeat(eir.consultation, RELATIVE.role), { name: RELATIVE.role });
    await eir.admitUntil(eir.consultation, PARTIES.length + 1);
    await Promise.all(PARTIES.map(({ code }) => waitForParties(pages[code], [...others(code), RELATIVE.code])));
    await waitForParties(relative, PARTIES.map(({ code }) => code));
    await pause(AFTER_CHANGE_MS);
    await relative.close();
    await pause(AFTER_CHANGE_MS);
    const end = {};
    for (const { code } of PARTIES) end[code] = await media(pages[code]);
    const flows = forwarding(await wire.stop());
    const changes = {};
    for (const { code } of PARTIES) {
      changes[code] = harm(start[code], end[code], slots[code]);
      t.diagnostic(`measured party ${code}: ${JSON.stringify(changes[code])}`);
      for (const flow of serverPart(flows, end[code], slots[code])) {
        t.diagnostic(`measured to party ${code}: ${wireText(flow)}`);
        assertForwarded(flow, `to party ${code}`);
      }
    }
    return changes;
  }

  test('a relative comes and goes, and the others lose no packet, freeze not and negotiate nothing', async (t) => {
    const present = async () => (await eir.participants(eir.consultation)).filter(({ state }) => state !== 'left').map(({ id }) => id);
    const three = await present();
    let [frozen, lost] = [1, 1];
    for (let attempt = 1; attempt <= ATTEMPTS && frozen + lost > 0; attempt += 1) {
      const changes = await comeAndGo(t);
      [frozen, lost] = [0, 0];
      for (const [code, { totalFreezesDuration, packetsLost, signalingStateChanges }] of Object.entries(changes)) {
        assert.equal(signalingStateChanges, 0, `party ${code}`);
        assert.deepEqual(await pages[code].evaluate(() => globalThis.eirProbe.errors), []);
        frozen += totalFreezesDuration;
        lost += packetsLost;
      }
      for (const gone of (await present()).filter((id) => !three.includes(id))) {
        await eir.call('POST', `/v1/consultations/${eir.consultation}/participants/${gone}/remove`, {});
      }
    }
    assert.equal(lost, 0, `${ATTEMPTS} times packets were lost`);
    if (FIGURES_COUNT) assert.equal(frozen, 0, `${ATTEMPTS} times something froze`);
  });
});
