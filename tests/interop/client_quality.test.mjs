// Quality figures that follow the line, pins and views that reach the server, chat and text that arrive.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { enterLibrary, shown } from './lib/client_page.mjs';
import { waitForParties } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { startLossyProxy } from './lib/lossy_proxy.mjs';
import { participantOf } from './lib/room.mjs';
import { PROXY_SCRIPT } from './lib/udp_proxy.mjs';

const LOSS = 0.2;
const VIEWER = { options: { constraints: {} } };
/** Text of a script: keeps what the page says over its WebSocket. */
const KEEP_SENT = `{
  globalThis.sent = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) { globalThis.sent.push(JSON.parse(data)); return send.call(this, data); };
}`;

describe('quality, view and words of the client library', () => {
  const browsers = {};
  let eir;
  let proxy;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    eir = await startEir();
    proxy = await startLossyProxy(process.env.EIR_TEST_ADDRESS);
    [browsers.chromium, browsers.firefox] = await Promise.all([launchChromium(), launchFirefox()]);
  });

  after(async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    proxy?.close();
    await eir?.stop();
  });

  const enter = (browser, link, name, front, more = {}) =>
    enterLibrary(browsers[browser], link, { name, phone: { front }, ...more });

  const qualities = (page) => page.evaluate(() => globalThis.told.filter(({ type }) => type === 'quality').map(({ detail }) => detail));
  /** The next figures whose first picture is within these limits. */
  const whenQuality = (page, what, limits) =>
    page.waitFor(what, ({ levelMin = 0, levelMax = 4, above = {}, upBitrateMin = 0 }) => {
      const { latest } = globalThis.eir.session.quality;
      const down = latest?.down[0];
      const fits = down && latest.up.bitrate >= upBitrateMin && down.level >= levelMin && down.level <= levelMax && Object.entries(above).every(([name, least]) => down[name] > least);
      return fits ? latest : null;
    }, limits, 30_000);

  for (const receiver of ['chromium', 'firefox']) {
    test(`${receiver}: figures fall when the receiver's line loses packets, and rise when it does not any more`, async (t) => {
      const { links } = await eir.openConsultation('test', ['specialist', 'clinician']);
      const nurse = await enter('chromium', links.clinician, 'nurse', 61);
      const viewer = await enter(receiver, links.specialist, 'viewer', 62, { moreScript: PROXY_SCRIPT });
      await waitForParties(viewer, [61]);
      const id = await participantOf(nurse);
      const good = await whenQuality(viewer, 'a good line', { levelMin: 3, above: { fps: 5 }, upBitrateMin: 50_000 });
      t.diagnostic(`measured on a good line: ${JSON.stringify(good)}`);
      assert.equal(good.down[0].participant, id);
      await viewer.waitFor('the size that is told is the one that is shown', () => {
        const { videoWidth, videoHeight } = document.querySelector('figure:not([hidden]) video');
        const [{ width, height }] = globalThis.eir.session.quality.latest.down;
        return width > 0 && width === videoWidth && height === videoHeight;
      });
      assert.ok(good.down[0].fps <= 30, `${good.down[0].fps} pictures a second of 25`);
      assert.ok(good.up.level >= 3 && good.up.lossShare < 0.02, JSON.stringify(good.up));
      proxy.loss = LOSS;
      const bad = await whenQuality(viewer, 'a bad line', { levelMax: 1, above: { lossShare: 0.1 } });
      t.diagnostic(`measured with ${LOSS * 100} % lost on the way down: ${JSON.stringify(bad.down[0])}`);
      assert.ok(bad.down[0].lossShare < 0.4, `${bad.down[0].lossShare} of ${LOSS}`);
      proxy.loss = 0;
      await whenQuality(viewer, 'a good line again', { levelMin: 3 });
      const [first, second] = (await viewer.evaluate(() => globalThis.told.filter(({ type }) => type === 'quality').map(({ at }) => at))).slice(-2);
      assert.ok(Math.abs(second - first - 2000) < 500, `figures every ${second - first} ms`);
      const sent = (await qualities(viewer)).at(-1).up;
      t.diagnostic(`measured ${receiver} sends ${JSON.stringify(sent)}`);
      assert.ok(sent.roundTripMs > 0 && sent.roundTripMs < 200, `${sent.roundTripMs} ms there and back`);
      const route = await viewer.evaluate(() => globalThis.eir.session.media.route());
      assert.deepEqual([route.state, route.protocol, route.roundTripMs < 200], ['connected', 'udp', true]);
      await Promise.all([nurse.close(), viewer.close()]);
    });
  }

  test('tiles ask for the size in which they are seen, and for none of what the page hides', async () => {
    const { links } = await eir.openConsultation('test', ['specialist', 'clinician', 'patient']);
    const viewer = await enter('chromium', links.specialist, 'viewer', 63, { ...VIEWER, moreScript: KEEP_SENT });
    const pages = [await enter('chromium', links.clinician, 'nurse', 64), await enter('chromium', links.patient, 'patient', 65)];
    await waitForParties(viewer, [64, 65]);
    const patient = await participantOf(pages[1]);
    const lastView = (text) =>
      viewer.waitFor(`a view: ${text}`, (condition) => {
        const view = globalThis.sent.filter(({ type }) => type === 'view').at(-1)?.wishes;
          return view && (0, eval)(condition)(view) ? view : null;
      }, text);
    await viewer.evaluate(() => {
      document.adoptedStyleSheets = [new CSSStyleSheet()];
      document.adoptedStyleSheets[0].replaceSync('figure video { width: 320px; height: 180px }');
    });
    await lastView('(wishes) => wishes.length === 2 && wishes.every(({ width, height }) => width === 320 && height === 192)');
    await viewer.evaluate((who) => globalThis.eir.session.pin(who), patient);
    const [pinned, other] = (await lastView('(wishes) => wishes.some(({ priority }) => priority === 9)')).sort((a, b) => b.priority - a.priority);
    assert.deepEqual([pinned.participant, pinned.label, other.participant, other.priority], [patient, 'camera', undefined, 5]);
    assert.deepEqual((await shown(viewer)).map(({ code, pinned: isPinned }) => [code, isPinned]).sort(), [[64, 'false'], [65, 'true']]);
    await viewer.evaluate(() => globalThis.eir.session.pin(null));
    await viewer.evaluate(() => document.adoptedStyleSheets[0].replaceSync('figure { display: none }'));
    await lastView('(wishes) => wishes.length === 2 && wishes.every(({ width }) => width === 0)');
    await viewer.waitFor('the server pauses them', () => [...globalThis.eir.session.slots.values()].filter(({ state }) => state === 'paused').length === 2);
    await viewer.evaluate(() => document.adoptedStyleSheets[0].replaceSync(''));
    await waitForParties(viewer, [64, 65]);
    // Wishes said while there is no transport are told to the next one, and are no mistake.
    await viewer.evaluate(() => {
      globalThis.sent.length = 0;
      const { session } = globalThis.eir;
      const opened = session.media.connect();
      session.media.pc.close();
      session.media.pc = null;
      session.view([{ mid: [...session.slots.keys()][0] ?? '3', width: 0, height: 0 }]);
      return opened;
    });
    assert.deepEqual(await lastView('(wishes) => wishes.length === 1').then(([{ width }]) => width), 0);
    assert.deepEqual(await viewer.evaluate(() => globalThis.sent.map(({ type }) => type).filter((type) => type === 'offer' || type === 'view')), ['offer', 'view']);
    await viewer.evaluate(() => globalThis.eir.session.view(null));
    await waitForParties(viewer, [64, 65]);
    const problems = await viewer.evaluate(() => globalThis.told.filter(({ type }) => type === 'problem'));
    assert.deepEqual(problems, []);
    await Promise.all([viewer, ...pages].map((page) => page.close()));
  });

  test('chat and real-time text arrive at the others, letters together and in order', async () => {
    const { links } = await eir.openConsultation('test', ['specialist', 'clinician']);
    const viewer = await enter('firefox', links.specialist, 'specialist', 66, VIEWER);
    const nurse = await enter('chromium', links.clinician, 'nurse', 67, { moreScript: KEEP_SENT });
    const id = await participantOf(nurse);
    const got = (type) => viewer.evaluate((wanted) => globalThis.told.filter((each) => each.type === wanted).map(({ detail }) => detail), type);
    await nurse.evaluate(() => globalThis.eir.session.chat('Såret er 3 cm — ser du det?'));
    for (const letters of ['He', 'j\u0008i ', 'der\u2028']) await nurse.evaluate((typed) => globalThis.eir.session.realTimeText(typed), letters);
    await viewer.waitFor('both', () => new Set(globalThis.told.map(({ type }) => type).filter((type) => type === 'chat' || type === 'text')).size === 2);
    const [{ participant, text }] = await got('chat');
    assert.deepEqual([participant, text], [id, 'Såret er 3 cm — ser du det?']);
    await viewer.waitFor('all letters', () => globalThis.told.filter(({ type }) => type === 'text').map(({ detail }) => detail.t140).join('').endsWith('\u2028'));
    const texts = await got('text');
    assert.equal(texts.map(({ t140 }) => t140).join(''), 'Hej\u0008i der\u2028');
    assert.ok(texts.every((each) => each.participant === id));
    const sent = await nurse.evaluate(() => globalThis.sent.filter(({ type }) => type === 'text').length);
    assert.ok(sent <= 2, `${sent} messages for three bursts of letters`);
    await Promise.all([nurse.close(), viewer.close()]);
  });
});
