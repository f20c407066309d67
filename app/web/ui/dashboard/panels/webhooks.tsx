import { useState } from 'preact/hooks';

import { ask } from '../api/client';
import { errorMessage } from '../api/problem';
import { useMessages } from '../language';
import { webhooks as table } from '../messages/webhooks';
import { Button } from '../parts/Button';
import { Empty } from '../parts/Empty';
import { Complaint } from '../parts/Field';
import { Page } from '../parts/Page';
import { go, href, usePlace } from '../router';
import { everyPage, useAsked } from './asking';
import { type Webhook, WEBHOOKS } from './documents';
import './panels.css';
import { MakeWebhook, Secret } from './webhooks/Editing';
import { OneWebhook, State } from './webhooks/OneWebhook';

export function Webhooks() {
  const id = usePlace().path[1];
  return id ? <OneWebhook key={id} id={id} /> : <AllWebhooks />;
}

function AllWebhooks() {
  const t = useMessages(table);
  const { data, problem } = useAsked(everyWebhook);
  const [isMaking, make] = useState(false);
  const [made, setMade] = useState<{ webhook: Webhook; secret: string } | null>(null);
  const button = (
    <Button kind="primary" icon="plus" onClick={() => make(true)}>
      {t.create}
    </Button>
  );
  return (
    <Page title={t.title} lead={t.lead} actions={data?.length ? button : null}>
      {problem && <Complaint>{errorMessage(problem)}</Complaint>}
      {data?.length === 0 && (
        <Empty icon="webhooks" title={t.emptyTitle}>
          <p>{t.emptyWords}</p>
          {button}
        </Empty>
      )}
      {Boolean(data?.length) && (
        <ul class="items" aria-label={t.title}>
          {data!.map((webhook) => (
            <Row key={webhook.id} webhook={webhook} />
          ))}
        </ul>
      )}
      {isMaking && <MakeWebhook onMade={setMade} onClose={() => make(false)} />}
      {made && <Secret secret={made.secret} onClose={() => go(`/webhooks/${made.webhook.id}`)} />}
    </Page>
  );
}

function everyWebhook() {
  return everyPage<Webhook>(async (after) => {
    const { data, problem } = await ask(WEBHOOKS, { after });
    return data ? { data: data.webhooks, problem: null } : { data: null, problem };
  });
}

function Row({ webhook }: { webhook: Webhook }) {
  const t = useMessages(table);
  return (
    <li>
      <a class="item" href={href(`/webhooks/${webhook.id}`)}>
        <span class="item-words">
          <span class="item-name code">{webhook.url}</span>
          {webhook.description && <span>{webhook.description}</span>}
          <span class="row">
            {webhook.events.map((event) => (
              <span key={event} class="tag">
                {t.words.events[event]}
              </span>
            ))}
          </span>
        </span>
        <State webhook={webhook} />
      </a>
    </li>
  );
}
