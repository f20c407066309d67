import { type ComponentChildren, cloneElement, type VNode } from 'preact';
import { useId } from 'preact/hooks';

import { type FieldError, fieldMessage } from '../api/errors';

/** A form control, one element, with its label, hint and errors. */
export function Field({
  label,
  hint,
  errors = [],
  children,
}: {
  label: string;
  hint?: string | undefined;
  errors?: readonly FieldError[] | undefined;
  children: VNode<object>;
}) {
  const id = useId();
  const describedBy = [hint && `${id}-hint`, errors.length > 0 && `${id}-error`].filter(Boolean).join(' ');
  const described = describedBy ? { 'aria-describedby': describedBy } : {};
  const invalid = errors.length > 0 ? { 'aria-invalid': true } : {};
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {cloneElement(children, { id, ...described, ...invalid })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <FieldErrors errors={errors} id={`${id}-error`} />
    </div>
  );
}

export function FieldErrors({
  errors = [],
  id,
}: {
  errors?: readonly FieldError[] | undefined;
  id?: string | undefined;
}) {
  if (errors.length === 0) return null;
  return (
    <p class="error-text" id={id} role="alert">
      {errors.map(fieldMessage).join(' ')}
    </p>
  );
}

/** An error message that screen readers announce. */
export function Alert({ children }: { children: ComponentChildren }) {
  return (
    <p class="alert" role="alert">
      {children}
    </p>
  );
}
