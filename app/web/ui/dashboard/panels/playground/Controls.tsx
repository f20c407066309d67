import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import { type ApiError, errorMessage } from '../../api/errors';
import { useMessages } from '../../../base/language';
import { playground } from '../../messages/playground';
import { Button } from '../../components/Button';
import type { Source, Transform, TransformResult } from '../documents';
import { keys } from '../enums';
import { DPR, NAMES, type Parameter, QUALITY, invalidParameter } from './parameters';

interface Props {
  readonly source: Source;
  readonly presets: readonly { readonly name: string; readonly canonical: string }[];
  readonly transform: Transform;
  /** The effective parameters, defaults included; null until they are known. */
  readonly effective: TransformResult['explainTransform']['parameters'] | null;
  readonly error: ApiError | null;
  readonly onChange: (transform: Transform) => void;
}

/** The controls of all parameters. */
export function Controls({ source, presets, transform, effective, error, onChange }: Props) {
  const t = useMessages(playground);
  // Null removes a parameter.
  const set = <Name extends Parameter>(name: Name, value: Transform[Name] | null) => {
    const { [name]: _, ...rest } = transform;
    onChange(value == null || value === '' ? rest : { ...rest, [name]: value });
  };
  const invalid = error && invalidParameter(error);
  const errorOf = (name: Parameter) => (error && invalid === name ? errorMessage(error) : undefined);
  const numberControl = (name: 'width' | 'height' | 'quality' | 'dpr', range: Range) => (
    <NumberControl
      name={name}
      label={t[name]}
      {...range}
      value={transform[name] ?? null}
      natural={Number(effective?.find((parameter) => parameter.name === NAMES[name])?.value ?? range.max)}
      error={errorOf(name)}
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
      <LabeledControl label={t.preset} name="preset" hint={presets.length ? undefined : t.noPresets}>
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
      </LabeledControl>
      {numberControl('width', { min: 1, max: source.width, step: 1 })}
      {numberControl('height', { min: 1, max: source.height, step: 1 })}
      <LabeledControl label={t.fit} name="fit">
        {(id) => (
          <select
            id={id}
            value={transform.fit ?? ''}
            onChange={(event) => set('fit', (event.currentTarget.value || null) as Transform['fit'])}
          >
            <option value="">{t.defaultFit}</option>
            {keys(t.choices.fit).map((fit) => (
              <option key={fit} value={fit}>
                {`${t.choices.fit[fit]} · ${fit.toLowerCase()}`}
              </option>
            ))}
          </select>
        )}
      </LabeledControl>
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
              <span>{format ? t.choices.format[format] : t.originalFormat}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {numberControl('quality', QUALITY)}
      {numberControl('dpr', DPR)}
      <Background
        value={transform.background ?? null}
        error={errorOf('background')}
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

/** A number, set by slider or keyboard. Without a value the slider is at `natural`, the effective value. */
function NumberControl({
  name,
  label,
  min,
  max,
  step,
  value,
  natural,
  error,
  onChange,
}: Range & {
  name: Parameter;
  label: string;
  value: number | null;
  natural: number;
  error?: string | undefined;
  onChange: (value: number | null) => void;
}) {
  const t = useMessages(playground);
  return (
    <LabeledControl label={label} name={name} error={error}>
      {(id) => (
        <div class="number-control">
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
            placeholder={t.auto}
            value={value ?? ''}
            aria-invalid={error ? true : undefined}
            onInput={(event) => {
              const number = event.currentTarget.valueAsNumber;
              onChange(Number.isNaN(number) ? null : number);
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
    </LabeledControl>
  );
}

function Background({
  value,
  error,
  onChange,
}: {
  value: string | null;
  error: string | undefined;
  onChange: (value: string | null) => void;
}) {
  const t = useMessages(playground);
  return (
    <LabeledControl label={t.background} name="background" error={error}>
      {(id) => (
        <div class="number-control">
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
            placeholder={t.auto}
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
    </LabeledControl>
  );
}

/** A control with its label and the parameter's name in URLs. The control takes the id. */
function LabeledControl({
  label,
  name,
  hint,
  error,
  children,
}: {
  label: string;
  name: Parameter;
  hint?: string | undefined;
  error?: string | undefined;
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
      {error && (
        <p class="error-text" role="alert">
          {error}
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
