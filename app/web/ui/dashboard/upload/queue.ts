/** Files on their way to the server: so many at a time, each with how far it has come. */
import { stringifyDocument } from '@urql/core';

import { GRAPHQL } from '../api/addresses';
import { PREFLIGHT } from '../api/client';
import { UPLOAD_IMAGE, type ImageCard } from '../api/documents';
import { type Problem, problemIn, unreachable } from '../api/problem';
import { tell } from '../happenings';
import { bytes } from '../language';
import { signedOut } from '../session';
import { createStore } from '../store';
import { LARGE, type Sending, sendInPieces } from './direct';

const AT_ONCE = 3;
/** What only needs some time. */
const LATER = ['RATE_LIMIT_EXCEEDED', 'BUSY'];
/** Milliseconds for which all wait by themselves where the server wants to be left alone. */
const PATIENCE = 150_000;
/** Bytes that the server takes, as it wrote into the page: a larger file is not worth sending. */
const MOST = Number(document.documentElement.dataset['maxUpload']) || Infinity;

/** Where what is uploaded goes. */
export interface Into {
  readonly album: string | null;
  readonly category: string | null;
}

export interface Upload {
  readonly id: number;
  readonly file: File;
  readonly into: Into;
  readonly state: 'waiting' | 'sending' | 'done' | 'failed';
  /** From 0 to 1. */
  readonly progress: number;
  readonly problem: Problem | null;
  /** When the server takes more of it, in milliseconds; null where it did not say. */
  readonly retryAt: number | null;
  readonly image: ImageCard | null;
}

export const uploads = createStore<readonly Upload[]>([]);
const requests = new Map<number, Sending>();
let last = 0;
let pausedUntil = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export function add(files: readonly File[], into: Into): void {
  const fresh = files.map((file): Upload => ({ ...WAITING, id: ++last, file, into }));
  uploads.change((all) => [...all, ...fresh]);
  next();
}

export function cancel(id: number): void {
  requests.get(id)?.abort();
  requests.delete(id);
  uploads.change((all) => all.filter((one) => one.id !== id));
  next();
}

export function retry(ids: readonly number[]): void {
  pausedUntil = 0;
  for (const id of ids) change(id, WAITING);
  next();
}

/** Takes those that are over from the list. */
export function clear(): void {
  uploads.change((all) => all.filter(({ state }) => state === 'waiting' || state === 'sending'));
}

// What is under way would be lost with the page.
addEventListener('beforeunload', (event) => {
  if (requests.size) event.preventDefault();
});

const WAITING = { state: 'waiting', progress: 0, problem: null, retryAt: null, image: null } as const;

function change(id: number, by: Partial<Upload>): void {
  uploads.change((all) => all.map((one) => (one.id === id ? { ...one, ...by } : one)));
}

function next(): void {
  clearTimeout(timer);
  const pause = pausedUntil - Date.now();
  if (pause > 0) {
    timer = setTimeout(next, pause);
    return;
  }
  const waiting = uploads.get().filter(({ state }) => state === 'waiting');
  for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - requests.size))) send(upload);
}

function send({ id, file, into }: Upload): void {
  if (file.size > MOST) {
    // As the server says it, without sending it there.
    const details = `Maximum file size is ${bytes(MOST)}. Your file is ${bytes(file.size)}.`;
    return change(id, { state: 'failed', problem: { ...unreachable(), code: 'PAYLOAD_TOO_LARGE', details } });
  }
  change(id, { state: 'sending', retryAt: null });
  if (file.size > LARGE) {
    const progress = (share: number) => change(id, { progress: share });
    requests.set(
      id,
      sendInPieces(file, into, progress, (told) => over(id, told)),
    );
    return;
  }
  const request = new XMLHttpRequest();
  requests.set(id, request);
  request.open('POST', GRAPHQL);
  request.setRequestHeader('Accept', 'application/graphql-response+json, application/json');
  for (const [name, value] of Object.entries(PREFLIGHT)) request.setRequestHeader(name, value);
  request.upload.addEventListener('progress', ({ loaded, total }) =>
    change(id, { progress: loaded / total }),
  );
  request.addEventListener('load', () => over(id, answered(request)));
  request.addEventListener('error', () => over(id, { problem: unreachable() }));
  request.addEventListener('timeout', () => over(id, { problem: unreachable() }));
  request.send(form(file, into));
}

function over(id: number, { image = null, problem = null, retryAt = null }: Partial<Upload>): void {
  requests.delete(id);
  if (retryAt !== null && retryAt - Date.now() < PATIENCE) {
    pausedUntil = Math.max(pausedUntil, retryAt);
    uploads.change((all) =>
      all.map((one) =>
        one.id === id || one.state === 'waiting' ? { ...one, ...WAITING, retryAt: pausedUntil } : one,
      ),
    );
    return next();
  }
  change(id, { state: image ? 'done' : 'failed', progress: 1, image, problem, retryAt });
  if (image) tell({ kind: 'uploaded', image });
  if (problem?.code === 'UNAUTHORIZED') signedOut();
  next();
}

interface Answer {
  readonly data?: { readonly uploadImage: { readonly image: ImageCard } } | null;
  readonly errors?: readonly Parameters<typeof problemIn>[0][];
}

function answered(request: XMLHttpRequest): Partial<Upload> {
  let answer: Answer;
  try {
    answer = JSON.parse(request.responseText) as Answer;
  } catch {
    return {
      problem: { ...unreachable(), code: request.status === 413 ? 'PAYLOAD_TOO_LARGE' : 'INTERNAL_ERROR' },
    };
  }
  if (answer.data) return { image: answer.data.uploadImage.image };
  const problem = answer.errors?.[0] ? problemIn(answer.errors[0]) : unreachable();
  const seconds = LATER.includes(problem.code) ? secondsUntilMore(request) : null;
  return { problem, retryAt: seconds === null ? null : Date.now() + seconds * 1000 };
}

/** What the answer says of the limit that is used up: `Retry-After`, or `t` in `RateLimit: "upload";r=0;t=42`. */
function secondsUntilMore(request: XMLHttpRequest): number | null {
  const said =
    request.getResponseHeader('Retry-After') ?? usedUp(request.getResponseHeader('RateLimit') ?? '');
  return said && /^\d+$/.test(said) ? Number(said) : null;
}

function usedUp(limits: string): string | undefined {
  return limits
    .split(',')
    .find((limit) => /;\s*r=0\b/.test(limit))
    ?.match(/;\s*t=(\d+)/)?.[1];
}

/** github.com/jaydenseric/graphql-multipart-request-spec */
function form(file: File, { album, category }: Into): FormData {
  const data = new FormData();
  const variables = { input: { file: null, albumId: album, categoryId: category } };
  data.append('operations', JSON.stringify({ query: stringifyDocument(UPLOAD_IMAGE), variables }));
  data.append('map', JSON.stringify({ file: ['variables.input.file'] }));
  data.append('file', file, file.name || 'pasted.png');
  return data;
}
