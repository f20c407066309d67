/** Addresses of this server. The page stands at its root, under whatever path a proxy adds. */
export const HERE = new URL('./', location.origin + location.pathname);
export const GRAPHQL = new URL('graphql', HERE).href;
export const GRAPHIQL = new URL('graphql', HERE).href;
export const DOCS = new URL('docs', HERE).href;
export const SOCKET = GRAPHQL.replace(/^http/, 'ws');

/** A picture's address by which this page loads it: what people are given may name another host, such as a CDN's. */
export function local(url: string): string {
  const at = url.indexOf('/img/');
  return at < 0 ? url : new URL(url.slice(at + 1), HERE).href;
}

/** As `local`, for each address of a srcset. */
export function localSet(srcSet: string): string {
  return srcSet.replace(/\S+\/img\/\S+/g, local);
}
