/** What the page says, in the language of who reads it. */
import { keep, type Language, preferred, TAGS } from '../base/language';
import { createStore, useStore } from './store';

export { type Language, LANGUAGES } from '../base/language';

export type Messages<Words> = Readonly<Record<Language, Words>>;

export const language = createStore<Language>(preferred());

/** A table of messages. What one language says the other must say too: a missing key is a type error. */
export function messages<Words>(en: Words, zh: NoInfer<Words>): Messages<Words> {
  return { en, zh };
}

export function useMessages<Words>(table: Messages<Words>): Words {
  return table[useStore(language)];
}

/** The messages outside of components. */
export function say<Words>(table: Messages<Words>): Words {
  return table[language.get()];
}

export function speak(chosen: Language): void {
  keep(chosen);
  language.set(chosen);
  show();
}

/** Tells the browser and its reader which language the page is in. */
export function show(): void {
  document.documentElement.lang = TAGS[language.get()];
}

export function count(number: number): string {
  return new Intl.NumberFormat(TAGS[language.get()]).format(number);
}

export function moment(iso: string): string {
  const format = new Intl.DateTimeFormat(TAGS[language.get()], { dateStyle: 'medium', timeStyle: 'short' });
  return format.format(new Date(iso));
}

export function day(iso: string): string {
  return new Intl.DateTimeFormat(TAGS[language.get()], { dateStyle: 'medium' }).format(new Date(iso));
}

/** The time of day of so many milliseconds since 1970. */
export function clock(at: number): string {
  return new Intl.DateTimeFormat(TAGS[language.get()], { timeStyle: 'medium' }).format(at);
}

/** 1536000 as `1.5 MB`. */
export function bytes(size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let power = 0;
  while (size >= 1000 && power < units.length - 1) {
    size /= 1024;
    power += 1;
  }
  return new Intl.NumberFormat(TAGS[language.get()], {
    style: 'unit',
    unit: units[power]!,
    unitDisplay: power ? 'short' : 'long',
    maximumFractionDigits: size < 10 && power ? 1 : 0,
  }).format(size);
}
