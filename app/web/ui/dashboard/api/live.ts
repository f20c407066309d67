/** Follows the account's events over a WebSocket, and goes on after the last one whenever the connection was lost. */
import { stringifyDocument } from '@urql/core';
import { createClient } from 'graphql-ws';

import { tell } from '../happenings';
import { signedOut } from '../session';
import { SOCKET } from './addresses';
import { LIVE, type LiveEvent } from './documents';

const LONGEST_WAIT = 30_000;
/** What the server closes a socket with that nobody has signed in for. */
const UNAUTHORIZED = 4401;

/** Until the function that it gives is called. */
export function follow(): () => void {
  let stopped = false;
  let after: string | null = null;
  let wait = 1000;
  let wasLive = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: SOCKET,
    retryAttempts: 0,
    keepAlive: 20_000,
    on: {
      connected: () => {
        wait = 1000;
        // Without a cursor nobody knows what came while nobody listened.
        if (wasLive && after === null) tell({ kind: 'unknown' });
        wasLive = true;
      },
    },
  });
  const again = (problem?: unknown) => {
    if (stopped) return;
    if (problem instanceof CloseEvent && problem.code === UNAUTHORIZED) return signedOut();
    timer = setTimeout(begin, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
  const begin = () =>
    void client.subscribe<{ events: LiveEvent }>(
      { query: stringifyDocument(LIVE), variables: { after } },
      {
        next: ({ data, errors }) => {
          if (data) {
            after = data.events.cursor;
            pass(data.events);
          } else if (errors && after !== null) {
            after = null; // the cursor is too old to go on from
            tell({ kind: 'unknown' });
          }
        },
        error: again,
        complete: () => again(),
      },
    );
  begin();
  return () => {
    stopped = true;
    clearTimeout(timer);
    void client.dispose();
  };
}

function pass(event: LiveEvent): void {
  switch (event.__typename) {
    case 'ImageUploadedEvent':
      if (event.image) tell({ kind: 'uploaded', image: event.image });
      break;
    case 'ImageDeletedEvent':
      tell({ kind: 'deleted', ids: [event.imageId] });
      break;
    case 'AlbumUpdatedEvent':
      if (event.album) {
        const { album, imagesAdded, imagesRemoved } = event;
        tell({ kind: 'filed', album: album.id, added: imagesAdded, removed: imagesRemoved });
      }
      tell({ kind: 'albums' });
      break;
    case 'AlbumCreatedEvent':
      tell({ kind: 'albums' });
  }
}
