// All that the page says, in the language of the person: one table, a file for each language in texts/.

/** @typedef {'nb'|'nn'|'da'|'en'|'se'} Language */

/** Each in its own words. @type {Record<Language, string>} */
export const kLanguages = { nb: 'Norsk bokmål', nn: 'Norsk nynorsk', da: 'Dansk', en: 'English', se: 'Davvisámegiella' };

/** @type {Record<string, string>} */
let table = {};

/** The page draws anew what it says. Event: 'change'. */
export const language = new EventTarget();

/**
 * The first of those that a person reads which there are texts for. `no` is Norwegian without saying which.
 * @param {readonly string[]} wanted as of navigator.languages
 * @returns {Language}
 */
export function closestLanguage(wanted) {
  for (const tag of wanted) {
    const [code] = tag.toLowerCase().split('-');
    if (code === 'no') return 'nb';
    if (code in kLanguages) return /** @type {Language} */ (code);
  }
  return 'en';
}

/** @param {string} code one of kLanguages; others are taken for Norwegian */
export async function useLanguage(code) {
  const known = code in kLanguages ? code : 'nb';
  table = (await import(`./texts/${known}.js`)).default;
  document.documentElement.lang = known;
  fill(document);
  language.dispatchEvent(new Event('change'));
}

/**
 * @param {string} key
 * @param {Record<string, string|number>} [values] for what stands in braces
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = table[key] ?? '';
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** @param {string} key */
export const hasText = (key) => key in table;

/**
 * Elements say which text is theirs: data-text for their content, data-label for what screen readers say.
 * @param {ParentNode} root
 */
export function fill(root) {
  for (const element of root.querySelectorAll('[data-text]')) element.textContent = t(element.getAttribute('data-text') ?? '');
  for (const element of root.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', t(element.getAttribute('data-label') ?? ''));
  }
}

/** @param {string} role */
export const roleName = (role) => t(`role.${role}`) || role;

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
