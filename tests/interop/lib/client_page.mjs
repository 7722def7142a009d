// A page of the tests' own that uses the client library as any journal system would: no page of Eir around it.
import { readFile } from 'node:fs/promises';

/** Opens the origin with the library loaded as globalThis.eir; `phone`: lib/phone.js's devices instead of the browser's. */
export async function openLibrary(browser, link, { name = 'page', phone, moreScript = '' } = {}) {
  const devices = phone
    ? `globalThis.eirPhoneConfig = ${JSON.stringify(phone)};\n${await readFile(new URL('phone.js', import.meta.url), 'utf8')}`
    : '';
  const page = await browser.open({ watchFrames: true, moreScript: `${devices}\n${moreScript}` });
  page.partyName = name;
  await page.goto(new URL('/', link).href);
  await page.evaluate(async () => {
    globalThis.eir = { ...(await import('/client/eir.js')) };
  });
  return page;
}

/** Joins with the library alone; events that it tells are kept in globalThis.told. */
export async function enterLibrary(browser, link, { options = {}, ...about } = {}) {
  const page = await openLibrary(browser, link, about);
  await start(page, link, options);
  await page.waitFor(`${page.partyName} is connected`, () => globalThis.eir.pc?.connectionState === 'connected');
  return page;
}

/** Starts a session in a page of openLibrary(). */
export function start(page, link, options = {}) {
  return page.evaluate(
    async ([token, given]) => {
      const { EirSession, Tiles } = globalThis.eir;
      const layout = new CSSStyleSheet();
      layout.replaceSync('figure:not([hidden]) { display: inline-block; margin: 8px } video { width: 400px }');
      document.adoptedStyleSheets = [layout];
      document.body.replaceChildren();
      const session = new EirSession(token, given);
      const tiles = new Tiles(document.body, session);
      Object.assign(globalThis.eir, { session, tiles });
      Object.defineProperty(globalThis.eir, 'pc', { get: () => session.media.pc, configurable: true });
      globalThis.told = [];
      for (const type of ['failure', 'problem', 'quality', 'chat', 'text', 'silence']) {
        session.addEventListener(type, ({ detail }) => globalThis.told.push({ type, detail, at: Date.now() }));
      }
      await session.start();
    },
    [link.split('#')[1], options],
  );
}

/** What the page's tiles show: [{participant, label, state, pinned, code, width, height}] of those that are not hidden. */
export const shown = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('figure')].filter(({ hidden }) => !hidden).map(({ dataset, firstElementChild }) => {
      const { code, width, height } = globalThis.eirProbe.readTile(firstElementChild);
      const { participant, label, state, pinned } = dataset;
      return { participant, label, state, pinned, code, width, height };
    }),
  );

/** Offers that left, and changes of the signaling state: what a negotiation costs. */
export const negotiations = (page) =>
  page.evaluate(() => ({ offers: globalThis.eirProbe.offersSent.length, changes: globalThis.eirProbe.signalingStateChanges }));
