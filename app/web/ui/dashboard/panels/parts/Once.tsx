import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { Button } from '../../parts/Button';
import { CopyButton } from '../../parts/CopyButton';
import { Dialog } from '../../parts/Dialog';

/** A secret that is shown this once. It is not closed by a slip: what would lose it is asked for twice. */
export function Once({
  title,
  words,
  sure,
  name,
  text,
  done,
  onClose,
  children,
}: {
  title: string;
  words: string;
  sure: string;
  name: string;
  text: string;
  done: string;
  onClose: () => void;
  children?: ComponentChildren;
}) {
  const [warned, warn] = useState(false);
  return (
    <Dialog title={title} onClose={() => (warned ? onClose() : warn(true))} wide={Boolean(children)}>
      <p>{words}</p>
      <div class="secret">
        <output class="code" aria-label={name}>
          {text}
        </output>
        <CopyButton text={text} name={name} />
      </div>
      {warned && (
        <p class="complaint" role="alert">
          {sure}
        </p>
      )}
      {children}
      <footer class="dialog-foot">
        <Button kind="primary" onClick={onClose}>
          {done}
        </Button>
      </footer>
    </Dialog>
  );
}
