// A nurse's phone: cameras that change, a wound in full detail, a second camera and a screen, all without negotiation.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { enterLibrary, negotiations, openLibrary, shown } from './lib/client_page.mjs';
import { waitForParties } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { longestGap, participantOf, pause, screenshot } from './lib/room.mjs';

const GAP_MS_MAX = 500;
const SETTLE_MS = 2000;
const FRONT = 41;
const BACK = 42;
const HEAD = 43;
const SCREEN = 44;
const PHONE = { front: FRONT, back: BACK, head: HEAD, screen: SCREEN };
const VIEWER = { options: { constraints: {} } };

describe('cameras of the client library', () => {
  const browsers = {};
  let eir;
  let room;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    eir = await startEir();
    [browsers.chromium, browsers.firefox] = await Promise.all([launchChromium(), launchFirefox()]);
  });

  after(async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    await eir?.stop();
  });

  async function meet(nurseBrowser, viewerBrowser, phone = PHONE) {
    room = await eir.openConsultation('test', ['specialist', 'clinician']);
    const viewer = await enterLibrary(browsers[viewerBrowser], room.links.specialist, { name: `specialist in ${viewerBrowser}`, ...VIEWER });
    const nurse = await enterLibrary(browsers[nurseBrowser], room.links.clinician, { name: `nurse in ${nurseBrowser}`, phone });
    await waitForParties(viewer, [FRONT]);
    return { nurse, viewer };
  }

  async function switchCamera(t, nurse, viewer, facing, code) {
    const from = Date.now();
    assert.equal(await nurse.evaluate((which) => globalThis.eir.session.media.useCamera(which), facing), true);
    await waitForParties(viewer, [code]);
    await pause(SETTLE_MS);
    const gap = await longestGap(viewer, from, Date.now() - 200);
    t.diagnostic(`measured ${nurse.partyName} to ${facing}: longest time without a new picture at the ${viewer.partyName} ${gap} ms`);
    assert.ok(gap <= GAP_MS_MAX, `${gap} ms without a picture`);
  }

  const PHONES = [
    ['chromium', 'firefox', { ...PHONE, oneAtATime: true }],
    ['chromium', 'chromium', PHONE],
    ['firefox', 'chromium', PHONE],
  ];
  for (const [from, to, phone] of PHONES) {
    const kind = phone.oneAtATime ? 'one camera at a time' : 'two cameras at once';
    test(`${from} to ${to}, ${kind}: front and back change with at most ${GAP_MS_MAX} ms without a picture and no negotiation`, async (t) => {
      const { nurse, viewer } = await meet(from, to, phone);
      const before = [await negotiations(nurse), await negotiations(viewer)];
      await switchCamera(t, nurse, viewer, 'environment', BACK);
      assert.deepEqual(await nurse.evaluate(() => globalThis.eirPhone.openCameras()), ['back-id'], 'the front camera is dark');
      await switchCamera(t, nurse, viewer, 'user', FRONT);
      assert.deepEqual([await negotiations(nurse), await negotiations(viewer)], before);
      assert.equal(before[0].offers, 1);
      await Promise.all([nurse.close(), viewer.close()]);
    });
  }

  test('a camera that is not there leaves the former one on, and says so', async () => {
    const { nurse, viewer } = await meet('chromium', 'chromium', { ...PHONE, oneAtATime: true });
    assert.equal(await nurse.evaluate(() => globalThis.eir.session.media.useCamera('nothing-id')), false);
    const told = await nurse.evaluate(() => globalThis.told.filter(({ type }) => type === 'failure').map(({ detail }) => detail));
    assert.deepEqual(told, [{ code: 'camera_missing', retry: 'now', cause: 'camera_missing' }]);
    await pause(SETTLE_MS);
    await waitForParties(viewer, [FRONT]);
    assert.equal(await nurse.evaluate(() => globalThis.eir.session.media.useCamera('environment')), true);
    assert.equal(await nurse.evaluate(() => globalThis.eir.session.failure), null, 'what works now is no failure any more');
    await waitForParties(viewer, [BACK]);
    await Promise.all([nurse.close(), viewer.close()]);
  });

  test('a phone that opens one camera at a time gets the former one back when the other one fails', async () => {
    const { nurse, viewer } = await meet('chromium', 'chromium', { ...PHONE, oneAtATime: true, broken: 'back-id' });
    assert.equal(await nurse.evaluate(() => globalThis.eir.session.media.useCamera('environment')), false);
    assert.equal(await nurse.evaluate(() => globalThis.eir.session.failure.code), 'camera_busy');
    assert.deepEqual(await nurse.evaluate(() => globalThis.eirPhone.openCameras()), ['front-id']);
    await pause(SETTLE_MS);
    await waitForParties(viewer, [FRONT]);
    await Promise.all([nurse.close(), viewer.close()]);
  });

  test('a muted camera stays muted when it is changed', async () => {
    const { nurse, viewer } = await meet('chromium', 'chromium');
    await nurse.evaluate(() => globalThis.eir.session.media.setMuted('video', true));
    await nurse.evaluate(() => globalThis.eir.session.media.useCamera('environment'));
    await pause(SETTLE_MS);
    assert.deepEqual((await shown(viewer)).map(({ code }) => code), [null], 'neither camera is to be seen');
    await nurse.evaluate(() => globalThis.eir.session.media.setMuted('video', false));
    await waitForParties(viewer, [BACK]);
    await Promise.all([nurse.close(), viewer.close()]);
  });

  test('the wound: a picture of 1920×1080 arrives as that, beside the face, with its label and without negotiation', async (t) => {
    const { nurse, viewer } = await meet('chromium', 'chromium', { ...PHONE, fps: 12 });
    const before = [await negotiations(nurse), await negotiations(viewer)];
    const id = await participantOf(nurse);
    assert.equal(await nurse.evaluate(() => globalThis.eir.session.media.startSecondCamera('environment', { detail: true })), true);
    await waitForParties(viewer, [FRONT, BACK]);
    await viewer.waitFor('the full size', () => [...document.querySelectorAll('figure:not([hidden]) video')].some(({ videoWidth }) => videoWidth === 1920));
    await viewer.waitFor('both names', () => document.querySelectorAll('figure:not([hidden])[data-participant^="p_"]').length === 2);
    const wound = (await shown(viewer)).find(({ code }) => code === BACK);
    assert.deepEqual(wound, { participant: id, label: 'wound', state: 'live', pinned: 'false', code: BACK, width: 1920, height: 1080 });
    await pause(SETTLE_MS);
    const { inbound } = await viewer.evaluate(() => globalThis.eirProbe.media());
    const { frameWidth, framesPerSecond } = inbound.find((entry) => entry.frameWidth === 1920) ?? {};
    t.diagnostic(`measured ${frameWidth} wide at ${framesPerSecond} pictures a second, of 12`);
    await screenshot(viewer, 'client-wound');
    await nurse.evaluate(() => globalThis.eir.session.media.stopSecondCamera());
    await viewer.waitFor('its tile goes', () => document.querySelectorAll('figure:not([hidden])').length === 1);
    assert.deepEqual([await negotiations(nurse), await negotiations(viewer)], before);
    await Promise.all([nurse.close(), viewer.close()]);
  });

  test('the camera itself can show the wound: 1920×1080 by useCamera', async () => {
    const { nurse, viewer } = await meet('chromium', 'chromium', { ...PHONE, fps: 12 });
    await nurse.evaluate(() => globalThis.eir.session.media.useCamera('environment', { detail: true }));
    await viewer.waitFor('the full size', () => document.querySelector('figure:not([hidden]) video')?.videoWidth === 1920);
    const [tile] = await shown(viewer);
    assert.deepEqual([tile.code, tile.label, tile.height], [BACK, 'camera', 1080]);
    await Promise.all([nurse.close(), viewer.close()]);
  });

  for (const [from, to] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
    test(`${from} to ${to}: second camera and screen are tiles of their own with their labels, and go again`, async () => {
      const { nurse, viewer } = await meet(from, to);
      const before = [await negotiations(nurse), await negotiations(viewer)];
      // Packets may be there before signalling has told whose they are.
      await viewer.waitFor('a name', () => document.querySelector('figure:not([hidden])[data-participant^="p_"]') !== null);
      assert.deepEqual((await shown(viewer)).map(({ label }) => label), ['camera'], 'what is in reserve has no tile');
      assert.equal(await nurse.evaluate(() => globalThis.eir.session.media.startSecondCamera('head-id')), true);
      assert.equal(await nurse.evaluate(() => globalThis.eir.session.media.shareScreen()), true);
      await waitForParties(viewer, [FRONT, HEAD, SCREEN]);
      await viewer.waitFor('three names', () => document.querySelectorAll('figure:not([hidden])[data-participant^="p_"]').length === 3);
      const labels = Object.fromEntries((await shown(viewer)).map(({ code, label }) => [code, label]));
      assert.deepEqual(labels, { [FRONT]: 'camera', [HEAD]: 'extra_camera', [SCREEN]: 'screen' });
      await screenshot(viewer, `client-three-pictures-${to}`);
      await nurse.evaluate(() => {
        globalThis.eir.session.media.stopScreen();
        globalThis.eir.session.media.stopSecondCamera();
      });
      await viewer.waitFor('one tile', () => document.querySelectorAll('figure:not([hidden])').length === 1);
      assert.deepEqual([await negotiations(nurse), await negotiations(viewer)], before);
      await Promise.all([nurse.close(), viewer.close()]);
    });
  }

  test('two cameras of the browser’s own are listed and changed by id', async () => {
    const browser = await launchChromium({ flags: ['--use-fake-device-for-media-stream=device-count=2'] });
    try {
      const { links } = await eir.openConsultation('test', ['specialist']);
      const page = await enterLibrary(browser, links.specialist, { name: 'specialist' });
      await page.waitFor('the camera', () => globalThis.eir.session.media.devices.track('video') !== null);
      const used = await page.evaluate(async () => {
        const { devices, session } = globalThis.eir;
        const { cameras, microphones } = await devices.list();
        const settings = () => session.media.devices.track('video').getSettings();
        const first = settings().deviceId;
        const other = cameras.find(({ id }) => id !== first).id;
        const changed = await session.media.useCamera(other);
        return { cameras: cameras.length, microphones: microphones.length, changed, isOther: settings().deviceId === other, offers: session.media.offers };
      });
      assert.deepEqual({ ...used, microphones: used.microphones > 0 }, { cameras: 2, microphones: true, changed: true, isOther: true, offers: 1 });
    } finally {
      await browser.close();
    }
  });

  test('a camera that is pulled out is followed by another one; without any the session goes on with sound', async () => {
    const { links } = await eir.openConsultation('test', ['clinician']);
    const page = await enterLibrary(browsers.chromium, links.clinician, { phone: { front: FRONT, back: BACK } });
    const sends = (kinds) => page.waitFor(
      `${kinds} to be sent`,
      (wanted) => globalThis.eir.pc.getSenders().map(({ track }) => track?.kind).filter(Boolean).join() === wanted,
      kinds,
    );
    await sends('audio,video');
    await page.evaluate(() => globalThis.eirPhone.unplug());
    await page.waitFor('the camera at the back', () => globalThis.eirPhone.openCameras().join() === 'back-id');
    await sends('audio,video');
    await page.evaluate(() => globalThis.eirPhone.unplug());
    await page.waitFor('the failure', () => globalThis.eir.session.failure?.code === 'camera_missing');
    await sends('audio');
    assert.equal(await page.evaluate(() => globalThis.eir.session.state), 'admitted');
    await page.close();
  });

  test('checked devices are handed on: the session opens nothing anew', async () => {
    const { links } = await eir.openConsultation('test', ['clinician']);
    const page = await openLibrary(browsers.chromium, links.clinician, { phone: PHONE });
    await page.evaluate(async (token) => {
      const { EirSession, checkDevices } = globalThis.eir;
      const checked = await checkDevices();
      globalThis.session = new EirSession(token);
      globalThis.session.media.devices.adopt(checked.stream);
      await globalThis.session.start();
    }, links.clinician.split('#')[1]);
    await page.waitFor('both are sent', () => globalThis.session.media.pc?.getSenders().filter(({ track }) => track).length === 2);
    assert.equal(await page.evaluate(() => globalThis.eirPhone.requests.length), 1);
    await page.close();
  });
});
