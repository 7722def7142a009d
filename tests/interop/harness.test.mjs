// Proves the harness itself: what source.js draws and speaks is what probe.js reads after a real encode, transport and
// decode within one page, in each browser. Every other browser test rests on this.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { cameraFile, speechBase64 } from './lib/media_files.mjs';
import { median, percentile, turnLevelDb } from './lib/numbers.mjs';

const TURNS = { parties: 3, turnMs: 2000 };
const artifacts = process.env.EIR_BROWSER_ARTIFACTS;
let folder;
let server;

before(async () => {
  assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
  folder = mkdtempSync(join(tmpdir(), 'eir-harness-'));
  server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>loopback</title><video id="remote" muted autoplay playsinline></video>');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const url = () => `http://localhost:${server.address().port}/`;

/** Runs in the page: sends getUserMedia's stream through two peer connections and shows what arrives. */
async function connectLoopback() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const [sender, receiver] = [new RTCPeerConnection(), new RTCPeerConnection()];
  sender.onicecandidate = ({ candidate }) => receiver.addIceCandidate(candidate);
  receiver.onicecandidate = ({ candidate }) => sender.addIceCandidate(candidate);
  const received = new MediaStream();
  receiver.ontrack = ({ track }) => received.addTrack(track);
  for (const track of stream.getTracks()) sender.addTrack(track, stream);
  await sender.setLocalDescription();
  await receiver.setRemoteDescription(sender.localDescription);
  await receiver.setLocalDescription();
  await sender.setRemoteDescription(receiver.localDescription);
  document.getElementById('remote').srcObject = received;
  globalThis.level = globalThis.eirProbe.levelOf(received.getAudioTracks()[0]);
}

async function loopback(page) {
  await page.goto(url());
  await page.evaluate(connectLoopback);
  await page.waitFor('a tile with a code', () => globalThis.eirProbe.readTile(document.getElementById('remote')).code !== null);
}

const watchRemote = (ms) => globalThis.eirProbe.watchTiles(() => ({ remote: document.getElementById('remote') }), ms, 40);

for (const launch of [launchChromium, launchFirefox]) {
  describe(launch.name.replace('launch', ''), () => {
    let browser;
    let page;
    before(async () => {
      browser = await launch();
      const speech = await speechBase64(folder, 1);
      page = await browser.open({ source: { code: 1, fps: 30, speech, ...TURNS }, watchFirstFrames: true });
      await loopback(page);
    });
    after(() => browser?.close());

    test('the tile shows the party that sends it, and a young time code', async (t) => {
      const { remote } = await page.evaluate(watchRemote, 5000);
      const read = remote.filter((tile) => tile.code !== null);
      assert.ok(remote.length > 40, `only ${remote.length} looks in 5 s`);
      assert.ok(read.length >= remote.length * 0.98, `${read.length} of ${remote.length} looks read a code`);
      assert.deepEqual([...new Set(read.map((tile) => tile.code))], [1]);
      const ages = read.map((tile) => tile.age);
      t.diagnostic(`measured ${browser.name} ${browser.version}: age median ${median(ages)} ms, 95 % ${percentile(ages, 0.95)} ms`);
      assert.ok(percentile(ages, 0.95) <= 500);
      assert.ok(Math.min(...ages) >= 0, 'a time code from the future');
      if (artifacts) await page.screenshot(join(artifacts, `harness-${browser.name}.png`));
    });

    test('25 to 30 pictures a second leave, and at least 95 % of them are decoded', async (t) => {
      const first = await page.evaluate(() => globalThis.eirProbe.media());
      await new Promise((done) => setTimeout(done, 4000));
      const last = await page.evaluate(() => globalThis.eirProbe.media());
      const count = (media, list, field) => media[list].find((entry) => entry.kind === 'video')[field];
      const sent = count(last, 'outbound', 'framesSent') - count(first, 'outbound', 'framesSent');
      const decoded = count(last, 'inbound', 'framesDecoded') - count(first, 'inbound', 'framesDecoded');
      const rate = (sent * 1000) / (last.now - first.now);
      t.diagnostic(`measured ${browser.name}: ${rate.toFixed(1)} pictures a second, ${decoded} of ${sent} decoded`);
      assert.ok(rate >= 25 && rate <= 31, `${rate} pictures a second`);
      assert.ok(decoded >= sent * 0.95);
    });

    test('the party is heard in its own turn, at least 20 dB above its silence', async (t) => {
      // A browser's jitter buffer starts long and shrinks: what was heard while it did says nothing about turns.
      await new Promise((done) => setTimeout(done, 5000));
      await page.evaluate(() => globalThis.level.samples.splice(0));
      await new Promise((done) => setTimeout(done, TURNS.parties * TURNS.turnMs + 1000));
      const samples = await page.evaluate(() => globalThis.level.samples);
      const levels = [0, 1, 2].map((speaker) => turnLevelDb(samples, speaker, TURNS));
      t.diagnostic(`measured ${browser.name}: turns at ${levels.map((level) => level.toFixed(0)).join(', ')} dBFS`);
      assert.ok(levels[1] > -40, `speech at ${levels[1]} dBFS`);
      assert.ok(levels[1] >= levels[0] + 20 && levels[1] >= levels[2] + 20, `levels ${levels}`);
    });

    test('the first picture is timed, and events and errors of the page are counted', async () => {
      const probe = await page.evaluate(() => ({
        frames: Object.values(globalThis.eirProbe.firstFrames).length,
        changes: globalThis.eirProbe.signalingStateChanges,
        errors: globalThis.eirProbe.errors,
      }));
      // Each of the two connections went to an offer state and back to stable.
      assert.deepEqual(probe, { frames: 1, changes: 4, errors: [] });
    });
  });
}

test('Chromium sends a camera file whose code is read at the other end', async () => {
  const browser = await launchChromium({ camera: await cameraFile(folder, 77) });
  try {
    const page = await browser.open();
    await loopback(page);
    const { remote } = await page.evaluate(watchRemote, 2000);
    const codes = remote.filter((tile) => tile.code !== null).map((tile) => tile.code);
    assert.ok(codes.length >= remote.length * 0.9, `${codes.length} of ${remote.length} looks read a code`);
    assert.deepEqual([...new Set(codes)], [77]);
  } finally {
    await browser.close();
  }
});

test('a picture without the blocks has no code', async () => {
  const browser = await launchChromium();
  try {
    const page = await browser.open();
    await page.goto(url());
    await page.evaluate(connectLoopback);
    await page.waitFor('a picture', () => document.getElementById('remote').videoWidth > 0);
    const { remote } = await page.evaluate(watchRemote, 1000);
    assert.ok(remote.length > 5);
    assert.deepEqual([...new Set(remote.map((tile) => tile.code))], [null]);
  } finally {
    await browser.close();
  }
});
