/** Components shared by the sections. */
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { language, useMessages } from '../base/language';
import { useStore } from '../base/store';
import { highlight } from './highlight';
import type { Texts } from './messages/en';
import { page } from './messages/page';
import { translate } from './messages/reference.zh';

export type SectionName = keyof Texts['sections'];

export function Section({ name, children }: { name: SectionName; children: ComponentChildren }) {
  const t = useMessages(page);
  return (
    <section id={name} aria-labelledby={`${name}-title`}>
      <h2 id={`${name}-title`}>
        <a href={`#${name}`}>{t.sections[name]}</a>
      </h2>
      {children}
    </section>
  );
}

/** A text of the OpenAPI document in the current language; in English, and marked so, if there is no translation. */
export function Translated({ text }: { text: string }) {
  const translated = useTranslation()(text);
  const content = withCode(translated ?? normalize(text));
  return translated === undefined ? <span lang="en">{content}</span> : <>{content}</>;
}

/** Return a function that translates texts of the OpenAPI document; undefined if there is no translation. */
export function useTranslation(): (text: string) => string | undefined {
  const current = useStore(language);
  return (text) => (current === 'en' ? normalize(text) : translate(normalize(text)));
}

function normalize(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Return text with `code` as elements. */
export function withCode(text: string): ComponentChildren[] {
  return text.split('`').map((part, index) => (index % 2 ? <code>{part}</code> : part));
}

export function Code({ code, label, isPlain }: { code: string; label?: string; isPlain?: boolean }) {
  return (
    <div class="code">
      <Copy text={code} />
      <pre
        tabIndex={0}
        role="group"
        aria-label={label ?? code.split('\n')[0]!.slice(0, 60)}
        translate={false}
      >
        <code>{isPlain ? code : highlight(code)}</code>
      </pre>
    </div>
  );
}

function Copy({ text }: { text: string }) {
  const t = useMessages(page);
  const [isCopied, setCopied] = useState(false);
  // The clipboard API requires TLS or a local server.
  if (!navigator.clipboard) return null;
  async function copy() {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  }
  return (
    <button type="button" class="copy" onClick={() => void copy()} aria-live="polite">
      {isCopied ? t.copied : t.copy}
    </button>
  );
}

export interface Tab {
  name: string;
  content: ComponentChildren;
}

export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [selected, select] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = label.replace(/\W+/g, '-');

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (selected + step + tabs.length) % tabs.length;
    select(next);
    list.current?.querySelectorAll('button')[next]?.focus();
  }

  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ name }, index) => (
          <button
            type="button"
            role="tab"
            key={name}
            id={`${id}-tab-${index}`}
            aria-selected={index === selected}
            aria-controls={`${id}-panel`}
            tabIndex={index === selected ? 0 : -1}
            onClick={() => select(index)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${selected}`}>
        {tabs[selected]?.content}
      </div>
    </div>
  );
}

export function Table({
  label,
  titles,
  rows,
}: {
  label: string;
  titles: string[];
  rows: ComponentChildren[][];
}) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {titles.map((title) => (
              <th scope="col">{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells) => (
            <tr>
              {cells.map((cell, index) => (
                <td data-title={titles[index]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
