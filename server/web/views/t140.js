// T.140: text as it is typed. U+0008 erases one character, U+2028 begins a line.

const kErase = '\u0008';
const kLine = '\u2028';

/** Erasing counts what a person sees as one character by code points, as both ends do. @param {string} text */
const characters = (text) => [...text];

/**
 * What to send so that another's `before` becomes `after`: all from the first difference on is erased and written anew.
 * @param {string} before
 * @param {string} after
 */
export function typed(before, after) {
  const [old, fresh] = [characters(before), characters(after)];
  let same = 0;
  while (same < old.length && same < fresh.length && old[same] === fresh[same]) ++same;
  return kErase.repeat(old.length - same) + fresh.slice(same).join('').replace(/\n/g, kLine);
}

/**
 * @param {string} text what was there
 * @param {string} t140 what came
 */
export function applyText(text, t140) {
  const all = characters(text);
  for (const character of characters(t140)) {
    if (character === kErase) all.pop();
    else if (character === kLine) all.push('\n');
    // Other control characters (a byte order mark at the start, a bell) show nothing.
    else if (character >= ' ' && character !== '\ufeff') all.push(character);
  }
  return all.join('');
}
