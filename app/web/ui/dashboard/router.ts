/** Where one is: the part of the address behind #, such as `#/albums/alb_…?image=img_…`. The server serves one page. */
import { createStore, useStore } from './store';

export interface Place {
  /** `['albums', 'alb_…']`; empty at the start. */
  readonly path: readonly string[];
  readonly params: URLSearchParams;
}

const place = createStore(read());
addEventListener('hashchange', () => place.set(read()));

function read(): Place {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decoded), params: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function usePlace(): Place {
  return useStore(place);
}

/** `href('/albums', { image: id })`: what a link to there has. Parameters that are null are left out. */
export function href(path: string, params: Readonly<Record<string, string | null>> = {}): string {
  const given = Object.entries(params).filter((pair): pair is [string, string] => pair[1] !== null);
  const query = new URLSearchParams(given).toString();
  return `#${path}${query && `?${query}`}`;
}

export function go(path: string, params: Readonly<Record<string, string | null>> = {}): void {
  location.hash = href(path, params);
}

/** As `go`, without a step to go back from. */
export function replace(path: string, params: Readonly<Record<string, string | null>> = {}): void {
  history.replaceState(null, '', href(path, params));
  place.set(read());
}
