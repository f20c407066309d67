/** What was chosen, as GraphQL's TransformInput and as parameters of an address. */
import type { Problem } from '../../api/problem';
import type { Transform } from '../documents';
import { keys } from '../enums';

export type Parameter = keyof Transform;

/** The parameters' names in addresses. */
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

/** The parameter with an invalid value; null for other errors. */
export function invalidParameter({ params }: Problem): Parameter | null {
  if (params['reason'] !== 'invalid_parameter') return null;
  return keys(NAMES).find((name) => params['name'] === NAMES[name]) ?? null;
}

/** Between what the sliders go. Sides go to what the picture has; what else the server takes can be typed. */
export const QUALITY = { min: 1, max: 100, step: 1 };
export const DPR = { min: 1, max: 4, step: 0.25 };

/** The address that says all that was chosen, so that what has no effect is told of too: those that the server gives
 * are the shortest of their kind. */
export function address(id: string, transform: Transform): string {
  const said = Object.entries(transform) as [Parameter, unknown][];
  const query = new URLSearchParams(
    said
      .filter(([, value]) => value != null && value !== '')
      .map(([name, value]) => [NAMES[name], written(name, String(value))]),
  );
  return `/img/${id}?${query.toString()}`;
}

// Enums are TOP_LEFT in GraphQL and top-left in addresses.
function written(name: Parameter, value: string): string {
  return name === 'preset' ? value : value.toLowerCase().replace('_', '-').replace('#', '');
}
