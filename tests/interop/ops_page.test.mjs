// The ops page beside running calls: what it shows, that it names nobody, axe-core on a phone and at a desk, by day and
// by night.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium } from './lib/browsers.mjs';
import { startEir } from './lib/eir.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const artifacts = process.env.EIR_BROWSER_ARTIFACTS;
const BENCH = process.env.EIR_BENCH ?? 'build/release/eir-bench';
const PICTURE = fileURLToPath(new URL('../../server/web/pictures/ops.png', import.meta.url));
const DESK = { width: 1280, height: 1100 };
const PHONE = { width: 390, height: 844 };
const WATCH_MS = 20_000;
const ROOMS = 3;
const PEOPLE = 3; // in each

let eir;
let browser;
let load;
let folder;

before(async () => {
  eir = await startEir();
  browser = await launchChromium();
  folder = mkdtempSync(join(tmpdir(), 'eir-ops-'));
  const { api, ops, credential_file, pid } = eir;
  writeFileSync(join(folder, 'quickstart.json'), JSON.stringify({ api, ops, credential_file, pid }));
  const words = ['rooms', '--rooms', String(ROOMS), '--publishers', String(PEOPLE), '--seconds', '300', '--no-floor'];
  load = spawn(BENCH, [...words, '--quickstart', join(folder, 'quickstart.json')], { stdio: 'ignore' });
});

after(async () => {
  if (load && load.exitCode === null) {
    load.kill();
    await once(load, 'exit');
  }
  await browser?.close();
  await eir?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function assertAccessible(page, what) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`);
  });
  assert.deepEqual(found, [], `axe-core at ${what}`);
}

const tile = (page, name) =>
  page.evaluate((wanted) => {
    const term = [...document.querySelectorAll('#now dt')].find((dt) => dt.textContent === wanted);
    return term?.nextElementSibling.textContent;
  }, name);

async function open(viewport, colorScheme) {
  const page = await browser.open({ viewport, context: { colorScheme } });
  page.requests = [];
  page.driver.on('request', (request) => page.requests.push(request.url()));
  await page.goto(`${eir.ops}/`);
  await page.waitFor('rates above zero', () => /: received [1-9].*, sent [1-9]/.test(document.querySelector('.chart svg')?.getAttribute('aria-label') ?? ''));
  return page;
}

for (const [name, viewport, colorScheme] of [['desk-day', DESK, 'light'], ['desk-night', DESK, 'dark'], ['phone-day', PHONE, 'light']]) {
  test(`the ops page shows running calls, names nobody and is readable: ${name}`, async () => {
    const page = await open(viewport, colorScheme);
    await page.waitFor('all rooms shown', (count) => document.querySelectorAll('#rooms tr').length === count, ROOMS);
    assert.equal(await tile(page, 'Rooms'), String(ROOMS));
    assert.equal(await tile(page, 'Participants'), String(ROOMS * PEOPLE));
    assert.equal(await page.evaluate(() => document.getElementById('state').textContent), 'Ready');
    if (name === 'desk-day') await new Promise((done) => setTimeout(done, WATCH_MS));
    const seen = await page.evaluate(() => document.documentElement.outerHTML);
    assert.equal(/\b[cps]_[A-Za-z0-9_-]{10,}/.test(seen), false, 'no id of a consultation, participant or seat');
    const lengths = await page.evaluate(() => [...document.querySelectorAll('.chart path')].map((path) => path.getAttribute('d').length));
    assert.equal(lengths.length, 8);
    assert.ok(lengths.every((length) => length > 0), lengths.join());
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the screen');
    await assertAccessible(page, name);
    if (artifacts) await page.driver.screenshot({ path: join(artifacts, `ops-${name}.png`), fullPage: true });
    // Only when it is asked for: a test run leaves the repository as it was.
    if (process.env.EIR_WRITE_PICTURES && name === 'desk-day') await page.driver.screenshot({ path: PICTURE, fullPage: true });
    assert.deepEqual(page.requests.filter((url) => !url.startsWith(eir.ops) && !url.startsWith('data:')), []);
    assert.deepEqual(page.console.filter((line) => /error/i.test(line)), []);
    await page.close();
  });
}

test('pausing by keyboard stops asking, and an eird that is silent is said', async () => {
  const page = await open(DESK, 'light');
  await page.key('#pause', 'Enter');
  assert.equal(await page.evaluate(() => document.getElementById('pause').getAttribute('aria-pressed')), 'true');
  await new Promise((done) => setTimeout(done, 1500));
  const asked = page.requests.length;
  await new Promise((done) => setTimeout(done, 2500));
  assert.equal(page.requests.length, asked);
  await page.driver.route('**/status.json', (route) => route.abort());
  await page.key('#pause', 'Enter');
  await page.waitFor('no answer is said', () => document.getElementById('state').textContent === 'No answer');
  await assertAccessible(page, 'silence');
  await page.driver.unroute('**/status.json');
  await page.waitFor('it is ready again', () => document.getElementById('state').textContent === 'Ready');
  await page.close();
});

test('the page and its parts have a strict content security policy, and the clients\' listener does not serve them', async () => {
  const answer = await fetch(`${eir.ops}/`);
  assert.match(answer.headers.get('content-security-policy'), /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.equal((await fetch(`${eir.api}/ops/index.html`)).status, 404);
  assert.equal((await fetch(`${eir.api}/status.json`)).status, 404);
  assert.equal((await fetch(`${eir.ops}/ops.js`, { method: 'POST' })).status, 405);
});
