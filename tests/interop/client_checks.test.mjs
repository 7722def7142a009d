// Before one joins, and when it does not work: what the client library says of devices, network and refusals.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launchChromium, launchFirefox, missingBrowsers } from './lib/browsers.mjs';
import { enterLibrary, openLibrary, start } from './lib/client_page.mjs';
import { startEir } from './lib/eir.mjs';
import { pause } from './lib/room.mjs';

const LEVEL_MIN = 0.03; // the phone's tone has 0.07
const BLOCKED_AFTER_MS = 10_000;
const PHONE = { front: 51, back: 52 };
/** Text of a script: WebSockets do not get through. */
const NO_WEBSOCKET = `globalThis.WebSocket = class extends EventTarget {
  constructor() { super(); setTimeout(() => { this.onerror?.(new Event('error')); this.onclose?.({ code: 1006, reason: '' }); }, 10); }
  close() {}
  send() {}
};`;
/** Text of a script: no candidate of an answer can be reached. */
const NO_UDP = `{
  const apply = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const sdp = description.sdp.split('\\r\\n').filter((line) => !/^a=candidate:.* tcp /i.test(line))
      .map((line) => line.replace(/^(a=candidate:(?:\\S+ ){5})\\d+/, (_, head) => head + '9')).join('\\r\\n');
    return apply.call(this, { type: description.type, sdp });
  };
}`;

describe('checks and failures of the client library', () => {
  const browsers = {};
  let eir;

  before(async () => {
    assert.deepEqual(missingBrowsers(), [], 'install the browsers: deploy/packages.sh browser');
    eir = await startEir();
    [browsers.chromium, browsers.firefox] = await Promise.all([launchChromium(), launchFirefox()]);
  });

  after(async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    await eir?.stop();
  });

  const failureOf = (page) => page.evaluate(() => globalThis.eir.session.failure);
  const untilOver = (page) => page.waitFor('the end', () => globalThis.eir.session.isOver);

  for (const name of ['chromium', 'firefox']) {
    test(`${name}: camera and microphone work, the level follows the sound, and stop() closes them`, async () => {
      const page = await openLibrary(browsers[name], eir.links.specialist, { phone: PHONE });
      const seen = await page.evaluate(async (least) => {
        const checked = await globalThis.eir.checkDevices();
        const end = Date.now() + 5000;
        while (checked.microphone.level() < least && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
        const { camera, microphone, stream } = checked;
        const found = { camera, microphone: microphone.ok, level: microphone.level(), kinds: stream.getTracks().map(({ kind }) => kind).sort() };
        checked.stop();
        return { ...found, openAfter: globalThis.eirPhone.openCameras() };
      }, LEVEL_MIN);
      assert.deepEqual({ ...seen, level: seen.level >= LEVEL_MIN }, { camera: { ok: true }, microphone: true, level: true, kinds: ['audio', 'video'], openAfter: [] });
      await page.close();
    });
  }

  const SUBSETS = [
    ['no camera', { missing: ['video'] }, {}, { camera: { ok: false, error: 'camera_missing' }, microphone: { ok: true } }],
    ['a blocked camera', { blocked: ['video'] }, {}, { camera: { ok: false, error: 'camera_blocked' }, microphone: { ok: true } }],
    ['no microphone', { missing: ['audio'] }, {}, { camera: { ok: true }, microphone: { ok: false, error: 'microphone_missing' } }],
    ['both blocked', { blocked: ['audio', 'video'] }, {}, { camera: { ok: false, error: 'camera_blocked' }, microphone: { ok: false, error: 'microphone_blocked' } }],
    ['a camera in use elsewhere', { front: undefined, head: 3, oneAtATime: true, takenFirst: true }, {}, { camera: { ok: false, error: 'camera_busy' }, microphone: { ok: true } }],
    ['only the microphone asked for', {}, { camera: false }, { camera: { ok: false }, microphone: { ok: true } }],
  ];
  for (const [what, phone, wanted, expected] of SUBSETS) {
    test(`${what}: the check says so, and one joins with the rest`, async () => {
      const { links } = await eir.openConsultation('test', ['clinician']);
      const page = await openLibrary(browsers.chromium, links.clinician, { phone: { ...PHONE, ...phone } });
      const found = await page.evaluate(async ([asked, takenFirst]) => {
        if (takenFirst) await navigator.mediaDevices.getUserMedia({ video: true });
        const { camera, microphone, stop } = await globalThis.eir.checkDevices(asked);
        stop();
        return { camera, microphone: { ok: microphone.ok, ...(microphone.error && { error: microphone.error }) } };
      }, [wanted, phone.takenFirst]);
      assert.deepEqual(found, expected);
      await start(page, links.clinician);
      await page.waitFor('a connection', () => globalThis.eir.pc?.connectionState === 'connected');
      const kinds = [...(expected.microphone.ok ? ['audio'] : []), ...(expected.camera.ok || wanted.camera === false ? ['video'] : [])];
      await page.waitFor('what there is, is sent', (text) =>
        globalThis.eir.pc.getSenders().map(({ track }) => track?.kind).filter(Boolean).join() === text, kinds.join());
      const told = expected.camera.error ?? expected.microphone.error;
      const causes = await page.evaluate(() => globalThis.told.filter(({ type }) => type === 'failure').map(({ detail }) => detail.code));
      assert.equal(causes.includes(told), told !== undefined, causes.join());
      await page.close();
    });
  }

  test('a page that is not secure has no devices, and is told why', async () => {
    const moreScript = `Object.defineProperty(navigator, 'mediaDevices', { value: undefined });`;
    const page = await openLibrary(browsers.chromium, eir.links.specialist, { moreScript });
    const { camera, microphone } = await page.evaluate(() => globalThis.eir.checkDevices());
    assert.deepEqual([camera.error, microphone.error], ['not_secure', 'not_secure']);
    await page.close();
  });

  test('the network check: server, WebSocket and a round trip; or what is in the way', async (t) => {
    const page = await openLibrary(browsers.firefox, eir.links.specialist);
    const fine = await page.evaluate(() => globalThis.eir.checkNetwork());
    t.diagnostic(`measured a round trip of ${fine.roundTripMs} ms`);
    assert.deepEqual([fine.server, fine.websocket, fine.roundTripMs > 0 && fine.roundTripMs < 200], ['ok', 'ok', true]);
    await page.evaluate(() => { globalThis.fetch = () => Promise.reject(new TypeError('no network')); });
    assert.deepEqual(await page.evaluate(() => globalThis.eir.checkNetwork()), { server: 'unreachable', websocket: 'blocked', roundTripMs: -1 });
    await page.close();
    const behindProxy = await openLibrary(browsers.chromium, eir.links.specialist, { moreScript: NO_WEBSOCKET });
    const { server, websocket } = await behindProxy.evaluate(() => globalThis.eir.checkNetwork());
    assert.deepEqual([server, websocket], ['ok', 'blocked']);
    await behindProxy.close();
  });

  test('links that are wrong, used, early or full have their own code and way out', async () => {
    const first = await eir.call('POST', '/v1/consultations', {
      template: 'samkonsultasjon', seats: [{ role: 'patient' }], startsAt: new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, ''),
    });
    const invite = async (body) =>
      (await eir.call('POST', `/v1/consultations/${first.id}/seats/${first.seats[0].id}/invitations`, { kind: 'link', ...body })).token;
    const over = await eir.openConsultation('test', ['patient']);
    await eir.call('POST', `/v1/consultations/${over.id}/end`, {});
    const page = await openLibrary(browsers.chromium, eir.links.specialist, { phone: PHONE });
    const cases = [
      ['nonsense', 'wrong_link', 'other_link'],
      [await invite({}), 'too_early', 'later'],
      [over.links.patient.split('#')[1], 'ended', 'never'],
    ];
    for (const [token, code, retry] of cases) {
      await start(page, `#${token}`);
      await untilOver(page);
      const failure = await failureOf(page);
      // A token of a consultation that is over is no good at all: it may be told as one that never was.
      if (code === 'ended') assert.match(`${failure.code} ${failure.retry}`, /^(ended never|wrong_link other_link)$/);
      else assert.deepEqual([failure.code, failure.retry], [code, retry], JSON.stringify(failure));
    }
    await page.close();
  });

  test('removed, denied and replaced are told as such', async () => {
    const room = await eir.openConsultation('samkonsultasjon', ['patient', 'relative', 'gp']);
    const enter = (role) => enterLibrary(browsers.chromium, room.links[role], { name: role, phone: PHONE });
    const [patient, relative, gp] = [await enter('patient'), await enter('relative'), await enter('gp')];
    const decide = async (page, act) => {
      const id = await page.evaluate(() => globalThis.eir.session.participant);
      await eir.call('POST', `/v1/consultations/${room.id}/participants/${id}/${act}`, {});
    };
    await decide(patient, 'admit');
    await decide(patient, 'remove');
    await decide(relative, 'deny');
    await Promise.all([untilOver(patient), untilOver(relative)]);
    assert.deepEqual([(await failureOf(patient)).code, (await failureOf(relative)).code], ['removed', 'denied']);
    // The same link once more: the newest use takes over.
    const token = await gp.evaluate(() => sessionStorage.getItem('eir.resume'));
    const elsewhere = await openLibrary(browsers.chromium, room.links.gp, { phone: PHONE });
    await elsewhere.evaluate((kept) => sessionStorage.setItem('eir.resume', kept), token);
    await start(elsewhere, room.links.gp);
    await untilOver(gp);
    assert.deepEqual([(await failureOf(gp)).code, (await failureOf(gp)).retry], ['replaced', 'now']);
    const kept = await gp.evaluate(() => [document.cookie, localStorage.length]);
    assert.deepEqual(kept, ['', 0], 'nothing is kept beyond the tab');
    await Promise.all([patient, relative, gp, elsewhere].map((page) => page.close()));
  });

  test('a host who is away is told, and that one is back', async () => {
    const page = await enterLibrary(browsers.chromium, eir.links.specialist, { phone: PHONE });
    const codes = await page.evaluate(() => ['host_absent', 'none'].map((hold) => {
      globalThis.eir.session.handle({ type: 'consultation', state: 'open', locked: false, hold });
      return globalThis.eir.session.failure?.code ?? null;
    }));
    assert.deepEqual(codes, ['host_absent', null]);
    await page.close();
  });

  test(`media that finds no way is told after ${BLOCKED_AFTER_MS / 1000} s`, async () => {
    const { links } = await eir.openConsultation('test', ['clinician']);
    const page = await openLibrary(browsers.chromium, links.clinician, { phone: PHONE, moreScript: NO_UDP });
    await start(page, links.clinician);
    await page.waitFor('the answer', () => globalThis.eir.pc?.remoteDescription);
    await pause(BLOCKED_AFTER_MS - 3000);
    assert.equal(await failureOf(page), null, 'not before');
    await page.waitFor('the failure', () => globalThis.eir.session.failure?.code === 'media_blocked');
    assert.notEqual((await page.evaluate(() => globalThis.eir.session.media.route())).state, 'connected');
    await page.close();
  });

  test('nothing leaves the origin', async () => {
    const page = await enterLibrary(browsers.chromium, eir.links.specialist, { phone: PHONE });
    const origins = await page.evaluate(() => [...new Set(performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin))]);
    assert.deepEqual(origins, [await page.evaluate(() => location.origin)]);
    await page.close();
  });
});
