// What the tests of the page do to it and ask of it: people with drawn faces, a look at every view by axe-core, pictures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

const artifacts = process.env.EIR_BROWSER_ARTIFACTS;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const drawn = readFileSync(new URL('people.js', import.meta.url), 'utf8');

/** Text of a script: the devices of somebody, for lib/people.js. */
export const devicesOf = (settings) => `globalThis.eirPeople = ${JSON.stringify(settings)};\n${drawn}`;

/**
 * Opens a link as a person would, with name and check before them. `devices`: for lib/people.js.
 */
export async function openAsPerson(browser, link, { who, viewport = PHONE, locale = 'nb-NO', devices = {}, moreScript = '', context }) {
  const page = await browser.open({
    asPerson: true, viewport, moreScript: devicesOf({ who, ...devices }) + moreScript,
    context: { locale, ...context },
    // Firefox has no such setting: it says en-US.
    ...(browser.name === 'firefox' && { pageOptions: { language: locale.slice(0, 2) } }),
  });
  page.partyName = who;
  page.requests = [];
  page.driver.on('request', (request) => page.requests.push(request.url()));
  await page.goto(link);
  await inView(page, link.includes('#') ? 'entry' : 'over');
  return page;
}

export const inView = (page, view, timeoutMs) =>
  page.waitFor(`${page.partyName} is in view ${view}`, (wanted) => document.documentElement.dataset.view === wanted, view, timeoutMs);

export async function sayName(page, name) {
  await page.evaluate((text) => (document.getElementById('name').value = text), name);
  await page.click('#entry button[type=submit]');
}

/** Through name and check, until in the waiting room or in the consultation. */
export async function goIn(page, name) {
  await sayName(page, name);
  await inView(page, 'check');
  await page.waitFor('the check is done', () => [...document.querySelectorAll('#checks li')].every(({ dataset }) => dataset.state !== 'wait'));
  await page.click('#check-join');
  await inView(page, 'call');
}

/** Clicks what shows only for hosts, at the person whose row has this name. */
export async function decideOn(page, name, act) {
  await page.waitFor(`a row with ${name}`, ([wanted, which]) => {
    const row = [...document.querySelectorAll('.people li')].find(({ textContent }) => textContent.includes(wanted));
    const button = row?.querySelector(`[data-act="${which}"]`);
    if (!button || button.getClientRects().length === 0) return false;
    button.click();
    return true;
  }, [name, act]);
}

export const picturesShown = (page, count) =>
  page.waitFor(`${count} pictures at the ${page.partyName}`, (wanted) => {
    const shown = [...document.querySelectorAll('#tiles figure:not([hidden]) video')].filter(({ videoWidth }) => videoWidth > 0);
    return shown.length >= wanted && shown.every((video) => video.closest('figure').querySelector('figcaption').textContent !== '');
  }, count, 20000);

/** All rules of axe-core, best practices too: nothing may be found. */
export async function assertAccessible(page, what) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`).slice(0, 3) }));
  });
  assert.deepEqual(found, [], `axe-core at ${what}`);
}

/** Nothing is wider than the screen, and what one presses is at least 44 pixels large (WCAG 2.1, 2.5.5). */
export async function assertFits(page, what) {
  const wrong = await page.evaluate(() => {
    const root = document.documentElement;
    const wide = root.scrollWidth > innerWidth ? [`page ${root.scrollWidth} px wide in ${innerWidth}`] : [];
    const small = [...document.querySelectorAll('button, select, input[type=text], textarea')]
      .filter((element) => element.getClientRects().length > 0)
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width < 44 || box.height < 44)
      .map(({ element, box }) => `${element.id || element.outerHTML.slice(0, 60)}: ${box.width}×${box.height}`);
    const out = [...document.querySelectorAll('button')]
      .filter((element) => element.getClientRects().length > 0)
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => `${element.id || element.textContent} is out of the screen`);
    return [...wide, ...small, ...out];
  });
  assert.deepEqual(wrong, [], `sizes at ${what}`);
}

export async function picture(page, name) {
  if (artifacts) await page.screenshot(join(artifacts, `page-${name}.png`));
}

/** One view: looked at by axe-core, measured, and photographed. */
export async function lookAt(page, name) {
  await assertAccessible(page, name);
  await assertFits(page, name);
  await picture(page, name);
}

/** The same on a phone and at a desk; the page ends at its own size. */
export async function lookAtBoth(page, name) {
  const own = page.driver.viewportSize();
  for (const [size, viewport] of [['phone', PHONE], ['desktop', DESKTOP]]) {
    await page.driver.setViewportSize(viewport);
    await lookAt(page, `${name}-${size}`);
  }
  await page.driver.setViewportSize(own);
}

/** Where the page asked, other than at its own server. */
export const elsewhere = (page) => {
  const own = new URL(page.driver.url()).origin;
  return page.requests.filter((url) => !/^(data|blob|about):/.test(url) && new URL(url).origin !== own);
};
