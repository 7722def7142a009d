// People in a consultation: opens links, joins, and measures what each page gets of the others.
import assert from 'node:assert/strict';
import { median, percentile, turnLevelDb } from './numbers.mjs';

export const TURNS = { parties: 3, turnMs: 2000 };
export const FPS = 28; // within the 25 to 30 that a camera gives

/** Opens a link and joins, answering the page's own questions as a person would. */
export async function join(browser, link, { name, ...options }) {
  const page = await browser.open(options);
  page.partyName = name;
  await page.goto(link);
  const started = await page.waitFor('a connection or a button to join', (displayName) => {
    if (globalThis.eirProbe.connections.length > 0) return 'connected';
    const input = document.querySelector('input[type=text], input:not([type])');
    if (input && !input.value) {
      input.value = displayName;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
    const button = document.querySelector('button[type=submit]');
    return button && !button.disabled && button.getClientRects().length > 0 ? 'button' : null;
  }, name);
  if (started === 'button') {
    await page.evaluate(() => document.querySelector('button[type=submit]').click());
  }
  await page.waitFor('a peer connection', () => globalThis.eirProbe.connections.length > 0);
  return page;
}

/** Waits until the page's tiles show exactly these party codes. */
export function waitForParties(page, codes, timeoutMs = 20000) {
  const wanted = [...codes].sort((a, b) => a - b).join();
  return page.waitFor(
    `${page.partyName} sees parties ${wanted}`,
    (text) => Object.values(globalThis.eirProbe.parties()).sort((a, b) => a - b).join() === text,
    wanted,
    timeoutMs,
  );
}

/** Starts measuring levels of all received audio tracks; readLevels() gives the samples. */
export function startLevels(page) {
  return page.evaluate(() => {
    globalThis.eirLevels = Object.fromEntries(
      Object.entries(globalThis.eirProbe.streams)
        .filter(([, tracks]) => tracks.audio)
        .map(([stream, tracks]) => [stream, globalThis.eirProbe.levelOf(tracks.audio)]),
    );
  });
}

/** Looks at all tiles for a while: {tiles: {stream: [reads]}, levels: {stream: samples}, before, after: statistics}. */
export async function watch(page, forMs) {
  await startLevels(page);
  const parties = await page.evaluate(() => globalThis.eirProbe.parties());
  const before = await page.evaluate(() => globalThis.eirProbe.media());
  const tiles = await page.evaluate(
    (ms) => globalThis.eirProbe.watchTiles(() => globalThis.eirProbe.remoteVideos(), ms, 250),
    forMs,
  );
  const after = await page.evaluate(() => globalThis.eirProbe.media());
  const levels = await page.evaluate(() =>
    Object.fromEntries(Object.entries(globalThis.eirLevels).map(([stream, level]) => [stream, level.samples])),
  );
  const midOfStream = await page.evaluate(() => {
    const transceivers = globalThis.eirProbe.connections.flatMap((connection) => connection.getTransceivers());
    const mid = (track) => transceivers.find(({ receiver }) => receiver.track.id === track?.id)?.mid;
    return Object.fromEntries(Object.entries(globalThis.eirProbe.streams).map(([id, tracks]) => [id, mid(tracks.video)]));
  });
  return { parties, before, after, tiles, levels, midOfStream };
}

/** Pictures a second that a page sent: of its most frequent simulcast layer, which is what a receiver can get at best. */
export function sentRate({ before, after }) {
  const rates = after.outbound
    .filter(({ kind }) => kind === 'video')
    .map((entry) => {
      const earlier = before.outbound.find(({ id }) => id === entry.id);
      return ((entry.framesSent - (earlier?.framesSent ?? 0)) * 1000) / (after.now - before.now);
    });
  return Math.max(0, ...rates);
}

const inboundVideo = (media, mid) => media.inbound.find((entry) => entry.kind === 'video' && entry.mid === mid);

/** Pictures a second that were decoded in the slot of this stream. */
export function decodedRate({ before, after, midOfStream }, stream) {
  const [first, last] = [before, after].map((media) => inboundVideo(media, midOfStream[stream]));
  return ((last.framesDecoded - (first?.framesDecoded ?? 0)) * 1000) / (after.now - before.now);
}

/** What one page got of one other: {share of looks that showed it, ages, decoded pictures a second}. */
export function pairOf(seen, code) {
  const stream = Object.keys(seen.parties).find((each) => seen.parties[each] === code);
  const reads = seen.tiles[stream] ?? [];
  const right = reads.filter((read) => read.code === code);
  const ages = right.map((read) => read.age);
  return {
    stream,
    right: right.length,
    wrong: reads.filter((read) => read.code !== null && read.code !== code).length,
    looks: reads.length,
    ageMedian: median(ages),
    age99: percentile(ages, 0.99),
    decoded: decodedRate(seen, stream),
  };
}

/** While `speaker` speaks: its level, and the loudest of the other slots, in dBFS. */
export function levelsWhile(seen, speaker, turns = TURNS) {
  const level = (code) => {
    const stream = Object.keys(seen.parties).find((each) => seen.parties[each] === code);
    return turnLevelDb(seen.levels[stream] ?? [], speaker, turns);
  };
  const others = Object.values(seen.parties).filter((code) => code !== speaker);
  return { speaker: level(speaker), others: Math.max(...others.map(level)) };
}

/** How much worse things became between two looks at the slots that show these parties. */
export function harm(before, after, mids) {
  const change = (field) =>
    after.inbound
      .filter((entry) => mids.includes(entry.mid))
      .reduce((sum, entry) => {
        const earlier = before.inbound.find(({ id }) => id === entry.id);
        return sum + ((entry[field] ?? 0) - (earlier?.[field] ?? 0));
      }, 0);
  return {
    packetsLost: change('packetsLost'),
    totalFreezesDuration: change('totalFreezesDuration'),
    signalingStateChanges: after.signalingStateChanges - before.signalingStateChanges,
  };
}

/** What the server did, by the record of the wire (lib/wire.mjs), with the pictures in the slots of these mids. */
export function serverPart(flows, media, mids) {
  return media.inbound
    .filter(({ kind, mid }) => kind === 'video' && mids.includes(mid))
    .map(({ ssrc }) => flows.find((each) => each.ssrc === ssrc) ?? assert.fail(`no record of the slot with SSRC ${ssrc}`));
}

/** In words, with times in ms. */
export const wireText = ({ packets, frames, missing, keptMedian, keptMax, longestPauseIn, longestPauseOut }) =>
  `${packets} packets of ${frames} pictures, ${missing} missing, ${keptMedian.toFixed(2)} ms in the server, at most ${keptMax.toFixed(0)}; ` +
  `longest pause ${longestPauseIn.toFixed(0)} before it, ${longestPauseOut.toFixed(0)} after it`;

/** Whether times that only a quiet machine can reach are part of the verdict, or only printed. */
export const FIGURES_COUNT = process.env.EIR_FIGURES === '1';

/** Of harm(): nothing lost, nothing negotiated, always; and nothing frozen where times count. */
export function assertHarmless({ totalFreezesDuration, ...rest }, who) {
  assert.deepEqual(rest, { packetsLost: 0, signalingStateChanges: 0 }, who);
  if (FIGURES_COUNT) assert.equal(totalFreezesDuration, 0, `${who}: frozen`);
}

// A tenth of what makes a freeze (150 ms over the usual, W3C webrtc-stats, freezeCount) may be the server's in the usual case,
// and in the worst, on processors that it shares with browsers, not so much that it could make one.
const KEPT_MEDIAN_MS_MAX = 15;
const KEPT_MS_MAX = 100;

/** Of serverPart(): every packet that came has left, always; and in time, where times count. */
export function assertForwarded(flow, who) {
  assert.ok(flow.packets > 0, who);
  assert.equal(flow.missing, 0, `${who}: ${wireText(flow)}`);
  if (FIGURES_COUNT) assert.ok(flow.keptMedian <= KEPT_MEDIAN_MS_MAX && flow.keptMax <= KEPT_MS_MAX, `${who}: ${wireText(flow)}`);
}
