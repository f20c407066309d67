import { useEffect, useState } from 'preact/hooks';

import { useMessages } from '../../../base/language';
import { mutate } from '../../api/client';
import type { AlbumCard } from '../../api/documents';
import { Field, FieldErrors } from '../../components/Field';
import { FormDialog, textOf } from '../../components/Form';
import { fetchAllAlbums } from '../../images/BulkActions';
import { tokens as table } from '../../messages/tokens';
import { CREATE_TOKEN, type NewToken } from '../documents';
import { type Enum, keys } from '../enums';

type Preset = Enum<'TokenPreset'>;
type Scope = Enum<'Scope'>;
const LIFETIMES_DAYS = [7, 30, 90, 365];
const DAY_MS = 86_400_000;

export function CreateToken({
  onCreated,
  onClose,
}: {
  onCreated: (token: NewToken) => void;
  onClose: () => void;
}) {
  const t = useMessages(table);
  const [preset, setPreset] = useState<Preset | 'custom'>(keys(t.presets)[0]!);
  const [expiry, setExpiry] = useState('');
  const [albums, setAlbums] = useState<readonly AlbumCard[]>([]);
  useEffect(() => void fetchAllAlbums().then(({ data }) => data && setAlbums(data)), []);
  const create = async (form: FormData) => {
    const { data, error } = await mutate(CREATE_TOKEN, {
      input: {
        name: textOf(form, 'name'),
        ...(preset === 'custom' ? { scopes: form.getAll('scope') as Scope[] } : { preset }),
        expiresAt: expiryTime(expiry, textOf(form, 'day')),
        albumId: textOf(form, 'album') || null,
      },
    });
    if (data) onCreated(data.createApiToken);
    return error;
  };
  return (
    <FormDialog title={t.create} action={t.submit} onSubmit={create} onClose={onClose}>
      {(fieldErrors) => (
        <>
          <Field label={t.name} hint={t.nameHint} errors={fieldErrors('name')}>
            <input name="name" required maxLength={100} autocomplete="off" autofocus />
          </Field>
          <fieldset class="field">
            <legend>{t.scopes}</legend>
            {keys(t.presets).map((key) => (
              <Choice
                key={key}
                {...t.presets[key]}
                isSelected={preset === key}
                onSelect={() => setPreset(key)}
              />
            ))}
            <Choice
              name={t.custom}
              hint={t.customHint}
              isSelected={preset === 'custom'}
              onSelect={() => setPreset('custom')}
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
            <FieldErrors errors={fieldErrors('scopes')} />
          </fieldset>
          <div class="pair">
            <Field label={t.expiry} errors={fieldErrors('expires_at')}>
              <select value={expiry} onChange={(event) => setExpiry(event.currentTarget.value)}>
                <option value="">{t.never}</option>
                {LIFETIMES_DAYS.map((days) => (
                  <option key={days} value={days}>
                    {t.inDays(days)}
                  </option>
                ))}
                <option value="day">{t.onDay}</option>
              </select>
            </Field>
            {expiry === 'day' && (
              <Field label={t.day}>
                <input type="date" name="day" required min={new Date().toISOString().slice(0, 10)} />
              </Field>
            )}
          </div>
          {albums.length > 0 && (
            <Field label={t.album} errors={fieldErrors('album_id')}>
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
        </>
      )}
    </FormDialog>
  );
}

/** Return the expiry of a token: some days from now, or the end of a day in the local time zone. */
function expiryTime(expiry: string, day: string): string | null {
  if (expiry === '') return null;
  const time =
    expiry === 'day' ? new Date(`${day}T23:59:59`) : new Date(Date.now() + Number(expiry) * DAY_MS);
  return time.toISOString();
}

function Choice({
  name,
  hint,
  isSelected,
  onSelect,
}: {
  name: string;
  hint: string;
  isSelected: boolean;
  onSelect: () => void;
}) {
  return (
    <label class="check">
      <input type="radio" name="preset" checked={isSelected} onChange={onSelect} />
      <span>
        {name}
        <span class="hint block">{hint}</span>
      </span>
    </label>
  );
}
