/** Numbers, sizes and times in the current language. */
import { locale } from './language';

export function formatNumber(number: number, maximumFractionDigits = 3): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits }).format(number);
}

/** `1.5 MB` for 1536000. */
export function formatBytes(size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let power = 0;
  while (size >= 1000 && power < units.length - 1) {
    size /= 1024;
    power += 1;
  }
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit: units[power]!,
    unitDisplay: power ? 'short' : 'long',
    maximumFractionDigits: size < 10 && power ? 1 : 0,
  }).format(size);
}

export function formatDate(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(new Date(iso));
}

export function formatDateTime(iso: string, timeStyle: 'short' | 'medium' = 'short'): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle }).format(new Date(iso));
}

/** The time of day of a timestamp in milliseconds. */
export function formatTime(timestamp: number): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: 'medium' }).format(timestamp);
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** `3 hours ago`, `in 12 days`, `now`. */
export function formatRelativeTime(iso: string): string {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  const number = unit === 'second' ? 0 : Math.round(seconds / length);
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(number, unit);
}

/** `2 hours` for 7200 seconds, `90 seconds` for 90. */
export function formatDuration(seconds: number): string {
  return durationParts(seconds)
    .map(({ value }) => value)
    .join('');
}

/** A duration after "per": `hour` for 3600 seconds, `2 hours` for 7200. */
export function formatPeriod(seconds: number): string {
  const parts = durationParts(seconds);
  const isSingular = parts.some(({ type, value }) => type === 'integer' && value === '1');
  return parts
    .filter(({ type }) => !isSingular || type === 'unit')
    .map(({ value }) => value)
    .join('');
}

/** A time to wait, rounded up: `4 minutes` for 200 seconds. */
export function formatWait(seconds: number): string {
  const step = seconds > 7_200 ? 3_600 : seconds > 120 ? 60 : 1;
  return formatDuration(Math.ceil(seconds / step) * step);
}

function durationParts(seconds: number): Intl.NumberFormatPart[] {
  const [unit, length] = UNITS.slice(2).find(([, length]) => seconds % length === 0) ?? ['second', 1];
  const format = new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' });
  return format.formatToParts(seconds / length);
}
