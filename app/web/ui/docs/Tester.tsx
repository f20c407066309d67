/** A form that uploads for real: what it sends, and what comes back. */
import { useEffect, useRef, useState } from 'preact/hooks';

import { type Album, albums, setToken, signedIn, token as keptToken } from './access';
import { useWords } from './language';
import { bodyOf, type OpenApi, type Schema } from './openapi';
import { Code, Said, Section, Tabs } from './parts';
import { at } from './root';
import { type Given, type Sent, send } from './upload';

const PATH = 'v1/upload';

export function Tester({ api }: { api: OpenApi }) {
  const words = useWords();
  const fields = fieldsOf(bodyOf(api.paths[`/${PATH}`]!['post']!)!.schema);
  const [token, keep] = useState(keptToken());
  const [viewer, setViewer] = useState<string | null>(null);
  const [choices, setChoices] = useState<Album[]>([]);
  const [file, setFile] = useState<File | null>(null);
  const [given, setGiven] = useState<Given>({});
  const [sent, setSent] = useState<Sent | null>(null);
  const [problem, setProblem] = useState('');
  const [isSending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => void signedIn().then(setViewer), []);

  function use(text: string) {
    keep(text);
    setToken(text);
    setChoices([]);
  }

  async function offerAlbums() {
    if (choices.length || !(token || viewer)) return;
    setChoices(await albums(token).catch(() => []));
  }

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (!file) {
      setProblem(words.tester.needsFile);
      form.current?.querySelector<HTMLInputElement>('input[type=file]')?.focus();
      return;
    }
    setProblem('');
    setSending(true);
    try {
      setSent(await send(at(PATH), file, given, token));
    } catch {
      setProblem(words.tester.unreachable);
    } finally {
      setSending(false);
    }
  }

  return (
    <Section name="try">
      <p>{words.tester.about}</p>
      <div class="tester">
        <form ref={form} onSubmit={(event) => void submit(event)} aria-label={words.sections.try} noValidate>
          <label class="field">
            <span class="name">{words.tester.token}</span>
            <input
              type="password"
              autocomplete="off"
              spellcheck={false}
              placeholder="pchb_pat_…"
              value={token}
              onInput={({ currentTarget }) => use(currentTarget.value.trim())}
            />
            <small>
              {token ? words.tester.tokenHint : viewer ? words.tester.signedIn(viewer) : words.tester.nobody}
            </small>
          </label>
          <FileField file={file} choose={setFile} />
          <div class="fields">
            {fields.map(([name, schema]) => (
              <label class="field" key={name}>
                <span class="name">
                  <code>{name}</code> <em>{words.tester.optional}</em>
                </span>
                <input
                  name={name}
                  autocomplete="off"
                  value={given[name] ?? ''}
                  maxLength={schema.maxLength}
                  list={name === 'album_id' ? 'albums' : undefined}
                  onFocus={name === 'album_id' ? () => void offerAlbums() : undefined}
                  onInput={({ currentTarget }) => setGiven({ ...given, [name]: currentTarget.value })}
                />
                <small>
                  <Said text={schema.description ?? ''} />
                </small>
              </label>
            ))}
          </div>
          <datalist id="albums">
            {choices.map(({ id, name }) => (
              <option value={id}>{name}</option>
            ))}
          </datalist>
          {problem && (
            <p class="problem" role="alert">
              {problem}
            </p>
          )}
          <button type="submit" class="primary" disabled={isSending}>
            {isSending ? words.tester.sending : words.tester.send}
            <code>POST /{PATH}</code>
          </button>
        </form>
        <div class="outcome" aria-live="polite">
          {sent ? <Outcome sent={sent} /> : <p class="waiting">{words.tester.waiting}</p>}
        </div>
      </div>
    </Section>
  );
}

/** The fields of the form that are text; `tags` may be several, separated by commas. */
function fieldsOf(schema: Schema): [name: string, schema: Schema][] {
  return Object.entries(schema.properties ?? {}).filter(([, { contentMediaType }]) => !contentMediaType);
}

function FileField({ file, choose }: { file: File | null; choose(file: File | null): void }) {
  const words = useWords();
  const [isOver, setOver] = useState(false);

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    choose(event.dataTransfer?.files[0] ?? null);
  }

  return (
    <label
      class={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <span class="name">
        <code>image</code> {file ? '' : words.tester.drop}
      </span>
      <strong>{file ? `${file.name} · ${Math.ceil(file.size / 1024)} KB` : words.tester.none}</strong>
      <span class="button">{file ? words.tester.change : words.tester.choose}</span>
      <input
        type="file"
        name="image"
        accept="image/jpeg,image/png,image/webp,image/gif"
        aria-label={words.tester.choose}
        onChange={({ currentTarget }) => choose(currentTarget.files?.[0] ?? null)}
      />
    </label>
  );
}

function Outcome({ sent }: { sent: Sent }) {
  const words = useWords();
  const { image } = sent;
  return (
    <>
      <p class={`status ${sent.isSuccess ? 'good' : 'bad'}`}>
        <strong>
          {sent.status} {sent.reason}
        </strong>
        <span>{words.tester.took(sent.milliseconds)}</span>
      </p>
      {image && (
        <figure>
          {image.is_public && (
            <img src={at(`img/${image.id}.webp?w=320&h=200&fit=inside`)} alt={words.tester.preview} />
          )}
          <figcaption>
            <a href={image.url}>{image.url}</a>
          </figcaption>
        </figure>
      )}
      <Tabs
        label={words.tester.response}
        tabs={[
          { name: words.tester.body, content: <Code code={sent.body} label={words.tester.body} /> },
          {
            name: words.tester.headers,
            content: <Code code={sent.headers} label={words.tester.headers} isPlain />,
          },
          {
            name: words.tester.asSent,
            content: <Code code={sent.request} label={words.tester.request} isPlain />,
          },
          { name: words.tester.asCurl, content: <Code code={sent.curl} label="curl" /> },
        ]}
      />
    </>
  );
}
