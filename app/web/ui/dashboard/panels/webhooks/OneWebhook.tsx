import { useState } from 'preact/hooks';

import { ask, run } from '../../api/client';
import { type Problem, errorMessage } from '../../api/problem';
import { useMessages } from '../../language';
import { webhooks as table } from '../../messages/webhooks';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Dialog';
import { Complaint } from '../../parts/Field';
import { Icon } from '../../parts/Icon';
import { Page } from '../../parts/Page';
import { toast } from '../../parts/Toasts';
import { go } from '../../router';
import { useAsked } from '../asking';
import {
  DELETE_WEBHOOK,
  type Delivery,
  ONE_WEBHOOK,
  PING,
  ROTATE_SECRET,
  UPDATE_WEBHOOK,
  type Webhook,
} from '../documents';
import type { Enum } from '../enums';
import { Deliveries } from './Deliveries';
import { EditWebhook, Secret } from './Editing';

type Status = Enum<'DeliveryStatus'>;
const STEP = 20;
const MOST = 100;
/** Milliseconds after which the log is read anew: soon where something is under way. */
const SOON = 2000;
const LATER = 15_000;
/** For how long something is, after one has sent it: it stands in the log only once the worker has taken it up. */
const UNDER_WAY = 20_000;

/** One webhook, and what was sent to it: read anew as long as one looks at it. */
export function OneWebhook({ id }: { id: string }) {
  const t = useMessages(table);
  const [first, setFirst] = useState(STEP);
  const [status, setStatus] = useState<Status | null>(null);
  const [sentAt, setSentAt] = useState(-Infinity);
  const { data, problem, again } = useAsked(
    () => ask(ONE_WEBHOOK, { id, first, status }),
    JSON.stringify([first, status]),
    (data) =>
      Date.now() - sentAt < UNDER_WAY || data?.webhook?.deliveries.nodes.some(isSoon) ? SOON : LATER,
  );
  const sent = async () => {
    setSentAt(Date.now());
    await again();
  };
  const webhook = data?.webhook;
  const back = (
    <a class="back" href="#/webhooks">
      <Icon name="left" />
      {t.back}
    </a>
  );
  return (
    <>
      {back}
      {problem && !webhook && (
        <Page title={t.title}>
          <Complaint>{errorMessage(problem)}</Complaint>
        </Page>
      )}
      {problem && webhook && <Complaint>{errorMessage(problem)}</Complaint>}
      {webhook && (
        <Page
          title={webhook.description || new URL(webhook.url).host}
          lead={
            <>
              <code class="described">{webhook.url}</code>
              <span class="row">
                <State webhook={webhook} />
                {webhook.events.map((event) => (
                  <span key={event} class="tag">
                    {t.words.events[event]}
                  </span>
                ))}
              </span>
            </>
          }
          actions={<Actions webhook={webhook} again={again} onSent={sent} />}
        >
          {webhook.disabledReason && <Complaint>{t.words.disabled[webhook.disabledReason]}</Complaint>}
          <Deliveries
            deliveries={webhook.deliveries.nodes}
            status={status}
            onStatus={setStatus}
            onMore={
              webhook.deliveries.pageInfo.hasNextPage && first < MOST ? () => setFirst(first + STEP) : null
            }
            onSent={sent}
          />
        </Page>
      )}
    </>
  );
}

function isSoon({ status, nextAttemptAt }: Delivery): boolean {
  return status === 'PENDING' && nextAttemptAt !== null && Date.parse(nextAttemptAt) - Date.now() < 15_000;
}

export function State({ webhook: { isActive } }: { webhook: Webhook }) {
  const t = useMessages(table);
  return <span class={isActive ? 'tag good' : 'tag bad'}>{isActive ? t.active : t.inactive}</span>;
}

type Doing = 'edit' | 'rotate' | 'delete' | { readonly secret: string };

function Actions({
  webhook,
  again,
  onSent,
}: {
  webhook: Webhook;
  again: () => Promise<void>;
  onSent: () => Promise<void>;
}) {
  const t = useMessages(table);
  const { id, isActive } = webhook;
  const [doing, setDoing] = useState<Doing | null>(null);
  const stop = () => setDoing(null);
  const say = (problem: Problem | null, words: string) =>
    toast(problem ? errorMessage(problem) : words, problem ? 'wrong' : 'done');
  const turn = async () => {
    const { problem } = await run(UPDATE_WEBHOOK, { input: { id, isActive: !isActive } });
    say(problem, isActive ? t.disabledNow : t.enabled);
    await again();
  };
  const ping = async () => {
    const { problem } = await run(PING, { id });
    say(problem, t.pinged);
    await onSent();
  };
  const rotate = async () => {
    const { data, problem } = await run(ROTATE_SECRET, { id });
    // Once the question is closed.
    if (data) setTimeout(() => setDoing({ secret: data.rotateWebhookSecret.secret }));
    return problem;
  };
  const remove = async () => {
    const { problem } = await run(DELETE_WEBHOOK, { id });
    if (problem) return problem;
    toast(t.deleted);
    go('/webhooks');
    return null;
  };
  return (
    <>
      <Button icon="trash" aria-label={t.delete} title={t.delete} onClick={() => setDoing('delete')} />
      <Button icon="lock" onClick={() => setDoing('rotate')}>
        {t.rotate}
      </Button>
      <Button onClick={turn}>{isActive ? t.disable : t.enable}</Button>
      <Button icon="edit" onClick={() => setDoing('edit')}>
        {t.edit}
      </Button>
      <Button kind="primary" icon="upload" disabled={!isActive} onClick={ping}>
        {t.ping}
      </Button>
      {doing === 'edit' && <EditWebhook webhook={webhook} onSaved={again} onClose={stop} />}
      {doing === 'rotate' && (
        <Confirm title={t.rotateTitle} action={t.rotate} onConfirm={rotate} onClose={stop}>
          <p>{t.rotateWords}</p>
        </Confirm>
      )}
      {doing === 'delete' && (
        <Confirm title={t.deleteTitle} action={t.delete} onConfirm={remove} onClose={stop}>
          <p>{t.deleteWords}</p>
        </Confirm>
      )}
      {typeof doing === 'object' && doing && <Secret secret={doing.secret} onClose={stop} />}
    </>
  );
}
