import { useEffect, useState } from 'preact/hooks';

import { errorMessage } from '../api/problem';
import { bytes, clock, useMessages } from '../language';
import { upload as table } from '../messages/upload';
import { Button } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { useStore } from '../store';
import { add, cancel, clear, type Into, retry, type Upload, uploads } from './queue';

/** The list of what is on its way, in the corner, while there is something in it. */
export function Uploads() {
  const t = useMessages(table);
  const all = useStore(uploads);
  const [isFolded, fold] = useState(false);
  const done = all.filter(({ state }) => state === 'done').length;
  const failed = all.filter(({ state }) => state === 'failed');
  const isOver = done + failed.length === all.length;
  const summary = [t.progress(done, all.length), failed.length ? t.failed(failed.length) : ''];
  return (
    <>
      <p class="unseen" role="status">
        {all.length > 0 && isOver && summary.filter(Boolean).join(', ')}
      </p>
      {all.length > 0 && (
        <section class="uploads" aria-label={t.title}>
          <header class="uploads-head">
            <h2>{summary.filter(Boolean).join(' · ')}</h2>
            <div class="row">
              <Button
                kind="plain"
                icon={isFolded ? 'up' : 'down'}
                aria-label={isFolded ? t.unfold : t.fold}
                aria-expanded={!isFolded}
                onClick={() => fold(!isFolded)}
              />
              {isOver && <Button kind="plain" icon="close" aria-label={t.clear} onClick={clear} />}
            </div>
          </header>
          {!isFolded && (
            <ul>
              {all.map((one) => (
                <Row key={one.id} upload={one} />
              ))}
            </ul>
          )}
          {!isFolded && failed.length > 1 && (
            <footer>
              <Button icon="retry" onClick={() => retry(failed.map(({ id }) => id))}>
                {t.retryAll}
              </Button>
            </footer>
          )}
        </section>
      )}
    </>
  );
}

function Row({ upload: { id, file, state, progress, problem, retryAt } }: { upload: Upload }) {
  const t = useMessages(table);
  const name = file.name;
  const said = {
    waiting: retryAt === null ? t.waiting : t.paused(clock(retryAt)),
    sending: progress < 1 ? `${Math.round(progress * 100)} %` : t.working,
    done: t.done,
    failed: problem ? errorMessage(problem) : '',
  }[state];
  return (
    <li class={`upload ${state}`}>
      <span class="upload-icon">
        <Icon name={state === 'done' ? 'check' : state === 'failed' ? 'warning' : 'upload'} />
      </span>
      <div class="upload-words">
        <p class="upload-name">
          <span title={name}>{name}</span>
          <span class="quiet">{bytes(file.size)}</span>
        </p>
        {(state === 'sending' || state === 'waiting') && (
          <progress value={progress} max={1} aria-label={t.of(name)} />
        )}
        <p class="upload-state">
          {said} {state === 'failed' && retryAt !== null && t.after(clock(retryAt))}
        </p>
      </div>
      {state === 'failed' && (
        <Button kind="plain" icon="retry" aria-label={t.retry(name)} onClick={() => retry([id])} />
      )}
      {state !== 'done' && (
        <Button
          kind="plain"
          icon="close"
          aria-label={state === 'failed' ? t.remove(name) : t.cancel(name)}
          onClick={() => cancel(id)}
        />
      )}
    </li>
  );
}

/** Files that are dropped anywhere, or pasted, are uploaded into this album and category. */
export function DropZone({ into: { album, category } }: { into: Into }) {
  const t = useMessages(table);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const into = { album, category };
    const stop = new AbortController();
    const { signal } = stop;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    addEventListener('dragenter', over, { signal });
    addEventListener('dragover', over, { signal });
    addEventListener('dragleave', (event) => event.relatedTarget === null && setOver(false), { signal });
    addEventListener(
      'drop',
      (event) => {
        setOver(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        add([...(event.dataTransfer?.files ?? [])], into);
      },
      { signal },
    );
    addEventListener('paste', (event) => add([...(event.clipboardData?.files ?? [])], into), { signal });
    return () => stop.abort();
  }, [album, category]);
  return isOver ? (
    <div class="drop">
      <p>
        <Icon name="upload" />
        {t.drop}
      </p>
    </div>
  ) : null;
}

export function UploadButton({ into }: { into: Into }) {
  const t = useMessages(table);
  const pick = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    add([...(input.files ?? [])], into);
    input.value = ''; // the same file may be picked again
  };
  return (
    <label class="button primary picker">
      <Icon name="upload" />
      {t.upload}
      <input type="file" accept="image/*" multiple class="unseen" onChange={pick} />
    </label>
  );
}
