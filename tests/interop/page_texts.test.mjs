// What of the page needs no browser: its texts in five languages, where tiles go, and real-time text.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';

const WEB = new URL('../../server/web/', import.meta.url);
const LANGUAGES = ['nb', 'nn', 'da', 'en', 'se'];
const tables = Object.fromEntries(
  await Promise.all(LANGUAGES.map(async (code) => [code, (await import(new URL(`texts/${code}.js`, WEB))).default])),
);
const { closestLanguage } = await import(new URL('texts.js', WEB));
const { arrange, fit } = await import(new URL('views/arrange.js', WEB));
const { applyText, typed } = await import(new URL('views/t140.js', WEB));

describe('texts', () => {
  const keys = Object.keys(tables.nb);

  for (const code of LANGUAGES) {
    test(`${code} has every text, none empty, with the same values to fill in`, () => {
      assert.deepEqual(Object.keys(tables[code]), keys);
      for (const key of keys) {
        const text = tables[code][key];
        assert.ok(text.trim() === text && text.length > 0, key);
        const values = (each) => [...each.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join();
        assert.equal(values(text), values(tables.nb[key]), key);
      }
    });
  }

  test('no language is another one copied', () => {
    for (const code of LANGUAGES.slice(1)) {
      const same = keys.filter((key) => tables[code][key] === tables.nb[key] && tables.nb[key].includes(' '));
      assert.ok(same.length < keys.length / 4, `${code}: ${same.length} sentences as in nb`);
    }
  });

  test('every text that page and views ask for by name is there', () => {
    const files = ['page.js', 'people.js', ...readdirSync(new URL('views/', WEB)).map((name) => `views/${name}`)];
    const groups = [...new Set(keys.map((key) => key.split('.')[0]))].join('|');
    const named = new RegExp(`'((?:${groups})\\.[\\w.]+)'`, 'g');
    const asked = files.flatMap((name) => [...readFileSync(new URL(name, WEB), 'utf8').matchAll(named)].map(([, key]) => key));
    const html = readFileSync(new URL('j.html', WEB), 'utf8');
    asked.push(...[...html.matchAll(/data-(?:text|label)="([\w.]+)"/g)].map(([, key]) => key));
    assert.ok(asked.length > 100, `only ${asked.length} found`);
    assert.deepEqual(asked.filter((key) => !keys.includes(key)), []);
  });

  test('every failure that the client library knows has a title and advice', () => {
    const types = readFileSync(new URL('client/types.d.ts', WEB), 'utf8');
    // Unions of names in quotes: DeviceError and FailureCode.
    const unions = [...types.matchAll(/export type (?:DeviceError|FailureCode) =([^;]*);/g)].map(([, union]) => union).join();
    const codes = new Set([...unions.matchAll(/'(\w+)'/g)].map(([, code]) => code));
    assert.ok(codes.size > 10, `only ${codes.size} found`);
    for (const code of codes) assert.ok(keys.includes(`failure.${code}.title`) || keys.includes(`device.${code}`) || keys.includes(`problem.${code}`), code);
  });

  test('the closest language of a browser’s list', () => {
    assert.equal(closestLanguage(['no', 'en']), 'nb');
    assert.equal(closestLanguage(['nn-NO', 'nb']), 'nn');
    assert.equal(closestLanguage(['fi-FI', 'se-FI', 'en']), 'se');
    assert.equal(closestLanguage(['DA']), 'da');
    assert.equal(closestLanguage(['fr', 'de-DE']), 'en');
    assert.equal(closestLanguage([]), 'en');
  });
});

describe('where tiles go', () => {
  const STAGES = { desktop: { width: 912, height: 626 }, phone: { width: 374, height: 660 }, side: { width: 828, height: 210 }, square: { width: 500, height: 500 } };
  const overlap = (a, b) =>
    a.left + a.width > b.left + 0.5 && b.left + b.width > a.left + 0.5 && a.top + a.height > b.top + 0.5 && b.top + b.height > a.top + 0.5;

  for (const [name, stage] of Object.entries(STAGES)) {
    test(`${name}: one to ten tiles are within the stage, and none covers another`, () => {
      for (const layout of ['large', 'even']) {
        for (let count = 1; count <= 10; count += 1) {
          for (const ratio of [16 / 9, 9 / 16]) {
            const rects = arrange(layout, count, stage, ratio);
            assert.equal(rects.length, count);
            for (const [index, rect] of rects.entries()) {
              const what = `${layout} ${count} ${ratio.toFixed(1)} #${index}: ${JSON.stringify(rect)}`;
              assert.ok(rect.width > 20 && rect.height > 15, what);
              assert.ok(rect.left >= -0.5 && rect.top >= -0.5, what);
              assert.ok(rect.left + rect.width <= stage.width + 0.5 && rect.top + rect.height <= stage.height + 0.5, what);
              for (const other of rects.slice(0, index)) assert.ok(!overlap(rect, other), what);
            }
          }
        }
      }
    });
  }

  test('the large one is the largest, and even ones are of one size', () => {
    const area = ({ width, height }) => width * height;
    for (let count = 2; count <= 10; count += 1) {
      const [first, ...others] = arrange('large', count, STAGES.desktop);
      assert.ok(others.every((other) => area(first) > 4 * area(other)), `${count}`);
      const sizes = new Set(arrange('even', count, STAGES.desktop).map((rect) => Math.round(area(rect))));
      assert.equal(sizes.size, 1);
    }
  });

  test('nine at a desk stand in three rows of three', () => {
    const rects = arrange('even', 9, { width: 1600, height: 900 });
    assert.equal(new Set(rects.map(({ top }) => top)).size, 3);
    assert.equal(new Set(rects.map(({ left }) => left)).size, 3);
  });

  test('a picture is fitted into the middle', () => {
    assert.deepEqual(fit({ left: 10, top: 20, width: 160, height: 190 }, 16 / 9), { left: 10, top: 70, width: 160, height: 90 });
    assert.deepEqual(fit({ left: 0, top: 0, width: 200, height: 90 }, 1), { left: 55, top: 0, width: 90, height: 90 });
  });
});

describe('real-time text', () => {
  test('what is typed is sent as it is, a line as U+2028', () => {
    assert.equal(typed('', 'Hei'), 'Hei');
    assert.equal(typed('Hei', 'Hei du\n'), ' du\u2028');
    assert.equal(typed('Hei', 'Hei'), '');
  });

  test('what is changed is erased from there on and written anew', () => {
    assert.equal(typed('Hallo', 'Hall'), '\b');
    assert.equal(typed('vont i dag', 'vondt i dag'), '\b\b\b\b\b\b\bdt i dag');
    assert.equal(typed('a😕', 'a'), '\b', 'a character of two code units is one');
  });

  test('both ends agree, whatever is typed', () => {
    // A generator of its own, so that a failure can be repeated: Numerical Recipes' constants.
    let seed = 7;
    const random = (below) => ((seed = (seed * 1664525 + 1013904223) % 2 ** 32) >>> 8) % below;
    const letters = ['a', 'b', 'å', '😕', '\n', ' '];
    let mine = '';
    let theirs = '';
    for (let step = 0; step < 2000; step += 1) {
      const all = [...mine];
      all.splice(random(all.length + 1), random(4), ...Array.from({ length: random(4) }, () => letters[random(letters.length)]));
      const next = all.join('');
      theirs = applyText(theirs, typed(mine, next));
      mine = next;
      assert.equal(theirs, mine, `step ${step}`);
    }
  });

  test('erasing more than is there, and characters that show nothing, do no harm', () => {
    assert.equal(applyText('ab', '\b\b\b\bc'), 'c');
    assert.equal(applyText('a', '\u0007\ufeffb\u0000'), 'ab');
  });
});
