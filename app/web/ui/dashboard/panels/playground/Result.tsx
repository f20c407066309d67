import { useEffect, useState } from 'preact/hooks';

import { local } from '../../api/addresses';
import { ask } from '../../api/client';
import { type Problem, problemInEnvelope, unreachable } from '../../api/problem';
import { bytes, count, language, useMessages } from '../../language';
import { playground } from '../../messages/playground';
import { useStore } from '../../store';
import { type Source, type Transform, TRIED, type Tried } from '../documents';
import { CopyRows } from '../../parts/CopyRows';
import { address } from './parameters';

const PAUSE = 300;
/** What pictures are asked for with, so that the format is told that this browser would be given. */
const ACCEPT = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';

export interface Result {
  /** Of which image. */
  readonly id: string;
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly size: number;
  /** What came: with AUTO, what this browser takes. */
  readonly type: string;
  readonly explained: Tried['explainTransform'];
}

/** What the transform makes of the picture, some time after it was last changed. The last result stays until then. */
export function useResult(source: Source | null, transform: Transform) {
  const [result, setResult] = useState<Result | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(true);
  const key = JSON.stringify([source?.id, transform]);
  useEffect(() => {
    if (!source) return undefined;
    const left = new AbortController();
    setBusy(true);
    const timer = setTimeout(async () => {
      const tried = await tryIt(source.id, transform, left.signal);
      if (left.signal.aborted) return;
      setBusy(false);
      setProblem(tried.problem);
      if (tried.result) setResult(tried.result);
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [key]);
  return { result, problem, isBusy };
}

async function tryIt(
  id: string,
  transform: Transform,
  signal: AbortSignal,
): Promise<{ result: Result; problem: null } | { result: null; problem: Problem }> {
  const { data, problem } = await ask(TRIED, { id, transform, address: address(id, transform) });
  if (!data || signal.aborted) return { result: null, problem: problem ?? unreachable() };
  const { url, width, height } = data.image!.variant;
  const picture = await fetched(local(url), signal);
  if (!(picture instanceof Blob)) return { result: null, problem: picture };
  const { size, type } = picture;
  return { result: { id, url, width, height, size, type, explained: data.explainTransform }, problem: null };
}

async function fetched(url: string, signal: AbortSignal): Promise<Blob | Problem> {
  try {
    const answer = await fetch(url, { signal, headers: { Accept: ACCEPT } });
    return answer.ok ? await answer.blob() : problemInEnvelope(await answer.text());
  } catch {
    return unreachable();
  }
}

export function Picture({
  source,
  result,
  isBusy,
}: {
  source: Source;
  result: Result | null;
  isBusy: boolean;
}) {
  const t = useMessages(playground);
  return (
    <figure class="try-stage" aria-busy={isBusy}>
      {result && (
        <img
          class="try-picture"
          src={local(result.url)}
          width={result.width}
          height={result.height}
          alt={source.title || source.filename}
        />
      )}
      {isBusy && <p class="try-busy">{t.rendering}</p>}
    </figure>
  );
}

/** The picture's size and weight beside the original's. */
export function Comparison({ source, result }: { source: Source; result: Result | null }) {
  const t = useMessages(playground);
  const share = result ? result.size / source.size : 1;
  return (
    <dl class="comparison" aria-live="polite">
      <div>
        <dt>{t.original}</dt>
        <dd>
          <strong>
            {count(source.width)} × {count(source.height)}
          </strong>
          <span class="quiet">
            {source.format} · {bytes(source.size)}
          </span>
        </dd>
      </div>
      <div>
        <dt>{t.result}</dt>
        <dd>
          {result && (
            <>
              <strong>
                {count(result.width)} × {count(result.height)}
              </strong>
              <span class="quiet">
                {named(result.type)} · <span title={`${count(result.size)} B`}>{bytes(result.size)}</span>
              </span>
              <Difference share={share} isOriginal={result.explained.isOriginal} />
            </>
          )}
        </dd>
      </div>
    </dl>
  );
}

function Difference({ share, isOriginal }: { share: number; isOriginal: boolean }) {
  const t = useMessages(playground);
  const format = new Intl.NumberFormat(useStore(language), { style: 'percent', maximumFractionDigits: 0 });
  if (isOriginal) return <span class="tag">{t.same}</span>;
  if (share <= 1) return <span class="tag good">{t.smaller(format.format(1 - share))}</span>;
  return <span class="tag bad">{t.larger(format.format(share - 1))}</span>;
}

/** `image/webp` as `WEBP`, as the formats' names are. */
function named(type: string): string {
  return type.replace('image/', '').replace('jpeg', 'jpg').toUpperCase();
}

export function Warnings({ result }: { result: Result }) {
  const t = useMessages(playground);
  const { warnings } = result.explained;
  if (warnings.length === 0) return null;
  return (
    <section class="warnings" aria-labelledby="warnings-title">
      <h2 id="warnings-title">{t.notes}</h2>
      <ul>
        {warnings.map(({ parameter, message }) => (
          <li key={`${parameter} ${message}`} lang="en">
            {parameter && <code>{parameter}</code>} {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Links({ source, result }: { source: Source; result: Result }) {
  const t = useMessages(playground);
  const words = source.title || source.filename;
  const { url, width, height } = result;
  const rows = {
    [t.address]: url,
    HTML: `<img src="${escaped(url)}" alt="${escaped(words)}" width="${width}" height="${height}">`,
    Markdown: `![${words.replace(/[\\[\]]/g, '\\$&')}](${url})`,
  };
  return (
    <section class="links" aria-labelledby="links-title">
      <h2 id="links-title">{t.links}</h2>
      {!source.isPublic && <p class="hint">{t.privateLinks}</p>}
      <CopyRows rows={rows} />
    </section>
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
