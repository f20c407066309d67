import { useEffect, useState } from 'preact/hooks';

import { useMessages } from '../language';
import { shell } from '../messages/shell';
import { Button } from './Button';
import { toast } from './Toasts';

/** Puts a text on the clipboard, and says so. `name` says what it is, for those who do not see where it stands. */
export function CopyButton({ text, name, words }: { text: string; name: string; words?: string }) {
  const { copy, copied, notCopied } = useMessages(shell);
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  const put = async () => {
    const took = await onClipboard(text);
    setDone(took);
    toast(took ? `${copied}: ${name}` : notCopied, took ? 'done' : 'wrong');
  };
  return (
    <Button icon={done ? 'check' : 'copy'} aria-label={`${done ? copied : copy}: ${name}`} onClick={put}>
      {words ?? (done ? copied : copy)}
    </Button>
  );
}

/** Whether it could be done. Pages without TLS, but on this machine, have no clipboard but by a selection. */
export async function onClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return bySelection(text);
  }
}

function bySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  // Inside of an open dialog: nothing outside of it can be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const took = document.execCommand('copy');
  area.remove();
  return took;
}
