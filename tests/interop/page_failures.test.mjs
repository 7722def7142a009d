// Each failure has its own words and its own way out, on a phone and at a desk.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launchChromium, missingBrowsers } from './lib/browsers.mjs';
import { startEir } from './lib/eir.mjs';
import { DESKTOP, PHONE, decideOn, elsewhere, goIn, inView, lookAt, lookAtBoth, openAsPerson, picturesShown, sayName } from './lib/page.mjs';
import { pause, textOf } from './lib/room.mjs';

const DAY_MS = 86_400_000;
const HOST_ABSENT_MS = 45_000;
const MEDIA_BLOCKED_MS = 20_000;

describe('what goes wrong', () => {
  let browser;
  let eir;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    eir = await startEir();
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await eir?.stop();
  });

  /** A consultation with one seat, and a link to it. */
  async function invite({ template = 'samkonsultasjon', role = 'patient', seat = {}, invitation = {}, ...more }) {
    const made = await eir.call('POST', '/v1/consultations', { template, seats: [{ role: 'specialist' }, { role, ...seat }], ...more });
    const link = async (index, settings) => {
      const path = `/v1/consultations/${made.id}/seats/${made.seats[index].id}/invitations`;
      const { url, token, id } = await eir.call('POST', path, { kind: 'link', maxUses: 100, ...settings });
      return { url: `http://localhost:8080${url.slice(url.indexOf('/j#'))}`, token, id };
    };
    return { id: made.id, guest: await link(1, invitation), host: await link(0, {}) };
  }

  const joinByApi = (token) => eir.call('POST', '/v1/join', { token });

  /** Title, words and what can be pressed in the view of an end. */
  async function assertEnd(page, { title, says, way, code }) {
    await inView(page, 'over');
    assert.equal(await textOf(page, '#title'), title);
    assert.match(await textOf(page, '#lead'), says);
    assert.match(await textOf(page, '#ways'), way);
    if (code) assert.equal(await page.evaluate(() => document.getElementById('problem').dataset.code), code);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'status', 'a screen reader is told');
    assert.ok(await page.evaluate(() => document.querySelector('#ways button')?.getClientRects().length > 0), 'a button that does something');
    assert.deepEqual(elsewhere(page), []);
  }

  /** Opens the link on a phone and at a desk, and finds both times what is expected. */
  async function refusedAt(link, name, expected, settings = {}) {
    for (const [size, viewport] of [['phone', PHONE], ['desktop', DESKTOP]]) {
      const page = await openAsPerson(browser, link, { who: 'patient', viewport, ...settings });
      if (link.includes('#')) await sayName(page, 'Ingrid');
      await assertEnd(page, expected);
      await lookAt(page, `${name}-${size}`);
      assert.deepEqual(await page.evaluate(() => globalThis.eirAsked), [], 'no camera was asked for');
      await page.close();
    }
  }

  test('a wrong link: another one can be pasted, and opens', async () => {
    const expected = { title: 'Lenken virker ikke', says: /Sjekk at du åpnet hele lenken/, way: /Åpne lenken/, code: 'unauthorized' };
    const { guest } = await invite({});
    await refusedAt('http://localhost:8080/j#no-such-token', 'wrong-link', expected);
    await refusedAt('http://localhost:8080/j', 'no-link', expected);
    const page = await openAsPerson(browser, 'http://localhost:8080/j#no-such-token', { who: 'patient' });
    await sayName(page, 'Ingrid');
    await inView(page, 'over');
    await page.click('#ways button');
    assert.match(await textOf(page, '#link-problem'), /ikke en hel lenke/);
    await page.driver.fill('#link', guest.url);
    await page.click('#ways button');
    await inView(page, 'entry');
    await goIn(page, 'Ingrid');
    assert.match(await textOf(page, '#status'), /venterommet/);
    await page.close();
  });

  test('a used, an old and a withdrawn link', async () => {
    const used = await invite({ invitation: { maxUses: 1 } });
    await joinByApi(used.guest.token);
    await refusedAt(used.guest.url, 'link-used', { title: 'Lenken er brukt', says: /så mange ganger/, way: /Åpne lenken/, code: 'invitation_used' });
    const old = await invite({ invitation: { notAfter: new Date(Date.now() + 1500).toISOString().slice(0, 19) + 'Z' } });
    await pause(2000);
    await refusedAt(old.guest.url, 'too-late', { title: 'Lenken er for gammel', says: /gjelder ikke lenger/, way: /Åpne lenken/, code: 'invitation_expired' });
    const withdrawn = await invite({});
    await eir.call('DELETE', `/v1/consultations/${withdrawn.id}/invitations/${withdrawn.guest.id}`);
    await refusedAt(withdrawn.guest.url, 'withdrawn', { title: 'Lenken virker ikke', says: /trukket tilbake/, way: /Åpne lenken/, code: 'invitation_revoked' });
  });

  test('too early: it says so and tries again by itself', async () => {
    const time = (ms) => new Date(Date.now() + ms).toISOString().slice(0, 19) + 'Z';
    const { guest } = await invite({ startsAt: time(2 * DAY_MS), endsAt: time(2 * DAY_MS + 3_600_000) });
    const expected = { title: 'Du er tidlig ute', says: /Venterommet/, way: /Prøv igjen[^]*Prøver igjen om \d+:\d\d/, code: 'too_early' };
    await refusedAt(guest.url, 'too-early', expected);
  });

  test('full, and locked', async () => {
    const full = await invite({ seat: { many: true } });
    for (let count = 0; count < 16; count += 1) await joinByApi(full.guest.token);
    await refusedAt(full.guest.url, 'full', { title: 'Konsultasjonen er full', says: /Vent til noen har gått/, way: /Prøv igjen/, code: 'full' });
    const locked = await invite({ seat: { many: true } });
    await joinByApi(locked.host.token);
    await eir.call('POST', `/v1/consultations/${locked.id}/lock`, {});
    await refusedAt(locked.guest.url, 'locked', { title: 'Konsultasjonen er låst', says: /Si fra til verten/, way: /Prøv igjen/, code: 'locked' });
    await eir.call('POST', `/v1/consultations/${locked.id}/unlock`, {});
  });

  test('a service that cannot be reached: it tries again', async () => {
    const { guest } = await invite({});
    const page = await openAsPerson(browser, guest.url, { who: 'patient' });
    await page.driver.route('**/v1/join', (route) => route.abort());
    await sayName(page, 'Ingrid');
    await assertEnd(page, { title: 'Ingen kontakt med tjenesten', says: /Sjekk at du er på nett/, way: /Prøv igjen/, code: 'network' });
    await lookAtBoth(page, 'unreachable');
    await page.driver.unroute('**/v1/join');
    await page.click('#again');
    await inView(page, 'entry');
    await goIn(page, 'Ingrid');
    await page.close();
  });

  test('denied, removed, ended, opened elsewhere, and gone out by oneself', async () => {
    const room = await invite({});
    const host = await openAsPerson(browser, room.host.url, { who: 'specialist', viewport: DESKTOP });
    await goIn(host, 'Dr. Nilsen');
    const guest = async (viewport = PHONE) => {
      const page = await openAsPerson(browser, room.guest.url, { who: 'patient', viewport });
      await goIn(page, 'Ingrid');
      return page;
    };
    const first = await guest();
    const second = await guest();
    await assertEnd(first, { title: 'Åpnet et annet sted', says: /annet vindu/, way: /Bruk denne siden/ });
    await lookAtBoth(first, 'replaced');
    await first.close();
    await second.click('#leave');
    await assertEnd(second, { title: 'Du har gått ut', says: /forlatt/, way: /Kom tilbake/ });
    await lookAtBoth(second, 'left');
    await second.click('#again');
    await inView(second, 'call');
    assert.match(await textOf(second, '#status'), /venterommet/, 'back without a question');
    await decideOn(host, 'Ingrid', 'deny');
    await host.click('#yes');
    await assertEnd(second, { title: 'Du ble ikke sluppet inn', says: /slapp deg ikke inn/, way: /startsiden/ });
    await lookAtBoth(second, 'denied');
    await second.close();
    const third = await guest(DESKTOP);
    await decideOn(host, 'Ingrid', 'admit');
    await third.waitFor('in', () => document.documentElement.dataset.state === 'admitted');
    await decideOn(host, 'Ingrid', 'remove');
    await lookAtBoth(host, 'question');
    await host.click('#yes');
    await assertEnd(third, { title: 'Du er tatt ut', says: /tatt deg ut/, way: /startsiden/ });
    await lookAtBoth(third, 'removed');
    await third.click('#ways button');
    await third.waitFor('the start page', () => location.pathname === '/' && document.readyState === 'complete');
    await lookAtBoth(third, 'start');
    await host.click('#end');
    await host.click('#yes');
    await assertEnd(host, { title: 'Konsultasjonen er slutt', says: /avsluttet/, way: /startsiden/ });
    await lookAtBoth(host, 'ended');
    await Promise.all([third, host].map((page) => page.close()));
  });

  test('the host is absent: everybody is told, nothing is sent, and one can wait or leave', async () => {
    const room = await invite({ template: 'psych' });
    const host = await openAsPerson(browser, room.host.url, { who: 'specialist', viewport: DESKTOP });
    await goIn(host, 'Dr. Nilsen');
    const patient = await openAsPerson(browser, room.guest.url, { who: 'patient' });
    await goIn(patient, 'Ingrid');
    await decideOn(host, 'Ingrid', 'admit');
    await patient.waitFor('in', () => document.documentElement.dataset.state === 'admitted');
    await host.click('#leave');
    await patient.waitFor('the pause', () => document.documentElement.dataset.hold === 'host_absent', undefined, HOST_ABSENT_MS);
    assert.equal(await textOf(patient, '#title'), 'Venter på verten');
    assert.match(await textOf(patient, '#status'), /til verten er tilbake\. Bildet og lyden din sendes ikke/);
    await lookAtBoth(patient, 'host-absent');
    await host.click('#again');
    await patient.waitFor('it goes on', () => document.documentElement.dataset.hold === 'none');
    await patient.click('#leave');
    await inView(patient, 'over');
    await Promise.all([host, patient].map((page) => page.close()));
  });

  test('a network that lets no media through: it says so, with a button, and others are still to be seen in the list', async () => {
    const room = await invite({});
    // No candidate of its own reaches the server: as behind a firewall that drops UDP.
    const blocked = `const Pc = RTCPeerConnection;
      globalThis.RTCPeerConnection = class extends Pc { constructor(settings) { super({ ...settings, iceTransportPolicy: 'relay' }); } };`;
    const page = await openAsPerson(browser, room.host.url, { who: 'specialist', moreScript: blocked });
    await goIn(page, 'Dr. Nilsen');
    await page.waitFor('the problem', () => document.getElementById('problem').dataset.code === 'media_blocked', undefined, MEDIA_BLOCKED_MS);
    assert.match(await textOf(page, '#problem'), /ikke gjennom nettet/);
    assert.match(await textOf(page, '#status'), /Bytt til et annet nett/);
    assert.match(await textOf(page, '#ways'), /Koble til på nytt/);
    await lookAtBoth(page, 'media-blocked');
    await page.close();
  });

  const DEVICES = [
    ['camera-blocked', { refuse: { video: 'NotAllowedError' } }, 'camera', /blokkert/, 'Bli med uten kamera'],
    ['camera-missing', { refuse: { video: 'NotFoundError' } }, 'camera', /Fant ikke noe kamera/, 'Bli med uten kamera'],
    ['camera-busy', { refuse: { video: 'NotReadableError' } }, 'camera', /annet program/, 'Bli med uten kamera'],
    ['microphone-blocked', { refuse: { audio: 'NotAllowedError' } }, 'microphone', /blokkert/, 'Bli med uten mikrofon'],
    ['nothing', { refuse: { audio: 'NotFoundError', video: 'NotFoundError' } }, 'microphone', /Fant ikke noen mikrofon/, 'Bli med og bare se og høre'],
  ];
  for (const [name, devices, which, says, way] of DEVICES) {
    test(`${name}: the check says what to do, can be done again, and one may go on without`, async () => {
      const { guest } = await invite({});
      for (const [size, viewport] of [['phone', PHONE], ['desktop', DESKTOP]]) {
        const page = await openAsPerson(browser, guest.url, { who: 'patient', devices, viewport });
        await sayName(page, 'Ingrid');
        await inView(page, 'check');
        await page.waitFor('the answer', (row) => document.querySelector(`[data-check=${row}]`)?.dataset.state === 'bad', which);
        assert.match(await textOf(page, `[data-check=${which}] p`), says);
        await page.waitFor('what one may do all the same', (text) => document.getElementById('check-join').textContent === text, way);
        await lookAt(page, `${name}-${size}`);
        if (size === 'phone') {
          // The person allows it, and it is asked for once more.
          await page.evaluate(() => delete globalThis.eirPeople.refuse);
          await page.click('#check-again');
          await page.waitFor('it works', () => document.getElementById('check-join').textContent === 'Bli med');
        } else {
          await page.click('#check-join');
          await inView(page, 'call');
          assert.match(await textOf(page, '#status'), /venterommet/);
        }
        await page.close();
      }
    });
  }

  test('a node that drains: who comes is told to wait, who is in stays until they go, and then the node ends', async () => {
    const room = await invite({});
    const host = await openAsPerson(browser, room.host.url, { who: 'specialist', viewport: DESKTOP });
    await goIn(host, 'Dr. Nilsen');
    const patient = await openAsPerson(browser, room.guest.url, { who: 'patient' });
    const late = (await invite({})).guest.url;
    await goIn(patient, 'Ingrid');
    await decideOn(host, 'Ingrid', 'admit');
    await picturesShown(host, 1);
    await eir.drain();
    await refusedAt(late, 'draining', { title: 'Tjenesten får vedlikehold', says: /tar ikke imot nye/, way: /Prøv igjen[^]*Prøver igjen om 0:[12]\d/, code: 'draining' });
    await picturesShown(host, 1);
    assert.equal(await patient.evaluate(() => document.documentElement.dataset.view), 'call');
    await host.click('#end');
    await host.click('#yes');
    await Promise.all([host, patient].map((page) => inView(page, 'over')));
    await eir.logged('supervisor_ended code=0');
    await Promise.all([host, patient].map((page) => page.close()));
  });
});
