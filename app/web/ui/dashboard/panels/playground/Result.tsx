import { useEffect, useState } from 'preact/hooks';

import { localUrl } from '../../api/urls';
import { query } from '../../api/client';
import { type ApiError, clientError, parseRestError } from '../../api/errors';
import { formatBytes, formatNumber } from '../../../base/format';
import { locale, useMessages } from '../../../base/language';
import { playground } from '../../messages/playground';
import { type Source, type Transform, TRY_TRANSFORM, type TransformResult } from '../documents';
import { CopyRows } from '../../components/CopyRows';
import { urlOf } from './parameters';

/** Milliseconds without changes before a transform is rendered. */
const DEBOUNCE_MS = 300;
/** The Accept header of image requests, by which the server chooses a format. */
const ACCEPT = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';

export interface Result {
  /** Id of the image. */
  readonly id: string;
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly size: number;
  /** Media type of the response: with AUTO, the server's choice. */
  readonly type: string;
  readonly explanation: TransformResult['explainTransform'];
}

/** Return the result of a transform, rendered after a pause in its changes. The last result is kept until then. */
export function useResult(source: Source | null, transform: Transform) {
  const [result, setResult] = useState<Result | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(true);
  const key = JSON.stringify([source?.id, transform]);
  useEffect(() => {
    if (!source) return undefined;
    const controller = new AbortController();
    setBusy(true);
    const timer = setTimeout(async () => {
      const rendered = await renderTransform(source.id, transform, controller.signal);
      if (controller.signal.aborted) return;
      setBusy(false);
      setError(rendered.error);
      if (rendered.result) setResult(rendered.result);
    }, DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [key]);
  return { result, error, isBusy };
}

async function renderTransform(
  id: string,
  transform: Transform,
  signal: AbortSignal,
): Promise<{ result: Result; error: null } | { result: null; error: ApiError }> {
  const { data, error } = await query(TRY_TRANSFORM, { id, transform, url: urlOf(id, transform) });
  if (!data || signal.aborted) return { result: null, error: error ?? clientError('NETWORK') };
  const { url, width, height } = data.image!.variant;
  const file = await fetchImage(localUrl(url), signal);
  if (!(file instanceof Blob)) return { result: null, error: file };
  const { size, type } = file;
  return { result: { id, url, width, height, size, type, explanation: data.explainTransform }, error: null };
}

async function fetchImage(url: string, signal: AbortSignal): Promise<Blob | ApiError> {
  try {
    const response = await fetch(url, { signal, headers: { Accept: ACCEPT } });
    return response.ok ? await response.blob() : parseRestError(await response.text());
  } catch {
    return clientError('NETWORK');
  }
}

export function Preview({
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
    <figure class="workbench-stage" aria-busy={isBusy}>
      {result && (
        <img
          class="workbench-image"
          src={localUrl(result.url)}
          width={result.width}
          height={result.height}
          alt={source.title || source.filename}
        />
      )}
      {isBusy && <p class="workbench-busy">{t.rendering}</p>}
    </figure>
  );
}

/** Dimensions and file size of the result beside those of the original. */
export function Comparison({ source, result }: { source: Source; result: Result | null }) {
  const t = useMessages(playground);
  const share = result ? result.size / source.size : 1;
  return (
    <dl class="comparison" aria-live="polite">
      <div>
        <dt>{t.original}</dt>
        <dd>
          <strong>
            {formatNumber(source.width)} × {formatNumber(source.height)}
          </strong>
          <span class="muted">
            {source.format} · {formatBytes(source.size)}
          </span>
        </dd>
      </div>
      <div>
        <dt>{t.result}</dt>
        <dd>
          {result && (
            <>
              <strong>
                {formatNumber(result.width)} × {formatNumber(result.height)}
              </strong>
              <span class="muted">
                {formatName(result.type)} ·{' '}
                <span title={`${formatNumber(result.size)} B`}>{formatBytes(result.size)}</span>
              </span>
              <Difference share={share} isOriginal={result.explanation.isOriginal} />
            </>
          )}
        </dd>
      </div>
    </dl>
  );
}

function Difference({ share, isOriginal }: { share: number; isOriginal: boolean }) {
  const t = useMessages(playground);
  const format = new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 0 });
  if (isOriginal) return <span class="tag">{t.unchanged}</span>;
  if (share <= 1) return <span class="tag success">{t.smaller(format.format(1 - share))}</span>;
  return <span class="tag danger">{t.larger(format.format(share - 1))}</span>;
}

/** `WEBP` for `image/webp`. */
function formatName(type: string): string {
  return type.replace('image/', '').replace('jpeg', 'jpg').toUpperCase();
}

export function Warnings({ result }: { result: Result }) {
  const t = useMessages(playground);
  const { warnings } = result.explanation;
  if (warnings.length === 0) return null;
  return (
    <section class="warnings" aria-labelledby="warnings-title">
      <h2 id="warnings-title">{t.warnings}</h2>
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
  const alt = source.title || source.filename;
  const { url, width, height } = result;
  const rows = {
    URL: url,
    HTML: `<img src="${escapeHtml(url)}" alt="${escapeHtml(alt)}" width="${width}" height="${height}">`,
    Markdown: `![${alt.replace(/[\\[\]]/g, '\\$&')}](${url})`,
  };
  return (
    <section class="links" aria-labelledby="links-title">
      <h2 id="links-title">{t.links}</h2>
      {!source.isPublic && <p class="hint">{t.privateLinks}</p>}
      <CopyRows rows={rows} />
    </section>
  );
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
