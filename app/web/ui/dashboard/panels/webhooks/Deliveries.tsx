import { useState } from 'preact/hooks';

import { run } from '../../api/client';
import { errorMessage } from '../../api/problem';
import { count, moment, useMessages } from '../../language';
import { webhooks as table } from '../../messages/webhooks';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Icon } from '../../parts/Icon';
import { toast } from '../../parts/Toasts';
import { type Delivery, REDELIVER } from '../documents';
import { type Enum, keys } from '../enums';
import { exactly, relative } from '../time';

type Status = Enum<'DeliveryStatus'>;
const COLOURS: Readonly<Record<Status, string>> = {
  PENDING: '',
  SUCCEEDED: 'good',
  EXHAUSTED: 'bad',
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
            {keys(t.words.status).map((key) => (
              <option key={key} value={key}>
                {t.words.status[key]}
              </option>
            ))}
          </select>
        </Field>
      </header>
      {deliveries.length === 0 && <p class="quiet">{status ? t.noSuchDeliveries : t.noDeliveries}</p>}
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
        <p class="centred">
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
    const { problem } = await run(REDELIVER, { id });
    toast(problem ? errorMessage(problem) : t.redelivered, problem ? 'wrong' : 'done');
    await onSent();
    setBusy(false);
  };
  return (
    <details class="delivery">
      <summary>
        <span class={`tag ${COLOURS[status]}`}>{t.words.status[status]}</span>
        <strong>{t.words.events[event.type]}</strong>
        <span class="delivery-last">
          {last && (
            <>
              {t.words.outcome[last.outcome]}
              {last.statusCode !== null && ` · ${last.statusCode}`}
            </>
          )}
        </span>
        <time class="quiet" dateTime={createdAt} title={moment(createdAt)}>
          {relative(createdAt)}
        </time>
        <Icon name="down" />
      </summary>
      <div class="delivery-inside">
        <p class="row apart-row">
          <span class="item-facts">
            <span>{t.attempts(attempts.length)}</span>
            {nextAttemptAt && <span title={moment(nextAttemptAt)}>{t.next(relative(nextAttemptAt))}</span>}
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
            <th scope="col">{t.answer}</th>
            <th scope="col">{t.took}</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <tr key={attempt.at}>
              <td>{exactly(attempt.at)}</td>
              <td>
                {t.words.outcome[attempt.outcome]}
                {attempt.reason && <span class="hint block">{attempt.reason}</span>}
              </td>
              <td>
                {attempt.statusCode ?? t.noAnswer}
                {attempt.responseExcerpt && (
                  <code class="excerpt block" title={t.said}>
                    {attempt.responseExcerpt}
                  </code>
                )}
              </td>
              <td>{count(attempt.durationMs)} ms</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
