/** Resumable upload of a large file in chunks (tus 1.0.0): after a lost connection it continues at the received offset. */
import { mutate, query } from '../api/client';
import { CREATE_UPLOAD, type ImageCard, UPLOAD_RESULT } from '../api/documents';
import { type ApiError, parseError, parseRestError } from '../api/errors';
import { BASE_URL } from '../api/urls';
import type { UploadTarget } from './queue';

/** Size of a chunk in bytes. Larger files are uploaded in chunks. */
export const CHUNK_SIZE = 8 * 1024 * 1024;
/** Milliseconds before each retry. A received chunk resets the retries. */
const RETRY_DELAYS = [0, 1_000, 3_000, 5_000, 10_000, 20_000];
const TUS_HEADERS = { 'Tus-Resumable': '1.0.0' };

export interface UploadOutcome {
  readonly image: ImageCard | null;
  readonly error: ApiError | null;
}

export interface Abortable {
  abort(): void;
}

interface ChunkResponse {
  readonly status: number;
  readonly offset: number;
  readonly body: string;
}

/** Upload a file. `onProgress` receives the share sent so far; `onDone` is called once, unless it is aborted. */
export function uploadInChunks(
  file: File,
  { album, category }: UploadTarget,
  onProgress: (share: number) => void,
  onDone: (outcome: UploadOutcome) => void,
): Abortable {
  let request: XMLHttpRequest | null = null;
  let url: string | null = null;
  let isAborted = false;

  function send(method: string, from = 0): Promise<ChunkResponse> {
    const current = (request = new XMLHttpRequest());
    current.open(method, url!);
    for (const [name, value] of Object.entries(TUS_HEADERS)) current.setRequestHeader(name, value);
    return new Promise((resolve) => {
      current.addEventListener('loadend', () =>
        resolve({
          status: current.status,
          offset: Number(current.getResponseHeader('Upload-Offset')),
          body: current.responseText,
        }),
      );
      if (method !== 'PATCH') return current.send();
      current.upload.addEventListener('progress', ({ loaded }) => onProgress((from + loaded) / file.size));
      current.setRequestHeader('Content-Type', 'application/offset+octet-stream');
      current.setRequestHeader('Upload-Offset', String(from));
      current.send(file.slice(from, from + CHUNK_SIZE));
    });
  }

  async function sendAll(): Promise<UploadOutcome> {
    const input = {
      filename: file.name || 'pasted.png',
      size: file.size,
      albumId: album,
      categoryId: category,
    };
    const created = await mutate(CREATE_UPLOAD, { input });
    if (!created.data) return { image: null, error: created.error };
    const { id } = created.data.createUpload.upload;
    url = new URL(`v1/uploads/${id}`, BASE_URL).href;
    let [offset, retries, isOffsetKnown] = [0, 0, true];
    while (!isAborted) {
      const { status, offset: received, body } = await (isOffsetKnown ? send('PATCH', offset) : send('HEAD'));
      if (status === 204 || status === 200) {
        if (status === 204) retries = 0;
        [offset, isOffsetKnown] = [received, true];
        if (offset === file.size) return await fetchOutcome(id);
      } else if (isTemporary(status) && retries < RETRY_DELAYS.length) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAYS[retries]));
        [retries, isOffsetKnown] = [retries + 1, false];
      } else {
        return isOffsetKnown ? { image: null, error: parseRestError(body) } : await fetchOutcome(id);
      }
    }
    return { image: null, error: null };
  }

  void sendAll().then((outcome) => {
    if (!isAborted) onDone(outcome);
  });
  return {
    abort() {
      isAborted = true;
      request?.abort();
      if (url) void send('DELETE');
    },
  };
}

/** Return true for errors worth a retry: no response, wrong offset, locked, rate limited, or no worker. */
function isTemporary(status: number): boolean {
  return [0, 409, 423, 429].includes(status) || (status >= 500 && status !== 507);
}

async function fetchOutcome(id: string): Promise<UploadOutcome> {
  const { data, error } = await query(UPLOAD_RESULT, { id });
  const { image = null, error: failure = null } = data?.upload ?? {};
  return {
    image,
    error: failure ? parseError({ message: failure.message, extensions: { ...failure } }) : error,
  };
}
