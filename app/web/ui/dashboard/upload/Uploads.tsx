import { useEffect, useState } from 'preact/hooks';

import { errorMessage } from '../api/errors';
import { formatBytes, formatTime } from '../../base/format';
import { useMessages } from '../../base/language';
import { upload as table } from '../messages/upload';
import { Button } from '../components/Button';
import { Icon } from '../components/Icon';
import { useStore } from '../../base/store';
import { add, cancel, clear, type UploadTarget, retry, type Upload, uploads } from './queue';

/** The list of uploads, in the corner of the page. Hidden while it is empty. */
export function Uploads() {
  const t = useMessages(table);
  const all = useStore(uploads);
  const [isCollapsed, setCollapsed] = useState(false);
  const done = all.filter(({ state }) => state === 'done').length;
  const failed = all.filter(({ state }) => state === 'failed');
  const isFinished = done + failed.length === all.length;
  const summary = [t.progress(done, all.length), failed.length ? t.failed(failed.length) : ''];
  return (
    <>
      <p class="visually-hidden" role="status">
        {all.length > 0 && isFinished && summary.filter(Boolean).join(', ')}
      </p>
      {all.length > 0 && (
        <section class="uploads" aria-label={t.title}>
          <header class="uploads-head">
            <h2>{summary.filter(Boolean).join(' · ')}</h2>
            <div class="row">
              <Button
                kind="plain"
                icon={isCollapsed ? 'up' : 'down'}
                aria-label={isCollapsed ? t.expand : t.collapse}
                aria-expanded={!isCollapsed}
                onClick={() => setCollapsed(!isCollapsed)}
              />
              {isFinished && <Button kind="plain" icon="close" aria-label={t.clear} onClick={clear} />}
            </div>
          </header>
          {!isCollapsed && (
            <ul>
              {all.map((upload) => (
                <Row key={upload.id} upload={upload} />
              ))}
            </ul>
          )}
          {!isCollapsed && failed.length > 1 && (
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

function Row({ upload: { id, file, state, progress, error, retryAt } }: { upload: Upload }) {
  const t = useMessages(table);
  const name = file.name;
  const status = {
    waiting: retryAt === null ? t.waiting : t.paused(formatTime(retryAt)),
    sending: progress < 1 ? `${Math.round(progress * 100)}%` : t.processing,
    done: t.done,
    failed: error ? errorMessage(error) : '',
  }[state];
  return (
    <li class={`upload ${state}`}>
      <span class="upload-icon">
        <Icon name={state === 'done' ? 'check' : state === 'failed' ? 'warning' : 'upload'} />
      </span>
      <div class="upload-text">
        <p class="upload-name">
          <span title={name}>{name}</span>
          <span class="muted">{formatBytes(file.size)}</span>
        </p>
        {(state === 'sending' || state === 'waiting') && (
          <progress value={progress} max={1} aria-label={t.progressOf(name)} />
        )}
        <p class="upload-state">
          {status} {state === 'failed' && retryAt !== null && t.retryAfter(formatTime(retryAt))}
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

/** Upload files dropped or pasted anywhere on the page. */
export function DropZone({ target: { album, category } }: { target: UploadTarget }) {
  const t = useMessages(table);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const target = { album, category };
    const controller = new AbortController();
    const { signal } = controller;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const onDrag = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    addEventListener('dragenter', onDrag, { signal });
    addEventListener('dragover', onDrag, { signal });
    addEventListener('dragleave', (event) => event.relatedTarget === null && setOver(false), { signal });
    addEventListener(
      'drop',
      (event) => {
        setOver(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        add([...(event.dataTransfer?.files ?? [])], target);
      },
      { signal },
    );
    addEventListener('paste', (event) => add([...(event.clipboardData?.files ?? [])], target), { signal });
    return () => controller.abort();
  }, [album, category]);
  return isOver ? (
    <div class="drop-overlay">
      <p>
        <Icon name="upload" />
        {t.drop}
      </p>
    </div>
  ) : null;
}

export function UploadButton({ target }: { target: UploadTarget }) {
  const t = useMessages(table);
  const onChange = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    add([...(input.files ?? [])], target);
    input.value = ''; // so that choosing the same file again is a change
  };
  return (
    <label class="button primary picker">
      <Icon name="upload" />
      {t.upload}
      <input type="file" accept="image/*" multiple class="visually-hidden" onChange={onChange} />
    </label>
  );
}
