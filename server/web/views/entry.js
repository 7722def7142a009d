// The first step: one's name, and the language of the page.
import { kLanguages, useLanguage } from '../texts.js';
import { at, make } from './dom.js';

/** The tab's history entry keeps it over a reload; nothing is stored. @returns {{name?: string, language?: string, isChecked?: boolean}} */
export const kept = () => history.state?.eir ?? {};

/** @param {{name?: string, language?: string, isChecked?: boolean}} what */
export const keep = (what) => history.replaceState({ eir: { ...kept(), ...what } }, '');

export function offerLanguages() {
  for (const id of ['language', 'language-2']) {
    const select = /** @type {HTMLSelectElement} */ (at(id));
    for (const [code, name] of Object.entries(kLanguages)) select.append(make('option', { value: code, lang: code }, name));
    select.value = document.documentElement.lang;
    select.addEventListener('change', async () => {
      keep({ language: select.value });
      await useLanguage(select.value);
      for (const other of ['language', 'language-2']) /** @type {HTMLSelectElement} */ (at(other)).value = select.value;
    });
  }
}

/**
 * Asks for the name.
 * @returns {Promise<string>} '' if one gives none
 */
export function askName() {
  const input = /** @type {HTMLInputElement} */ (at('name'));
  input.value = kept().name ?? '';
  input.focus();
  return new Promise((done) => {
    at('entry').addEventListener('submit', (event) => {
      event.preventDefault();
      keep({ name: input.value.trim() });
      done(input.value.trim());
    }, { once: true });
  });
}
