/** What the page says, in the language of who reads it: the browser's, or the one chosen on any page of this server. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import { type Language, TAGS } from '../base/language';
import { en, type Words } from './messages/en';
import { said, zh } from './messages/zh';

export { keep, type Language, LANGUAGES, preferred } from '../base/language';

const WORDS: Record<Language, Words> = { en, zh };

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
