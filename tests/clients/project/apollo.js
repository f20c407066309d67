// Apollo Client, with uploads by apollo-upload-client and subscriptions by graphql-ws.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import UploadHttpLink from 'apollo-upload-client/UploadHttpLink.mjs';
import { createClient } from 'graphql-ws';
import { OperationTypeNode } from 'graphql';
import { endpoint, file, headers, tell } from './picture.js';

const socket = createClient({ url: endpoint.replace('http', 'ws'), connectionParams: { Authorization: headers.authorization } });
const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new UploadHttpLink({ uri: endpoint, headers }),
  ),
  cache: new InMemoryCache({
    possibleTypes: { Event: ['AlbumCreatedEvent', 'ImageUploadedEvent'] },
    typePolicies: { Query: { fields: { images: relayStylePagination() } } },
  }),
});

const UPLOAD = gql`
  mutation ($file: Upload!) {
    uploadImage(input: { file: $file }) { image { id filename size } }
  }
`;
const PAGE = gql`
  query ($first: Int, $after: String) {
    images(first: $first, after: $after) {
      edges { node { id } cursor }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
  }
`;
const EVENTS = gql`subscription { events(types: [ALBUM_CREATED]) { ... on AlbumCreatedEvent { album { name } } } }`;
const ALBUM = gql`mutation ($name: String!) { createAlbum(input: { name: $name }) { album { id } } }`;

const uploads = [];
for (let number = 0; number < 3; number++) {
  const { data } = await client.mutate({ mutation: UPLOAD, variables: { file } });
  uploads.push(data.uploadImage.image);
}

const pages = client.watchQuery({ query: PAGE, variables: { first: 2 } });
const first = await client.query({ query: PAGE, variables: { first: 2 } });
const { endCursor } = first.data.images.pageInfo;
await pages.fetchMore({ variables: { after: endCursor } });
const merged = pages.getCurrentResult().data.images;

// Over the socket; and with Apollo's own link over HTTP, which asks for a multipart answer.
const overHttp = new ApolloClient({ link: new HttpLink({ uri: endpoint, headers }), cache: new InMemoryCache() });
const heard = [];
for (const each of [client, overHttp]) {
  let name;
  const subscription = each.subscribe({ query: EVENTS }).subscribe(({ data }) => { name ??= data.events.album.name; });
  while (!name) await client.mutate({ mutation: ALBUM, variables: { name: 'Heard' } });
  subscription.unsubscribe();
  heard.push(name);
}

const refused = await client.mutate({ mutation: ALBUM, variables: { name: '' } }).catch((error) => error);
const misspelt = await client.query({ query: gql`{ nope }` }).catch((error) => error);
const codes = [refused, misspelt].map((error) => CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code);

tell({
  uploads,
  first: first.data.images.edges.length,
  merged: merged.edges.map(({ node }) => node.id),
  more: merged.pageInfo.hasNextPage,
  heard,
  codes,
});
client.stop();
socket.dispose();
