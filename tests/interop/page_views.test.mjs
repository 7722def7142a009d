// The page from the link to the consultation: every view on a phone and at a desk, looked at by axe-core; by keyboard
// alone; in Firefox; what it loads, and that it keeps nothing and asks nobody else.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { startEir } from './lib/eir.mjs';
import {
  DESKTOP, PHONE, assertAccessible, assertFits, decideOn, elsewhere, goIn, inView, lookAt, lookAtBoth, openAsPerson, picture, picturesShown,
  sayName,
} from './lib/page.mjs';
import { pause, textOf } from './lib/room.mjs';

const FIRST_LOAD_BYTES_MAX = 150_000;
const CLIENT_BYTES_MAX = 40_000;
const READY_MS_MAX = 1000;
const TABS_MAX = 40;
const PICTURE_BYTES_MAX = 150_000;
const README_SIZE = { width: 1024, height: 640 };

const pictureOf = (name) => fileURLToPath(new URL(`../../server/web/pictures/${name}.png`, import.meta.url));

/** Only when it is asked for: a test run leaves the repository as it was. */
async function readmePicture(page, name) {
  if (!process.env.EIR_WRITE_PICTURES) return;
  const size = page.driver.viewportSize();
  if (size.width > README_SIZE.width) await page.driver.setViewportSize(README_SIZE);
  await pause(1500);
  await page.screenshot(pictureOf(name));
  await page.driver.setViewportSize(size);
}


describe('the page', () => {
  const browsers = {};
  let eir;
  let room;
  let specialist;
  let nurse;
  let patient;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    eir = await startEir();
    browsers.chromium = await launchChromium();
    room = await eir.openConsultation('wound', [
      { role: 'specialist', organisation: 'Sykehuset' }, { role: 'clinician', organisation: 'Hjemmetjenesten' }, 'patient', 'relative', 'interpreter',
    ]);
  });

  after(async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    await eir?.stop();
  });

  const inState = (page, state) => page.waitFor(`${page.partyName} is ${state}`, (wanted) => document.documentElement.dataset.state === wanted, state);

  test('first load: small, quick, from one origin, with nothing kept', async (t) => {
    const page = await openAsPerson(browsers.chromium, room.links.patient, { who: 'patient' });
    const found = await page.evaluate(() => {
      const [navigation] = performance.getEntriesByType('navigation');
      const all = [navigation, ...performance.getEntriesByType('resource')];
      const sum = (files, size) => files.reduce((total, file) => total + file[size], 0);
      const client = all.filter(({ name }) => new URL(name).pathname.startsWith('/client/'));
      return {
        bytes: sum(all, 'decodedBodySize'), sent: sum(all, 'encodedBodySize'), files: all.length,
        client: sum(client, 'decodedBodySize'), clientSent: sum(client, 'encodedBodySize'),
        ready: Math.max(...all.map(({ responseEnd }) => responseEnd)),
        focus: document.activeElement.id,
        cookies: document.cookie, local: localStorage.length, session: sessionStorage.length,
      };
    });
    t.diagnostic(`measured first load: ${found.sent} bytes (${found.bytes} unpacked) in ${found.files} files, of which ${found.clientSent} (${found.client}) are the client library; ready after ${found.ready.toFixed(0)} ms`);
    assert.equal(found.focus, 'name', 'one can type at once');
    assert.ok(found.bytes <= FIRST_LOAD_BYTES_MAX, `${found.bytes} bytes`);
    assert.ok(found.clientSent > 0 && found.clientSent <= CLIENT_BYTES_MAX, `${found.clientSent} bytes of client library`);
    assert.ok(found.ready <= READY_MS_MAX, `${found.ready} ms`);
    assert.deepEqual([found.cookies, found.local, found.session], ['', 0, 0]);
    await page.close();
  });

  test('the own language is found; another can be chosen and stays after a reload', async () => {
    for (const [locale, words] of [['nn-NO', 'Velkomen'], ['da-DK', 'Velkommen'], ['se-NO', 'Bures boahtin'], ['en-US', 'Welcome'], ['fi-FI', 'Welcome']]) {
      const page = await openAsPerson(browsers.chromium, room.links.patient, { who: 'patient', locale });
      assert.equal(await textOf(page, '#title'), words, locale);
      if (locale.startsWith('se')) await lookAt(page, 'entry-se-phone');
      if (locale.startsWith('fi')) {
        await page.driver.selectOption('#language', 'se');
        await page.waitFor('the words', () => document.getElementById('title').textContent === 'Bures boahtin');
        assert.equal(await page.evaluate(() => document.documentElement.lang), 'se');
        await page.driver.reload();
        await inView(page, 'entry');
        assert.equal(await textOf(page, '#title'), 'Bures boahtin');
      }
      await page.close();
    }
  });

  test('name, check and waiting room of a patient on a phone; nobody is asked for a camera before the check', async () => {
    patient = await openAsPerson(browsers.chromium, room.links.patient, { who: 'patient', devices: { cameras: [
      { deviceId: 'front', label: 'Front camera', facing: 'user', who: 'patient' },
      { deviceId: 'back', label: 'Back camera', facing: 'environment', who: 'wound' },
    ] } });
    await lookAt(patient, 'entry-phone');
    assert.deepEqual(await patient.evaluate(() => globalThis.eirAsked), []);
    await sayName(patient, 'Ingrid');
    await inView(patient, 'check');
    assert.equal(await patient.evaluate(() => globalThis.eir.session.media.offers), 0, 'nothing is offered before the check is done');
    await patient.waitFor('all is well', () => [...document.querySelectorAll('#checks li')].every(({ dataset }) => dataset.state === 'ok'));
    await patient.waitFor('the voice is heard', () => document.querySelector('[data-check=microphone] p').textContent === 'Virker. Vi hører deg.');
    assert.ok(Number(await patient.evaluate(() => document.querySelector('[role=meter]').getAttribute('aria-valuenow'))) > 20);
    await lookAt(patient, 'check-phone');
    await patient.click('#check-join');
    await inView(patient, 'call');
    await patient.waitFor('the own picture', () => document.getElementById('preview').videoWidth > 0);
    assert.match(await textOf(patient, '#status'), /venterommet.*sendes ikke til noen/);
    assert.equal(await textOf(patient, '#people'), '', 'who waits has no list');
    assert.equal(await patient.evaluate(() => globalThis.eirAsked.length), 1, 'asked once');
    await lookAtBoth(patient, 'waiting');
    await readmePicture(patient, 'waiting');
  });

  test('a specialist at a desk sees who waits, lets them in, and all see and read each other', async () => {
    specialist = await openAsPerson(browsers.chromium, room.links.specialist, { who: 'specialist', viewport: DESKTOP });
    await lookAt(specialist, 'entry-desktop');
    await sayName(specialist, 'Dr. Nilsen');
    await inView(specialist, 'check');
    await specialist.waitFor('the check', () => [...document.querySelectorAll('#checks li')].every(({ dataset }) => dataset.state === 'ok'));
    await lookAt(specialist, 'check-desktop');
    await specialist.click('#check-join');
    await inView(specialist, 'call');
    await specialist.waitFor('who waits', () => document.getElementById('waiting').textContent.includes('Ingrid, pasient'));
    assert.equal(await specialist.evaluate(() => document.getElementById('people').dataset.count), '1');
    await pause(500);
    await lookAtBoth(specialist, 'waiting-list');
    nurse = await openAsPerson(browsers.chromium, room.links.clinician, { who: 'nurse', viewport: DESKTOP, devices: { cameras: [
      { deviceId: 'face', label: 'Laptop', who: 'nurse' },
      { deviceId: 'near', label: 'Close-up camera', who: 'wound' },
    ] } });
    await goIn(nurse, 'Mari');
    await decideOn(specialist, 'Ingrid', 'admit');
    await inState(patient, 'admitted');
    await Promise.all([picturesShown(specialist, 2), picturesShown(patient, 2), picturesShown(nurse, 2)]);
    assert.match(await textOf(specialist, '#roster'), /Dr\. Nilsen, spesialist \(deg\) · Sykehuset[^]*Mari, helsepersonell · Hjemmetjenesten/);
    await specialist.waitFor('words about the line', () => /Linjen din: (svært )?god|Linjen din: /.test(document.getElementById('own-quality').textContent));
    await pause(2500);
    await lookAt(specialist, 'consultation-desktop');
    await lookAt(patient, 'consultation-phone');
    await patient.click('#people');
    await lookAt(patient, 'people-phone');
    await patient.key('#panel-close', 'Enter');
    assert.equal(await patient.evaluate(() => document.activeElement.id), 'people', 'the focus goes back to what opened it');
  });

  test('messages, and text letter by letter', async () => {
    await specialist.click('#chat');
    await specialist.driver.keyboard.type('Kan dere vise såret litt nærmere?');
    await specialist.driver.keyboard.press('Enter');
    await patient.waitFor('word of the message', () => document.getElementById('news').textContent.includes('Ny melding fra Dr. Nilsen'));
    assert.equal(await patient.evaluate(() => document.getElementById('chat').dataset.count), '1');
    await patient.click('#chat');
    await patient.waitFor('the message', () => document.getElementById('chat-log').textContent.includes('litt nærmere?'));
    assert.equal(await patient.evaluate(() => document.getElementById('chat').dataset.count), undefined);
    await patient.driver.fill('#chat-input', 'Ja, nå kommer det.');
    await patient.driver.press('#chat-input', 'Enter');
    await specialist.waitFor('the answer', () => document.getElementById('chat-log').textContent.includes('nå kommer det'));
    await lookAt(specialist, 'chat-desktop');
    await lookAt(patient, 'chat-phone');
    await patient.click('#tab-text');
    await patient.driver.focus('#text-input');
    await patient.driver.keyboard.type('Det gjor vondt');
    for (let count = 0; count < 8; count += 1) await patient.driver.keyboard.press('Backspace');
    await patient.driver.keyboard.type('ør vondt 😕');
    await specialist.waitFor('the text', () => document.querySelector('#text-log p')?.textContent === 'Det gjør vondt 😕', undefined, 5000).catch(async (error) => {
      throw new Error(`${error.message}: ${await specialist.evaluate(() => document.getElementById('text-log').textContent)}`);
    });
    await specialist.click('#tab-text');
    await lookAt(specialist, 'text-desktop');
    await lookAt(patient, 'text-phone');
    await patient.click('#panel-close');
    await specialist.click('#tab-people');
  });

  test('the nurse shows the wound with a second camera: it is large, and is looked at closer by wheel, keys and buttons', async () => {
    await nurse.evaluate(() => globalThis.eir.session.media.startSecondCamera('near', { detail: true }));
    await specialist.waitFor('the close-up is the large one', () => document.querySelector('figure[data-label=wound][data-main=true] video')?.videoWidth > 0, undefined, 20000);
    const scale = () => specialist.evaluate(() => new DOMMatrix(getComputedStyle(document.querySelector('figure[data-label=wound] video')).transform).a);
    const middle = await specialist.evaluate(() => {
      const { left, top, width, height } = document.querySelector('figure[data-label=wound]').getBoundingClientRect();
      return { x: left + width * 0.4, y: top + height / 2 };
    });
    assert.equal(await scale(), 1);
    await specialist.driver.mouse.move(middle.x, middle.y);
    await specialist.driver.mouse.wheel(0, -500);
    await specialist.waitFor('larger', () => new DOMMatrix(getComputedStyle(document.querySelector('figure[data-label=wound] video')).transform).a > 2);
    await picture(specialist, 'wound-closer-desktop');
    const before = await scale();
    await specialist.key('#zoom button:nth-child(2)', 'Enter');
    assert.ok(await scale() > before);
    const at = () => specialist.evaluate(() => new DOMMatrix(getComputedStyle(document.querySelector('figure[data-label=wound] video')).transform).e);
    const left = await at();
    await specialist.driver.keyboard.press('ArrowLeft');
    assert.ok(await at() > left, 'moved');
    const dragged = await at();
    await specialist.driver.mouse.down();
    await specialist.driver.mouse.move(middle.x - 60, middle.y, { steps: 3 });
    await specialist.driver.mouse.up();
    assert.ok(await at() < dragged, 'dragged');
    await specialist.click('#zoom button:nth-child(3)');
    assert.equal(await scale(), 1);
    await pause(2500);
    await lookAt(specialist, 'wound-desktop');
    await readmePicture(specialist, 'consultation');
    await lookAt(patient, 'wound-phone');
    await specialist.click('#more');
    await specialist.waitFor('the dialog', () => document.getElementById('settings').open);
    await lookAt(specialist, 'settings-desktop');
    await specialist.click('input[name=layout][value=even]');
    await specialist.key('#settings-close', 'Enter');
    await pause(500);
    await specialist.click('#panel-close');
    await lookAtBoth(specialist, 'even');
    await nurse.evaluate(() => globalThis.eir.session.media.stopSecondCamera());
  });

  test('somebody is pinned, and let go', async () => {
    const pin = (name) => specialist.evaluate((wanted) => {
      [...document.querySelectorAll('.pin')].find((button) => button.getAttribute('aria-label').includes(wanted)).click();
    }, name);
    await pin('Ingrid');
    await specialist.waitFor('Ingrid is large', () => document.querySelector('figure[data-main=true] figcaption')?.textContent.startsWith('Ingrid'));
    await lookAtBoth(specialist, 'pinned');
    await specialist.click('#people');
    await pin('Ingrid');
    await specialist.waitFor('nobody is pinned', () => !document.querySelector('figure[data-pinned=true]'));
  });

  test('a phone: the other camera by one button, the dialog, on its side, narrow, and with letters of twice the size', async () => {
    assert.equal(await textOf(patient, '#switch'), 'Bytt kamera');
    await patient.click('#switch');
    await patient.waitFor('the back camera', () => globalThis.eir.session.media.devices.track('video')?.getSettings().deviceId === 'back');
    assert.equal(await patient.evaluate(() => document.getElementById('preview').dataset.mirrored), 'false');
    await patient.click('#switch');
    await patient.waitFor('the front camera', () => globalThis.eir.session.media.devices.track('video')?.getSettings().deviceId === 'front');
    await patient.click('#more');
    await patient.waitFor('the dialog', () => document.getElementById('settings').open);
    await lookAt(patient, 'settings-phone');
    await patient.click('#settings-close');
    for (const [name, viewport] of [['narrow', { width: 320, height: 640 }], ['side', { width: 844, height: 390 }], ['twice', { width: 640, height: 400 }]]) {
      await patient.driver.setViewportSize(viewport);
      await pause(400);
      await assertFits(patient, name);
      await assertAccessible(patient, name);
      await picture(patient, `consultation-${name}`);
    }
    await patient.driver.setViewportSize(PHONE);
  });

  test('the host pauses and goes on, and asks before what cannot be taken back: the question keeps the focus', async () => {
    await specialist.click('#hold');
    await patient.waitFor('the pause', () => document.documentElement.dataset.hold === 'by_host');
    await lookAtBoth(patient, 'held');
    await lookAtBoth(specialist, 'hold');
    await specialist.click('#hold');
    await patient.waitFor('it goes on', () => document.documentElement.dataset.hold === 'none');
    await specialist.key('#end', 'Enter');
    for (let count = 0; count < 6; count += 1) {
      await specialist.driver.keyboard.press('Tab');
      const where = await specialist.evaluate(() => document.activeElement === document.body || document.getElementById('question').contains(document.activeElement));
      assert.ok(where, 'nothing behind the question can be reached');
    }
    await specialist.driver.keyboard.press('Escape');
    assert.equal(await specialist.evaluate(() => document.documentElement.dataset.state), 'admitted');
    assert.equal(await specialist.evaluate(() => document.activeElement.id), 'end');
  });

  test('the whole join by keyboard alone, up to letting somebody in', async () => {
    const other = await eir.openConsultation('samkonsultasjon', ['specialist', 'patient']);
    const waiting = await openAsPerson(browsers.chromium, other.links.patient, { who: 'patient' });
    await goIn(waiting, 'Ingrid');
    const page = await openAsPerson(browsers.chromium, other.links.specialist, { who: 'specialist', viewport: DESKTOP });
    const { keyboard } = page.driver;
    const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.dataset.act || document.activeElement?.tagName);
    const tabTo = async (wanted) => {
      for (let count = 0; count < TABS_MAX; count += 1) {
        if ((await focused()) === wanted) {
          const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
          assert.notEqual(outline, 'none', `the focus is to be seen at ${wanted}`);
          return;
        }
        await keyboard.press('Tab');
      }
      throw new Error(`${wanted} is not reached by Tab`);
    };
    await keyboard.type('Dr. Nilsen');
    await keyboard.press('Enter');
    await inView(page, 'check');
    assert.equal(await focused(), 'title', 'a screen reader hears what the step is');
    await page.waitFor('the check', () => [...document.querySelectorAll('#checks li')].every(({ dataset }) => dataset.state === 'ok'));
    await tabTo('check-join');
    await keyboard.press('Space');
    await inView(page, 'call');
    await inState(page, 'admitted');
    await tabTo('admit');
    await keyboard.press('Enter');
    await inState(waiting, 'admitted');
    await picturesShown(page, 1);
    await tabTo('mute-audio');
    await keyboard.press('Space');
    await page.waitFor('muted', () => document.getElementById('mute-audio').textContent === 'Slå på mikrofon');
    assert.equal(await focused(), 'mute-audio', 'the focus stays');
    await tabTo('leave');
    await keyboard.press('Enter');
    await inView(page, 'over');
    await tabTo('again');
    await Promise.all([page, waiting].map((each) => each.close()));
  });

  test('a phone conference: only the microphone is checked, and no camera is ever asked for or shown', async () => {
    const call = await eir.openConsultation('phone_conference', ['specialist', 'patient']);
    const doctor = await openAsPerson(browsers.chromium, call.links.specialist, { who: 'specialist', viewport: DESKTOP });
    await goIn(doctor, 'Dr. Nilsen');
    const caller = await openAsPerson(browsers.chromium, call.links.patient, { who: 'patient' });
    await sayName(caller, 'Ingrid');
    await inView(caller, 'check');
    await caller.waitFor('the check', () => [...document.querySelectorAll('#checks li')].every(({ dataset }) => dataset.state === 'ok'));
    assert.match(await textOf(caller, '#status'), /uten bilde/);
    assert.equal(await textOf(caller, '[data-check=camera]'), '');
    await lookAtBoth(caller, 'voice-check');
    await caller.click('#check-join');
    await inView(caller, 'call');
    assert.match(await textOf(caller, '#status'), /Ingen hører deg ennå/);
    await lookAtBoth(caller, 'voice-waiting');
    await decideOn(doctor, 'Ingrid', 'admit');
    await inState(caller, 'admitted');
    await caller.waitFor('a card', () => document.querySelector('.voice strong')?.textContent === 'Dr. Nilsen, spesialist');
    await pause(1000);
    for (const page of [doctor, caller]) {
      assert.deepEqual(await page.evaluate(() => globalThis.eirAsked), [['audio']], `the ${page.partyName} is asked for the microphone alone`);
      assert.equal(await textOf(page, '#self'), '');
    }
    await lookAtBoth(caller, 'voice');
    await lookAtBoth(doctor, 'voice-host');
    await Promise.all([doctor, caller].map((page) => page.close()));
  });

  test('nothing went to another server, and no page reported an error', async () => {
    for (const page of [specialist, nurse, patient]) {
      assert.ok(page.requests.length > 10);
      assert.deepEqual(elsewhere(page), [], page.partyName);
      assert.deepEqual(await page.evaluate(() => globalThis.eirProbe.errors), [], page.partyName);
      const blocked = page.console.filter((line) => /Content.Security.Policy/i.test(line));
      assert.deepEqual(blocked, [], page.partyName);
    }
    await Promise.all([specialist, nurse, patient].map((page) => page.close()));
  });

  test('Firefox: name, check, waiting room and consultation', async () => {
    browsers.firefox = await launchFirefox();
    const host = await openAsPerson(browsers.chromium, room.links.specialist, { who: 'specialist', viewport: DESKTOP });
    await goIn(host, 'Dr. Nilsen');
    const page = await openAsPerson(browsers.firefox, room.links.relative, { who: 'relative', viewport: DESKTOP });
    await lookAt(page, 'entry-firefox');
    await sayName(page, 'Anne');
    await inView(page, 'check');
    await page.waitFor('the check', () => [...document.querySelectorAll('#checks li')].every(({ dataset }) => dataset.state === 'ok'));
    await lookAt(page, 'check-firefox');
    await page.click('#check-join');
    await inView(page, 'call');
    await lookAt(page, 'waiting-firefox');
    await decideOn(host, 'Anne', 'admit');
    await inState(page, 'admitted');
    await Promise.all([picturesShown(page, 1), picturesShown(host, 1)]);
    await lookAt(page, 'consultation-firefox');
    assert.deepEqual(elsewhere(page), []);
    await Promise.all([page, host].map((each) => each.close()));
  });

  test('the pictures of the README are there, and small', () => {
    for (const name of ['consultation', 'waiting']) assert.ok(statSync(pictureOf(name)).size <= PICTURE_BYTES_MAX, name);
  });
});
