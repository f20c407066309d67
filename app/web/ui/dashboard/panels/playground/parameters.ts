/** Parameters of a transform, in GraphQL and in image URLs. */
import type { ApiError } from '../../api/errors';
import type { Transform } from '../documents';
import { keys } from '../enums';

export type Parameter = keyof Transform;

/** Names of the parameters in URLs. */
export const NAMES: Readonly<Record<Parameter, string>> = {
  preset: 'preset',
  width: 'w',
  height: 'h',
  fit: 'fit',
  position: 'pos',
  format: 'fm',
  quality: 'q',
  dpr: 'dpr',
  background: 'bg',
};

/** Return the parameter with an invalid value; null for other errors. */
export function invalidParameter({ params }: ApiError): Parameter | null {
  if (params['reason'] !== 'invalid_parameter') return null;
  return keys(NAMES).find((name) => params['name'] === NAMES[name]) ?? null;
}

/** Ranges of the sliders. Width and height end at those of the image; larger values can be typed. */
export const QUALITY = { min: 1, max: 100, step: 1 };
export const DPR = { min: 1, max: 4, step: 0.25 };

/** Return the URL with all chosen parameters, also those without effect, so that the server explains them. */
export function urlOf(id: string, transform: Transform): string {
  const entries = Object.entries(transform) as [Parameter, unknown][];
  const query = new URLSearchParams(
    entries
      .filter(([, value]) => value != null && value !== '')
      .map(([name, value]) => [NAMES[name], urlValue(name, String(value))]),
  );
  return `/img/${id}?${query.toString()}`;
}

// TOP_LEFT in GraphQL is top-left in URLs.
function urlValue(name: Parameter, value: string): string {
  return name === 'preset' ? value : value.toLowerCase().replace('_', '-').replace('#', '');
}
