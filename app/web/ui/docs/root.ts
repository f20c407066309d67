/** Where this server is, under whatever path a proxy puts it: files of pages are in `static/`, just below. */
const here = import.meta.url;
export const ROOT = new URL('../', here).href;
export const BASE = ROOT.replace(/\/$/, '');

/** The address of something on this server. */
export function at(path: string): string {
  return new URL(path.replace(/^\//, ''), ROOT).href;
}
