import { useState } from 'preact/hooks';

import { run } from '../../api/client';
import { errorMessage } from '../../api/problem';
import { moment, useMessages } from '../../language';
import { usage as table } from '../../messages/usage';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Dialog';
import { toast } from '../../parts/Toasts';
import { REVOKE_SESSION, type Session } from '../documents';
import { relative } from '../time';

export function Sessions({ sessions, again }: { sessions: readonly Session[]; again: () => Promise<void> }) {
  const t = useMessages(table);
  const [isEnding, setEnding] = useState(false);
  const others = sessions.filter(({ isCurrent }) => !isCurrent);
  const end = async (id: string) => {
    const { problem } = await run(REVOKE_SESSION, { id });
    toast(problem ? errorMessage(problem) : t.ended, problem ? 'wrong' : 'done');
    await again();
  };
  const endOthers = async () => {
    for (const { id } of others) {
      const { problem } = await run(REVOKE_SESSION, { id });
      if (problem && problem.code !== 'NOT_FOUND') return problem; // one that ended meanwhile is gone, as was wanted
    }
    toast(t.endedOthers);
    await again();
    return null;
  };
  return (
    <section class="card sessions" aria-labelledby="sessions-title">
      <header class="list-head">
        <h2 id="sessions-title">{t.sessions}</h2>
        {others.length > 0 && <Button onClick={() => setEnding(true)}>{t.endOthers}</Button>}
      </header>
      <ul class="plain-items" aria-label={t.sessions}>
        {sessions.map((session) => (
          <Row key={session.id} session={session} onEnd={() => end(session.id)} />
        ))}
      </ul>
      {isEnding && (
        <Confirm
          title={t.endOthersTitle}
          action={t.endOthers}
          onConfirm={endOthers}
          onClose={() => setEnding(false)}
        >
          <p>{t.endOthersWords}</p>
        </Confirm>
      )}
    </section>
  );
}

function Row({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const t = useMessages(table);
  const { userAgent, createdAt, lastUsedAt, isCurrent } = session;
  const [browser, system] = [first(userAgent, BROWSERS), first(userAgent, SYSTEMS)];
  const name = browser && system ? t.on(browser, system) : (browser ?? system ?? (userAgent || t.unknown));
  return (
    <li class="session">
      <div class="item-words">
        <p class="item-name" title={userAgent}>
          {name} {isCurrent && <span class="tag good">{t.current}</span>}
        </p>
        <p class="item-facts">
          <span title={moment(lastUsedAt)}>{t.lastUsed(relative(lastUsedAt))}</span>
          <span>{t.since(moment(createdAt))}</span>
        </p>
      </div>
      {!isCurrent && (
        <Button icon="out" aria-label={t.endThis(name)} onClick={onEnd}>
          {t.end}
        </Button>
      )}
    </li>
  );
}

// Browsers name those that they would be taken for after themselves: the first that fits is meant.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\/|\bHeadlessChrome\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b|\biPad\b/, 'iOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

function first(text: string, table: readonly (readonly [RegExp, string])[]): string | null {
  return table.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
