// Relay: what relay-compiler made of gallery.js, run by relay-runtime as react-relay's hooks run it.
import relay from 'relay-runtime';
import { createClient } from 'graphql-sse';
import { endpoint, file, headers, tell } from '../picture.js';
import query from './__generated__/galleryQuery.graphql.js';
import fragment from './__generated__/gallery_album.graphql.js';
import upload from './__generated__/galleryUploadMutation.graphql.js';
import create from './__generated__/galleryCreateMutation.graphql.js';
import rename from './__generated__/galleryRenameMutation.graphql.js';
import subscription from './__generated__/gallerySubscription.graphql.js';

const { Environment, Network, Observable, RecordSource, Store } = relay;

// The network of a Relay application: a multipart request where the mutation has uploadables, JSON elsewhere.
async function fetchGraphQL({ text: query }, variables, _, uploadables) {
  const operation = JSON.stringify({ query, variables });
  const request = { method: 'POST', headers: { ...headers, accept: 'application/graphql-response+json' } };
  if (uploadables) {
    request.body = new FormData();
    request.body.append('operations', operation);
    request.body.append('map', JSON.stringify(Object.fromEntries(Object.keys(uploadables).map((path) => [path, [path]]))));
    for (const [path, each] of Object.entries(uploadables)) request.body.append(path, each);
  } else {
    request.headers['content-type'] = 'application/json';
    request.body = operation;
  }
  return (await fetch(endpoint, request)).json();
}

const events = createClient({ url: endpoint, headers });
const environment = new Environment({
  network: Network.create(fetchGraphQL, ({ text: query }, variables) =>
    Observable.create((sink) => events.subscribe({ query, variables }, sink)),
  ),
  store: new Store(new RecordSource()),
});

const commit = (mutation, variables, uploadables) =>
  new Promise((onCompleted, onError) => {
    relay.commitMutation(environment, {
      mutation,
      variables,
      uploadables,
      onError,
      onCompleted: (data, errors) => (errors ? onError(errors) : onCompleted(data)),
    });
  });

async function load(request, variables) {
  environment.retain(relay.createOperationDescriptor(request, variables));
  return relay.fetchQuery(environment, request, variables).toPromise();
}

function gallery(variables) {
  const operation = relay.createOperationDescriptor(query, variables);
  const { album } = environment.lookup(operation.fragment).data;
  return environment.lookup(relay.getSingularSelector(fragment, album)).data;
}

const files = ({ images }) => images.edges.map(({ node }) => node.id);

// As usePaginationFragment loads more, one at a time, by the query that Relay made for the fragment.
async function more(direction, start, seen) {
  const { paginationRequest, paginationMetadata, identifierInfo } = relay.getPaginationMetadata(fragment, 'gallery');
  const { endCursor, startCursor } = seen.images.pageInfo;
  const cursor = direction === 'forward' ? endCursor : startCursor;
  const variables = relay.getPaginationVariables(direction, 1, cursor, start, {}, paginationMetadata);
  await load(paginationRequest, { ...variables, [identifierInfo?.identifierQueryVariableName ?? 'id']: start.id });
  return gallery(start);
}

const album = (await commit(create, { name: 'Gallery' })).createAlbum.album;
const uploads = [];
for (let number = 0; number < 3; number++) {
  const input = { file: null, albumId: album.id };
  uploads.push((await commit(upload, { input }, { 'variables.input.file': file })).uploadImage.image);
}

async function walk(direction, start) {
  await load(query, start);
  const second = await more(direction, start, gallery(start));
  const third = await more(direction, start, second);
  const { hasNextPage, hasPreviousPage } = third.images.pageInfo;
  return { ids: files(third), more: direction === 'forward' ? hasNextPage : hasPreviousPage };
}
const forwards = await walk('forward', { id: album.id, first: 1 });
const end = { id: album.id, last: 1 };
environment.getStore().getSource().clear();
const backwards = await walk('backward', end);

// The record that the mutation answers with is the one that the fragment shows, for they have one id.
await commit(rename, { id: album.id, name: 'Renamed' });
const renamed = gallery(end).name;
await load(relay.getRefetchMetadata(fragment, 'gallery').refetchableRequest, end);
const refetched = gallery(end).name;

let heard;
const following = relay.requestSubscription(environment, {
  subscription,
  variables: {},
  onNext: ({ events: event }) => { heard ??= event.album.name; },
});
while (!heard) await commit(create, { name: 'Heard' });
following.dispose();

const refused = await commit(create, { name: '' }).catch((error) => error);
const missing = await load(query, { id: 'alb_00000000000000000000000000' });
const codes = refused.source.errors.map((error) => error.extensions.code);

tell({ uploads, forwards, backwards, renamed, refetched, heard, codes, missing: missing.album });
