import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { type ApiError, errorMessage, type FieldError } from '../api/errors';
import { useMessages } from '../../base/language';
import { shell } from '../messages/shell';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { Alert } from './Field';

export interface FormState {
  readonly isBusy: boolean;
  onSubmit(event: SubmitEvent): Promise<void>;
  /** Return the errors of a field, which the caller displays. */
  fieldErrors(name: string): readonly FieldError[] | undefined;
  /** Return the error without the fields that display their own. */
  formError(): ApiError | null;
}

/** State of a form. `submit` returns the error of its request, or null if it succeeded. */
export function useForm(submit: (form: FormData) => Promise<ApiError | null>): FormState {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const displayed = new Set<string>();
  return {
    isBusy,
    async onSubmit(event) {
      event.preventDefault();
      const element = event.currentTarget as HTMLFormElement;
      setBusy(true);
      const result = await submit(new FormData(element));
      setError(result);
      setBusy(false);
      if (result) setTimeout(() => revealError(element)); // after the errors are rendered
    },
    fieldErrors(name) {
      displayed.add(name);
      return error?.fields[name];
    },
    formError() {
      const names = Object.keys(error?.fields ?? {});
      const rest = names.filter((name) => !displayed.has(name));
      if (!error || rest.length === names.length) return error;
      const fields = Object.fromEntries(rest.map((name) => [name, error.fields[name]!]));
      return rest.length ? { ...error, fields } : null;
    },
  };
}

/** Focus the first invalid control, or else scroll to the first error. */
function revealError(form: HTMLFormElement): void {
  const control = form.querySelector<HTMLElement>('[aria-invalid=true]');
  if (control) control.focus();
  else form.querySelector('[role=alert]')?.scrollIntoView({ block: 'center' });
}

/** Return the text of a field without surrounding space. */
export function textOf(form: FormData, name: string): string {
  return String(form.get(name) ?? '').trim();
}

/** The error of a form, as far as its fields do not display it. */
export function FormError({ form }: { form: FormState }) {
  const error = form.formError();
  return error && <Alert>{errorMessage(error)}</Alert>;
}

/** A dialog with a form. It stays open after submitting, unless the caller closes it. */
export function FormDialog({
  title,
  action,
  isDisabled = false,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  action: string;
  isDisabled?: boolean;
  onSubmit: (form: FormData) => Promise<ApiError | null>;
  onClose: () => void;
  children: (fieldErrors: FormState['fieldErrors']) => ComponentChildren;
}) {
  const { cancel } = useMessages(shell);
  const form = useForm(onSubmit);
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={form.onSubmit}>
        {children(form.fieldErrors)}
        <FormError form={form} />
        <footer class="dialog-foot">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="primary" type="submit" busy={form.isBusy} disabled={isDisabled}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
