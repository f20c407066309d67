/** The languages of the pages, and which of them who reads wants: the browser's, or the one chosen on any page of this server. */
export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

/** For `lang`, and for the browser's own formats of numbers and times. */
export const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };

const KEY = 'pichub:language';

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
