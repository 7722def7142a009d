// What the tests of waiting rooms do to pages and ask of them.
import assert from 'node:assert/strict';
import { join as joinPath } from 'node:path';
import { join } from './consultation.mjs';

const artifacts = process.env.EIR_BROWSER_ARTIFACTS;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Opens a link as a party whose picture carries `code`; every picture that it gets is timed. */
export async function enter(browser, link, { name, source, moreScript, pageOptions }) {
  const page = await join(browser, link, { name, source, moreScript, pageOptions, watchFrames: true });
  await connected(page);
  return page;
}

export const connected = (page) =>
  page.waitFor(`${page.partyName} is connected`, () => globalThis.eir?.pc?.connectionState === 'connected');

export const inState = (page, state, timeoutMs) =>
  page.waitFor(`${page.partyName} is ${state}`, (wanted) => document.documentElement.dataset.state === wanted, state, timeoutMs);

export const participantOf = (page) => page.evaluate(() => globalThis.eir.session.participant);

/** The text that a person sees, of one element; '' if it is hidden or not there. */
export const textOf = (page, selector) =>
  page.evaluate((which) => {
    const element = document.querySelector(which);
    // The text of what is not shown is its whole content.
    return element && element.getClientRects().length > 0 ? element.innerText : '';
  }, selector);

export async function screenshot(page, name) {
  if (artifacts) await page.screenshot(joinPath(artifacts, `${name}.png`));
}

/** Packets of sound and picture that the page has got and sent so far. */
export async function packets(page) {
  const { inbound, outbound } = await page.evaluate(() => globalThis.eirProbe.media());
  const sum = (entries, field) => entries.reduce((total, entry) => total + (entry[field] ?? 0), 0);
  return { received: sum(inbound, 'packetsReceived'), sent: sum(outbound, 'packetsSent') };
}

const row = (participant) => `li[data-participant="${participant}"]`;
export const button = (participant, act) => `${row(participant)} button[data-act="${act}"]`;

/** A host clicks a button beside somebody; answers with the wall clock of the API's answer in the host's page. */
export async function decide(host, participant, act) {
  const path = `/v1/consultations/${await host.evaluate(() => globalThis.eir.session.joined.consultation)}/participants/${participant}/${act}`;
  const before = await host.evaluate(() => globalThis.eirProbe.calls.length);
  await host.click(button(participant, act));
  const call = await host.waitFor(
    `the answer to ${act}`,
    ([wanted, from]) => globalThis.eirProbe.calls.slice(from).find((each) => each.path === wanted) ?? null,
    [path, before],
  );
  return call;
}

/** When the first picture after `from` was presented in the page, of whatever track. */
export const firstFrameAfter = (page, from) =>
  page.waitFor(
    `${page.partyName} shows a picture`,
    (since) => {
      const times = Object.values(globalThis.eirProbe.frames).flat().filter((at) => at > since);
      return times.length > 0 ? Math.min(...times) : 0;
    },
    from,
  );

/** How many pictures were presented after `from`, of all tracks. */
export const framesAfter = (page, from) =>
  page.evaluate((since) => Object.values(globalThis.eirProbe.frames).flat().filter((at) => at > since).length, from);

/** The longest time between two pictures from `from` to `to`, in the track with the most of them. */
export const longestGap = (page, from, to) =>
  page.evaluate(
    ([since, until]) => {
      const tracks = Object.values(globalThis.eirProbe.frames).map((times) => times.filter((at) => at >= since && at <= until));
      const times = tracks.sort((a, b) => b.length - a.length)[0] ?? [];
      const gaps = times.slice(1).map((at, index) => at - times[index]);
      return times.length > 1 ? Math.max(times[0] - since, until - times.at(-1), ...gaps) : until - since;
    },
    [from, to],
  );

/** Asserts that the page shows its own picture, and that it moves. */
export async function assertOwnPicture(page, code) {
  const seen = await page.evaluate(() =>
    globalThis.eirProbe.watchTiles(() => ({ own: document.getElementById('preview') }), 1000, 100),
  );
  const codes = seen.own.map((tile) => tile.code).filter((each) => each !== null);
  assert.ok(codes.length >= 5 && codes.every((each) => each === code), `own picture of ${page.partyName}: ${codes}`);
  const ages = seen.own.filter((tile) => tile.code !== null).map((tile) => tile.age);
  assert.ok(Math.max(...ages) < 500, `own picture of ${page.partyName} is ${Math.max(...ages)} ms old`);
}

/**
 * Text of a script: a page that sends its devices' media at all times, whatever it was told. What the server lets through
 * of it is the server's doing, not that of an obedient client.
 */
export const DISOBEDIENT = `(() => {
  const attach = RTCRtpSender.prototype.replaceTrack;
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCRtpSender.prototype.replaceTrack = async () => {};
  RTCPeerConnection.prototype.addTransceiver = function addAndSend(kind, settings) {
    const transceiver = add.call(this, kind, settings);
    const track = settings.streams?.[0].getTracks().find((each) => each.kind === kind);
    if (track) attach.call(transceiver.sender, track.clone());
    return transceiver;
  };
})();`;
