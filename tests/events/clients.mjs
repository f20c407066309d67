// Receive COUNT events with a published client, print one per line, and exit: node clients.mjs PEERS ws|sse URL TOKEN COUNT
import { createRequire } from 'node:module';
const [peers, kind, url, token, count] = process.argv.slice(2);
const require = createRequire(peers + '/');
const query = 'subscription { events { __typename id cursor type data ... on AlbumCreatedEvent { album { name } } } }';

let client;
if (kind === 'ws') {
  const { createClient } = require('graphql-ws');
  client = createClient({
    url: url.replace('http', 'ws') + '/graphql',
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    on: { connected: () => setTimeout(() => console.log('connected'), 300) },
  });
} else {
  const { createClient } = require('graphql-sse');
  client = createClient({
    url: url + '/graphql',
    headers: { Authorization: `Bearer ${token}` },
    on: { connected: () => setTimeout(() => console.log('connected'), 300) },
  });
}

let remaining = Number(count);
const end = client.subscribe(
  { query },
  {
    next: ({ data, errors }) => {
      console.log(JSON.stringify(errors ?? data.events));
      if (--remaining === 0) end();
    },
    error: (error) => { console.error(error.message ?? JSON.stringify(error)); process.exit(1); },
    complete: () => { client.dispose(); },
  },
);
