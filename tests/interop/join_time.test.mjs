// From the offer to the first picture: twenty joins one after the other to a consultation where somebody sends.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchChromium } from './lib/browsers.mjs';
import { FPS, TURNS, join, waitForParties } from './lib/consultation.mjs';
import { startEir } from './lib/eir.mjs';
import { speechBase64 } from './lib/media_files.mjs';
import { median, percentile } from './lib/numbers.mjs';

const JOINS = 20;
const MEDIAN_MS_MAX = 400;
// What the server takes from an offer to its answer, on average; the page's own figure has the browser's share in it.
const SERVER_MS_MAX = 30;

async function offersAnswered({ metrics }) {
  const text = await metrics();
  const read = (name) => Number(text.match(new RegExp(`^eir_offer_answer_seconds_${name} (\\S+)`, 'm'))[1]);
  return { count: read('count'), seconds: read('sum') };
}

describe('joining', () => {
  let browser;
  let eir;
  let folder;
  let room;
  let speech;

  before(async () => {
    folder = mkdtempSync(joinPath(tmpdir(), 'eir-join-'));
    speech = await speechBase64(folder, 1);
    eir = await startEir();
    browser = await launchChromium();
    // The template without a waiting room: an admission between offer and picture would be measured too.
    room = await eir.openConsultation('test', ['specialist', 'relative']);
    const source = { code: 1, fps: FPS, speech, ...TURNS };
    await join(browser, room.links.specialist, { name: 'specialist', source });
  });

  after(async () => {
    await browser?.close();
    await eir?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test(`the median from offer to first picture is at most ${MEDIAN_MS_MAX} ms over ${JOINS} joins`, async (t) => {
    const earlier = await offersAnswered(eir);
    const parts = [];
    for (let at = 0; at < JOINS; at += 1) {
      const source = { code: 2, fps: FPS, speech, ...TURNS };
      const page = await join(browser, room.links.relative, { name: 'relative', source, watchFirstFrames: true });
      await waitForParties(page, [1]);
      // The picture may be read from the tile before the page is told that it was presented.
      await page.waitFor('the first presented frame', () => Object.keys(globalThis.eirProbe.firstFrames).length > 0);
      parts.push(
        await page.evaluate(() => {
          const { offersSent, answersTaken, connected, firstFrames } = globalThis.eirProbe;
          const picture = Math.min(...Object.values(firstFrames));
          return {
            answer: answersTaken[0] - offersSent[0],
            connected: connected[0] - answersTaken[0],
            picture: picture - connected[0],
            total: picture - offersSent[0],
          };
        }),
      );
      await page.close();
    }
    for (const part of ['answer', 'connected', 'picture', 'total']) {
      const values = parts.map((each) => each[part]);
      t.diagnostic(`measured join ${part}: median ${median(values)} ms, 95 % ${percentile(values, 0.95)} ms`);
      assert.ok(values.every(Number.isFinite), `${part}: ${values}`);
    }
    const later = await offersAnswered(eir);
    assert.equal(later.count - earlier.count, JOINS, 'one offer a join');
    const mean = (1000 * (later.seconds - earlier.seconds)) / JOINS;
    t.diagnostic(`measured server from offer to answer: mean ${mean.toFixed(1)} ms`);
    assert.ok(mean <= SERVER_MS_MAX, `${mean} ms`);
    assert.ok(median(parts.map(({ total }) => total)) <= MEDIAN_MS_MAX);
  });
});
