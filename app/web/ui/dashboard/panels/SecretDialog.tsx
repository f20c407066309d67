import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { useMessages } from '../../base/language';
import { Button } from '../components/Button';
import { CopyButton } from '../components/CopyButton';
import { Dialog } from '../components/Dialog';
import { Alert } from '../components/Field';
import { shell } from '../messages/shell';

/** A dialog with a secret that is displayed only once. Closing it by Escape or the close button needs a second try. */
export function SecretDialog({
  title,
  hint,
  name,
  secret,
  onClose,
  children,
}: {
  title: string;
  hint: string;
  name: string;
  secret: string;
  onClose: () => void;
  children?: ComponentChildren;
}) {
  const { secretWarning, secretSaved } = useMessages(shell);
  const [isWarned, setWarned] = useState(false);
  return (
    <Dialog title={title} onClose={() => (isWarned ? onClose() : setWarned(true))} wide={Boolean(children)}>
      <p>{hint}</p>
      <div class="secret">
        <output class="code" aria-label={name}>
          {secret}
        </output>
        <CopyButton text={secret} name={name} />
      </div>
      {isWarned && <Alert>{secretWarning}</Alert>}
      {children}
      <footer class="dialog-foot">
        <Button kind="primary" onClick={onClose}>
          {secretSaved}
        </Button>
      </footer>
    </Dialog>
  );
}
