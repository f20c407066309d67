/** What every section is made of. */
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { highlighted } from './highlight';
import { useSaid, useWords, type Language } from './language';
import type { Words } from './messages/en';

export type SectionName = keyof Words['sections'];

export function Section({ name, children }: { name: SectionName; children: ComponentChildren }) {
  const words = useWords();
  return (
    <section id={name} aria-labelledby={`${name}-title`}>
      <h2 id={`${name}-title`}>
        <a href={`#${name}`}>{words.sections[name]}</a>
      </h2>
      {children}
    </section>
  );
}

/** What a table of the server's says, in the reader's language; in English, and marked so, where there is no other. */
export function Said({ text }: { text: string }) {
  const plain = text.replace(/\s+/g, ' ').trim();
  const here = useSaid()(plain);
  const shown = ticked(here ?? plain);
  return here === undefined ? <span lang="en">{shown}</span> : <>{shown}</>;
}

/** Text with `code` in it. */
export function ticked(text: string): ComponentChildren[] {
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
        <code>{isPlain ? code : highlighted(code)}</code>
      </pre>
    </div>
  );
}

function Copy({ text }: { text: string }) {
  const words = useWords();
  const [isDone, setDone] = useState(false);
  // Browsers give the clipboard to pages that came over TLS, or from this machine.
  if (!navigator.clipboard) return null;
  async function copy() {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  }
  return (
    <button type="button" class="copy" onClick={() => void copy()} aria-live="polite">
      {isDone ? words.copied : words.copy}
    </button>
  );
}

export interface Tab {
  name: string;
  content: ComponentChildren;
}

export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [chosen, choose] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = label.replace(/\W+/g, '-');

  function move(event: KeyboardEvent) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (chosen + step + tabs.length) % tabs.length;
    choose(next);
    list.current?.querySelectorAll('button')[next]?.focus();
  }

  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map(({ name }, index) => (
          <button
            type="button"
            role="tab"
            key={name}
            id={`${id}-tab-${index}`}
            aria-selected={index === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={index === chosen ? 0 : -1}
            onClick={() => choose(index)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${chosen}`}>
        {tabs[chosen]?.content}
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
    <div class="wide" tabIndex={0} role="region" aria-label={label}>
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

export interface Speaks {
  language: Language;
  speak(language: Language): void;
}
