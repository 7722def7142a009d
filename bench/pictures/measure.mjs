// What a receiver got in a stretch of time, by its own getStats, and which of two servers gave more.
import { median } from '../../tests/interop/lib/numbers.mjs';

// A gap that had not ended with the measurement is a freeze as well (getStats counts those that ended).
const OPEN_FREEZE_S = 0.3;

/** Runs in the page: looks at all that is received, each half second. */
async function watchStatistics(forMs) {
  const look = async () => {
    const { inbound } = await globalThis.eirProbe.media();
    return { at: Date.now(), inbound: inbound.filter(({ packetsReceived }) => packetsReceived > 0) };
  };
  const looks = [await look()];
  while (looks.at(-1).at < looks[0].at + forMs) {
    await new Promise((done) => setTimeout(done, Math.min(500, looks[0].at + forMs - looks.at(-1).at)));
    looks.push(await look());
  }
  const lastFrame = Math.max(0, ...Object.values(globalThis.eirProbe.frames).map((times) => times.at(-1) ?? 0));
  return { looks, lastFrame };
}

/** Sum over one kind of stream of how much a counter grew between two looks. */
function grown(earlier, later, kind, field) {
  return later.inbound
    .filter((entry) => entry.kind === kind)
    .reduce((sum, entry) => sum + (entry[field] ?? 0) - (earlier.inbound.find(({ id }) => id === entry.id)?.[field] ?? 0), 0);
}

/** Decoded pictures × their pixels, half second by half second. */
function pixels(looks) {
  return looks.slice(1).reduce((sum, later, index) => {
    const { inbound } = looks[index];
    const shown = later.inbound.filter(({ kind }) => kind === 'video').map(({ id, framesDecoded = 0, frameWidth = 0, frameHeight = 0 }) => {
      const before = inbound.find((entry) => entry.id === id)?.framesDecoded ?? 0;
      return (framesDecoded - before) * frameWidth * frameHeight;
    });
    return shown.reduce((total, each) => total + each, sum);
  }, 0);
}

export function figuresOf({ looks, lastFrame }) {
  const [first, last] = [looks[0], looks.at(-1)];
  const seconds = (last.at - first.at) / 1000;
  const change = (kind, field) => grown(first, last, kind, field);
  const open = Math.min(seconds, (last.at - lastFrame) / 1000);
  const isOpen = open > OPEN_FREEZE_S;
  const bytes = ['audio', 'video'].reduce((sum, kind) => sum + change(kind, 'bytesReceived') + change(kind, 'headerBytesReceived'), 0);
  const samples = change('audio', 'totalSamplesReceived');
  return {
    seconds,
    megapixelsPerSecond: pixels(looks) / seconds / 1e6,
    framesPerSecond: change('video', 'framesDecoded') / seconds,
    freezes: change('video', 'freezeCount') + Number(isOpen),
    // A freeze that had begun before the measurement is counted whole by the browser.
    frozenSeconds: Math.min(seconds, change('video', 'totalFreezesDuration') + (isOpen ? open : 0)),
    concealedPercent: samples > 0 ? (100 * change('audio', 'concealedSamples')) / samples : 100,
    kilobitsPerSecond: (bytes * 8) / 1000 / seconds,
    keyFrames: change('video', 'keyFramesDecoded'),
    lostPackets: change('video', 'packetsLost') + change('audio', 'packetsLost'),
    // For whoever asks why: what was seen from half second to half second.
    course: looks.slice(1).map((later, index) => ({
      second: (later.at - first.at) / 1000,
      height: Math.max(0, ...later.inbound.map(({ frameHeight = 0 }) => frameHeight)),
      frames: grown(looks[index], later, 'video', 'framesDecoded'),
      kilobits: (grown(looks[index], later, 'video', 'bytesReceived') * 8) / 1000,
    })),
  };
}

export const measure = async (page, seconds) => figuresOf(await page.evaluate(watchStatistics, seconds * 1000));

/** The medians of all runs, figure by figure. */
export function medians(runs) {
  const names = Object.keys(runs[0]).filter((name) => typeof runs[0][name] === 'number');
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name]))]));
}

// Where both show all that comes from the camera, it gives so much more or less from run to run.
const TIE = 0.01;

/** What `eir` falls short of against `other`, in words; `ratio`: so many times its pixels. */
export function shortcomings(eir, other, ratio) {
  const isEnough = eir.megapixelsPerSecond >= other.megapixelsPerSecond * (ratio === 1 ? 1 - TIE : ratio);
  const pixels = ({ megapixelsPerSecond }) => megapixelsPerSecond.toFixed(2);
  return [
    ...(isEnough ? [] : [`${pixels(eir)} Mpixel/s are not ${ratio} times ${pixels(other)}`]),
    ...(eir.frozenSeconds <= other.frozenSeconds ? [] : [`frozen for ${eir.frozenSeconds.toFixed(2)} s, not ${other.frozenSeconds.toFixed(2)}`]),
    ...(eir.concealedPercent <= other.concealedPercent ? [] : [`${eir.concealedPercent.toFixed(2)} % of the sound concealed, not ${other.concealedPercent.toFixed(2)}`]),
  ];
}
