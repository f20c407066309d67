// urql: its own fetch exchange sends files as multipart requests and takes subscriptions as server-sent events.
import { Client, fetchExchange, gql } from '@urql/core';
import { endpoint, file, headers, tell } from './picture.js';

const client = new Client({
  url: endpoint,
  exchanges: [fetchExchange],
  fetchOptions: { headers },
  fetchSubscriptions: true,
  preferGetMethod: false,
});

const UPLOADS = gql`
  mutation ($files: [Upload!]!) {
    uploadImages(input: { files: $files }) { results { image { id size } error { code } } }
  }
`;
const PAGE = gql`
  query ($first: Int, $after: String, $last: Int, $before: String) {
    images(first: $first, after: $after, last: $last, before: $before) {
      nodes { id }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;
const EVENTS = gql`subscription { events(types: [ALBUM_CREATED]) { ... on AlbumCreatedEvent { album { name } } } }`;
const ALBUM = gql`mutation ($name: String!) { createAlbum(input: { name: $name }) { album { id } } }`;

const given = await client.mutation(UPLOADS, { files: [file, file] });
const uploads = given.data.uploadImages.results.map(({ image }) => image);

const page = async (variables) => (await client.query(PAGE, variables)).data.images;
const first = await page({ first: 1 });
const second = await page({ first: 1, after: first.pageInfo.endCursor });
const back = await page({ last: 1, before: second.pageInfo.startCursor });
const byGet = await client.query(PAGE, { first: 1 }, { preferGetMethod: 'force' });

let heard;
const subscription = client.subscription(EVENTS, {}).subscribe(({ data }) => { heard ??= data?.events.album.name; });
while (!heard) {
  await client.mutation(ALBUM, { name: 'Heard' });
}
subscription.unsubscribe();

const refused = await client.mutation(ALBUM, { name: '' });
const misspelt = await client.query(gql`{ nope }`, {});

tell({
  uploads,
  forwards: [first, second].map(({ nodes }) => nodes[0].id),
  backwards: back.nodes[0].id,
  byGet: byGet.data.images.nodes[0].id,
  heard,
  codes: [refused, misspelt].map(({ error }) => error.graphQLErrors[0].extensions.code),
});
