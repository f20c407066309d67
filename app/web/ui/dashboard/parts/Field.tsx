import { type ComponentChildren, cloneElement, type VNode } from 'preact';
import { useId } from 'preact/hooks';

import { type FieldError, fieldMessage } from '../api/problem';

/** A label, the control it is of, a hint, and what the server found wrong with it. The control is one element. */
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
  const describedBy = [hint && `${id}-hint`, errors.length > 0 && `${id}-wrong`].filter(Boolean).join(' ');
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
      {errors.length > 0 && (
        <p class="wrong" id={`${id}-wrong`}>
          {errors.map(fieldMessage).join(' ')}
        </p>
      )}
    </div>
  );
}

/** Says at once what went wrong, to the eye and to screen readers. */
export function Complaint({ children }: { children: ComponentChildren }) {
  return (
    <p class="complaint" role="alert">
      {children}
    </p>
  );
}
