import { language, useMessages } from '../../../base/language';
import { tokens as table } from '../../messages/tokens';
import { Button } from '../../components/Button';
import { CopyButton } from '../../components/CopyButton';
import { useStore } from '../../../base/store';
import type { NewToken, Uploader } from '../documents';
import { SecretDialog } from '../SecretDialog';

export function CreatedToken({ token, onClose }: { token: NewToken; onClose: () => void }) {
  const t = useMessages(table);
  const { uploaders } = token;
  return (
    <SecretDialog
      title={t.createdTitle}
      hint={t.createdHint}
      name={t.token}
      secret={token.text}
      onClose={onClose}
    >
      {uploaders.length > 0 && (
        <section class="stack tight">
          <h3>{t.uploaders}</h3>
          <p class="hint">{t.uploadersHint}</p>
          <div>
            {uploaders.map((uploader) => (
              <UploadClient key={uploader.name} uploader={uploader} />
            ))}
          </div>
        </section>
      )}
    </SecretDialog>
  );
}

function UploadClient({ uploader }: { uploader: Uploader }) {
  const t = useMessages(table);
  const { title, filename, content, steps } = uploader;
  return (
    <details class="disclosure">
      <summary>{title}</summary>
      <div class="disclosure-content">
        <ol class="steps-list">
          {steps[useStore(language)].map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <pre class="code" tabIndex={0} aria-label={filename}>
          {content}
        </pre>
        <div class="row">
          <Button icon="download" aria-label={t.downloadFile(filename)} onClick={() => download(uploader)}>
            {t.download}
          </Button>
          <CopyButton text={content} name={filename} />
        </div>
      </div>
    </details>
  );
}

function download({ filename, mediaType, content }: Uploader): void {
  const url = URL.createObjectURL(new Blob([content], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
