// WHIP and WHEP with real clients: pages that use fetch alone, GStreamer's webrtcbin (RSA certificate,
// AES128_CM_SHA1_80), and libdatachannel. Every picture carries its sender's code and time, so that what is seen is known to
// come from whom, and how old it is.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox } from './lib/browsers.mjs';
import { endDatachannel, startDatachannel } from './lib/datachannel.mjs';
import { startEir } from './lib/eir.mjs';
import { startGst } from './lib/gst.mjs';
import { speechBase64 } from './lib/media_files.mjs';
import { median } from './lib/numbers.mjs';

const WATCH_MS = 30000;
const FPS = 25;
const READ_MS = 250;
// Of looks at a tile that show its party: a look may fall on a picture that is being replaced.
const SEEN_SHARE_MIN = 0.95;
// Pictures a second that are decoded; cameras give 25.
const DECODED_MIN = 20;
const WHIP_PAGE = readFileSync(new URL('lib/whip_page.js', import.meta.url), 'utf8');

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

describe('WHIP and WHEP', () => {
  let eir;
  let folder;
  let speech;
  let browsers;
  let consultation;
  const pages = [];
  const others = [];

  before(async () => {
    folder = mkdtempSync(joinPath(tmpdir(), 'eir-whip-'));
    speech = await speechBase64(folder, 1);
    eir = await startEir();
    browsers = { chromium: await launchChromium(), firefox: await launchFirefox() };
  });

  after(async () => {
    await Promise.all(Object.values(browsers ?? {}).map((browser) => browser.close()));
    endDatachannel();
    await eir?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.close()));
    await Promise.all(others.splice(0).map((each) => each.stop()));
  });

  /** A participant by its link: {token, whip, whep}. */
  async function enter(link) {
    const response = await fetch(`${eir.api}/v1/join`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: link.split('#')[1] }),
    });
    assert.equal(response.status, 200);
    const { session } = await response.json();
    return { token: session, whip: `/v1/whip/${consultation.id}`, whep: `/v1/whep/${consultation.id}` };
  }

  async function room(count) {
    consultation = await eir.openConsultation('test', Array(count).fill('specialist'));
    return Promise.all(Object.values(consultation.links).map(enter));
  }

  /** A page of Eir's own origin with the functions of lib/whip_page.js and nothing of the web client at work. */
  async function open(browser, code) {
    const source = code && { code, fps: FPS, speech, parties: 1, turnMs: 2000 };
    const page = await browsers[browser].open({ moreScript: WHIP_PAGE, source });
    pages.push(page);
    await page.goto('http://localhost:8080/j');
    return page;
  }

  const publish = (page, { whip, token }) =>
    page.evaluate((to) => globalThis.eirWhip.publish(to), { url: whip, token });
  const play = (page, { whep, token }, pairs) =>
    page.evaluate((from) => globalThis.eirWhip.play(from), { url: whep, token, pairs });

  function waitForParties(page, codes) {
    const wanted = [...codes].sort((a, b) => a - b).join();
    const isThere = (text) => Object.values(globalThis.eirProbe.parties()).sort((a, b) => a - b).join() === text;
    return page.waitFor(`the player shows ${wanted}`, isThere, wanted, 20000);
  }

  /** Watches a player; {code: {share, age, rate, lost, mid}}. */
  async function watch(page, forMs = WATCH_MS) {
    const parties = await page.evaluate(() => globalThis.eirProbe.parties());
    const first = await page.evaluate(() => globalThis.eirProbe.media());
    const tiles = await page.evaluate(
      ({ ms, every }) => globalThis.eirProbe.watchTiles(() => globalThis.eirProbe.remoteVideos(), ms, every),
      { ms: forMs, every: READ_MS },
    );
    const last = await page.evaluate(() => globalThis.eirProbe.media());
    const mids = await page.evaluate(() => {
      const all = globalThis.eirProbe.connections.flatMap((connection) => connection.getTransceivers());
      const mid = (track) => all.find(({ receiver }) => receiver.track.id === track.id).mid;
      return Object.fromEntries(Object.entries(globalThis.eirProbe.streams).map(([id, { video }]) => [id, mid(video)]));
    });
    const seen = {};
    for (const [stream, code] of Object.entries(parties)) {
      const right = tiles[stream].filter((read) => read.code === code);
      const wrong = tiles[stream].filter((read) => read.code !== null && read.code !== code);
      const [before, later] = [first, last].map(({ inbound }) =>
        inbound.find((entry) => entry.kind === 'video' && entry.mid === mids[stream]),
      );
      seen[code] = {
        mid: mids[stream],
        share: right.length / tiles[stream].length,
        wrong: wrong.length,
        age: median(right.map(({ age }) => age)),
        frames: later.framesDecoded - before.framesDecoded,
        rate: ((later.framesDecoded - before.framesDecoded) * 1000) / (last.now - first.now),
        lost: later.packetsLost - before.packetsLost,
      };
    }
    return seen;
  }

  function report(t, name, { share, age, frames, rate, lost }) {
    const seconds = (WATCH_MS / 1000).toFixed(0);
    t.diagnostic(
      `measured ${name}: ${frames} pictures in ${seconds} s (${rate.toFixed(1)}/s), ` +
        `right in ${(share * 100).toFixed(1)} % of looks, ${age} ms old, ${lost} packets lost`,
    );
  }

  function assertSeen(seen, code, name) {
    assert.ok(seen[code], `${name} is not shown`);
    assert.ok(seen[code].share >= SEEN_SHARE_MIN, `${name}: share ${seen[code].share}`);
    assert.equal(seen[code].wrong, 0, `${name}: another picture in its tile`);
    assert.ok(seen[code].rate >= DECODED_MIN, `${name}: ${seen[code].rate} pictures a second`);
  }

  test('pages publish and play in both browsers, and an ICE restart costs at most one packet', async (t) => {
    const [first, second, ...players] = await room(4);
    const [camera, fox] = [await open('chromium', 1), await open('firefox', 2)];
    const number = await publish(camera, first);
    await publish(fox, second);
    const trickled = await camera.evaluate((at) => globalThis.eirWhip.trickle(at), number);
    assert.equal(trickled.status, 204);
    const views = [await open('chromium'), await open('firefox')];
    const playing = await play(views[0], players[0], 2);
    await play(views[1], players[1], 2);
    for (const view of views) await waitForParties(view, [1, 2]);

    const watched = views.map((view) => watch(view));
    await sleep(WATCH_MS / 3);
    const before = await camera.evaluate((at) => globalThis.eirWhip.selected(at), number);
    const restarted = await camera.evaluate((at) => globalThis.eirWhip.restart(at), number);
    assert.notEqual(restarted.after, restarted.before);
    assert.equal(restarted.etag, '"2"');
    const played = await views[0].evaluate((at) => globalThis.eirWhip.restart(at), playing);
    assert.notEqual(played.after, played.before);
    await camera.waitFor(
      'a pair of the new ICE session',
      async ({ at, old }) => (await globalThis.eirWhip.selected(at)).ufrag !== old,
      { at: number, old: before.ufrag },
    );
    const [chromium, firefox] = await Promise.all(watched);
    for (const [view, seen] of [['chromium', chromium], ['firefox', firefox]]) {
      for (const [code, from] of [[1, 'chromium'], [2, 'firefox']]) {
        report(t, `${from} by WHIP in ${view} by WHEP`, seen[code]);
        assertSeen(seen, code, `${from} in ${view}`);
      }
      // Pair by pair in order of publication: audio 0, video 1; audio 2, video 3.
      assert.deepEqual([seen[1].mid, seen[2].mid], ['1', '3']);
    }
    assert.ok(chromium[1].lost <= 1, `lost over the restart of the camera: ${chromium[1].lost}`);
    assert.ok(firefox[1].lost <= 1, `lost over the restart of the camera: ${firefox[1].lost}`);
    t.diagnostic(`measured ICE restarts of camera and player: ${chromium[1].lost} and ${firefox[1].lost} packets lost`);
    assert.equal(await camera.evaluate((at) => globalThis.eirWhip.remove(at), number), 200);
  });

  test('GStreamer is a camera with H.264 and with VP8', async (t) => {
    const [first, second, viewer] = await room(3);
    const cameras = [
      startGst('publish', eir.api + first.whip, first.token, 'h264', 3),
      startGst('publish', eir.api + second.whip, second.token, 'vp8', 4),
    ];
    others.push(...cameras);
    for (const camera of cameras) await camera.until('state', ({ state }) => state === 'connected');
    const view = await open('chromium');
    await play(view, viewer, 2);
    await waitForParties(view, [3, 4]);
    const seen = await watch(view);
    for (const [code, name] of [[3, 'GStreamer H.264'], [4, 'GStreamer VP8']]) {
      report(t, `${name} in chromium by WHEP`, seen[code]);
      assertSeen(seen, code, name);
    }
    for (const camera of cameras) {
      await camera.stop();
      assert.equal(camera.last('removed')?.status, 200, camera.errors());
    }
  });

  test('GStreamer plays what a page publishes', async (t) => {
    const [first, listener] = await room(2);
    await publish(await open('chromium', 5), first);
    const player = startGst('play', eir.api + listener.whep, listener.token);
    others.push(player);
    await player.until('seen', ({ parties }) => parties[5] > 0, 20000);
    const begin = player.last('seen');
    await sleep(WATCH_MS);
    const end = player.last('seen');
    const [frames, right] = [end.frames - begin.frames, end.parties[5] - begin.parties[5]];
    t.diagnostic(`measured chromium by WHIP in GStreamer by WHEP: ${frames} pictures in 30 s, ${right} of them right`);
    assert.ok(frames >= (DECODED_MIN * WATCH_MS) / 1000, `${frames} pictures`);
    assert.ok(right / frames >= SEEN_SHARE_MIN);
    assert.ok(end.sounds > begin.sounds, 'sound as well');
  });

  test('libdatachannel publishes and receives', async (t) => {
    const [first, second, viewer] = await room(3);
    const camera = await startDatachannel({ url: eir.api + first.whip, token: first.token, publish: 6 });
    others.push(camera);
    await camera.connected;
    const view = await open('chromium');
    await play(view, viewer, 1);
    await waitForParties(view, [6]);
    const player = await startDatachannel({ url: eir.api + second.whep, token: second.token });
    others.push(player);
    await player.connected;
    const seen = await watch(view, WATCH_MS / 3);
    assertSeen(seen, 6, 'libdatachannel');
    const { packets, lost } = player.received();
    t.diagnostic(`measured libdatachannel: ${seen[6].rate.toFixed(1)} pictures/s of it in chromium, ${packets} packets to it, ${lost} missing`);
    assert.ok(packets > 100);
    assert.equal(lost, 0);
  });
});
