// A waiting room and what hosts decide, through the page's own buttons: who waits gives and gets no packet of media.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { FIGURES_COUNT, FPS, TURNS, waitForParties } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { speechBase64 } from './lib/media_files.mjs';
import {
  DISOBEDIENT, assertOwnPicture, button, decide, enter, firstFrameAfter, framesAfter, inState, packets, participantOf, pause,
  screenshot, textOf,
} from './lib/room.mjs';

// 300 on a machine that does nothing else; a picture that had to wait for the next key frame would be later than both.
const FIRST_FRAME_MS_MAX = FIGURES_COUNT ? 300 : 1000;
const QUIET_MS = 2000;
const RETURNS = 3;
// Pictures that the browser had decoded, but not shown yet, when the answer came.
const SHOWN_LATE_MS = 150;

describe('a waiting room', () => {
  const browsers = {};
  const ids = {};
  let folder;
  let eir;
  let room;
  let host;
  let patient;
  let relative;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    folder = mkdtempSync(joinPath(tmpdir(), 'eir-room-'));
    eir = await startEir();
    room = await eir.openConsultation('samkonsultasjon', ['specialist', 'patient', 'relative']);
    [browsers.chromium, browsers.firefox] = await Promise.all([launchChromium(), launchFirefox()]);
    const source = async (code) => ({ code, fps: FPS, speech: await speechBase64(folder, code), ...TURNS });
    patient = await enter(browsers.firefox, room.links.patient, { name: 'patient', source: await source(2) });
    host = await enter(browsers.chromium, room.links.specialist, { name: 'host', source: await source(1) });
    const disobedient = { name: 'relative', source: await source(3), moreScript: DISOBEDIENT };
    relative = await enter(browsers.chromium, room.links.relative, disobedient);
    Object.assign(ids, { host: await participantOf(host), patient: await participantOf(patient), relative: await participantOf(relative) });
  });

  after(async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    await eir?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test('who waits sees the own picture and a clear sentence, and no packet of media goes either way', async () => {
    await Promise.all([inState(patient, 'waiting'), inState(relative, 'waiting'), inState(host, 'admitted')]);
    await assertOwnPicture(patient, 2);
    await pause(QUIET_MS);
    assert.match(await textOf(patient, '#status'), /venterommet.*sendes ikke til noen ennå/);
    assert.equal(await textOf(patient, '#roster'), '', 'who waits is told of nobody');
    assert.deepEqual(await packets(patient), { received: 0, sent: 0 });
    const defiant = await packets(relative);
    assert.ok(defiant.sent > 50, `${defiant.sent} packets sent against orders`);
    assert.equal(defiant.received, 0);
    assert.equal((await packets(host)).received, 0, 'the host gets nothing of who waits, not even of who sends');
    assert.match(await textOf(host, 'section:has(#waiting)'), /Pasient[^]*Pårørende/);
    await screenshot(patient, 'waiting-patient-firefox');
    await screenshot(host, 'waiting-host');
  });

  async function admitAndTime(t, name) {
    const { at, status } = await decide(host, ids.patient, 'admit');
    assert.equal(status, 200);
    const times = { host: await firstFrameAfter(host, at - 1000), patient: await firstFrameAfter(patient, at - 1000) };
    const late = { host: times.host - at, patient: times.patient - at };
    t.diagnostic(`measured ${name}: first picture ${late.host} ms after the answer at the host, ${late.patient} ms at the patient`);
    return late;
  }

  test(`a click admits the patient: first pictures within ${FIRST_FRAME_MS_MAX} ms of the answer, both ways`, async (t) => {
    const late = await admitAndTime(t, 'admission');
    await Promise.all([waitForParties(host, [2]), waitForParties(patient, [1])]);
    assert.equal((await packets(relative)).received, 0, 'the relative still waits and gets nothing');
    assert.match(await textOf(patient, '#roster'), /Spesialist[^]*Pasient \(deg\)|Pasient \(deg\)[^]*Spesialist/);
    await screenshot(host, 'admitted-host');
    assert.ok(late.host <= FIRST_FRAME_MS_MAX && late.patient <= FIRST_FRAME_MS_MAX, JSON.stringify(late));
  });

  test('a private moment: the patient is sent back, pictures stop, and come again at once when re-admitted', async (t) => {
    for (let round = 1; round <= RETURNS; round += 1) {
      const { at } = await decide(host, ids.patient, 'return');
      const before = { host: await packets(host) };
      await inState(patient, 'waiting');
      await pause(SHOWN_LATE_MS);
      before.patient = await packets(patient);
      await pause(QUIET_MS);
      const after = { host: await packets(host), patient: await packets(patient) };
      assert.equal(after.host.received, before.host.received, 'no packet to the host');
      assert.equal(after.patient.received, before.patient.received, 'no packet to the patient');
      assert.equal(after.patient.sent, before.patient.sent, 'nothing leaves the patient’s device');
      for (const page of [host, patient]) assert.equal(await framesAfter(page, at + SHOWN_LATE_MS), 0, `pictures at the ${page.partyName}`);
      if (round === 1) await screenshot(patient, 'returned-patient-firefox');
      assert.match(await textOf(patient, '#status'), /vente litt/);
      assert.equal(await textOf(patient, '#roster'), '');
      const late = await admitAndTime(t, `re-admission ${round}`);
      await Promise.all([waitForParties(host, [2]), waitForParties(patient, [1])]);
      assert.ok(late.host <= FIRST_FRAME_MS_MAX && late.patient <= FIRST_FRAME_MS_MAX, JSON.stringify(late));
    }
  });

  test('a host mutes and stops the camera; only the patient turns them on again, and identity is confirmed', async () => {
    await decide(host, ids.patient, 'mute');
    await decide(host, ids.patient, 'stop');
    await decide(host, ids.patient, 'confirm-identity');
    await patient.waitFor('both buttons say “on”', () =>
      ['mute-audio', 'mute-video'].every((id) => document.getElementById(id).textContent.startsWith('Slå på')),
    );
    const before = await packets(host);
    await pause(QUIET_MS);
    assert.equal((await packets(host)).received, before.received, 'neither sound nor picture');
    assert.match(await textOf(patient, '#news'), /slått av kameraet ditt\. Bare du/);
    assert.match(await textOf(host, `li[data-participant="${ids.patient}"] span`), /mikrofon av · kamera av · identitet bekreftet/);
    for (const act of ['mute', 'stop', 'confirm-identity']) {
      assert.equal(await host.evaluate((which) => document.querySelector(which).hidden, button(ids.patient, act)), true, act);
    }
    await patient.click('#mute-video');
    await patient.click('#mute-audio');
    await waitForParties(host, [2]);
  });

  test('lock and pause are told to everybody, by keyboard too, and the focus stays where it was', async () => {
    await host.key('#lock', 'Enter');
    await Promise.all([host, patient].map((page) => page.waitFor('the lock is told', () => !document.getElementById('locked').hidden)));
    assert.equal(await host.evaluate(() => document.activeElement.id), 'lock');
    const refused = await decide(host, ids.relative, 'admit');
    assert.equal(refused.status, 409);
    assert.match(await textOf(host, '#problem'), /låst/);
    await host.key('#lock', 'Enter');
    await host.key('#hold', 'Enter');
    await patient.waitFor('the pause is told', () => document.getElementById('status').textContent.includes('pause'));
    const before = { host: await packets(host), patient: await packets(patient) };
    await pause(QUIET_MS);
    assert.deepEqual([(await packets(patient)).sent, (await packets(host)).received], [before.patient.sent, before.host.received]);
    assert.match(await textOf(patient, '#mute-video'), /på pause/);
    await screenshot(patient, 'held-patient-firefox');
    await host.key('#hold', 'Enter');
    await Promise.all([waitForParties(host, [2]), waitForParties(patient, [1])]);
  });

  test('every control has a name, and every list row says who it is', async () => {
    const nameless = await host.evaluate(() =>
      [...document.querySelectorAll('button, video, section, dialog')]
        .filter((element) => element.getClientRects().length > 0)
        .filter((element) => {
          const label = element.getAttribute('aria-label') ?? document.getElementById(element.getAttribute('aria-labelledby'))?.textContent;
          return !(label ?? element.textContent).trim();
        })
        .map((element) => element.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(nameless, []);
  });

  test('a denied relative and a removed patient are told so; the removed one’s link is no good any more', async () => {
    await host.click(button(ids.relative, 'deny'));
    await host.click('#yes');
    await inState(relative, 'ended');
    assert.match(await textOf(relative, '#status'), /slapp deg ikke inn/);
    await host.click(button(ids.patient, 'remove'));
    assert.match(await textOf(host, '#question-text'), /Ta ut Pasient\?/);
    await screenshot(host, 'remove-question-host');
    await host.click('#yes');
    await inState(patient, 'ended');
    assert.match(await textOf(patient, '#status'), /tatt deg ut.*Lenken kan ikke brukes igjen/);
    assert.equal(await patient.evaluate(() => document.activeElement.id), 'status');
    assert.equal(await patient.evaluate(() => document.querySelector('#preview').srcObject.getTracks().length), 0, 'the camera is off');
    await screenshot(patient, 'removed-patient-firefox');
    const again = await browsers.chromium.open({});
    again.partyName = 'removed patient';
    await again.goto(room.links.patient);
    await inState(again, 'failed');
    assert.equal(await again.evaluate(() => document.getElementById('problem').dataset.code), 'invitation_revoked');
    assert.match(await textOf(again, '#problem'), /trukket tilbake/);
    await screenshot(again, 'revoked-link');
  });

  test('the host ends it for all, after a question that “no” answers too', async () => {
    await host.click('#end');
    await host.click('#no');
    assert.equal(await host.evaluate(() => document.documentElement.dataset.state), 'admitted');
    await host.click('#end');
    await host.click('#yes');
    await inState(host, 'ended');
    assert.match(await textOf(host, '#status'), /Konsultasjonen er avsluttet/);
    await screenshot(host, 'ended-host');
    for (const page of [host, patient, relative]) {
      assert.deepEqual(await page.evaluate(() => globalThis.eirProbe.errors), [], page.partyName);
    }
  });
});
