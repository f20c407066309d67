import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import type { Problem } from '../../api/problem';
import { useMessages } from '../../language';
import { playground } from '../../messages/playground';
import { Button } from '../../parts/Button';
import type { Source, Transform, Tried } from '../documents';
import { keys } from '../enums';
import { DPR, NAMES, type Parameter, QUALITY, invalidParameter } from './parameters';

interface Given {
  readonly source: Source;
  readonly presets: readonly { readonly name: string; readonly canonical: string }[];
  readonly transform: Transform;
  /** What counts by now, said or not; null until it is known. */
  readonly counted: Tried['explainTransform']['parameters'] | null;
  readonly problem: Problem | null;
  readonly onChange: (transform: Transform) => void;
}

/** A control for each parameter that there is. */
export function Controls({ source, presets, transform, counted, problem, onChange }: Given) {
  const t = useMessages(playground);
  // What is null is not said: the address has nothing of it.
  const set = <Name extends Parameter>(name: Name, value: Transform[Name] | null) => {
    const { [name]: _, ...rest } = transform;
    onChange(value == null || value === '' ? rest : { ...rest, [name]: value });
  };
  const refused = problem && invalidParameter(problem);
  const wrong = (name: Parameter) => (refused === name ? [problem!.details] : []);
  const measure = (name: 'width' | 'height' | 'quality' | 'dpr', range: Range) => (
    <Measure
      name={name}
      label={t[name]}
      {...range}
      value={transform[name] ?? null}
      natural={Number(counted?.find((one) => one.name === NAMES[name])?.value ?? range.max)}
      complaints={wrong(name)}
      onChange={(value) => set(name, value)}
    />
  );
  return (
    <section class="card controls" aria-labelledby="controls-title">
      <header class="controls-head">
        <h2 id="controls-title">{t.controls}</h2>
        <Button
          kind="plain"
          icon="retry"
          disabled={!Object.keys(transform).length}
          onClick={() => onChange({})}
        >
          {t.reset}
        </Button>
      </header>
      <Labelled label={t.preset} name="preset" hint={presets.length ? undefined : t.noPresets}>
        {(id) => (
          <select
            id={id}
            value={transform.preset ?? ''}
            disabled={presets.length === 0}
            onChange={(event) => set('preset', event.currentTarget.value || null)}
          >
            <option value="">{t.noPreset}</option>
            {presets.map(({ name, canonical }) => (
              <option key={name} value={name}>
                {`${name} (${canonical})`}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      {measure('width', { min: 1, max: source.width, step: 1 })}
      {measure('height', { min: 1, max: source.height, step: 1 })}
      <Labelled label={t.fit} name="fit">
        {(id) => (
          <select
            id={id}
            value={transform.fit ?? ''}
            onChange={(event) => set('fit', (event.currentTarget.value || null) as Transform['fit'])}
          >
            <option value="">{t.unsaidFit}</option>
            {keys(t.choices.fit).map((fit) => (
              <option key={fit} value={fit}>
                {`${t.choices.fit[fit]} · ${fit.toLowerCase()}`}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <fieldset class="field">
        <Legend label={t.position} name="position" />
        <div class="positions">
          {keys(t.choices.position).map((position) => (
            <label key={position} title={t.choices.position[position]}>
              <input
                type="radio"
                name="position"
                aria-label={t.choices.position[position]}
                checked={transform.position === position}
                onChange={() => set('position', position)}
              />
              <span aria-hidden="true" />
            </label>
          ))}
          {transform.position && (
            <Button
              kind="plain"
              icon="close"
              aria-label={t.clear(t.position)}
              title={t.clear(t.position)}
              onClick={() => set('position', null)}
            />
          )}
        </div>
      </fieldset>
      <fieldset class="field">
        <Legend label={t.format} name="format" />
        <div class="choices">
          {[null, ...keys(t.choices.format)].map((format) => (
            <label key={format} class="choice">
              <input
                type="radio"
                name="format"
                checked={(transform.format ?? null) === format}
                onChange={() => set('format', format)}
              />
              <span>{format ? t.choices.format[format] : t.unsaidFormat}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {measure('quality', QUALITY)}
      {measure('dpr', DPR)}
      <Background
        value={transform.background ?? null}
        complaints={wrong('background')}
        onChange={(value) => set('background', value)}
      />
    </section>
  );
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** A number by slider or by keys. The slider stands at `natural`, which then counts, while nothing is said. */
function Measure({
  name,
  label,
  min,
  max,
  step,
  value,
  natural,
  complaints = [],
  onChange,
}: Range & {
  name: Parameter;
  label: string;
  value: number | null;
  natural: number;
  complaints?: readonly string[] | undefined;
  onChange: (value: number | null) => void;
}) {
  const t = useMessages(playground);
  return (
    <Labelled label={label} name={name} complaints={complaints}>
      {(id) => (
        <div class="measure">
          <input
            type="range"
            aria-label={t.slider(label)}
            {...{ min, max: Math.max(max, min + step), step }}
            value={value ?? natural}
            onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
          />
          <input
            id={id}
            type="number"
            inputMode="decimal"
            min={min}
            step={step === 1 ? 1 : 'any'}
            placeholder={t.unsaid}
            value={value ?? ''}
            aria-invalid={complaints.length > 0 || undefined}
            onInput={(event) => {
              const typed = event.currentTarget.valueAsNumber;
              onChange(Number.isNaN(typed) ? null : typed);
            }}
          />
          <Button
            kind="plain"
            icon="close"
            aria-label={t.clear(label)}
            title={t.clear(label)}
            disabled={value === null}
            onClick={() => onChange(null)}
          />
        </div>
      )}
    </Labelled>
  );
}

function Background({
  value,
  complaints,
  onChange,
}: {
  value: string | null;
  complaints: readonly string[] | undefined;
  onChange: (value: string | null) => void;
}) {
  const t = useMessages(playground);
  return (
    <Labelled label={t.background} name="background" complaints={complaints}>
      {(id) => (
        <div class="measure">
          <input
            type="color"
            aria-label={t.swatch(t.background)}
            value={/^[0-9a-f]{6}/i.test(value ?? '') ? `#${value!.slice(0, 6)}` : '#ffffff'}
            onInput={(event) => onChange(event.currentTarget.value.slice(1))}
          />
          <input
            id={id}
            class="code"
            spellcheck={false}
            autocomplete="off"
            placeholder={t.unsaid}
            maxLength={9}
            value={value ?? ''}
            onInput={(event) => onChange(event.currentTarget.value.replace('#', '').trim() || null)}
          />
          <Button
            kind="plain"
            icon="close"
            aria-label={t.clear(t.background)}
            title={t.clear(t.background)}
            disabled={value === null}
            onClick={() => onChange(null)}
          />
        </div>
      )}
    </Labelled>
  );
}

/** A label with the parameter's name in addresses, and the control, which takes the id. */
function Labelled({
  label,
  name,
  hint,
  complaints = [],
  children,
}: {
  label: string;
  name: Parameter;
  hint?: string | undefined;
  complaints?: readonly string[] | undefined;
  children: (id: string) => ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="field">
      <div class="label-row">
        <label for={id}>{label}</label>
        <code aria-hidden="true">{NAMES[name]}</code>
      </div>
      {children(id)}
      {hint && <p class="hint">{hint}</p>}
      {complaints.length > 0 && (
        <p class="wrong" role="alert">
          {complaints.join(' ')}
        </p>
      )}
    </div>
  );
}

function Legend({ label, name }: { label: string; name: Parameter }) {
  return (
    <legend class="label-row">
      {label} <code aria-hidden="true">{NAMES[name]}</code>
    </legend>
  );
}
