import { query } from '../api/client';
import { errorMessage } from '../api/errors';
import { formatBytes, formatNumber, formatPeriod, formatTime } from '../../base/format';
import { useMessages } from '../../base/language';
import { usage as table } from '../messages/usage';
import { Alert } from '../components/Field';
import { Page } from '../components/Page';
import { useQuery } from './useQuery';
import { type Limits as LimitsData, USAGE, type Viewer } from './documents';
import './panels.css';
import { Password } from './usage/Password';
import { Sessions } from './usage/Sessions';

const POLL_INTERVAL_MS = 30_000;

export function Usage() {
  const t = useMessages(table);
  const { data, error, refetch } = useQuery(
    () => query(USAGE, {}),
    '',
    () => POLL_INTERVAL_MS,
  );
  return (
    <Page title={t.title} lead={t.lead}>
      {error && <Alert>{errorMessage(error)}</Alert>}
      {data?.viewer && (
        <div class="usage">
          <Storage usage={data.viewer.usage} />
          <Limits limits={data.rateLimit} />
          <Sessions sessions={data.viewer.sessions} refetch={refetch} />
          <Password username={data.viewer.username} onChanged={refetch} />
        </div>
      )}
    </Page>
  );
}

function Storage({ usage: { bytes: used, images, quota, remaining } }: { usage: Viewer['usage'] }) {
  const t = useMessages(table);
  return (
    <section class="card stat" aria-labelledby="storage-title">
      <h2 id="storage-title">{t.storage}</h2>
      <div class="stats">
        <p>
          <span class="stat-value block">{formatBytes(used)}</span>
          <span class="muted">{t.originals}</span>
        </p>
        <p>
          <span class="stat-value block">{formatNumber(images)}</span>
          <span class="muted">{t.images(images)}</span>
        </p>
      </div>
      {quota === null ? (
        <p class="muted">{t.noQuota}</p>
      ) : (
        <>
          <progress max={quota} value={Math.min(used, quota)} aria-label={t.storage} />
          <p class="muted spread">
            <span>{t.usedOf(formatBytes(used), formatBytes(quota))}</span>
            <span>{t.free(formatBytes(remaining ?? 0))}</span>
          </p>
        </>
      )}
    </section>
  );
}

/** The remaining allowance of each rate limit. */
function Limits({ limits: { windows, maxCost } }: { limits: LimitsData }) {
  const t = useMessages(table);
  return (
    <section class="card stat" aria-labelledby="limits-title">
      <h2 id="limits-title">{t.limits}</h2>
      {windows.length === 0 && <p>{t.unlimited}</p>}
      {windows.map(({ policy, limit, remaining, resetAt, period }) => {
        const name = t.policies[policy] ?? policy;
        return (
          <div key={`${policy} ${period}`} class="limit">
            <p class="spread">
              <span>{name}</span>
              <span class="muted">{t.per(formatPeriod(period))}</span>
            </p>
            <progress max={limit} value={remaining} aria-label={name} />
            <p class="muted spread">
              <span>{t.remaining(remaining, limit)}</span>
              {remaining < limit && <span>{t.resetAt(formatTime(Date.parse(resetAt)))}</span>}
            </p>
          </div>
        );
      })}
      {windows.length > 0 && <p class="hint">{t.limitsHint}</p>}
      <p class="hint">{t.cost(maxCost)}</p>
    </section>
  );
}
