/** The account's events over a WebSocket, which reconnects and resumes after the last received event. */
import { stringifyDocument } from '@urql/core';
import { createClient } from 'graphql-ws';

import { emit } from '../libraryEvents';
import { endSession } from '../session';
import { EVENTS, type ServerEvent } from './documents';
import { WEBSOCKET_URL } from './urls';

const MIN_RETRY_DELAY = 1_000;
const MAX_RETRY_DELAY = 30_000;
/** Close code of the server for connections without a session. */
const UNAUTHORIZED = 4401;

/** Emit the server's events as library events. Returns a function that stops it. */
export function followEvents(): () => void {
  let isStopped = false;
  let cursor: string | null = null;
  let delay = MIN_RETRY_DELAY;
  let wasConnected = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: WEBSOCKET_URL,
    retryAttempts: 0,
    keepAlive: 20_000,
    on: {
      connected: () => {
        delay = MIN_RETRY_DELAY;
        // Without a cursor, events since the last connection are lost.
        if (wasConnected && cursor === null) emit({ kind: 'unknown' });
        wasConnected = true;
      },
    },
  });
  const reconnect = (cause?: unknown) => {
    if (isStopped) return;
    if (cause instanceof CloseEvent && cause.code === UNAUTHORIZED) return endSession();
    timer = setTimeout(subscribe, delay * (0.75 + Math.random() / 2));
    delay = Math.min(delay * 2, MAX_RETRY_DELAY);
  };
  const subscribe = () =>
    void client.subscribe<{ events: ServerEvent }>(
      { query: stringifyDocument(EVENTS), variables: { after: cursor } },
      {
        next: ({ data, errors }) => {
          if (data) {
            cursor = data.events.cursor;
            emitServerEvent(data.events);
          } else if (errors && cursor !== null) {
            cursor = null; // the cursor has expired
            emit({ kind: 'unknown' });
          }
        },
        error: reconnect,
        complete: () => reconnect(),
      },
    );
  subscribe();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    void client.dispose();
  };
}

function emitServerEvent(event: ServerEvent): void {
  switch (event.__typename) {
    case 'ImageUploadedEvent':
      if (event.image) emit({ kind: 'uploaded', image: event.image });
      break;
    case 'ImageDeletedEvent':
      emit({ kind: 'deleted', ids: [event.imageId] });
      break;
    case 'AlbumUpdatedEvent':
      if (event.album) {
        const { album, imagesAdded, imagesRemoved } = event;
        emit({ kind: 'moved', album: album.id, added: imagesAdded, removed: imagesRemoved });
      }
      emit({ kind: 'albums' });
      break;
    case 'AlbumCreatedEvent':
      emit({ kind: 'albums' });
  }
}
