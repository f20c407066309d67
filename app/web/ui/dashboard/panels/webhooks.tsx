import { useState } from 'preact/hooks';

import { fetchAllPages, mapResult, query } from '../api/client';
import { errorMessage } from '../api/errors';
import { useMessages } from '../../base/language';
import { webhooks as table } from '../messages/webhooks';
import { Button } from '../components/Button';
import { Empty } from '../components/Empty';
import { Alert } from '../components/Field';
import { Page } from '../components/Page';
import { navigate, href, useRoute } from '../router';
import { useQuery } from './useQuery';
import { type Webhook, WEBHOOKS } from './documents';
import './panels.css';
import { CreateWebhook, WebhookSecret } from './webhooks/WebhookDialogs';
import { WebhookPage, WebhookStatus } from './webhooks/WebhookPage';

export function Webhooks() {
  const id = useRoute().path[1];
  return id ? <WebhookPage key={id} id={id} /> : <WebhookList />;
}

function WebhookList() {
  const t = useMessages(table);
  const { data, error } = useQuery(fetchWebhooks);
  const [isCreating, setCreating] = useState(false);
  const [created, setCreated] = useState<{ webhook: Webhook; secret: string } | null>(null);
  const button = (
    <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
      {t.create}
    </Button>
  );
  return (
    <Page title={t.title} lead={t.lead} actions={data?.length ? button : null}>
      {error && <Alert>{errorMessage(error)}</Alert>}
      {data?.length === 0 && (
        <Empty icon="webhooks" title={t.emptyTitle}>
          <p>{t.emptyText}</p>
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
      {isCreating && <CreateWebhook onCreated={setCreated} onClose={() => setCreating(false)} />}
      {created && (
        <WebhookSecret secret={created.secret} onClose={() => navigate(`/webhooks/${created.webhook.id}`)} />
      )}
    </Page>
  );
}

function fetchWebhooks() {
  return fetchAllPages<Webhook>(async (after) =>
    mapResult(await query(WEBHOOKS, { after }), (data) => data.webhooks),
  );
}

function Row({ webhook }: { webhook: Webhook }) {
  const t = useMessages(table);
  return (
    <li>
      <a class="item" href={href(`/webhooks/${webhook.id}`)}>
        <span class="item-text">
          <span class="item-name code">{webhook.url}</span>
          {webhook.description && <span>{webhook.description}</span>}
          <span class="row">
            {webhook.events.map((event) => (
              <span key={event} class="tag">
                {t.enums.events[event]}
              </span>
            ))}
          </span>
        </span>
        <WebhookStatus webhook={webhook} />
      </a>
    </li>
  );
}
