// One small driver over two browsers: Chromium by playwright-core, Firefox by puppeteer-core (WebDriver BiDi).
// A Page has goto, evaluate, waitFor, click, key, screenshot, close; a Browser has open, close.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { startSoundCard } from './sound_card.mjs';

const CHROMIUM = '/usr/bin/chromium';
const FIREFOX = '/usr/bin/firefox-esr';
const STEP_MS = 100;
const VIEWPORT = { width: 1280, height: 720 };

const CHROMIUM_FLAGS = [
  '--no-sandbox', // tests run as root in containers
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  // Pages beside the one in front draw and count time at full rate too.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--auto-select-desktop-capture-source=Entire screen',
];

const FIREFOX_PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  // Pages beside the one in front draw and count time at full rate too.
  'layout.throttled_frame_rate': 60,
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'dom.ipc.processPriorityManager.enabled': false,
  // Nothing calls home.
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

const script = (name) => readFile(new URL(name, import.meta.url), 'utf8');

/**
 * The scripts that run in a page before its own; `source`: {code, parties, turnMs, fps, speech, scale}, or none;
 * `pageOptions`: what the page reads from window.eirOptions; `moreScript`: text of one more. Unless `asPerson`, the page goes
 * straight in, without name and check, in the language that the tests read.
 */
async function scriptsBeforePage({ source, watchFirstFrames, watchFrames, pageOptions, moreScript, asPerson }) {
  const parts = [await script('tile_code.js'), await script('probe.js')];
  const options = { ...(!asPerson && { isStraight: true, language: 'nb' }), ...pageOptions };
  parts.push(`globalThis.eirOptions = ${JSON.stringify(options)};`);
  if (moreScript) parts.push(moreScript);
  if (watchFrames) parts.push('globalThis.eirProbe.watchFrames = true;');
  if (watchFirstFrames) parts.push('globalThis.eirProbe.watchFirstFrames = true;');
  if (source) parts.push(`globalThis.eirSourceConfig = ${JSON.stringify(source)};`, await script('source.js'));
  return parts.join('\n');
}

class Page {
  constructor(driver, end) {
    this.driver = driver;
    this.end = end;
    this.console = [];
    driver.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    driver.on('pageerror', (error) => this.console.push(`pageerror: ${error.message}`));
  }

  goto(url) {
    return this.driver.goto(url, { waitUntil: 'load' });
  }

  evaluate(work, argument) {
    return this.driver.evaluate(work, argument);
  }

  /** Calls `condition` in the page until it is true; the error says what was waited for. */
  async waitFor(what, condition, argument, timeoutMs = 15000) {
    const end = Date.now() + timeoutMs;
    // A page that goes somewhere else meanwhile has no answer yet.
    const look = () =>
      this.evaluate(condition, argument).catch((error) => {
        if (!/context was destroyed|navigation/i.test(error.message)) throw error;
      });
    let value = await look();
    while (!value) {
      if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}\n${this.console.slice(-10).join('\n')}`);
      await new Promise((done) => setTimeout(done, STEP_MS));
      value = await look();
    }
    return value;
  }

  /** As a person with a mouse: what is hidden or covered cannot be clicked. */
  click(selector) {
    return this.driver.click(selector);
  }

  /** As a person with a keyboard. */
  async key(selector, name) {
    await this.driver.focus(selector);
    await this.driver.keyboard.press(name);
  }

  screenshot(path) {
    return this.driver.screenshot({ path });
  }

  close() {
    return this.end();
  }
}

/**
 * A page may be opened with a `viewport` and, in Chromium, with more settings of its `context` (playwright's newContext).
 * `camera`, `microphone`: files instead of Chromium's built-in fake devices (lib/media_files.mjs makes them).
 */
export async function launchChromium({ camera, microphone, flags = [] } = {}) {
  const args = [...CHROMIUM_FLAGS, '--use-fake-device-for-media-stream', ...flags];
  if (camera) args.push(`--use-file-for-fake-video-capture=${camera}`);
  if (microphone) args.push(`--use-file-for-fake-audio-capture=${microphone}`);
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args });
  return {
    name: 'chromium',
    version: browser.version(),
    async open(options = {}) {
      const { viewport = VIEWPORT, context: more } = options;
      const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, ...more });
      await context.addInitScript({ content: await scriptsBeforePage(options) });
      return new Page(await context.newPage(), () => context.close());
    },
    close: () => browser.close(),
  };
}

export async function launchFirefox({ preferences = {} } = {}) {
  // Firefox refuses a home that belongs to somebody else, which is usual where tests run as root.
  const home = mkdtempSync(join(tmpdir(), 'eir-firefox-'));
  const sound = await startSoundCard(home);
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    acceptInsecureCerts: true,
    extraPrefsFirefox: { ...FIREFOX_PREFERENCES, ...preferences },
    env: { ...process.env, ...sound.environment, HOME: home },
    defaultViewport: VIEWPORT,
  });
  return {
    name: 'firefox',
    version: await browser.version(),
    async open(options = {}) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      if (options.viewport) await page.setViewport(options.viewport);
      await page.evaluateOnNewDocument(await scriptsBeforePage(options));
      return new Page(page, () => context.close());
    },
    async close() {
      await browser.close();
      sound.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Names of the browsers that the tests need and that are not installed. */
export function missingBrowsers() {
  return [CHROMIUM, FIREFOX].filter((path) => !existsSync(path));
}
