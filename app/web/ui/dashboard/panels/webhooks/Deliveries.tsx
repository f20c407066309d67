import { useState } from 'preact/hooks';

import { mutate } from '../../api/client';
import { errorMessage } from '../../api/errors';
import { formatDateTime, formatNumber, formatRelativeTime } from '../../../base/format';
import { useMessages } from '../../../base/language';
import { webhooks as table } from '../../messages/webhooks';
import { Button } from '../../components/Button';
import { Field } from '../../components/Field';
import { Icon } from '../../components/Icon';
import { toast } from '../../components/Toasts';
import { type Delivery, REDELIVER } from '../documents';
import { type Enum, keys } from '../enums';

type Status = Enum<'DeliveryStatus'>;
const TAG_CLASSES: Readonly<Record<Status, string>> = {
  PENDING: '',
  SUCCEEDED: 'success',
  EXHAUSTED: 'danger',
};

export function Deliveries({
  deliveries,
  status,
  onStatus,
  onMore,
  onSent,
}: {
  deliveries: readonly Delivery[];
  status: Status | null;
  onStatus: (status: Status | null) => void;
  onMore: (() => void) | null;
  onSent: () => Promise<void>;
}) {
  const t = useMessages(table);
  return (
    <section class="stack" aria-labelledby="deliveries-title">
      <header class="list-head">
        <h2 id="deliveries-title">{t.deliveries}</h2>
        <Field label={t.status}>
          <select
            value={status ?? ''}
            onChange={(event) => onStatus((event.currentTarget.value || null) as Status | null)}
          >
            <option value="">{t.all}</option>
            {keys(t.enums.status).map((key) => (
              <option key={key} value={key}>
                {t.enums.status[key]}
              </option>
            ))}
          </select>
        </Field>
      </header>
      {deliveries.length === 0 && <p class="muted">{status ? t.noneFound : t.noDeliveries}</p>}
      {deliveries.length > 0 && (
        <ul class="items" aria-label={t.deliveries}>
          {deliveries.map((delivery) => (
            <li key={delivery.id}>
              <Row delivery={delivery} onSent={onSent} />
            </li>
          ))}
        </ul>
      )}
      {onMore && (
        <p class="centered">
          <Button onClick={onMore}>{t.more}</Button>
        </p>
      )}
    </section>
  );
}

function Row({ delivery, onSent }: { delivery: Delivery; onSent: () => Promise<void> }) {
  const t = useMessages(table);
  const [busy, setBusy] = useState(false);
  const { id, status, event, attempts, nextAttemptAt, createdAt } = delivery;
  const last = attempts.at(-1);
  const redeliver = async () => {
    setBusy(true);
    const { error } = await mutate(REDELIVER, { id });
    toast(error ? errorMessage(error) : t.redelivered, error ? 'error' : 'success');
    await onSent();
    setBusy(false);
  };
  return (
    <details class="delivery">
      <summary>
        <span class={`tag ${TAG_CLASSES[status]}`}>{t.enums.status[status]}</span>
        <strong>{t.enums.events[event.type]}</strong>
        <span class="delivery-last">
          {last && (
            <>
              {t.enums.outcome[last.outcome]}
              {last.statusCode !== null && ` · ${last.statusCode}`}
            </>
          )}
        </span>
        <time class="muted" dateTime={createdAt} title={formatDateTime(createdAt)}>
          {formatRelativeTime(createdAt)}
        </time>
        <Icon name="down" />
      </summary>
      <div class="delivery-content">
        <p class="row spread">
          <span class="item-facts">
            <span>{t.attempts(attempts.length)}</span>
            {nextAttemptAt && (
              <span title={formatDateTime(nextAttemptAt)}>{t.next(formatRelativeTime(nextAttemptAt))}</span>
            )}
            <span>
              {t.event} <code>{event.id}</code>
            </span>
          </span>
          <Button icon="retry" busy={busy} onClick={redeliver}>
            {t.redeliver}
          </Button>
        </p>
        {attempts.length > 0 && <Attempts attempts={attempts} />}
      </div>
    </details>
  );
}

function Attempts({ attempts }: { attempts: Delivery['attempts'] }) {
  const t = useMessages(table);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t.log}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.time}</th>
            <th scope="col">{t.outcome}</th>
            <th scope="col">{t.response}</th>
            <th scope="col">{t.duration}</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <tr key={attempt.at}>
              <td>{formatDateTime(attempt.at, 'medium')}</td>
              <td>
                {t.enums.outcome[attempt.outcome]}
                {attempt.reason && <span class="hint block">{attempt.reason}</span>}
              </td>
              <td>
                {attempt.statusCode ?? t.noResponse}
                {attempt.responseExcerpt && (
                  <code class="excerpt block" title={t.responseBody}>
                    {attempt.responseExcerpt}
                  </code>
                )}
              </td>
              <td>{formatNumber(attempt.durationMs)} ms</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
