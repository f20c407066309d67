/** URLs of this server. The page is at its root, under any path prefix of a proxy. */
export const BASE_URL = new URL('./', location.origin + location.pathname);
export const GRAPHQL_URL = new URL('graphql', BASE_URL).href;
/** GraphiQL is served to browsers at the endpoint of the API. */
export const GRAPHIQL_URL = GRAPHQL_URL;
export const DOCS_URL = new URL('docs', BASE_URL).href;
export const WEBSOCKET_URL = GRAPHQL_URL.replace(/^http/, 'ws');

/** Return the URL of an image on this host. Public URLs may name another host, such as a CDN. */
export function localUrl(url: string): string {
  const start = url.indexOf('/img/');
  return start < 0 ? url : new URL(url.slice(start + 1), BASE_URL).href;
}

/** Apply `localUrl` to each URL of a srcset. */
export function localSrcSet(srcSet: string): string {
  return srcSet.replace(/\S+\/img\/\S+/g, localUrl);
}
