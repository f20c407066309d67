/** A form that uploads an image and displays the request and its response. */
import { useEffect, useRef, useState } from 'preact/hooks';

import { type Album, fetchAlbums, fetchUsername, setToken, storedToken } from './access';
import { formatBytes } from '../base/format';
import { useMessages } from '../base/language';
import { bodyOf, type OpenApi, type Schema } from './openapi';
import { Code, Section, Tabs, Translated } from './components';
import { page } from './messages/page';
import { urlOf } from './urls';
import { type Fields, type Exchange, send } from './upload';

const PATH = 'v1/upload';

export function Tester({ api }: { api: OpenApi }) {
  const t = useMessages(page);
  const fields = fieldsOf(bodyOf(api.paths[`/${PATH}`]!['post']!)!.schema);
  const [token, setTokenText] = useState(storedToken());
  const [username, setUsername] = useState<string | null>(null);
  const [albums, setAlbums] = useState<Album[]>([]);
  const [file, setFile] = useState<File | null>(null);
  const [values, setValues] = useState<Fields>({});
  const [exchange, setExchange] = useState<Exchange | null>(null);
  const [error, setError] = useState('');
  const [isSending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => void fetchUsername().then(setUsername), []);

  function changeToken(text: string) {
    setTokenText(text);
    setToken(text);
    setAlbums([]);
  }

  async function loadAlbums() {
    if (albums.length || !(token || username)) return;
    setAlbums(await fetchAlbums(token).catch(() => []));
  }

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (!file) {
      setError(t.tester.needsFile);
      form.current?.querySelector<HTMLInputElement>('input[type=file]')?.focus();
      return;
    }
    setError('');
    setSending(true);
    try {
      setExchange(await send(urlOf(PATH), file, values, token));
    } catch {
      setError(t.tester.unreachable);
    } finally {
      setSending(false);
    }
  }

  return (
    <Section name="try">
      <p>{t.tester.about}</p>
      <div class="tester">
        <form ref={form} onSubmit={(event) => void submit(event)} aria-label={t.sections.try} noValidate>
          <label class="field">
            <span class="name">{t.tester.token}</span>
            <input
              type="password"
              autocomplete="off"
              spellcheck={false}
              placeholder="pchb_pat_…"
              value={token}
              onInput={({ currentTarget }) => changeToken(currentTarget.value.trim())}
            />
            <small>
              {token ? t.tester.tokenHint : username ? t.tester.signedIn(username) : t.tester.signedOut}
            </small>
          </label>
          <FileField file={file} onChoose={setFile} />
          <div class="fields">
            {fields.map(([name, schema]) => (
              <label class="field" key={name}>
                <span class="name">
                  <code>{name}</code> <em>{t.tester.optional}</em>
                </span>
                <input
                  name={name}
                  autocomplete="off"
                  value={values[name] ?? ''}
                  maxLength={schema.maxLength}
                  list={name === 'album_id' ? 'albums' : undefined}
                  onFocus={name === 'album_id' ? () => void loadAlbums() : undefined}
                  onInput={({ currentTarget }) => setValues({ ...values, [name]: currentTarget.value })}
                />
                <small>
                  <Translated text={schema.description ?? ''} />
                </small>
              </label>
            ))}
          </div>
          <datalist id="albums">
            {albums.map(({ id, name }) => (
              <option value={id}>{name}</option>
            ))}
          </datalist>
          {error && (
            <p class="error" role="alert">
              {error}
            </p>
          )}
          <button type="submit" class="primary" disabled={isSending}>
            {isSending ? t.tester.sending : t.tester.send}
            <code>POST /{PATH}</code>
          </button>
        </form>
        <div class="response" aria-live="polite">
          {exchange ? <Response exchange={exchange} /> : <p class="placeholder">{t.tester.placeholder}</p>}
        </div>
      </div>
    </Section>
  );
}

/** Return the text fields of the form. */
function fieldsOf(schema: Schema): [name: string, schema: Schema][] {
  return Object.entries(schema.properties ?? {}).filter(([, { contentMediaType }]) => !contentMediaType);
}

function FileField({ file, onChoose }: { file: File | null; onChoose(file: File | null): void }) {
  const t = useMessages(page);
  const [isOver, setOver] = useState(false);

  function onDrop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    onChoose(event.dataTransfer?.files[0] ?? null);
  }

  return (
    <label
      class={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <span class="name">
        <code>image</code> {file ? '' : t.tester.drop}
      </span>
      <strong>{file ? `${file.name} · ${formatBytes(file.size)}` : t.tester.none}</strong>
      <span class="button">{file ? t.tester.change : t.tester.choose}</span>
      <input
        type="file"
        name="image"
        accept="image/jpeg,image/png,image/webp,image/gif"
        aria-label={t.tester.choose}
        onChange={({ currentTarget }) => onChoose(currentTarget.files?.[0] ?? null)}
      />
    </label>
  );
}

function Response({ exchange }: { exchange: Exchange }) {
  const t = useMessages(page);
  const { image } = exchange;
  return (
    <>
      <p class={`status ${exchange.isSuccess ? 'success' : 'danger'}`}>
        <strong>
          {exchange.status} {exchange.reason}
        </strong>
        <span>{exchange.milliseconds} ms</span>
      </p>
      {image && (
        <figure>
          {image.is_public && (
            <img src={urlOf(`img/${image.id}.webp?w=320&h=200&fit=inside`)} alt={t.tester.preview} />
          )}
          <figcaption>
            <a href={image.url}>{image.url}</a>
          </figcaption>
        </figure>
      )}
      <Tabs
        label={t.tester.response}
        tabs={[
          { name: t.tester.body, content: <Code code={exchange.body} label={t.tester.body} /> },
          {
            name: t.tester.headers,
            content: <Code code={exchange.headers} label={t.tester.headers} isPlain />,
          },
          {
            name: t.tester.request,
            content: <Code code={exchange.request} label={t.tester.request} isPlain />,
          },
          { name: 'curl', content: <Code code={exchange.curl} label="curl" /> },
        ]}
      />
    </>
  );
}
