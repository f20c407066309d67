/** The language of the pages: the one chosen on any page of this server, or else the browser's. */
import { createStore, useStore } from './store';

export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

/** Locales for `lang` and Intl. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };
const STORAGE_KEY = 'pichub:language';

export const language = createStore<Language>(preferredLanguage());

function preferredLanguage(): Language {
  const tags = [storedLanguage(), ...navigator.languages].map((tag) => tag.toLowerCase().split('-')[0]!);
  return (tags.find((tag) => tag in LANGUAGES) as Language | undefined) ?? 'en';
}

// localStorage throws in browsers that block site data.
function storedLanguage(): string {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? '';
  } catch {
    return '';
  }
}

export function setLanguage(chosen: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, chosen);
  } catch {
    // The choice lasts until the page is closed.
  }
  language.set(chosen);
  applyLanguage();
}

/** Set `lang` of the document, for browsers and screen readers. */
export function applyLanguage(): void {
  document.documentElement.lang = locale();
}

export function locale(): string {
  return LOCALES[language.get()];
}

export type Messages<Texts> = Readonly<Record<Language, Texts>>;

/** Create a table of messages. A key that one language lacks is a type error. */
export function messages<Texts>(en: Texts, zh: NoInfer<Texts>): Messages<Texts> {
  return { en, zh };
}

/** Return the messages in the current language; the component re-renders when it changes. */
export function useMessages<Texts>(table: Messages<Texts>): Texts {
  return table[useStore(language)];
}

/** Return the messages in the current language, outside of components. */
export function currentMessages<Texts>(table: Messages<Texts>): Texts {
  return table[language.get()];
}
