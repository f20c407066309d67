import { ask } from '../api/client';
import { errorMessage } from '../api/problem';
import { bytes, clock, count, useMessages } from '../language';
import { usage as table } from '../messages/usage';
import { Complaint } from '../parts/Field';
import { Page } from '../parts/Page';
import { useAsked } from './asking';
import { type Limits as LimitsData, USAGE, type Viewer } from './documents';
import './panels.css';
import { lasting } from './time';
import { Password } from './usage/Password';
import { Sessions } from './usage/Sessions';

const EVERY = 30_000;

export function Usage() {
  const t = useMessages(table);
  const { data, problem, again } = useAsked(
    () => ask(USAGE, {}),
    '',
    () => EVERY,
  );
  return (
    <Page title={t.title} lead={t.lead}>
      {problem && <Complaint>{errorMessage(problem)}</Complaint>}
      {data?.viewer && (
        <div class="usage">
          <Storage usage={data.viewer.usage} />
          <Limits limits={data.rateLimit} />
          <Sessions sessions={data.viewer.sessions} again={again} />
          <Password username={data.viewer.username} onChanged={again} />
        </div>
      )}
    </Page>
  );
}

function Storage({ usage: { bytes: used, images, quota, remaining } }: { usage: Viewer['usage'] }) {
  const t = useMessages(table);
  return (
    <section class="card figure" aria-labelledby="storage-title">
      <h2 id="storage-title">{t.storage}</h2>
      <div class="figures">
        <p>
          <span class="big block">{bytes(used)}</span>
          <span class="quiet">{t.originals}</span>
        </p>
        <p>
          <span class="big block">{count(images)}</span>
          <span class="quiet">{t.images(images)}</span>
        </p>
      </div>
      {quota === null ? (
        <p class="quiet">{t.noQuota}</p>
      ) : (
        <>
          <progress max={quota} value={Math.min(used, quota)} aria-label={t.storage} />
          <p class="quiet between">
            <span>{t.of(bytes(used), bytes(quota))}</span>
            <span>{t.free(bytes(remaining ?? 0))}</span>
          </p>
        </>
      )}
    </section>
  );
}

/** What is left, as the server says it: a bar is full while nothing was spent. */
function Limits({ limits: { windows, maxCost } }: { limits: LimitsData }) {
  const t = useMessages(table);
  return (
    <section class="card figure limits" aria-labelledby="limits-title">
      <h2 id="limits-title">{t.limits}</h2>
      {windows.length === 0 && <p>{t.unlimited}</p>}
      {windows.map(({ policy, limit, remaining, resetAt, period }) => {
        const name = t.policies[policy] ?? policy;
        return (
          <div key={`${policy} ${period}`} class="limit">
            <p class="between">
              <span>{name}</span>
              <span class="quiet">{t.per(lasting(period))}</span>
            </p>
            <progress max={limit} value={remaining} aria-label={name} />
            <p class="quiet between">
              <span>{t.left(remaining, limit)}</span>
              {remaining < limit && <span>{t.back(clock(Date.parse(resetAt)))}</span>}
            </p>
          </div>
        );
      })}
      {windows.length > 0 && <p class="hint">{t.limitsHint}</p>}
      <p class="hint">{t.cost(maxCost)}</p>
    </section>
  );
}
