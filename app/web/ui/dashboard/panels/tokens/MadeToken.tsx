import { language, useMessages } from '../../language';
import { tokens as table } from '../../messages/tokens';
import { Button } from '../../parts/Button';
import { CopyButton } from '../../parts/CopyButton';
import { useStore } from '../../store';
import type { NewToken, Uploader } from '../documents';
import { Once } from '../parts/Once';

export function MadeToken({ made, onClose }: { made: NewToken; onClose: () => void }) {
  const t = useMessages(table);
  const { text, uploaders } = made;
  return (
    <Once
      title={t.made}
      words={t.once}
      sure={t.sure}
      name={t.token}
      text={text}
      done={t.done}
      onClose={onClose}
    >
      {uploaders.length > 0 && (
        <section class="stack tight">
          <h3>{t.uploaders}</h3>
          <p class="hint">{t.uploadersHint}</p>
          <div>
            {uploaders.map((uploader) => (
              <Tool key={uploader.name} uploader={uploader} />
            ))}
          </div>
        </section>
      )}
    </Once>
  );
}

function Tool({ uploader }: { uploader: Uploader }) {
  const t = useMessages(table);
  const { title, filename, content, steps } = uploader;
  return (
    <details class="fold">
      <summary>{title}</summary>
      <div class="fold-inside">
        <ol class="steps-list">
          {steps[useStore(language)].map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <pre class="code" tabIndex={0} aria-label={filename}>
          {content}
        </pre>
        <div class="row">
          <Button icon="download" aria-label={t.downloadOf(filename)} onClick={() => save(uploader)}>
            {t.download}
          </Button>
          <CopyButton text={content} name={filename} />
        </div>
      </div>
    </details>
  );
}

function save({ filename, mediaType, content }: Uploader): void {
  const url = URL.createObjectURL(new Blob([content], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
