/** The page stands at the endpoint itself, under whatever path that is. */
export const HTTP = location.pathname;
export const SOCKET = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${HTTP}`;
