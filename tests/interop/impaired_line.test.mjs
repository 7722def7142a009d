// A page behind eir-bench impair: the line is as slow as it is told to be, goes dark and comes back, and all is counted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launchChromium, missingBrowsers } from './lib/browsers.mjs';
import { enterLibrary } from './lib/client_page.mjs';
import { waitForParties } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { startImpair } from './lib/impair.mjs';
import { PROXY_SCRIPT } from './lib/udp_proxy.mjs';

const DELAY_MS = 60; // each way
const DARK_MS = 2000;

describe('a page behind a bad line', () => {
  let eir;
  let line;
  let browser;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    eir = await startEir();
    line = await startImpair(process.env.EIR_TEST_ADDRESS, { up: `delay=${DELAY_MS}ms`, down: `delay=${DELAY_MS}ms` });
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await line?.close();
    await eir?.stop();
  });

  const decoded = (page) =>
    page.evaluate(async () => {
      const all = [...(await globalThis.eir.pc.getStats()).values()];
      const videos = all.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
      return videos.reduce((sum, { framesDecoded = 0 }) => sum + framesDecoded, 0);
    });
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  test('chromium: its round trip is the line\'s, a dark line stops pictures, and they come back', async (t) => {
    const { links } = await eir.openConsultation('test', ['specialist', 'clinician']);
    const nurse = await enterLibrary(browser, links.clinician, { name: 'nurse', phone: { front: 61 } });
    const viewer = await enterLibrary(browser, links.specialist, { name: 'viewer', phone: { front: 62 }, moreScript: PROXY_SCRIPT });
    await waitForParties(viewer, [61]);
    const roundTripMs = await viewer.waitFor('a connectivity check has come back', async () => {
      const all = [...(await globalThis.eir.pc.getStats()).values()];
      const times = all.map(({ type, currentRoundTripTime }) => (type === 'candidate-pair' ? currentRoundTripTime ?? 0 : 0));
      return Math.max(...times) * 1000;
    });
    t.diagnostic(`round trip ${roundTripMs} ms`);
    assert.ok(roundTripMs >= 2 * DELAY_MS && roundTripMs < 2 * DELAY_MS + 100, `${roundTripMs} ms`);

    line.change('down blackout=yes');
    await pause(DELAY_MS + 500);
    const framesBefore = await decoded(viewer);
    await pause(DARK_MS);
    assert.equal(await decoded(viewer), framesBefore, 'nothing is decoded of what does not come');
    line.change('down blackout=no');
    await viewer.waitFor('pictures again', async (had) => {
      const all = [...(await globalThis.eir.pc.getStats()).values()];
      const videos = all.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
      return videos.reduce((sum, { framesDecoded = 0 }) => sum + framesDecoded, 0) > had + 20;
    }, framesBefore);

    // Long enough that both of the pair are told where it stopped, and that it goes on.
    line.change('down blackout=yes');
    const told = (where) => globalThis.told.some(({ type, detail }) => type === 'silence' && detail.label === 'microphone' && detail.where === where);
    await nurse.waitFor('the nurse is told that she is not heard', told, 'line');
    line.change('down blackout=no');
    await nurse.waitFor('and that she is heard again', told, 'none');
    await viewer.waitFor('the viewer knows it too', told, 'line');
    await waitForParties(viewer, [61]);

    const { up, down } = await line.next();
    for (const way of [up, down]) {
      const dropped = way.dropped_loss + way.dropped_burst + way.dropped_queue + way.dropped_blackout;
      assert.equal(way.in + way.duplicated, way.out + dropped + way.lost_here + way.held);
    }
    t.diagnostic(`${down.dropped_blackout} datagrams were dropped in the dark`);
    assert.ok(down.dropped_blackout > 50, `${down.dropped_blackout}`);
    assert.ok(up.out > 100 && up.dropped_blackout === 0, JSON.stringify(up));
  });
});
