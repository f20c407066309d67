/** What the page says, in the language of who reads it: the browser's, or the one chosen on any page of this server. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import { en, type Words } from './messages/en';
import { said, zh } from './messages/zh';

export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

const TAGS: Record<Language, string> = { en: 'en', zh: 'zh-CN' };
const WORDS: Record<Language, Words> = { en, zh };
const KEY = 'pichub:language';

export const Spoken = createContext<Language>('en');

export function useWords(): Words {
  return WORDS[useContext(Spoken)];
}

/** What the server's own tables say, in this language; undefined where nobody has translated it. */
export function useSaid(): (text: string) => string | undefined {
  const language = useContext(Spoken);
  return (text) => (language === 'en' ? text : said(text));
}

export function useNumbers(): (number: number) => string {
  const tag = TAGS[useContext(Spoken)];
  return (number) => new Intl.NumberFormat(tag).format(number);
}

/** Tells the browser, and whoever listens to it, which language the page is in. */
export function show(language: Language): void {
  document.documentElement.lang = TAGS[language];
  document.title = WORDS[language].title;
}

export function preferred(): Language {
  const tags = [recalled(), ...navigator.languages].map((tag) => tag.toLowerCase().split('-')[0]!);
  return (tags.find((tag) => tag in LANGUAGES) as Language | undefined) ?? 'en';
}

// A browser that keeps nothing for pages throws.
function recalled(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

export function keep(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // it holds until the page is left
  }
}
