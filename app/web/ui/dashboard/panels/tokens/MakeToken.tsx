import { useEffect, useState } from 'preact/hooks';

import { run } from '../../api/client';
import type { AlbumCard } from '../../api/documents';
import { type Problem, errorMessage } from '../../api/problem';
import { everyAlbum } from '../../images/Doings';
import { count, useMessages } from '../../language';
import { shell } from '../../messages/shell';
import { tokens as table } from '../../messages/tokens';
import { Button } from '../../parts/Button';
import { Dialog } from '../../parts/Dialog';
import { Complaint, Field } from '../../parts/Field';
import { CREATE_TOKEN, type NewToken } from '../documents';
import { type Enum, keys } from '../enums';

type Preset = Enum<'TokenPreset'>;
type Scope = Enum<'Scope'>;
const DAYS = [7, 30, 90, 365];
const DAY = 86_400_000;

export function MakeToken({ onMade, onClose }: { onMade: (made: NewToken) => void; onClose: () => void }) {
  const t = useMessages(table);
  const { cancel } = useMessages(shell);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [preset, setPreset] = useState<Preset | 'custom'>(keys(t.presets)[0]!);
  const [until, setUntil] = useState('');
  const [albums, setAlbums] = useState<readonly AlbumCard[]>([]);
  useEffect(() => void everyAlbum().then(({ data }) => data && setAlbums(data)), []);
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const written = (name: string) => String(form.get(name) ?? '').trim();
    setBusy(true);
    const { data, problem: wrong } = await run(CREATE_TOKEN, {
      input: {
        name: written('name'),
        ...(preset === 'custom' ? { scopes: form.getAll('scope') as Scope[] } : { preset }),
        expiresAt: end(until, written('day')),
        albumId: written('album') || null,
      },
    });
    setBusy(false);
    setProblem(wrong);
    if (data) onMade(data.createApiToken);
  };
  const wrong = (name: string) => problem?.fields[name];
  return (
    <Dialog title={t.create} onClose={onClose}>
      <form class="stack" onSubmit={make}>
        <Field label={t.name} hint={t.nameHint} errors={wrong('name')}>
          <input name="name" required maxLength={100} autocomplete="off" autofocus />
        </Field>
        <fieldset class="field">
          <legend>{t.may}</legend>
          {keys(t.presets).map((key) => (
            <Choice key={key} {...t.presets[key]} isChosen={preset === key} onChoose={() => setPreset(key)} />
          ))}
          <Choice
            name={t.custom}
            hint={t.customHint}
            isChosen={preset === 'custom'}
            onChoose={() => setPreset('custom')}
          />
          {preset === 'custom' && (
            <div class="stack tight indented">
              {keys(t.scopeNames).map((scope) => (
                <label key={scope} class="check">
                  <input type="checkbox" name="scope" value={scope} />
                  {t.scopeNames[scope]}
                </label>
              ))}
            </div>
          )}
          {wrong('scopes') && <p class="wrong">{wrong('scopes')!.join(' ')}</p>}
        </fieldset>
        <div class="pair">
          <Field label={t.until} errors={wrong('expires_at')}>
            <select value={until} onChange={(event) => setUntil(event.currentTarget.value)}>
              <option value="">{t.never}</option>
              {DAYS.map((days) => (
                <option key={days} value={days}>
                  {t.inDays(count(days))}
                </option>
              ))}
              <option value="day">{t.onDay}</option>
            </select>
          </Field>
          {until === 'day' && (
            <Field label={t.day}>
              <input type="date" name="day" required min={new Date().toISOString().slice(0, 10)} />
            </Field>
          )}
        </div>
        {albums.length > 0 && (
          <Field label={t.album} errors={wrong('album_id')}>
            <select name="album">
              <option value="">{t.noAlbum}</option>
              {albums.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
        )}
        {problem && <Complaint>{errorMessage(problem)}</Complaint>}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t.make}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** When it is to cease; the last day counts to its end, where the person is. */
function end(until: string, day: string): string | null {
  if (until === '') return null;
  const at = until === 'day' ? new Date(`${day}T23:59:59`) : new Date(Date.now() + Number(until) * DAY);
  return at.toISOString();
}

function Choice({
  name,
  hint,
  isChosen,
  onChoose,
}: {
  name: string;
  hint: string;
  isChosen: boolean;
  onChoose: () => void;
}) {
  return (
    <label class="check">
      <input type="radio" name="preset" checked={isChosen} onChange={onChoose} />
      <span>
        {name}
        <span class="hint block">{hint}</span>
      </span>
    </label>
  );
}
