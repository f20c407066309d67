import { type ComponentChildren, cloneElement, type VNode } from 'preact';
import { useId } from 'preact/hooks';

import { translated } from '../api/problem';

/** A label, the control it is of, a hint, and what the server found wrong with it. The control is one element. */
export function Field({
  label,
  hint,
  complaints = [],
  children,
}: {
  label: string;
  hint?: string | undefined;
  complaints?: readonly string[] | undefined;
  children: VNode<object>;
}) {
  const id = useId();
  const told = [hint && `${id}-hint`, complaints.length > 0 && `${id}-wrong`].filter(Boolean).join(' ');
  const described = told ? { 'aria-describedby': told } : {};
  const invalid = complaints.length > 0 ? { 'aria-invalid': true } : {};
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {cloneElement(children, { id, ...described, ...invalid })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {complaints.length > 0 && (
        <p class="wrong" id={`${id}-wrong`}>
          {complaints.map(translated).join(' ')}
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
