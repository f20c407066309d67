import { useState } from 'preact/hooks';

import { fetchAllPages, mapResult, mutate, query } from '../api/client';
import { errorMessage } from '../api/errors';
import { formatDate, formatDateTime, formatRelativeTime } from '../../base/format';
import { useMessages } from '../../base/language';
import { tokens as table } from '../messages/tokens';
import { Button } from '../components/Button';
import { Confirm } from '../components/Dialog';
import { Empty } from '../components/Empty';
import { Alert } from '../components/Field';
import { Page } from '../components/Page';
import { toast } from '../components/Toasts';
import { href } from '../router';
import { useQuery } from './useQuery';
import { type NewToken, REVOKE_TOKEN, type Token, TOKENS } from './documents';
import { keys } from './enums';
import './panels.css';
import { CreateToken } from './tokens/CreateToken';
import { CreatedToken } from './tokens/CreatedToken';

type OpenDialog =
  { kind: 'create' } | { kind: 'created'; token: NewToken } | { kind: 'revoke'; token: Token };

export function Tokens() {
  const t = useMessages(table);
  const { data, error, refetch } = useQuery(fetchTokens);
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const close = () => setDialog(null);
  const button = (
    <Button kind="primary" icon="plus" onClick={() => setDialog({ kind: 'create' })}>
      {t.create}
    </Button>
  );
  const onCreated = (token: NewToken) => {
    setDialog({ kind: 'created', token });
    void refetch();
  };
  return (
    <Page title={t.title} lead={t.lead} actions={data?.length ? button : null}>
      {error && <Alert>{errorMessage(error)}</Alert>}
      {data?.length === 0 && (
        <Empty icon="tokens" title={t.emptyTitle}>
          <p>{t.emptyText}</p>
          {button}
        </Empty>
      )}
      {Boolean(data?.length) && (
        <ul class="items" aria-label={t.title}>
          {data!.map((token) => (
            <Row key={token.id} token={token} onRevoke={() => setDialog({ kind: 'revoke', token })} />
          ))}
        </ul>
      )}
      {dialog?.kind === 'create' && <CreateToken onCreated={onCreated} onClose={close} />}
      {dialog?.kind === 'created' && <CreatedToken token={dialog.token} onClose={close} />}
      {dialog?.kind === 'revoke' && <Revoke token={dialog.token} onRevoked={refetch} onClose={close} />}
    </Page>
  );
}

function fetchTokens() {
  return fetchAllPages<Token>(async (after) =>
    mapResult(await query(TOKENS, { after }), (data) => data.viewer!.apiTokens),
  );
}

function Row({ token, onRevoke }: { token: Token; onRevoke: () => void }) {
  const t = useMessages(table);
  const { name, hint, scopes, createdAt, lastUsedAt, expiresAt, album } = token;
  const isExpired = expiresAt !== null && Date.parse(expiresAt) <= Date.now();
  const hasAllScopes = keys(t.scopeNames).every((scope) => scopes.includes(scope));
  const labels = hasAllScopes ? [t.presets.EVERYTHING.name] : scopes.map((scope) => t.scopeNames[scope]);
  return (
    <li class="item">
      <div class="item-text">
        <h2 class="item-name">
          {name} <code class="muted">{hint}…</code>
        </h2>
        <ul class="row" aria-label={t.scopes}>
          {labels.map((label) => (
            <li key={label} class="tag">
              {label}
            </li>
          ))}
        </ul>
        <p class="item-facts">
          <span title={lastUsedAt ? formatDateTime(lastUsedAt) : undefined}>
            {lastUsedAt ? t.lastUsed(formatRelativeTime(lastUsedAt)) : t.neverUsed}
          </span>
          <span
            class={isExpired ? 'error-text' : undefined}
            title={expiresAt ? formatDateTime(expiresAt) : undefined}
          >
            {expiresAt ? (isExpired ? t.expired : t.expires)(formatRelativeTime(expiresAt)) : t.neverExpires}
          </span>
          <span title={formatDateTime(createdAt)}>{t.created(formatDate(createdAt))}</span>
          {album && (
            <span>
              {t.uploadsTo} <a href={href(`/albums/${album.id}`)}>{album.name}</a>
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
    const { error } = await mutate(REVOKE_TOKEN, { id });
    if (error) return error;
    toast(t.revoked(name));
    await onRevoked();
    return null;
  };
  return (
    <Confirm title={t.revokeTitle(name)} action={t.revoke} onConfirm={revoke} onClose={onClose}>
      <p>{t.revokeText}</p>
    </Confirm>
  );
}
