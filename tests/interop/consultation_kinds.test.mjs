// What a template changes for the people in it: another patient too early, sound alone, a picture one way.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchChromium } from './lib/browsers.mjs';
import { FPS, TURNS, join, waitForParties } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { speechBase64 } from './lib/media_files.mjs';
import {
  DISOBEDIENT, assertOwnPicture, connected, decide, enter, inState, packets, participantOf, pause, screenshot, textOf,
} from './lib/room.mjs';

const WATCH_MS = 3000;
/** Text of a script: a page that opens and offers its devices whatever its rights are. */
const OFFERS_CAMERA = `addEventListener('DOMContentLoaded', () => {
  globalThis.eir.session.media.isUseful = (output) => output === 'audio' || output === 'video';
});`;

describe('templates', () => {
  let browser;
  let folder;
  let eir;

  before(async () => {
    folder = mkdtempSync(joinPath(tmpdir(), 'eir-kinds-'));
    eir = await startEir();
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await eir?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const source = async (code) => ({ code, fps: FPS, speech: await speechBase64(folder, code), ...TURNS });

  test('psych: another patient, too early, waits outside and neither gives nor gets a packet, and admit answers locked', async () => {
    const room = await eir.openConsultation('psych', ['specialist', 'patient', 'patient']);
    const host = await enter(browser, room.links.specialist, { name: 'therapist', source: await source(1) });
    const patient = await enter(browser, room.links.patient, { name: 'patient', source: await source(2) });
    await inState(patient, 'waiting');
    assert.equal((await decide(host, await participantOf(patient), 'admit')).status, 200);
    await Promise.all([waitForParties(host, [2]), waitForParties(patient, [1])]);
    await host.waitFor('the lock closed by itself', () => !document.getElementById('locked').hidden);

    const rosterBefore = await textOf(patient, '#roster');
    const early = await enter(browser, room.links.patient2, { name: 'early', source: await source(3), moreScript: DISOBEDIENT });
    await inState(early, 'waiting');
    assert.match(await textOf(early, '#status'), /venterommet/);
    await assertOwnPicture(early, 3);
    assert.equal((await decide(host, await participantOf(early), 'admit')).status, 409);
    assert.equal(await host.evaluate(() => document.getElementById('problem').dataset.code), 'locked');
    await pause(WATCH_MS);
    await inState(early, 'waiting');
    const given = await packets(early);
    assert.ok(given.sent > 50, `${given.sent} packets sent against orders`);
    assert.equal(given.received, 0);
    await Promise.all([waitForParties(host, [2]), waitForParties(patient, [1])]);
    assert.equal(await textOf(early, '#roster'), '');
    assert.equal(await textOf(patient, '#roster'), rosterBefore, 'the patient inside is told of nobody');
    await screenshot(early, 'psych-early-patient');
    await screenshot(host, 'psych-host');
    await Promise.all([host, patient, early].map((page) => page.close()));
  });

  test('phone_conference: the answer refuses every picture, cameras go dark, and voices are heard', async () => {
    const room = await eir.openConsultation('phone_conference', ['specialist', 'gp', 'patient']);
    const specialist = await enter(browser, room.links.specialist, { name: 'specialist', source: await source(0), moreScript: OFFERS_CAMERA });
    const gp = await enter(browser, room.links.gp, { name: 'gp', source: await source(1) });
    const patient = await enter(browser, room.links.patient, { name: 'patient', source: await source(2) });
    await decide(specialist, await participantOf(patient), 'admit');
    const pages = [specialist, gp, patient];
    for (const page of pages) {
      const lines = await page.evaluate(() => {
        const sections = (sdp) => sdp.split(/\r\n(?=m=)/).slice(1).map((section) => section.split(' ', 2).join(' '));
        return { offer: sections(globalThis.eir.pc.localDescription.sdp), answer: sections(globalThis.eir.pc.remoteDescription.sdp) };
      });
      const videos = lines.answer.filter((line) => line.startsWith('m=video'));
      // Nobody here has a use for a camera, so none is opened, except by a page that does so whatever it is told.
      const offered = page === specialist ? 10 : 9;
      assert.equal(lines.offer.filter((line) => line.startsWith('m=video')).length, offered, `${page.partyName}: slots and camera`);
      assert.deepEqual(videos, Array(offered).fill('m=video 0'), page.partyName);
      assert.ok(lines.answer.some((line) => line.startsWith('m=audio') && line !== 'm=audio 0'));
      assert.match(await textOf(page, '#mute-video'), /brukes ikke/);
    }
    for (const page of [gp, patient]) assert.equal(await textOf(page, '#self'), '', `the ${page.partyName}'s camera is dark`);
    const before = await Promise.all(pages.map((page) => page.evaluate(() => globalThis.eirProbe.media())));
    await pause(WATCH_MS);
    for (const [index, page] of pages.entries()) {
      const after = await page.evaluate(() => globalThis.eirProbe.media());
      const sum = (media, list, kind) =>
        media[list].filter((entry) => entry.kind === kind).reduce((total, entry) => total + (entry.packetsReceived ?? entry.packetsSent ?? 0), 0);
      const heard = sum(after, 'inbound', 'audio') - sum(before[index], 'inbound', 'audio');
      assert.ok(heard >= 40 * (WATCH_MS / 1000), `${page.partyName} got ${heard} packets of sound`);
      assert.deepEqual([sum(after, 'inbound', 'video'), sum(after, 'outbound', 'video')], [0, 0], `pictures at the ${page.partyName}`);
      assert.deepEqual(await page.evaluate(() => globalThis.eirProbe.errors), []);
    }
    await screenshot(specialist, 'phone-conference');
    await Promise.all(pages.map((page) => page.close()));
  });

  test('one_way: the clinician sees the patient and is never asked for a camera; the patient sees nobody', async () => {
    const room = await eir.openConsultation('one_way', ['clinician', 'patient']);
    const clinician = await enter(browser, room.links.clinician, { name: 'clinician', source: await source(1) });
    const patient = await enter(browser, room.links.patient, { name: 'patient', source: await source(2) });
    await inState(patient, 'waiting');
    await decide(clinician, await participantOf(patient), 'admit');
    await waitForParties(clinician, [2]);
    await pause(WATCH_MS);
    await waitForParties(clinician, [2]);
    const [gives, gets] = [await packets(patient), await packets(clinician)];
    assert.equal(gives.received, 0, 'the patient gets nothing');
    assert.equal(gets.sent, 0, 'the clinician gives nothing');
    assert.ok(gets.received > 50);
    assert.equal(await clinician.evaluate(() => globalThis.eirSource.calls), 0, 'neither camera nor microphone was asked for');
    assert.match(await textOf(patient, '#roster'), /Helsepersonell/, 'but knows who is there');
    await screenshot(clinician, 'one-way-clinician');
    await screenshot(patient, 'one-way-patient');
    // Sending all the same changes nothing.
    const defiant = await join(browser, room.links.clinician, { name: 'defiant clinician', source: await source(3), moreScript: OFFERS_CAMERA + DISOBEDIENT });
    await connected(defiant);
    await pause(WATCH_MS);
    assert.ok((await packets(defiant)).sent > 50);
    assert.equal((await packets(patient)).received, 0);
    await Promise.all([clinician, patient, defiant].map((page) => page.close()));
  });
});
