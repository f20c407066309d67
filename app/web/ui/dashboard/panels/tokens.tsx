import { useState } from 'preact/hooks';

import { ask, run } from '../api/client';
import { errorMessage } from '../api/problem';
import { day, moment, useMessages } from '../language';
import { tokens as table } from '../messages/tokens';
import { Button } from '../parts/Button';
import { Confirm } from '../parts/Dialog';
import { Empty } from '../parts/Empty';
import { Complaint } from '../parts/Field';
import { Page } from '../parts/Page';
import { toast } from '../parts/Toasts';
import { href } from '../router';
import { everyPage, useAsked } from './asking';
import { type NewToken, REVOKE_TOKEN, type Token, TOKENS } from './documents';
import { keys } from './enums';
import './panels.css';
import { isPast, relative } from './time';
import { MakeToken } from './tokens/MakeToken';
import { MadeToken } from './tokens/MadeToken';

type Doing = { kind: 'make' } | { kind: 'made'; token: NewToken } | { kind: 'revoke'; token: Token };

export function Tokens() {
  const t = useMessages(table);
  const { data, problem, again } = useAsked(everyToken);
  const [doing, setDoing] = useState<Doing | null>(null);
  const stop = () => setDoing(null);
  const button = (
    <Button kind="primary" icon="plus" onClick={() => setDoing({ kind: 'make' })}>
      {t.create}
    </Button>
  );
  const made = (token: NewToken) => {
    setDoing({ kind: 'made', token });
    void again();
  };
  return (
    <Page title={t.title} lead={t.lead} actions={data?.length ? button : null}>
      {problem && <Complaint>{errorMessage(problem)}</Complaint>}
      {data?.length === 0 && (
        <Empty icon="tokens" title={t.emptyTitle}>
          <p>{t.emptyWords}</p>
          {button}
        </Empty>
      )}
      {Boolean(data?.length) && (
        <ul class="items" aria-label={t.title}>
          {data!.map((token) => (
            <Row key={token.id} token={token} onRevoke={() => setDoing({ kind: 'revoke', token })} />
          ))}
        </ul>
      )}
      {doing?.kind === 'make' && <MakeToken onMade={made} onClose={stop} />}
      {doing?.kind === 'made' && <MadeToken made={doing.token} onClose={stop} />}
      {doing?.kind === 'revoke' && <Revoke token={doing.token} onRevoked={again} onClose={stop} />}
    </Page>
  );
}

function everyToken() {
  return everyPage<Token>(async (after) => {
    const { data, problem } = await ask(TOKENS, { after });
    return data ? { data: data.viewer!.apiTokens, problem: null } : { data: null, problem };
  });
}

function Row({ token, onRevoke }: { token: Token; onRevoke: () => void }) {
  const t = useMessages(table);
  const { name, hint, scopes, createdAt, lastUsedAt, expiresAt, album } = token;
  const isOver = expiresAt !== null && isPast(expiresAt);
  const isAll = keys(t.scopeNames).every((scope) => scopes.includes(scope));
  const opened = isAll ? [t.presets.EVERYTHING.name] : scopes.map((scope) => t.scopeNames[scope]);
  return (
    <li class="item">
      <div class="item-words">
        <h2 class="item-name">
          {name} <code class="quiet">{hint}…</code>
        </h2>
        <ul class="row" aria-label={t.scopes}>
          {opened.map((name) => (
            <li key={name} class="tag">
              {name}
            </li>
          ))}
        </ul>
        <p class="item-facts">
          <span title={lastUsedAt ? moment(lastUsedAt) : undefined}>
            {lastUsedAt ? t.used(relative(lastUsedAt)) : t.neverUsed}
          </span>
          <span class={isOver ? 'wrong' : undefined} title={expiresAt ? moment(expiresAt) : undefined}>
            {expiresAt ? (isOver ? t.expired : t.expires)(relative(expiresAt)) : t.neverExpires}
          </span>
          <span title={moment(createdAt)}>{t.created(day(createdAt))}</span>
          {album && (
            <span>
              {t.into} <a href={href(`/albums/${album.id}`)}>{album.name}</a>
            </span>
          )}
        </p>
      </div>
      <Button icon="trash" aria-label={t.revokeThis(name)} onClick={onRevoke}>
        {t.revoke}
      </Button>
    </li>
  );
}

function Revoke({
  token: { id, name },
  onRevoked,
  onClose,
}: {
  token: Token;
  onRevoked: () => Promise<void>;
  onClose: () => void;
}) {
  const t = useMessages(table);
  const revoke = async () => {
    const { problem } = await run(REVOKE_TOKEN, { id });
    if (problem) return problem;
    toast(t.revoked(name));
    await onRevoked();
    return null;
  };
  return (
    <Confirm title={t.revokeTitle(name)} action={t.revoke} onConfirm={revoke} onClose={onClose}>
      <p>{t.revokeWords}</p>
    </Confirm>
  );
}
