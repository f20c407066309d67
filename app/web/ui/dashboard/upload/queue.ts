/** The upload queue: a few files at a time, each with its progress. */
import { stringifyDocument } from '@urql/core';

import { createStore } from '../../base/store';
import { PREFLIGHT } from '../api/client';
import { type ImageCard, UPLOAD_IMAGE } from '../api/documents';
import { type ApiError, clientError, parseError } from '../api/errors';
import { GRAPHQL_URL } from '../api/urls';
import { emit } from '../libraryEvents';
import { endSession } from '../session';
import { type Abortable, CHUNK_SIZE, uploadInChunks } from './resumable';

const MAX_CONCURRENT = 3;
/** Errors after which the queue pauses and continues by itself. */
const RETRYABLE_CODES = ['RATE_LIMIT_EXCEEDED', 'BUSY'];
/** Longest pause of the queue, in milliseconds; beyond that the upload fails. */
const MAX_PAUSE = 150_000;
/** The server's maximum file size in bytes, which it writes into the page. */
const MAX_FILE_SIZE = Number(document.documentElement.dataset['maxUpload']) || Infinity;

/** The album and category of uploaded images. */
export interface UploadTarget {
  readonly album: string | null;
  readonly category: string | null;
}

export interface Upload {
  readonly id: number;
  readonly file: File;
  readonly target: UploadTarget;
  readonly state: 'waiting' | 'sending' | 'done' | 'failed';
  /** From 0 to 1. */
  readonly progress: number;
  readonly error: ApiError | null;
  /** The earliest time for a retry, as a timestamp in milliseconds; null if the server gave none. */
  readonly retryAt: number | null;
  readonly image: ImageCard | null;
}

const WAITING = { state: 'waiting', progress: 0, error: null, retryAt: null, image: null } as const;

export const uploads = createStore<readonly Upload[]>([]);
const requests = new Map<number, Abortable>();
let lastId = 0;
let pausedUntil = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export function add(files: readonly File[], target: UploadTarget): void {
  const added = files.map((file): Upload => ({ ...WAITING, id: ++lastId, file, target }));
  uploads.update((all) => [...all, ...added]);
  startNext();
}

export function cancel(id: number): void {
  requests.get(id)?.abort();
  requests.delete(id);
  uploads.update((all) => all.filter((upload) => upload.id !== id));
  startNext();
}

export function retry(ids: readonly number[]): void {
  pausedUntil = 0;
  for (const id of ids) change(id, WAITING);
  startNext();
}

/** Remove finished and failed uploads from the list. */
export function clear(): void {
  uploads.update((all) => all.filter(({ state }) => state === 'waiting' || state === 'sending'));
}

// Leaving the page would abort uploads in progress.
addEventListener('beforeunload', (event) => {
  if (requests.size) event.preventDefault();
});

function change(id: number, changes: Partial<Upload>): void {
  uploads.update((all) => all.map((upload) => (upload.id === id ? { ...upload, ...changes } : upload)));
}

function startNext(): void {
  clearTimeout(timer);
  const pause = pausedUntil - Date.now();
  if (pause > 0) {
    timer = setTimeout(startNext, pause);
    return;
  }
  const waiting = uploads.get().filter(({ state }) => state === 'waiting');
  for (const upload of waiting.slice(0, Math.max(0, MAX_CONCURRENT - requests.size))) start(upload);
}

function start({ id, file, target }: Upload): void {
  if (file.size > MAX_FILE_SIZE) {
    const facts = { reason: 'too_large', limit: MAX_FILE_SIZE, actual: file.size };
    return change(id, { state: 'failed', error: clientError('PAYLOAD_TOO_LARGE', facts) });
  }
  change(id, { state: 'sending', retryAt: null });
  const send = file.size > CHUNK_SIZE ? uploadInChunks : uploadAtOnce;
  const onProgress = (progress: number) => change(id, { progress });
  requests.set(
    id,
    send(file, target, onProgress, (outcome) => finish(id, outcome)),
  );
}

function uploadAtOnce(
  file: File,
  target: UploadTarget,
  onProgress: (share: number) => void,
  onDone: (outcome: Partial<Upload>) => void,
): Abortable {
  const request = new XMLHttpRequest();
  request.open('POST', GRAPHQL_URL);
  request.setRequestHeader('Accept', 'application/graphql-response+json, application/json');
  for (const [name, value] of Object.entries(PREFLIGHT)) request.setRequestHeader(name, value);
  request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
  request.addEventListener('load', () => onDone(parseResponse(request)));
  request.addEventListener('error', () => onDone({ error: clientError('NETWORK') }));
  request.addEventListener('timeout', () => onDone({ error: clientError('NETWORK') }));
  request.send(formData(file, target));
  return request;
}

function finish(id: number, { image = null, error = null }: Partial<Upload>): void {
  requests.delete(id);
  const retryAt = error && retryTime(error);
  if (retryAt !== null && retryAt - Date.now() < MAX_PAUSE) {
    pausedUntil = Math.max(pausedUntil, retryAt);
    uploads.update((all) =>
      all.map((upload) =>
        upload.id === id || upload.state === 'waiting'
          ? { ...upload, ...WAITING, retryAt: pausedUntil }
          : upload,
      ),
    );
    return startNext();
  }
  change(id, { state: image ? 'done' : 'failed', progress: 1, image, error, retryAt });
  if (image) emit({ kind: 'uploaded', image });
  if (error?.code === 'UNAUTHORIZED') endSession();
  startNext();
}

function retryTime({ code, params }: ApiError): number | null {
  const seconds = params['retry_after'];
  return RETRYABLE_CODES.includes(code) && typeof seconds === 'number' ? Date.now() + seconds * 1000 : null;
}

interface UploadResponse {
  readonly data?: { readonly uploadImage: { readonly image: ImageCard } } | null;
  readonly errors?: readonly Parameters<typeof parseError>[0][];
}

function parseResponse(request: XMLHttpRequest): Partial<Upload> {
  let response: UploadResponse;
  try {
    response = JSON.parse(request.responseText) as UploadResponse;
  } catch {
    // A proxy may refuse the request with a response of its own.
    return { error: clientError(request.status === 413 ? 'PAYLOAD_TOO_LARGE' : 'INTERNAL_ERROR') };
  }
  if (response.data) return { image: response.data.uploadImage.image };
  return { error: response.errors?.[0] ? parseError(response.errors[0]) : clientError('NETWORK') };
}

/** Build a request of the GraphQL multipart request specification: github.com/jaydenseric/graphql-multipart-request-spec */
function formData(file: File, { album, category }: UploadTarget): FormData {
  const data = new FormData();
  const variables = { input: { file: null, albumId: album, categoryId: category } };
  data.append('operations', JSON.stringify({ query: stringifyDocument(UPLOAD_IMAGE), variables }));
  data.append('map', JSON.stringify({ file: ['variables.input.file'] }));
  data.append('file', file, file.name || 'pasted.png');
  return data;
}
