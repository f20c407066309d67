// graphql-ws and graphql-sse by themselves: all operations go through the socket, or come as event streams.
import { createClient as overSSE } from 'graphql-sse';
import { createClient as overWebSocket } from 'graphql-ws';
import { endpoint, headers, tell } from './picture.js';

const clients = {
  ws: overWebSocket({ url: endpoint.replace('http', 'ws'), connectionParams: { Authorization: headers.authorization } }),
  sse: overSSE({ url: endpoint, headers }),
};

const ALBUM = 'mutation ($name: String!) { createAlbum(input: { name: $name }) { album { id } } }';
const PAGE = 'query ($after: String) { albums(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } }';
const EVENTS = 'subscription { events(types: [ALBUM_CREATED]) { ... on AlbumCreatedEvent { album { name } } } }';

const told = {};
for (const [kind, client] of Object.entries(clients)) {
  const ask = (query, variables) =>
    new Promise((resolve) => {
      let answer;
      client.subscribe(
        { query, variables },
        { next: (result) => { answer = result; }, error: (errors) => resolve({ errors }), complete: () => resolve(answer) },
      );
    });
  const made = [];
  for (const name of ['One', 'Two']) made.push((await ask(ALBUM, { name })).data.createAlbum.album.id);
  const first = (await ask(PAGE)).data.albums;
  const second = (await ask(PAGE, { after: first.pageInfo.endCursor })).data.albums;

  let heard;
  const stop = client.subscribe({ query: EVENTS }, { next: ({ data }) => { heard ??= data.events.album.name; }, error() {}, complete() {} });
  while (!heard) await ask(ALBUM, { name: 'Heard' });
  stop();

  const codes = [];
  for (const wrong of [ask(ALBUM, { name: '' }), ask('{ nope }')]) codes.push((await wrong).errors[0].extensions.code);
  told[kind] = { made, listed: [first, second].map(({ nodes }) => nodes[0].id), heard, codes };
}
tell(told);
for (const client of Object.values(clients)) client.dispose();
