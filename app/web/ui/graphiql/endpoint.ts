/** The page is served at the endpoint itself. */
export const HTTP_URL = location.pathname;
export const WEBSOCKET_URL = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${HTTP_URL}`;
