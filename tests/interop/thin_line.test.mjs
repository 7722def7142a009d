// A line that carries no picture: the page says so on the tile, below it whose it is, and to screen readers; the sound goes on,
// and the picture comes back with the line.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launchChromium, missingBrowsers } from './lib/browsers.mjs';
import { startEir } from './lib/eir.mjs';
import { LINE_SCRIPT, startImpair } from './lib/impair.mjs';
import { DESKTOP, PHONE, assertAccessible, assertFits, goIn, openAsPerson, picture, picturesShown } from './lib/page.mjs';
import { pause } from './lib/room.mjs';

// Two voices, and less than a quarter of what a picture of 1280×720 takes.
const THIN = '130k';
const TEXTS = ['Linjen er for svak for bildet. Lyden fortsetter.', 'Svak linje, bare lyd'];
const PAUSED_WITHIN_MS = 20000;
const BACK_WITHIN_MS = 60000;
const LISTEN_MS = 5000;
const VOICE_PACKETS_PER_S = 50;

/** Runs in the page: of each tile, what is said on it and where. */
function look() {
  const boxOf = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const { left, top, right, bottom } = range.getBoundingClientRect();
    return { left, top, right, bottom };
  };
  return [...document.querySelectorAll('#tiles figure:not([hidden])')].map((figure) => {
    const [cover, caption, video] = ['.cover', 'figcaption', 'video'].map((selector) => figure.querySelector(selector));
    return {
      text: cover.hidden ? '' : cover.textContent,
      name: caption.textContent,
      isSeen: getComputedStyle(video).visibility === 'visible',
      boxes: { cover: boxOf(cover), caption: boxOf(caption), figure: figure.getBoundingClientRect().toJSON() },
      others: [...figure.querySelectorAll('.pin, .quality:not([hidden])')].map((element) => element.getBoundingClientRect().toJSON()),
    };
  });
}

const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

describe('a line that carries no picture', () => {
  let eir;
  let line;
  let browser;
  let viewer;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    eir = await startEir();
    line = await startImpair(process.env.EIR_TEST_ADDRESS, { up: 'delay=20ms', down: 'delay=20ms' });
    browser = await launchChromium();
    const { links } = await eir.openConsultation('test', ['specialist', 'clinician', 'patient']);
    viewer = await openAsPerson(browser, links.specialist, { who: 'specialist', viewport: DESKTOP, moreScript: LINE_SCRIPT });
    await goIn(viewer, 'Specialist');
    for (const [role, who] of [['clinician', 'nurse'], ['patient', 'patient']]) {
      await goIn(await openAsPerson(browser, links[role], { who, devices: { talks: true } }), `The ${who}`);
    }
    await picturesShown(viewer, 2);
  });

  after(async () => {
    await browser?.close();
    await line?.close();
    await eir?.stop();
  });

  const held = (tiles) => tiles.filter(({ text }) => TEXTS.includes(text));
  const heard = async () => {
    const { inbound } = await viewer.evaluate(() => globalThis.eirProbe.media());
    const voices = inbound.filter(({ kind, packetsReceived }) => kind === 'audio' && packetsReceived > 0);
    return {
      voices: voices.length,
      packets: voices.map(({ packetsReceived }) => packetsReceived),
      concealed: voices.reduce((sum, { concealedSamples }) => sum + concealedSamples, 0),
      samples: voices.reduce((sum, { totalSamplesReceived }) => sum + totalSamplesReceived, 0),
    };
  };

  test('the tile says why there is no picture, the name stays, and a screen reader is told once', async () => {
    await viewer.waitFor('both pictures', () => [...document.querySelectorAll('#tiles figure:not([hidden]) .cover')].every(({ hidden }) => hidden), undefined, BACK_WITHIN_MS);
    line.change(`down rate=${THIN},delay=20ms`);
    await viewer.waitFor('a picture that is held back', (wanted) =>
      [...document.querySelectorAll('.cover:not([hidden])')].some(({ textContent }) => wanted.includes(textContent)), TEXTS, PAUSED_WITHIN_MS);
    // What is told is settled: names follow within the client's own look at its tiles, and a second picture may follow the first.
    await pause(3000);
    for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
      await viewer.driver.setViewportSize(viewport);
      // On a phone the list of people covers all.
      if (viewport === PHONE) await viewer.click('#panel-close');
      await pause(1000);
      const tiles = await viewer.evaluate(look);
      assert.ok(held(tiles).length > 0, JSON.stringify(tiles));
      for (const { name, boxes, others } of held(tiles)) {
        assert.match(name, /^The (nurse|patient)/i);
        for (const other of [boxes.caption, ...others]) assert.ok(!overlap(boxes.cover, other), `${size}: ${JSON.stringify([boxes, others])}`);
        assert.ok(boxes.cover.left >= boxes.figure.left && boxes.cover.right <= boxes.figure.right && boxes.cover.top >= boxes.figure.top, size);
      }
      await assertAccessible(viewer, `a held picture, ${size}`);
      await assertFits(viewer, `a held picture, ${size}`);
      await picture(viewer, `thin-line-${size}`);
    }
    const told = await viewer.evaluate(() => {
      const element = document.querySelector('#held');
      return { text: element.textContent, role: element.getAttribute('role') };
    });
    assert.equal(told.role, 'status');
    for (const { name } of held(await viewer.evaluate(look))) assert.ok(told.text.includes(name), `${told.text} without ${name}`);
  });

  test('the sound goes on', async (t) => {
    const before = await heard();
    await pause(LISTEN_MS);
    const after = await heard();
    assert.equal(after.voices, 2);
    const share = (after.concealed - before.concealed) / (after.samples - before.samples);
    const packets = after.packets.map((count, index) => count - before.packets[index]);
    t.diagnostic(`measured: ${packets} packets of sound in ${LISTEN_MS} ms, ${(100 * share).toFixed(2)} % concealed`);
    for (const count of packets) assert.ok(count > (VOICE_PACKETS_PER_S * LISTEN_MS * 0.8) / 1000, `${packets}`);
    assert.ok(share < 0.1, `${share}`);
  });

  test('with the line the pictures come back', async (t) => {
    const start = Date.now();
    line.change('down rate=none,delay=20ms');
    // One after the other: each rise waits for a probe of the line.
    for (const count of [1, 2]) {
      await viewer.waitFor(`${count} pictures that are not held back`, (wanted) =>
        [...document.querySelectorAll('#tiles figure:not([hidden]) .cover')].filter(({ hidden }) => hidden).length >= wanted, count, BACK_WITHIN_MS);
      t.diagnostic(`measured: ${count} back after ${Date.now() - start} ms`);
    }
    await picturesShown(viewer, 2);
    const frames = () => viewer.evaluate(() => [...document.querySelectorAll('#tiles figure:not([hidden]) video')].map((video) => video.getVideoPlaybackQuality().totalVideoFrames));
    const before = await frames();
    await pause(2000);
    for (const [index, count] of (await frames()).entries()) assert.ok(count > before[index] + 10, `${before} and then ${count}`);
    const tiles = await viewer.evaluate(look);
    assert.ok(tiles.length === 2 && tiles.every(({ text, isSeen }) => text === '' && isSeen), JSON.stringify(tiles));
    assert.equal(await viewer.evaluate(() => document.querySelector('#held').textContent), '');
  });
});
