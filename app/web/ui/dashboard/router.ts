/** Routes in the fragment of the URL, such as `#/albums/alb_…?image=img_…`. The server serves one page. */
import { createStore, useStore } from '../base/store';

export interface Route {
  /** `['albums', 'alb_…']`; empty on the start page. */
  readonly path: readonly string[];
  readonly params: URLSearchParams;
}

type Params = Readonly<Record<string, string | null>>;

const route = createStore(currentRoute());
addEventListener('hashchange', () => route.set(currentRoute()));

function currentRoute(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decode), params: new URLSearchParams(query) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function useRoute(): Route {
  return useStore(route);
}

/** Return the `href` of a link: `href('/albums', { image: id })`. Parameters that are null are left out. */
export function href(path: string, params: Params = {}): string {
  const present = Object.entries(params).filter((pair): pair is [string, string] => pair[1] !== null);
  const query = new URLSearchParams(present).toString();
  return `#${path}${query && `?${query}`}`;
}

export function navigate(path: string, params: Params = {}): void {
  location.hash = href(path, params);
}

/** Change the route without a history entry. */
export function replace(path: string, params: Params = {}): void {
  history.replaceState(null, '', href(path, params));
  route.set(currentRoute());
}
