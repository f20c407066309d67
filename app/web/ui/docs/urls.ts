/** URLs of this server, under any path prefix of a proxy. Scripts are in `static/` below its root. */
const script = import.meta.url;
const ROOT = new URL('../', script).href;
export const BASE_URL = ROOT.replace(/\/$/, '');

/** Return the URL of a path on this server. */
export function urlOf(path: string): string {
  return new URL(path.replace(/^\//, ''), ROOT).href;
}
