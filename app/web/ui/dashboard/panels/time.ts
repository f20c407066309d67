import { language } from '../language';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** `3 hours ago`, `in 12 days`, `now`. */
export function relative(iso: string): string {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(language.get(), { numeric: 'auto' });
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', seconds || 1];
  return unit === 'second' ? format.format(0, 'second') : format.format(Math.round(seconds / length), unit);
}

export function isPast(iso: string): boolean {
  return Date.parse(iso) <= Date.now();
}

/** 3600 seconds as `hour`, 7200 as `2 hours`. */
export function lasting(seconds: number): string {
  const [unit, length] = UNITS.find(([, length]) => seconds >= length && seconds % length === 0) ?? [
    'second',
    1,
  ];
  const number = seconds / length;
  const parts = new Intl.NumberFormat(language.get(), {
    style: 'unit',
    unit,
    unitDisplay: 'long',
  }).formatToParts(number);
  const said = number === 1 ? parts.filter(({ type }) => type === 'unit') : parts;
  return said
    .map(({ value }) => value)
    .join('')
    .trim();
}

/** To the second, as attempts follow one another. */
export function exactly(iso: string): string {
  return new Intl.DateTimeFormat(language.get(), { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(iso),
  );
}
