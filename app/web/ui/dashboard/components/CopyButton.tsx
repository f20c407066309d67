import { useEffect, useState } from 'preact/hooks';

import { useMessages } from '../../base/language';
import { shell } from '../messages/shell';
import { Button } from './Button';
import { toast } from './Toasts';

/** Copies a text to the clipboard. `name` names the text for screen readers. */
export function CopyButton({ text, name }: { text: string; name: string }) {
  const { copy, copied, notCopied } = useMessages(shell);
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const onClick = async () => {
    const succeeded = await copyText(text);
    setCopied(succeeded);
    toast(succeeded ? `${copied}: ${name}` : notCopied, succeeded ? 'success' : 'error');
  };
  return (
    <Button
      icon={isCopied ? 'check' : 'copy'}
      aria-label={`${isCopied ? copied : copy}: ${name}`}
      onClick={onClick}
    >
      {isCopied ? copied : copy}
    </Button>
  );
}

/** Copy a text and return true if it succeeded. Pages without TLS lack the clipboard API, unless they are local. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  // Text outside an open dialog can't be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const succeeded = document.execCommand('copy');
  area.remove();
  return succeeded;
}
