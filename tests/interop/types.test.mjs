// The web client has types without a build step: JSDoc, checked by TypeScript as strictly as it can.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const WEB = fileURLToPath(new URL('../../server/web/', import.meta.url));
const OPTIONS = {
  strict: true,
  checkJs: true,
  allowJs: true,
  noEmit: true,
  skipDefaultLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ES2022,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: [],
};

/** What the compiler says of these files and all that they import. */
function complaints(files) {
  const program = ts.createProgram(files, OPTIONS);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file ? `${file.fileName.replace(WEB, '')}:${file.getLineAndCharacterOfPosition(start).line + 1}: ` : '';
    return line + ts.flattenDiagnosticMessageText(messageText, ' ');
  });
}

const scripts = readdirSync(WEB, { recursive: true }).filter((path) => /\.(js|d\.ts)$/.test(path));

test('every script of the web client, the library first, has types that agree', () => {
  assert.ok(scripts.includes('client/eir.js') && scripts.length >= 10, scripts.join());
  assert.deepEqual(complaints(scripts.map((path) => WEB + path)), []);
});

test('a wrong type would be found', () => {
  const path = `${WEB}client/offer.js`;
  const host = ts.createCompilerHost(OPTIONS);
  const read = host.readFile.bind(host);
  host.readFile = (name) => (name === path ? `${read(name)}\nconst wrong = /** @type {number} */ ('text');\n` : read(name));
  const program = ts.createProgram([path], OPTIONS, host);
  assert.equal(ts.getPreEmitDiagnostics(program).length, 1);
});

/** The code without its comments and the lines that were theirs alone. */
function withoutComments(text) {
  const source = ts.createSourceFile('any.js', text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  const comments = new Map();
  const visit = (node) => {
    const ranges = [ts.getLeadingCommentRanges(text, node.pos), ts.getTrailingCommentRanges(text, node.end)];
    for (const { pos, end } of ranges.flatMap((each) => each ?? [])) comments.set(pos, end);
    ts.forEachChild(node, visit);
  };
  visit(source);
  visit(source.endOfFileToken);
  const parts = [];
  let at = 0;
  for (const [pos, end] of [...comments].sort(([a], [b]) => a - b)) {
    parts.push(text.slice(at, pos));
    at = end;
  }
  return [...parts, text.slice(at)].join('').split('\n').filter((line) => line.trim()).join('\n');
}

test('the client library has at most 40 kB of code: as it is written, comments and types aside', (t) => {
  assert.equal(withoutComments('/** x */\nconst a = "/* b */"; // c\n'), 'const a = "/* b */"; ');
  const texts = scripts.filter((path) => /^client\/.*\.js$/.test(path)).map((path) => readFileSync(WEB + path, 'utf8'));
  const size = (all) => Buffer.byteLength(all.join(''));
  const bytes = size(texts.map(withoutComments));
  t.diagnostic(`measured ${bytes} bytes of code in ${texts.length} files, ${size(texts)} with comments`);
  assert.ok(bytes <= 40_000, `${bytes} bytes`);
});
