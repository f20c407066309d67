/** A large file goes to an address of its own, in pieces: what came before a connection broke is not sent again. */
import { HERE } from '../api/addresses';
import { run, ask } from '../api/client';
import { BEGIN_UPLOAD, type ImageCard, UPLOADED } from '../api/documents';
import { type Problem, problemIn, problemInEnvelope } from '../api/problem';
import type { Into } from './queue';

/** Bytes from which it is worth it, and that a piece has. */
export const LARGE = 8 * 1024 * 1024;
/** Milliseconds before each try to go on, after which it is given up; a piece that came begins them anew. */
const WAITS = [0, 1_000, 3_000, 5_000, 10_000, 20_000];
const TUS = { 'Tus-Resumable': '1.0.0' };

export interface Told {
  readonly image: ImageCard | null;
  readonly problem: Problem | null;
}

export interface Sending {
  abort(): void;
}

interface Sent {
  readonly status: number;
  readonly offset: number;
  readonly body: string;
}

/** Sends it; `over` is told once, unless it is aborted. */
export function sendInPieces(
  file: File,
  { album, category }: Into,
  progress: (share: number) => void,
  over: (told: Told) => void,
): Sending {
  let request: XMLHttpRequest | null = null;
  let url: string | null = null;
  let isAborted = false;

  function send(method: string, from = 0): Promise<Sent> {
    const asked = (request = new XMLHttpRequest());
    asked.open(method, url!);
    for (const [name, value] of Object.entries(TUS)) asked.setRequestHeader(name, value);
    return new Promise((resolve) => {
      asked.addEventListener('loadend', () =>
        resolve({
          status: asked.status,
          offset: Number(asked.getResponseHeader('Upload-Offset')),
          body: asked.responseText,
        }),
      );
      if (method !== 'PATCH') return asked.send();
      asked.upload.addEventListener('progress', ({ loaded }) => progress((from + loaded) / file.size));
      asked.setRequestHeader('Content-Type', 'application/offset+octet-stream');
      asked.setRequestHeader('Upload-Offset', String(from));
      asked.send(file.slice(from, from + LARGE));
    });
  }

  async function sendAll(): Promise<Told> {
    const input = {
      filename: file.name || 'pasted.png',
      size: file.size,
      albumId: album,
      categoryId: category,
    };
    const begun = await run(BEGIN_UPLOAD, { input });
    if (!begun.data) return { image: null, problem: begun.problem };
    const { id } = begun.data.createUpload.upload;
    url = new URL(`v1/uploads/${id}`, HERE).href;
    let [offset, tries, isKnown] = [0, 0, true];
    while (!isAborted) {
      const sent = isKnown ? await send('PATCH', offset) : await send('HEAD');
      if (sent.status === 204 || sent.status === 200) {
        if (sent.status === 204) tries = 0;
        [offset, isKnown] = [sent.offset, true];
        if (offset === file.size) return await become(id);
      } else if (isPassing(sent.status) && tries < WAITS.length) {
        await new Promise((resolve) => setTimeout(resolve, WAITS[tries]));
        [tries, isKnown] = [tries + 1, false];
      } else {
        return isKnown ? { image: null, problem: problemInEnvelope(sent.body) } : await become(id);
      }
    }
    return { image: null, problem: null };
  }

  void sendAll().then((told) => {
    if (!isAborted) over(told);
  });
  return {
    abort() {
      isAborted = true;
      request?.abort();
      if (url) void send('DELETE');
    },
  };
}

/** Whether it may go on a moment later: no answer, not where the upload stands, another at it, too much, no worker. */
function isPassing(status: number): boolean {
  return [0, 409, 423, 429].includes(status) || (status >= 500 && status !== 507);
}

async function become(id: string): Promise<Told> {
  const { data, problem } = await ask(UPLOADED, { id });
  const { image = null, error = null } = data?.upload ?? {};
  return {
    image,
    problem: error ? problemIn({ message: error.message, extensions: { ...error } }) : problem,
  };
}
