// A publisher sends the simulcast layers that somebody has use for: told over signalling, in Chromium and Firefox.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { enterLibrary } from './lib/client_page.mjs';
import { FIGURES_COUNT, waitForParties } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';

// A source with all three layers needs as much; the smaller two are a half and a quarter of it.
const FULL = { width: 1280, height: 720 };
const QUARTER = { width: 320, height: 180 };
const QUIET_MS = 2000;
const BACK_MS_MAX = FIGURES_COUNT ? 800 : 4000;
const PUBLISHERS = [
  { name: 'chromium', role: 'clinician', code: 71 },
  { name: 'firefox', role: 'patient', code: 72 },
];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Runs in the page: the rids that the camera is told to send, in the offer's order. */
function activeRids() {
  const { encodings } = globalThis.eir.session.media.senders.get('video').sender.getParameters();
  return encodings.filter(({ active }) => active).map(({ rid }) => rid).join(' ');
}

/** Runs in the page: packets that each of the camera's layers has sent. */
async function sentByRid() {
  const stats = await globalThis.eir.session.media.senders.get('video').sender.getStats();
  const sent = [...stats.values()].filter(({ type, rid }) => type === 'outbound-rtp' && rid);
  return Object.fromEntries(sent.map(({ rid, packetsSent }) => [rid, packetsSent]));
}

/** Runs in the page: asks for one participant's camera in the first video slot, so large. */
function wish([participant, size]) {
  const { session } = globalThis.eir;
  const { mid } = [...session.slots.values()].find(({ kind }) => kind === 'video');
  session.view([{ mid, participant, label: 'camera', ...size, priority: 5 }]);
}

describe('simulcast layers', () => {
  const browsers = {};
  let eir;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    eir = await startEir();
    [browsers.chromium, browsers.firefox] = await Promise.all([launchChromium(), launchFirefox()]);
  });

  after(async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    await eir?.stop();
  });

  for (const { name, role, code } of PUBLISHERS) {
    test(`${name}: sends what somebody has use for, and again all at once when it is wanted`, async (t) => {
      const { links } = await eir.openConsultation('test', ['specialist', role]);
      const options = { simulcast: true, constraints: { audio: true, video: FULL } };
      const publisher = await enterLibrary(browsers[name], links[role], { name, phone: { front: code }, options });
      const viewer = await enterLibrary(browsers.chromium, links.specialist, {
        name: 'viewer', phone: { front: 70 }, options: { audioSlots: 1, videoSlots: 1 },
      });
      try {
        const participant = await publisher.evaluate(() => globalThis.eir.session.participant);
        await viewer.evaluate(wish, [participant, FULL]);
        await waitForParties(viewer, [code]);
        const isWide = (wide) => [...document.querySelectorAll('video')].some(({ videoWidth }) => videoWidth === wide);
        await viewer.waitFor('the largest layer', isWide, FULL.width);
        assert.equal(await publisher.evaluate(activeRids), 'q h f');

        await viewer.evaluate(wish, [participant, QUARTER]);
        await publisher.waitFor('only the smallest is wanted', () =>
          globalThis.eir.session.media.senders.get('video').sender.getParameters().encodings.every(({ rid, active }) => active === (rid === 'q')),
        );
        // What was encoded already still leaves.
        await pause(500);
        const before = await publisher.evaluate(sentByRid);
        await pause(QUIET_MS);
        const after = await publisher.evaluate(sentByRid);
        assert.ok(after.q > before.q, 'the smallest goes on');
        assert.deepEqual([after.h, after.f], [before.h, before.f], 'the others rest');
        await viewer.waitFor('the smallest layer', isWide, QUARTER.width);

        const asked = Date.now();
        await viewer.evaluate(wish, [participant, FULL]);
        await viewer.waitFor('the largest layer again', isWide, FULL.width);
        const took = Date.now() - asked;
        t.diagnostic(`measured ${name}: a layer that rested is seen ${took} ms after it was asked for`);
        assert.ok(took <= BACK_MS_MAX, `${took} ms`);
        assert.equal(await publisher.evaluate(activeRids), 'q h f');
        await waitForParties(viewer, [code]);
      } finally {
        await Promise.all([publisher.close(), viewer.close()]);
      }
    });
  }
});
