import { useState } from 'preact/hooks';

import { mutate } from '../../api/client';
import { errorMessage } from '../../api/errors';
import { formatDateTime, formatRelativeTime } from '../../../base/format';
import { useMessages } from '../../../base/language';
import { usage as table } from '../../messages/usage';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Dialog';
import { toast } from '../../components/Toasts';
import { REVOKE_SESSION, type Session } from '../documents';

export function Sessions({
  sessions,
  refetch,
}: {
  sessions: readonly Session[];
  refetch: () => Promise<void>;
}) {
  const t = useMessages(table);
  const [isConfirming, setConfirming] = useState(false);
  const others = sessions.filter(({ isCurrent }) => !isCurrent);
  const revoke = async (id: string) => {
    const { error } = await mutate(REVOKE_SESSION, { id });
    toast(error ? errorMessage(error) : t.revoked, error ? 'error' : 'success');
    await refetch();
  };
  const revokeOthers = async () => {
    for (const { id } of others) {
      const { error } = await mutate(REVOKE_SESSION, { id });
      if (error && error.code !== 'NOT_FOUND') return error; // a session that has ended meanwhile is fine
    }
    toast(t.revokedOthers);
    await refetch();
    return null;
  };
  return (
    <section class="card sessions" aria-labelledby="sessions-title">
      <header class="list-head">
        <h2 id="sessions-title">{t.sessions}</h2>
        {others.length > 0 && <Button onClick={() => setConfirming(true)}>{t.revokeOthers}</Button>}
      </header>
      <ul class="session-list" aria-label={t.sessions}>
        {sessions.map((session) => (
          <Row key={session.id} session={session} onRevoke={() => revoke(session.id)} />
        ))}
      </ul>
      {isConfirming && (
        <Confirm
          title={t.revokeOthersTitle}
          action={t.revokeOthers}
          onConfirm={revokeOthers}
          onClose={() => setConfirming(false)}
        >
          <p>{t.revokeOthersText}</p>
        </Confirm>
      )}
    </section>
  );
}

function Row({ session, onRevoke }: { session: Session; onRevoke: () => void }) {
  const t = useMessages(table);
  const { userAgent, createdAt, lastUsedAt, isCurrent } = session;
  const [browser, system] = [detect(userAgent, BROWSERS), detect(userAgent, SYSTEMS)];
  const name =
    browser && system ? t.browserOn(browser, system) : (browser ?? system ?? (userAgent || t.unknown));
  return (
    <li class="session">
      <div class="item-text">
        <p class="item-name" title={userAgent}>
          {name} {isCurrent && <span class="tag success">{t.current}</span>}
        </p>
        <p class="item-facts">
          <span title={formatDateTime(lastUsedAt)}>{t.lastUsed(formatRelativeTime(lastUsedAt))}</span>
          <span>{t.since(formatDateTime(createdAt))}</span>
        </p>
      </div>
      {!isCurrent && (
        <Button icon="out" aria-label={t.revokeThis(name)} onClick={onRevoke}>
          {t.revoke}
        </Button>
      )}
    </li>
  );
}

// User agents also name browsers that they are compatible with: the first match counts.
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

function detect(userAgent: string, table: readonly (readonly [RegExp, string])[]): string | null {
  return table.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null;
}
